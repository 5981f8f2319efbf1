"""Opening the log that succeeds one which lost entries: a new home with new keys, whose log begins with the notice.

    the node does not serve → what is held of the old log → what witnesses and chains saw beyond it
    → a home beside the place: settings, keys, claim, partners, database with the notice and what is carried over
    → the home takes its name in one step → the mark in the old home, which no node serves from then on

A crash leaves no new home, or a whole one; the same command then writes the mark.  Of the old home nothing else is
written.  New are the keys whose word rests on what may have been lost: of the log, its head, the witness and the
attester.  Those of the registrar, the publisher, the chain's operator, the sender and the relay stay what they are.

Source: docs/recovery.md.
"""

import dataclasses
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.chains import EmbeddedSettings
from ledger.config import Settings, embedded_chain_id
from ledger.core.checkpoint import parse_checkpoint, verify_log_lines
from ledger.core.statement import Statement, parse_statement
from ledger.errors import RefusedError, SetupError, StoreError
from ledger.services.anchoring.chains import issued_claim
from ledger.services.files import exists, replace, reported
from ledger.services.home.database import DATABASE
from ledger.services.home.folder import PUBLISHER, REGISTRAR, Home, make_home, open_home
from ledger.services.keys.keyfile import HolderKey, Kind, NodeKey, make_node_key, random_size
from ledger.services.recovery.carried import Carried, begun_with, bodies, counted, readable
from ledger.services.recovery.old_database import Old, locked, opened_old
from ledger.services.recovery.recover import Copy, own_lines, take_acknowledged, take_mirror
from ledger.services.recovery.sightings import Sighting, Source
from ledger.services.recovery.succession import (
    MARK,
    Held,
    held_of,
    log_succeeded,
    lost_of,
    mark_of,
    notice_of,
    published,
)
from ledger.services.trust.claim import claim_of
from ledger.services.trust.known_logs import FOLDER as WITNESS
from ledger.services.trust.partners import FOLDER as PARTNERS
from ledger.services.trust.pinned import READABLE
from ledger.services.witnessing.witnessing import begin_witness
from ledger.statements.log_succession import LogSuccession, read
from ledger.store.checkpoints import Checkpoints
from ledger.store.database import Database, open_database
from ledger.store.log import Log, create_log
from ledger.store.rows import row_of
from ledger.store.statements import Statements

_NEW: Final[tuple[Kind, ...]] = ("log", "head", "witness", "attester")
_COPIED: Final = (PARTNERS, WITNESS, "trust")


