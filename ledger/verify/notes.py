"""A checkpoint note held against the trust list: the log's own three lines, head key ranges, witnesses.

Source: docs/spec/log.md and docs/spec/trust-list.md.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ledger.core.checkpoint import (
    SignedCheckpoint,
    head_vkey,
    parse_checkpoint,
    verify_cosignature,
    verify_log_lines,
)
from ledger.core.evm.anchor import log_id
from ledger.core.trust import TrustList
from ledger.core.trust.values import HeadStart, LogKeys
from ledger.errors import QuorumError, SignatureError, VerificationError
from ledger.verify.keyrule import CLOCK_DRIFT


class OpenNote(NamedTuple):
    """A checkpoint whose log lines all verify.

    Attributes:
        log_id: Id of the log under the head key that signed, as the contract knows it.
        start: Where that head key takes over from an earlier one; None for a log's first.
    """

    signed: SignedCheckpoint
    log_id: bytes
    start: HeadStart | None

    @property
    def size(self) -> int:
        """Leaves of the tree."""
        return self.signed.checkpoint.size

    @property
    def root(self) -> bytes:
        """RFC 6962 root hash, 32 bytes."""
        return self.signed.checkpoint.root


class Witnessing(NamedTuple):
    """Which organisations cosigned, each with its earliest time, and what was passed over."""

    times: tuple[tuple[int, str], ...]
    not_counted: tuple[str, ...]

    def proven(self, quorum: int) -> tuple[int, tuple[str, ...]] | None:
        """The time by which `quorum` organisations had cosigned, and which they are; None for a quorum of 0."""
        if quorum == 0 or len(self.times) < quorum:
            return None
        counted = self.times[:quorum]
        return counted[-1][0], tuple(organisation for _, organisation in counted)


def open_note(encoded: bytes, origin: str, log: LogKeys) -> OpenNote:
    """Check the log's own lines of a checkpoint, and that its head key may speak of that size.

    Raises:
        MalformedError: Not a checkpoint note.
        SignatureError: A line is missing, stands twice or does not verify.
        VerificationError: `origin-mismatch`, `head-key-ended`, `head-key-early`, `head-key-start`.
    """
    signed = parse_checkpoint(encoded)
    named = signed.checkpoint
    if named.origin != origin:
        raise VerificationError(
            f"checkpoint is of {named.origin}; the section is of {origin}", code="origin-mismatch"
        )
    lines = verify_log_lines(signed, origin, log.vkeys, [key.address for key in log.head_keys])
    position = next(n for n, key in enumerate(log.head_keys) if key.address == lines.head_address)
    start = log.head_keys[position].start
    following = log.head_keys[position + 1].start if position + 1 < len(log.head_keys) else None
    if following is not None and named.size > following.last:
        raise VerificationError(
            f"checkpoint of size {named.size} under a head key that counts up to size {following.last}",
            code="head-key-ended",
        )
    if start is not None and named.size < start.size:
        raise VerificationError(
            f"checkpoint of size {named.size} under a head key that counts from size {start.size}",
            code="head-key-early",
        )
    if start is not None and named.size == start.size and named.root != start.root:
        raise VerificationError(
            f"checkpoint of size {named.size} has root {named.root.hex()}; the trust list has {start.root.hex()}",
            code="head-key-start",
        )
    return OpenNote(signed, log_id(origin, lines.head_address), start)


def cosigned(note: OpenNote, trust: TrustList, log: LogKeys, now: int) -> Witnessing:
    """The witnesses of the trust list that signed, one time for each organisation.

    Raises:
        SignatureError: A known witness's line does not verify, or stands twice.
    """
    known = {(one.vkey.name, one.vkey.key_id): one for one in trust.witnesses}
    heads = [head_vkey(log.origin, key.address) for key in log.head_keys]
    own = {(key.name, key.key_id) for key in (*log.vkeys, *heads)}
    seen: set[tuple[str, bytes]] = set()
    earliest: dict[str, int] = {}
    passed_over: list[str] = []
    for line in note.signed.note.signatures:
        named = (line.name, line.key_id)
        if named in own:
            continue
        witness = known.get(named)
        if witness is None:
            passed_over.append(f"line of {line.name} ({line.key_id.hex()}): key not in the trust list")
            continue
        if named in seen:
            raise SignatureError(
                f"witness {line.name} ({line.key_id.hex()}) stands twice on the checkpoint", code="line-twice"
            )
        seen.add(named)
        time = verify_cosignature(note.signed, line, witness.vkey)
        if witness.organisation == log.operator:
            passed_over.append(f"line of {line.name}: a witness of the log's own operator")
        elif time == 0 or time > now + CLOCK_DRIFT:
            passed_over.append(f"line of {line.name}: its time is {'0' if time == 0 else 'in the future'}")
        else:
            earliest[witness.organisation] = min(time, earliest.get(witness.organisation, time))
    ordered = sorted((time, organisation) for organisation, time in earliest.items())
    return Witnessing(tuple(ordered), tuple(passed_over))


def require_quorum(witnessing: Witnessing, quorum: int, known: Sequence[str]) -> None:
    """Check that enough organisations cosigned.

    Raises:
        QuorumError: Fewer than `quorum`.
    """
    if len(witnessing.times) < quorum:
        signed = ", ".join(organisation for _, organisation in witnessing.times) or "none"
        raise QuorumError(
            f"witness quorum needs {quorum} organisations;"
            f" {len(witnessing.times)} of {len(set(known))} known signed ({signed})"
        )


def independent(trust: TrustList, log: LogKeys) -> Sequence[str]:
    """The organisations whose witnesses count for a log."""
    return [one.organisation for one in trust.witnesses if one.organisation != log.operator]


def witnessed(witnessing: Witnessing, quorum: int, known: Sequence[str]) -> str:
    """Who signed a checkpoint that met its quorum, in words."""
    if quorum == 0:
        return "log's own signatures only"
    return f"cosigned by {len(witnessing.times)} of {len(set(known))} organisations ({quorum} required)"
