"""LogSuccession: that a log lost entries which others saw, what is missing, and which log goes on in its place.

Format: docs/spec/log-succession.md.  The registrar signs it, and it is the first entry of the log that goes on, so that
every checkpoint of that log commits to it.  Whether the notes in it are signed is asked where it is verified.
"""

from hashlib import sha256
from typing import Any, Final, NamedTuple

from ledger.core.canonical import Json
from ledger.core.checkpoint import SignedCheckpoint, parse_checkpoint
from ledger.core.members import Members
from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.core.trust.parties import read_logs
from ledger.core.trust.values import LogKeys
from ledger.errors import MalformedError
from ledger.statements.codes import SIGHTINGS, SUCCESSION_REASONS
from ledger.statements.fields import ADDRESS, COUNTRY, DIGEST, TIME, Code, Integer, Text
from ledger.statements.reading import Kind, not_in_future, read_subject
from ledger.statements.shape import Anything, Array, Object, Problem, rule

MOST_SEEN: Final = 16
"""Most sightings that one notice names."""
NOTE_LIMIT: Final = 16_384
"""Most characters of a checkpoint in it."""
EMPTY_ROOT: Final = sha256(b"").hexdigest()
_WITNESS, _CHAIN, _LOG = "witness", "chain", "log"
_LOG_MEMBERS: Final = ("origin", "jurisdiction", "operator", "vkeys", "headKeys")
_MEMBERS_OF: Final = {
    _WITNESS: frozenset({"name", "checkpoint"}),
    _CHAIN: frozenset({"name", "anchor", "block"}),
    _LOG: frozenset({"checkpoint"}),
}
"""What a sighting has beside `by`, `size` and `root`."""


class Held(NamedTuple):
    """What the operator still has: the log up to this size; no checkpoint of size 0."""

    size: int
    root: bytes
    checkpoint: SignedCheckpoint | None


class Seen(NamedTuple):
    """That somebody saw the log at a larger size.

    Attributes:
        by: witness, chain or log: the log itself signed it, and its entries are lost all the same.
        name: Of the witness's key, or CAIP-2 id of the chain; None of the log itself.
        checkpoint: What was signed; None of a chain.
        block: Number and hash of the chain's block whose state was looked at; None of others.
    """

    by: str
    name: str | None
    size: int
    root: bytes
    checkpoint: SignedCheckpoint | None
    block: tuple[int, str] | None


class LogSuccession(NamedTuple):
    """The notice; of `log` the entries from `held.size` to `last` are lost, and `successor` goes on."""

    jurisdiction: str
    log: LogKeys
    successor: LogKeys
    held: Held
    seen: tuple[Seen, ...]
    reason: str
    at: int

    @property
    def first(self) -> int:
        """Index of the first entry that is lost."""
        return self.held.size

    @property
    def last(self) -> int:
        """Index of the last entry that is known to be lost."""
        return max(one.size for one in self.seen) - 1


# -- rules ---------------------------------------------------------------------------------------------------


