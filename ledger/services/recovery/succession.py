"""The notice that a log ended with a gap: what is held of it, what others saw, and what the registrar signs of that.

    held   the largest checkpoint that the statements at hand lead to
    seen   what witnesses, chains, and the log's own later checkpoints show beyond it

Where nothing is seen beyond what is held nothing is lost, and where something else was seen two histories were signed:
neither is a gap.

Source: docs/spec/log-succession.md, docs/recovery.md.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ledger.core.canonical import STATEMENT_LIMIT, Json
from ledger.core.checkpoint import LogSigner, SignedCheckpoint, parse_checkpoint
from ledger.core.merkle import EMPTY_ROOT, Frontier, leaf_hash
from ledger.core.note import EXPERIMENTAL, Note, encode_note, encode_vkey
from ledger.core.statement import Statement, parse_statement, sign_statement, unsigned
from ledger.core.times import format_time
from ledger.errors import RefusedError, StoreError
from ledger.services.files import exists, read_bounded
from ledger.services.home.folder import Home
from ledger.services.ids import RANDOM_SIZE, statement_id
from ledger.services.recovery.sightings import Sighting, Source, ask_all
from ledger.statements import log_succession
from ledger.statements.log_succession import MOST_SEEN, NOTE_LIMIT
from ledger.store.statements import Statements

TYPE: Final = log_succession.KIND.name
MARK: Final = "succeeded.json"
"""In the home of a log that ended: the notice, verbatim."""
_NAMED: Final = 8


@dataclass(frozen=True, slots=True)
class Held:
    """What there is of a log.

    Attributes:
        size: Of the largest checkpoint that the statements at hand lead to; `root` likewise.
        note: That checkpoint; None where nothing is held.
        beyond: Checkpoints that the log signed and whose statements are not all there, ascending.
    """

    size: int
    root: bytes
    note: bytes | None
    beyond: tuple[bytes, ...]


def held_of(bodies: Iterator[tuple[int, bytes]], notes: Iterable[bytes]) -> Held:
    """How much of a log its statements and checkpoints show, each digest and the root computed again.

    Args:
        bodies: Places and statements from the first one on; a StoreError ends them, as far as they can be read.
        notes: Checkpoints of the log, ascending in size.

    Cost: two hashes a statement.
    """
    frontier, note, size, root = Frontier(), None, 0, EMPTY_ROOT
    beyond: list[bytes] = []
    for one in notes:
        signed = parse_checkpoint(one).checkpoint
        if not beyond and _reach(frontier, bodies, signed.size) and frontier.root() == signed.root:
            note, size, root = one, signed.size, signed.root
        elif signed.size > size:
            beyond.append(one)
    return Held(size, root, note, tuple(beyond))


def _reach(frontier: Frontier, bodies: Iterator[tuple[int, bytes]], size: int) -> bool:
    """Add statements up to a size; whether there are as many, and none is damaged."""
    try:
        while frontier.size < size:
            found = next(bodies, None)
            if found is None:
                return False
            frontier.append(leaf_hash(sha256(found[1]).digest()))
    except StoreError:
        return False
    return frontier.size == size


def lost_of(
    held: Held,
    signer: LogSigner,
    sources: Sequence[Source],
    root_at: Callable[[int], bytes],
    *,
    unproven: bool = False,
) -> list[Sighting]:
    """What was seen of a log beyond what is held, the largest first.

    Args:
        root_at: Root of the log that is held, at a size up to `held.size`.
        unproven: Go on though none of those who are asked answers.

    Raises:
        RefusedError: `nothing-lost`; `log-rewritten`: something else was seen; `recover-unproven`.
    """
    origin = signer.origin
    ask_all(sources)
    seen = [one.sighting for one in sources if one.sighting is not None]
    seen += [_own(note) for note in held.beyond[-1:]]
    if sources and not unproven and not any(one.answered for one in sources):
        silent = "; ".join(f"{one.name}: {one.error or 'no answer in time'}" for one in sources[:_NAMED])
        raise RefusedError(
            f"nobody said what was seen of log {origin} ({silent}); what is lost is not known; --unproven goes on"
            " with what the log itself signed",
            code="recover-unproven",
        )
    roots = {held.size: held.root}
    for one in seen:
        expected = root_at(one.size) if one.size <= held.size else roots.setdefault(one.size, one.root)
        if one.root != expected:
            raise RefusedError(
                f"{one}, and there is root {expected.hex()} too: two histories of log {origin} were signed, which is"
                " no gap; partners can prove it",
                code="log-rewritten",
            )
    larger = sorted((one for one in seen if one.size > held.size), key=lambda one: -one.size)
    if not larger:
        raise RefusedError(
            f"log {origin} is held up to size {held.size}, and nobody saw a larger one: nothing is lost, so that it"
            " goes on; evidence log recover rebuilds its database",
            code="nothing-lost",
        )
    return _once(larger)[:MOST_SEEN]


def _own(note: bytes) -> Sighting:
    signed = parse_checkpoint(note).checkpoint
    return Sighting("log", signed.size, signed.root, note=note)


def _once(seen: Sequence[Sighting]) -> list[Sighting]:
    """One sighting for each who saw, however many nodes of a chain were asked."""
    told = {(one.place.chain if one.place is not None else one.who): one for one in reversed(seen)}
    return sorted(told.values(), key=lambda one: -one.size)


def notice_of(
    old: Home,
    new: Home,
    held: Held,
    seen: Sequence[Sighting],
    *,
    reason: str,
    now: int,
    random: Callable[[int], bytes],
) -> Statement:
    """The notice, signed by the registrar of both homes.

    Args:
        old: Of the log that ended; `new` of the one that goes on.
        seen: As of `lost_of`.
        reason: A code of succession-reasons.
        now: POSIX seconds.
        random: `os.urandom`, or as good.
    """
    signer = old.log_signer()
    have: dict[str, Json] = {"size": held.size, "root": held.root.hex()}
    if held.note is not None:
        have["checkpoint"] = held.note.decode()
    subject: dict[str, Json] = {
        "jurisdiction": old.settings.jurisdiction,
        "log": _log(old),
        "held": have,
        "lost": {"first": held.size, "last": seen[0].size - 1},
        "seen": [_seen(one, signer) for one in seen],
        "reason": reason,
        "at": format_time(now),
        "successor": _log(new),
    }
    registrar = new.keys.registrar
    document = unsigned(
        kind=TYPE,
        identifier=statement_id(now, random(RANDOM_SIZE)),
        issuer=registrar.holder,
        subject=subject,
        valid_from=now,
    )
    made = sign_statement(document, registrar.private, registrar.verification_method, now)
    log_succession.read(made)
    return made


def _log(home: Home) -> dict[str, Json]:
    settings, signer = home.settings, home.log_signer()
    return {
        "origin": settings.origin,
        "jurisdiction": settings.jurisdiction,
        "operator": settings.operator,
        "vkeys": [encode_vkey(vkey) for vkey in signer.vkeys if vkey.type != EXPERIMENTAL],
        "headKeys": [{"address": home.keys.head.public}],
    }


def _seen(one: Sighting, signer: LogSigner) -> dict[str, Json]:
    told: dict[str, Json] = {"size": one.size, "root": one.root.hex()}
    if one.place is not None:
        block: dict[str, Json] = {"number": one.place.number, "hash": "0x" + one.place.block.hex()}
        anchor = "0x" + one.place.contract.hex()
        return {**told, "by": "chain", "name": one.place.chain, "anchor": anchor, "block": block}
    assert one.note is not None  # whoever is no chain shows a checkpoint
    by, _, name = one.who.partition(" ")
    note = _lines_of(parse_checkpoint(one.note), signer, name)
    return {**told, "by": by, "checkpoint": note.decode()} | ({"name": name} if name else {})


def _lines_of(signed: SignedCheckpoint, signer: LogSigner, name: str) -> bytes:
    """The note with the lines of the log and of who shows it: others can be added by anybody, and mean nothing."""
    own = {(vkey.name, vkey.key_id) for vkey in signer.vkeys}
    ours = tuple(line for line in signed.note.signatures if (line.name, line.key_id) in own)
    theirs = tuple(line for line in signed.note.signatures if line.name == name)[:2]
    whole = encode_note(Note(signed.note.text, (*ours, *theirs)))
    return whole if len(whole.decode()) <= NOTE_LIMIT else encode_note(Note(signed.note.text, ours))


def mark_of(home: Home) -> Statement | None:
    """The notice that the log of a home ended; None while it goes on."""
    path = home.path / MARK
    return parse_statement(read_bounded(path, limit=STATEMENT_LIMIT, what="notice")) if exists(path) else None


def require_goes_on(home: Home) -> None:
    """Check that the log of a home was not succeeded by another.

    Raises:
        RefusedError: `log-succeeded`.
    """
    marked = mark_of(home)
    if marked is not None:
        raise log_succeeded(marked)


def log_succeeded(marked: Statement) -> RefusedError:
    """That a log ended, as its notice says."""
    told = log_succession.read(marked, screened=False)
    return RefusedError(
        f"log {told.log.origin} ended: entries {told.first} to {told.last} of it are lost, and"
        f" {told.successor.origin} goes on in its place; nothing is signed here any more; what is held, evidence"
        " bundle export --home gives out",
        code="log-succeeded",
    )


def published(statements: Statements) -> Statement | None:
    """The notice that a log begins with; None of a log that succeeds none."""
    first = statements.by_index(0)
    return parse_statement(first.body) if first is not None and first.type == TYPE else None
