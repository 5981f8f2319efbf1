"""Which logs and witnesses are known, and how many of these must have cosigned (C2SP tlog-policy).

    log registry.example.xa/XA/2026+a24924fa+AVK…  https://registry.example.xa
    witness registry.example.xb/witness registry.example.xb/witness+1c0de2a7+BFz… https://registry.example.xb/witness
    group did:web:registry.example.xb any registry.example.xb/witness
    quorum did:web:registry.example.xb

A group holds when as many of its members do as it asks for; the quorum is a witness, a group or `none`.  Names are
octets and mean nothing outside the file; but a group that any one of its witnesses satisfies is taken here for one
organisation, whose name it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.core.note import (
    ED25519,
    ED25519_COSIGNATURE,
    MLDSA44_COSIGNATURE,
    VKey,
    encode_vkey,
    parse_vkey,
)
from ledger.errors import MalformedError

POLICY_LIMIT: Final = 1024 * 1024
ITEMS_LIMIT: Final = 256
"""Most logs, witnesses and groups, of each."""
NONE: Final = b"none"
QUORUM: Final = b"quorum"
"""Name of the group of organisations in policies made here."""

_ALLOWED: Final = frozenset({0x09, 0x0A, *range(0x20, 0x7F), *range(0x80, 0x100)})
_LOG_TYPES: Final = frozenset({ED25519, MLDSA44_COSIGNATURE})
_WITNESS_TYPES: Final = frozenset({ED25519_COSIGNATURE, MLDSA44_COSIGNATURE})
_DIGITS: Final = len(str(ITEMS_LIMIT))
_GROUP_WORDS: Final = 3
"""Fewest words of a group: its name, how many, one member."""


@dataclass(frozen=True, slots=True)
class PolicyLog:
    """A log: its key, whose name is the origin, and where it is."""

    vkey: VKey
    url: bytes | None = None


@dataclass(frozen=True, slots=True)
class PolicyWitness:
    """A witness: its name in the file, its key, and its submission prefix."""

    name: bytes
    vkey: VKey
    url: bytes | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses and earlier groups, of which `threshold` must hold."""

    name: bytes
    threshold: int
    members: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole file, in its order.  `quorum` names a witness or a group, or is `NONE`."""

    logs: tuple[PolicyLog, ...] = ()
    witnesses: tuple[PolicyWitness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: bytes = NONE

    def is_met(self, cosigned: Iterable[bytes]) -> bool:
        """Whether the quorum holds once the witnesses of these names have cosigned."""
        holds = set(cosigned) & {one.name for one in self.witnesses}
        holds.add(NONE)  # no name of the file's own
        for group in self.groups:
            if len(holds.intersection(group.members)) >= group.threshold:
                holds.add(group.name)
        return self.quorum in holds

    def organisations(self) -> Mapping[bytes, bytes]:
        """By name of a witness, the name of its organisation.

        That is the group of witnesses alone, any one of which is enough, that it is in; else its own name.
        """
        witnesses = {one.name for one in self.witnesses}
        found = {name: name for name in witnesses}
        for group in self.groups:
            if group.threshold == 1 and witnesses.issuperset(group.members):
                found.update(dict.fromkeys(group.members, group.name))
        return found

    def threshold(self) -> int | None:
        """How many distinct organisations meet the quorum; None where no number says what the quorum does."""
        if self.quorum == NONE:
            return 0
        organisations = set(self.organisations().values())
        if self.quorum in organisations:
            return 1 if len(organisations) == 1 else None
        group = next((one for one in self.groups if one.name == self.quorum), None)
        if group is None or set(group.members) != organisations:
            return None
        return group.threshold


def parse_policy(data: bytes) -> Policy:
    """Read a policy.

    Raises:
        MalformedError: `too-large`, or `policy-malformed` with the number of the line at fault.
    """
    if len(data) > POLICY_LIMIT:
        raise MalformedError(
            f"policy has {len(data)} bytes; at most {POLICY_LIMIT} are read", code="too-large"
        )
    if not _ALLOWED.issuperset(data):
        raise _malformed("it has a control character that is neither tab nor newline")
    if data and not data.endswith(b"\n"):
        raise _malformed("its last line has no newline")
    reading = _Reading()
    for number, line in enumerate(data.split(b"\n"), 1):
        words = line.replace(b"\t", b" ").split(b" ")
        words = [word for word in words if word]
        if not words or words[0].startswith(b"#"):
            continue
        try:
            reading.take(words)
        except MalformedError as error:
            raise _malformed(f"line {number}: {error}") from None
    if reading.quorum is None:
        raise _malformed("it has no quorum line")
    return Policy(tuple(reading.logs), tuple(reading.witnesses), tuple(reading.groups), reading.quorum)


def encode_policy(policy: Policy) -> bytes:
    """Write a policy: `parse_policy` gives the same, and a file without comments, in our order, its own bytes."""
    lines = [
        *(_line(b"log", _vkey(one.vkey), one.url) for one in policy.logs),
        *(_line(b"witness", one.name, _vkey(one.vkey), one.url) for one in policy.witnesses),
        *(_line(b"group", one.name, _threshold(one), *one.members) for one in policy.groups),
        _line(b"quorum", policy.quorum),
    ]
    return b"".join(lines)


def policy_of(
    logs: Sequence[PolicyLog], organisations: Mapping[bytes, Sequence[PolicyWitness]], quorum: int
) -> Policy:
    """A policy that asks for `quorum` of several organisations, each a group of its witnesses.

    Args:
        organisations: By name; those that have no witness are left out.
        quorum: From 0 to their number.

    Raises:
        MalformedError: `policy-malformed`: fewer organisations than the quorum, or a name that two of them have.
    """
    held = {name: list(members) for name, members in organisations.items() if members}
    if quorum > len(held):
        raise _malformed(f"a quorum of {quorum} needs as many organisations; there are {len(held)}")
    groups = [Group(name, 1, tuple(one.name for one in members)) for name, members in held.items()]
    chosen = NONE
    if quorum and len(groups) == 1:
        chosen = groups[0].name
    elif quorum:
        chosen = QUORUM
        groups.append(Group(chosen, quorum, tuple(held)))
    witnesses = tuple(one for members in held.values() for one in members)
    return parse_policy(encode_policy(Policy(tuple(logs), witnesses, tuple(groups), chosen)))


class _Reading:
    """What the lines so far have said."""

    def __init__(self) -> None:
        self.logs: list[PolicyLog] = []
        self.witnesses: list[PolicyWitness] = []
        self.groups: list[Group] = []
        self.quorum: bytes | None = None
        self._names: set[bytes] = {NONE}
        self._members: set[bytes] = set()

    def take(self, words: Sequence[bytes]) -> None:
        kind, *rest = words
        if kind == b"log" and len(rest) in {1, 2}:
            vkey = self._read_vkey(rest[0], _LOG_TYPES, [one.vkey for one in self.logs], "log")
            self.logs.append(PolicyLog(vkey, *rest[1:]))
        elif kind == b"witness" and len(rest) in {2, 3}:
            known = [one.vkey for one in self.witnesses]
            vkey = self._read_vkey(rest[1], _WITNESS_TYPES, known, "witness")
            self._name(rest[0])
            self.witnesses.append(PolicyWitness(rest[0], vkey, *rest[2:]))
        elif kind == b"group" and len(rest) >= _GROUP_WORDS:
            self._group(rest[0], rest[1], tuple(rest[2:]))
        elif kind == b"quorum" and len(rest) == 1:
            if self.quorum is not None:
                raise _malformed("a second quorum line")
            if rest[0] not in self._names:
                raise _malformed("the quorum is of a name that no line before defines")
            self.quorum = rest[0]
        else:
            raise _malformed("not a line of a log, a witness, a group or the quorum")
        if max(len(self.logs), len(self.witnesses), len(self.groups)) > ITEMS_LIMIT:
            raise _malformed(f"more than {ITEMS_LIMIT} logs, witnesses or groups")

    def _group(self, name: bytes, asked: bytes, members: tuple[bytes, ...]) -> None:
        named = {b"any": 1, b"all": len(members)}
        threshold = named[asked] if asked in named else _number(asked)
        if threshold is None or not 1 <= threshold <= len(members):
            raise _malformed(f"a group asks for any, all, or a number from 1 to {len(members)}, its members")
        if not (self._names - {NONE}).issuperset(members):
            raise _malformed("a member of the group is of a name that no line before defines")
        if len(set(members)) != len(members) or not self._members.isdisjoint(members):
            raise _malformed("a member of the group is in a group already")
        self._name(name)
        self._members.update(members)
        self.groups.append(Group(name, threshold, members))

    def _name(self, name: bytes) -> None:
        if name in self._names:
            raise _malformed("a name that is defined already, or is none")
        self._names.add(name)

    @staticmethod
    def _read_vkey(text: bytes, types: frozenset[int], known: Sequence[VKey], what: str) -> VKey:
        try:
            vkey = parse_vkey(text.decode())
        except UnicodeDecodeError:
            raise _malformed("a verifier key is not UTF-8") from None
        if vkey.type not in types:
            raise _malformed(f"a key of type {vkey.type:#04x} is not that of a {what}")
        if any(one.key == vkey.key for one in known):
            raise _malformed(f"the key of another {what}")
        return vkey


def _number(text: bytes) -> int | None:
    if not text.isdigit() or len(text) > _DIGITS or text.startswith(b"0"):
        return None
    return int(text)


def _threshold(group: Group) -> bytes:
    return b"any" if group.threshold == 1 else b"%d" % group.threshold


def _vkey(vkey: VKey) -> bytes:
    return encode_vkey(vkey).encode()


def _line(*words: bytes | None) -> bytes:
    return b" ".join(word for word in words if word is not None) + b"\n"


def _malformed(fault: str) -> MalformedError:
    return MalformedError(f"policy: {fault}".replace("policy: policy: ", "policy: "), code="policy-malformed")