@rule("jurisdiction", "log", "successor")
def _two_logs_of_one_jurisdiction(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    logs: list[LogKeys] = []
    for name in ("log", "successor"):
        try:
            logs.append(_log_of(subject[name]))
        except MalformedError as fault:
            where = (fault.pointer or "").removeprefix("/logs/0")
            found.append(Problem(f"{at}/{name}{where}", fault.code, str(fault)))
    if len(logs) != len(("log", "successor")):
        return
    before, after = logs
    for name, log in (("log", before), ("successor", after)):
        if log.jurisdiction != subject["jurisdiction"]:
            detail = (
                f"of {log.jurisdiction}; a jurisdiction speaks of its own logs, {subject['jurisdiction']}"
            )
            found.append(Problem(f"{at}/{name}/jurisdiction", "jurisdiction-mismatch", detail))
    if before.origin == after.origin:
        detail = "a log does not succeed itself: its origin is another"
        found.append(Problem(f"{at}/successor/origin", "succession-itself", detail))
    keys = {vkey.key for vkey in before.vkeys} | {key.address for key in before.head_keys}
    if not keys.isdisjoint({vkey.key for vkey in after.vkeys} | {key.address for key in after.head_keys}):
        detail = "a key of the log that ended signs for the other; all its keys are new"
        found.append(Problem(f"{at}/successor", "succession-itself", detail))


@rule("log", "held")
def _held_is_signed(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    held = subject["held"]
    if held["size"] == 0:
        if "checkpoint" in held:
            detail = "nothing is held, so there is no checkpoint of it"
            found.append(Problem(f"{at}/held/checkpoint", "member-unknown", detail))
        if held["root"] != EMPTY_ROOT:
            detail = "the root of no entries is the SHA-256 of nothing"
            found.append(Problem(f"{at}/held/root", "sighting-mismatch", detail))
    elif "checkpoint" not in held:
        detail = 'member "checkpoint" is missing'
        found.append(Problem(f"{at}/held/checkpoint", "member-missing", detail))
    else:
        _says(held, subject["log"], f"{at}/held", found)


@rule("log", "seen")
def _sightings_say_what_they_show(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    for place, one in enumerate(subject["seen"]):
        where = f"{at}/seen/{place}"
        wanted = _MEMBERS_OF[one["by"]]
        given = one.keys() - {"by", "size", "root"}
        found += [
            Problem(f"{where}/{name}", "member-missing", f'member "{name}" is missing')
            for name in sorted(wanted - given)
        ]
        found += [
            Problem(f"{where}/{name}", "member-unknown", f"no such member where by is {one['by']}")
            for name in sorted(given - wanted)
        ]
        if "checkpoint" in given & wanted:
            _says(one, subject["log"], where, found)


def _says(told: dict[str, Any], log: object, at: str, found: list[Problem]) -> None:
    """Whether a checkpoint is of the log, size and root that are told beside it."""
    try:
        noted = parse_checkpoint(told["checkpoint"].encode()).checkpoint
    except MalformedError as fault:
        found.append(Problem(f"{at}/checkpoint", fault.code, str(fault)))
        return
    origin = log.get("origin") if isinstance(log, dict) else None
    if (noted.origin, noted.size, noted.root.hex()) != (origin, told["size"], told["root"]):
        detail = "the checkpoint is of another log, size or root than is told"
        found.append(Problem(f"{at}/checkpoint", "sighting-mismatch", detail))


@rule("held", "seen", "lost")
def _what_is_lost_is_what_was_seen(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    size: int = subject["held"]["size"]
    roots: dict[int, str] = {}
    for place, one in enumerate(subject["seen"]):
        if one["size"] <= size:
            detail = f"size {one['size']} is no larger than what is held, so that it shows no loss"
            found.append(Problem(f"{at}/seen/{place}/size", "gap-mismatch", detail))
        if roots.setdefault(one["size"], one["root"]) != one["root"]:
            detail = f"two roots of size {one['size']}: two histories were signed, which is no loss"
            found.append(Problem(f"{at}/seen/{place}/root", "sightings-conflict", detail))
    first, last = size, max(roots) - 1
    if (subject["lost"]["first"], subject["lost"]["last"]) != (first, last):
        detail = f"by what is held and what was seen, entries {first} to {last} are lost"
        found.append(Problem(f"{at}/lost", "gap-mismatch", detail))


# -- shape ---------------------------------------------------------------------------------------------------

_NOTE = Text("a signed note", r"[^\x00-\x09\x0b-\x1f\x7f]{1,16384}", NOTE_LIMIT, screened=False)
_HASH = Text("a hash, 0x and 64 lower-case hex digits", r"0x[0-9a-f]{64}", 66, screened=False)
_NAME = Text("a name of a key or chain, without spaces", r"[!-~]{1,255}", 255, screened=False)
_SEEN = Object(
    {"by": Code("sightings", SIGHTINGS), "size": Integer(1), "root": DIGEST},
    {
        "name": _NAME,
        "checkpoint": _NOTE,
        "anchor": ADDRESS,
        "block": Object({"number": Integer(0), "hash": _HASH}),
    },
)
SHAPE = Object(
    {
        "jurisdiction": COUNTRY,
        "log": Anything(),
        "held": Object({"size": Integer(0), "root": DIGEST}, {"checkpoint": _NOTE}),
        "lost": Object({"first": Integer(0), "last": Integer(0)}),
        "seen": Array(_SEEN, 1, MOST_SEEN),
        "reason": Code("reasons", SUCCESSION_REASONS),
        "at": TIME,
        "successor": Anything(),
    },
    rules=(
        _two_logs_of_one_jurisdiction,
        _held_is_signed,
        _sightings_say_what_they_show,
        _what_is_lost_is_what_was_seen,
    ),
    note="That a log lost entries which others saw, and which log goes on in its place.",
)
KIND = Kind("LogSuccession", ("registrar",), SHAPE, (not_in_future("at"),))


def read(statement: Statement, *, screened: bool = True) -> LogSuccession:
    """The notice that a statement holds.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    subject = read_subject(KIND, statement, screened=screened)
    held = subject["held"]
    return LogSuccession(
        jurisdiction=subject["jurisdiction"],
        log=_log_of(subject["log"]),
        successor=_log_of(subject["successor"]),
        held=Held(held["size"], bytes.fromhex(held["root"]), _note_of(held)),
        seen=tuple(_seen_of(one) for one in subject["seen"]),
        reason=subject["reason"],
        at=parse_time(subject["at"]),
    )


def _seen_of(one: dict[str, Any]) -> Seen:
    block = one.get("block")
    return Seen(
        by=one["by"],
        name=one.get("name"),
        size=one["size"],
        root=bytes.fromhex(one["root"]),
        checkpoint=_note_of(one),
        block=None if block is None else (block["number"], block["hash"]),
    )


def _note_of(told: dict[str, Any]) -> SignedCheckpoint | None:
    return parse_checkpoint(told["checkpoint"].encode()) if "checkpoint" in told else None


def _log_of(document: Json) -> LogKeys:
    """A log in the form of a trust list."""
    members = Members({"logs": [document]}, what="statement", pointer="", required=("logs",))
    (log,) = read_logs(members.each("logs", _LOG_MEMBERS)).values()
    return log
