"""Reads which chains are believed, and what is required: the other half of a trust list."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Final, cast

from ledger.core.canonical import encode_decoded
from ledger.core.evm.anchor import ADDRESS_LENGTH
from ledger.core.keccak import HASH_LENGTH
from ledger.core.members import Members, evm_bytes
from ledger.core.trust import names
from ledger.core.trust.values import (
    DEFAULT_STEPS,
    Chain,
    ChainQuorum,
    Consensus,
    Finality,
    ForeignSource,
    Requirement,
    Signers,
)

LAST_STEP: Final = 11
_ATTESTERS_LEAST: Final = 2


def read_chains(listed: Iterable[Members]) -> Mapping[str, Chain]:
    """The member `chains`, by CAIP-2 id."""
    found: dict[str, Chain] = {}
    for members in listed:
        chain_id = names.caip2(members, "chain")
        if chain_id in found:
            raise members.fault("chain", "a chain that is not listed twice")
        found[chain_id] = Chain(
            id=chain_id,
            number=int(chain_id.removeprefix(names.EIP155)),
            genesis=members.evm("genesis", HASH_LENGTH),
            anchor=members.evm("anchor", ADDRESS_LENGTH),
            code_hash=members.evm("codeHash", HASH_LENGTH),
            consensus=cast("Consensus", members.choice("consensus", ("operator", "attested", "qbft"))),
            operator=_read_operator(members),
            attesters=_read_attesters(members),
            validators=_read_validators(members),
            jurisdiction=names.jurisdiction(members, "jurisdiction") if "jurisdiction" in members else None,
        )
    return MappingProxyType(found)


def _read_operator(members: Members) -> Signers | None:
    if "operator" not in members:
        return None
    operator = members.below("operator", ("key", "organisation"))
    key = operator.evm("key", ADDRESS_LENGTH)
    return Signers(0, 0, 1, (key,), (names.organisation(operator, "organisation"),))


def _read_attesters(members: Members) -> tuple[Signers, ...]:
    found = []
    for each in members.each("attesters", ("epoch", "from", "threshold", "members")):
        listed = each.each("members", ("address", "organisation"))
        addresses = tuple(member.evm("address", ADDRESS_LENGTH) for member in listed)
        organisations = tuple(names.organisation(member, "organisation") for member in listed)
        voices = len(set(organisations))
        if voices < _ATTESTERS_LEAST:
            raise each.fault(
                "members", "members of at least two organisations: one key that lies must not be enough,"
            )
        found.append(
            Signers(
                epoch=each.integer("epoch"),
                start=each.integer("from"),
                # Signatures count by organisation: more than there are could never be reached, and with half of them
                # two sets that have nobody in common could attest two histories.
                threshold=each.integer("threshold", max(_ATTESTERS_LEAST, voices // 2 + 1), voices),
                members=_distinct(each, addresses),
                organisations=organisations,
            )
        )
    return _ascending(members, "attesters", found)


def _read_validators(members: Members) -> tuple[Signers, ...]:
    found = []
    for each in members.each("validators", ("epoch", "from", "members")):
        read = [evm_bytes(text, ADDRESS_LENGTH) for text in each.texts("members")]
        addresses = tuple(address for address in read if address is not None)
        if not addresses or len(addresses) != len(read):
            raise each.fault("members", "an array of addresses, at least one,")
        found.append(
            Signers(
                epoch=each.integer("epoch"),
                start=each.integer("from"),
                threshold=-(-2 * len(addresses) // 3),
                members=_distinct(each, addresses),
                organisations=(),
            )
        )
    return _ascending(members, "validators", found)


def _distinct(members: Members, addresses: tuple[bytes, ...]) -> tuple[bytes, ...]:
    if len(set(addresses)) != len(addresses):
        raise members.fault("members", "an array that has no address twice")
    if bytes(ADDRESS_LENGTH) in addresses:
        raise members.fault("members", "an array of addresses other than zero")
    return addresses


def _ascending(members: Members, name: str, sets: list[Signers]) -> tuple[Signers, ...]:
    for before, after in pairwise(sets):
        if before.epoch >= after.epoch or before.start >= after.start:
            raise members.fault(name, "an array with ascending epochs and first blocks")
    return tuple(sets)


def read_foreign(listed: Iterable[Members]) -> tuple[ForeignSource, ...]:
    """The member `foreign`."""
    found: dict[ForeignSource, None] = {}
    for members in listed:
        source = ForeignSource(
            chain=names.caip2(members, "chain"),
            contract=members.evm("contract", ADDRESS_LENGTH),
            code_hash=members.evm("codeHash", HASH_LENGTH),
            source_id=members.evm("sourceId", HASH_LENGTH),
        )
        if source in found:
            raise members.fault("sourceId", "a source that is not listed twice")
        found[source] = None
    return tuple(found)


def read_entries(members: Members) -> tuple[bytes, ...]:
    """The member `entries`: statements, which are looked at where they are used."""
    items = [item for _, item in members.items("entries")]
    if not all(isinstance(item, dict) for item in items):
        raise members.fault("entries", "an array of statements")
    return tuple(map(encode_decoded, items))


def read_requirements(members: Members, chains: Mapping[str, Chain]) -> Mapping[str, Requirement]:
    """The member `require`, by statement type.

    Args:
        members: The list.
        chains: Those that it names.
    """
    found: dict[str, Requirement] = {}
    for name, each in members.named("require", (), ("steps", "quorum", "finality", "chains")):
        if not name or name[0] not in names.LETTERS or name.strip(names.LETTERS + names.SMALL_LETTERS):
            raise members.fault("require", "an object of statement types")
        found[name] = Requirement(
            steps=_read_steps(each),
            quorum=each.integer("quorum") if "quorum" in each else 0,
            finality=_read_finality(each),
            chains=_read_quorum(each.below("chains", ("threshold", "among")), chains)
            if "chains" in each
            else None,
        )
    return MappingProxyType(found)


def _read_quorum(members: Members, chains: Mapping[str, Chain]) -> ChainQuorum:
    """Chains of which some are required: each listed, and of a jurisdiction that the list tells."""
    among = members.texts("among")
    listed = [chains.get(name) for name in among]
    jurisdictions = {chain.jurisdiction for chain in listed if chain is not None}
    if not among or None in listed or None in jurisdictions:
        raise members.fault(
            "among", "an array of different chains of the list that have a jurisdiction each,"
        )
    return ChainQuorum(members.integer("threshold", 1, len(jurisdictions)), tuple(among))


def _read_steps(members: Members) -> tuple[int, ...]:
    if "steps" not in members:
        return DEFAULT_STEPS
    items = [item for _, item in members.items("steps")]
    steps = {
        item
        for item in items
        if isinstance(item, int) and not isinstance(item, bool) and 1 <= item <= LAST_STEP
    }
    if not items or len(steps) != len(items):
        raise members.fault("steps", f"an array of different numbers from 1 to {LAST_STEP}, at least one,")
    return tuple(sorted(steps))


def _read_finality(members: Members) -> Finality:
    if "finality" not in members:
        return "operator"
    return cast("Finality", members.choice("finality", ("operator", "attested", "sealed")))