@dataclass(frozen=True, slots=True)
class Terms:
    """How a log is to be succeeded.

    Attributes:
        old: Home of the log that ended.
        into: Where the new home goes.
        origin: Of the new log.
        sources: Who is asked what was seen of the old log, given what there is of it, and its database.
        mirrors: Copies of it, of which none is complete.
        reason: A code of succession-reasons; None: as it is found.
        carry: Types of statement that are registered again beside those about parties; None takes every one.
        unproven: Go on though nobody says what was seen.
        port: TCP port of the new node; None: the old one's.
    """

    old: Home
    into: Path
    origin: str
    sources: Callable[[Log, Database | None], Sequence[Source]]
    mirrors: Sequence[Copy] = ()
    reason: str | None = None
    carry: frozenset[str] | None = frozenset()
    unproven: bool = False
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The log that goes on.

    Attributes:
        notice: What it begins with; `told` is what that says.
        carried: What was registered again.
        resumed: The home was there already, and only the mark was missing, or nothing.
    """

    home: Home
    notice: Statement
    told: LogSuccession
    carried: Carried
    resumed: bool = False


def succeed(terms: Terms, *, now: int, random: Callable[[int], bytes]) -> Succeeded:
    """Open the successor; the old node must not be serving.

    Args:
        now: POSIX seconds.
        random: `os.urandom`, or as good.

    Raises:
        RefusedError: `log-succeeded`: by another log; `nothing-lost`: the mirrors and the old database have all
            that was seen; `log-rewritten`; `recover-unproven`; or as `ledger.services.recovery.recover` of a mirror.
        SetupError, StoreError: `home-exists`; `store-locked`: the node is serving; or the disk.
    """
    marked = mark_of(terms.old)
    before = _begun(terms.into, terms.old.settings.origin)
    if before is not None:
        if marked is not None and marked.digest != before.notice.digest:
            raise log_succeeded(marked)
        _mark(terms.old, before.notice)
        return before
    if marked is not None:
        raise log_succeeded(marked)
    place = terms.old.path / DATABASE
    with ExitStack() as stack:
        stack.enter_context(locked(place, as_it_is=True))
        old = stack.enter_context(opened_old(place, terms.old.settings.origin))
        copy = terms.into.with_name(f".{terms.into.name[:64]}.held")
        stack.callback(_tidy, copy)
        log, notes = stack.enter_context(_at_hand(terms, old, copy))
        held = held_of(bodies(log.database), notes)
        sources = terms.sources(log, None if old is None else old.database)
        seen = lost_of(held, terms.old.log_signer(), sources, log.root_at, unproven=terms.unproven)
        reason = terms.reason or _reason(old, held, place)
        made = _make(terms, held, seen, reason, log.database, now=now, random=random)
    _mark(terms.old, made.notice)
    return made


def _mark(old: Home, notice: Statement) -> None:
    replace(old.path / MARK, notice.encoded, what="notice", mode=READABLE)


def _begun(into: Path, origin: str) -> Succeeded | None:
    """What an earlier run of the same command made; None where there is nothing."""
    if not exists(into / DATABASE):
        return None
    home = open_home(into)
    with open_database(into / DATABASE, read_only=True) as database:
        statements = Statements(database)
        notice = published(statements)
        kinds = [stored.type for stored in statements.every(1)] if notice is not None else []
    if notice is not None:
        told = read(notice, screened=False)
        if told.log.origin == origin:
            return Succeeded(home, notice, told, Carried(counted(kinds)), resumed=True)
    raise SetupError(f"{into} exists already; a home is never overwritten", code="home-exists")


# -- what is held --------------------------------------------------------------------------------------------


class _at_hand:  # noqa: N801 - a context manager, used as a function
    """What there is of the old log, and its checkpoints: its own database, or a copy with what mirrors have too."""

    def __init__(self, terms: Terms, old: Old | None, copy: Path) -> None:
        self._terms, self._old, self._copy = terms, old, copy
        self._database: Database | None = None

    def __enter__(self) -> tuple[Log, Iterator[bytes]]:
        origin = self._terms.old.settings.origin
        if self._old is not None and not self._terms.mirrors:
            try:
                return Log(self._old.database, origin), _notes(self._old)
            except StoreError:  # its edge is damaged; what can be read of it is copied
                pass
        _tidy(self._copy)
        self._database = open_database(self._copy, create=True)
        create_log(self._database, origin)
        log = Log(self._database, origin)
        return log, iter(_taken(self._terms, self._old, log))

    def __exit__(self, *_: object) -> None:
        if self._database is not None:
            self._database.close()


def _taken(terms: Terms, old: Old | None, log: Log) -> list[bytes]:
    """Fill a copy with what the mirrors and the old database have; the checkpoints of it, ascending."""
    if old is not None and not terms.mirrors:
        for body in readable(old.database):
            log.append([row_of(parse_statement(body))])
        return list(_notes(old))
    signer = terms.old.log_signer()
    shown = []
    for mirror in terms.mirrors:
        signed = mirror.checkpoint()
        if signed is None:
            raise RefusedError(f"a mirror holds nothing of log {signer.origin}", code="mirror-empty")
        verify_log_lines(signed, signer.origin, signer.vkeys[:2], [signer.head_address])
        shown.append((signed.checkpoint.size, signed, mirror))
    for _, signed, mirror in sorted(shown, key=lambda one: one[0]):
        take_mirror(log, mirror, signed, lambda _done, _all: None)
    take_acknowledged(log, old, terms.old.path)
    notes = {size: own_lines(signed, signer) for size, signed, _ in shown}
    for note in [] if old is None else _notes(old):
        notes.setdefault(parse_checkpoint(note).checkpoint.size, note)
    return [notes[size] for size in sorted(notes)]


def _notes(old: Old) -> Iterator[bytes]:
    return (one.note for one in Checkpoints(old.database).every())


def _reason(old: Old | None, held: Held, place: Path) -> str:
    if old is None:
        return "databaseDamaged" if exists(place) else "databaseLost"
    return "databaseDamaged" if held.beyond else "olderCopy"


def _tidy(copy: Path) -> None:
    with reported("tidy", copy):
        for part in copy.parent.glob(copy.name + "*"):
            part.unlink(missing_ok=True)


# -- the new home --------------------------------------------------------------------------------------------


def _make(
    terms: Terms,
    held: Held,
    seen: Sequence[Sighting],
    reason: str,
    source: Database,
    *,
    now: int,
    random: Callable[[int], bytes],
) -> Succeeded:
    """Make the home with its database, and give it its name."""
    keys = _keys(terms.old, random)
    settings = _settings(open_home(terms.old.path).settings, keys["head"], terms)
    made: list[Succeeded] = []

    def fill(home: Home) -> None:
        for name in _COPIED:
            if exists(terms.old.path / name):
                shutil.copytree(terms.old.path / name, home.path / name, dirs_exist_ok=True)
        last = issued_claim(terms.old)
        earlier = claim_of(terms.old, now=now) if last is None else last
        replace(home.predecessor, earlier, what="claim", mode=READABLE)
        if last is not None:
            replace(home.claim, last, what="claim", mode=READABLE)
        begin_witness(home)
        notice = notice_of(terms.old, home, held, seen, reason=reason, now=now, random=random)
        carried = begun_with(home, notice, source, terms.carry, now)
        made.append(Succeeded(home, notice, read(notice, screened=False), carried))

    home = make_home(terms.into, settings, keys, fill=fill)
    return dataclasses.replace(made[0], home=home)


def _keys(old: Home, random: Callable[[int], bytes]) -> dict[str, NodeKey | HolderKey]:
    keys: dict[str, NodeKey | HolderKey] = {REGISTRAR: old.keys.registrar, PUBLISHER: old.keys.publisher}
    for kind in ("finality", "sender", "relay"):
        keys[kind] = getattr(old.keys, kind)
    for new in _NEW:
        keys[new] = make_node_key(new, random(random_size(new)))
    return keys


def _settings(old: Settings, head: NodeKey | HolderKey, terms: Terms) -> Settings:
    assert isinstance(head, NodeKey)
    chain = old.chain
    if isinstance(chain, EmbeddedSettings):
        # Its blocks are in the old home, and may be older ones too: the new node has a chain of its own.
        chain = EmbeddedSettings(embedded_chain_id(head.public.encode()), chain.period)
    port = old.port if terms.port is None else terms.port
    return dataclasses.replace(old, origin=terms.origin, chain=chain, port=port, database=None)


def next_origin(origin: str) -> str:
    """The origin of the log that goes on unless another is chosen: the same with -2, -3, … after its shard."""
    begun, _, shard = origin.rpartition("/")
    name, dash, number = shard.rpartition("-")
    if dash and number.isdigit() and not number.startswith("0"):
        return f"{begun}/{name}-{int(number) + 1}"
    return f"{begun}/{shard}-2"
