"""Attesters that claims name for a chain, held against what their organisations state of themselves.

Whoever operates a log also claims who attests the blocks of its chain, and so could name organisations that never
heard of it, under addresses of its own.  An organisation states its attester's address in the entry of its
jurisdiction; what no entry is given for, the publisher of a list compares by another way.

Source: docs/spec/trust-list.md.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from ledger.core.trust import TrustList
from ledger.errors import RefusedError
from ledger.statements.entries import read_entry


class StatedAttester(NamedTuple):
    """An address that an organisation itself says it attests with, as whoever composes a list knows."""

    organisation: str
    address: bytes


class Uncompared(NamedTuple):
    """A member of a chain's attesters that nothing at hand was said of by its organisation."""

    chain: str
    epoch: int
    address: bytes
    organisation: str

    def __str__(self) -> str:
        return f"attester 0x{self.address.hex()} of {self.chain}, epoch {self.epoch}, for {self.organisation}"


def compare_attesters(listed: TrustList, stated: Sequence[StatedAttester] = ()) -> list[Uncompared]:
    """Compare the attesters of every chain of a list; those that could not be, in the order of the list.

    Args:
        listed: With the entries that it carries.  An entry speaks for the operators of its logs; where entries state
            different addresses for one of them, none of these counts.
        stated: What organisations said by another way, as of the addresses of earlier epochs: an entry states the
            present one alone.

    Raises:
        MalformedError, SignatureError, VerificationError: An entry does not read.
        RefusedError: `attester-other`: for an organisation another address is stated than the one claimed, or an
            address is stated for another organisation than the one that it is claimed for.
    """
    entries = _by_entries(listed)
    uncompared = []
    for one in _members(listed):
        told = {each.address for each in stated if each.organisation == one.organisation}
        written = {each.address for each in entries if each.organisation == one.organisation}
        if one.address not in (told | written if len(written) == 1 else told):
            _require_unknown(one, told | written, "organisation")
            whose = {each.organisation for each in (*stated, *entries) if each.address == one.address}
            _require_unknown(one, whose, "address")
            uncompared.append(one)
    return uncompared


def _by_entries(listed: TrustList) -> list[StatedAttester]:
    found = []
    for entry in map(read_entry, listed.entries):
        if entry.attester is not None:
            address = bytes.fromhex(entry.attester[2:])
            found += [StatedAttester(log.operator, address) for log in entry.listed.logs.values()]
    return found


def _members(listed: TrustList) -> Iterator[Uncompared]:
    for chain in listed.chains.values():
        for signers in chain.attesters:
            pairs = zip(signers.members, signers.organisations, strict=True)
            yield from (Uncompared(chain.id, signers.epoch, *pair) for pair in pairs)


def _require_unknown(one: Uncompared, stated: Collection[bytes | str], what: str) -> None:
    if stated:
        shown = sorted(f"0x{each.hex()}" if isinstance(each, bytes) else each for each in stated)
        raise RefusedError(
            f"{one}, is claimed; {' and '.join(shown)} is stated for that {what}", code="attester-other"
        )
