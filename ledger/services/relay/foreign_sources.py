"""Adding a source: by whose word the own chain shall take checkpoints of a partner's chain.

A source is what the trust list says of the partner's chain: its contract, and the set that vouches for it.  Adding it
is no act of trust and anybody may do it; its id is what trust lists name.

Source: docs/spec/foreign.md.
"""

from collections.abc import Callable
from typing import Final

from ledger.chain.port import Chain as OwnChain
from ledger.chain.port import Message
from ledger.chain.transactions import SignedTransaction, send
from ledger.core.evm.foreign import ATTESTED, SEALED, Kind, Source, source_id
from ledger.core.evm.foreign_calls import encode_add_source
from ledger.core.evm.seals import quorum_of
from ledger.core.secp256k1 import address_of
from ledger.core.trust import TrustList
from ledger.core.trust.values import Chain, Signers
from ledger.errors import ChainError, RefusedError
from ledger.services.relay.foreign_contract import ForeignContract

KINDS: Final[dict[str, Kind]] = {"attested": ATTESTED, "sealed": SEALED}


def source_of(
    trust: TrustList, chains: frozenset[str], kind: str | None = None, epoch: int | None = None
) -> Source:
    """The source that a trust list describes.

    Args:
        chains: Names of the partner's chains; exactly one of them must be listed with a set.
        kind: `attested` or `sealed`; None: as the chain's consensus says.
        epoch: Of the set; None: the first one.

    Raises:
        RefusedError: `chain-unknown`, `source-ambiguous`; `finality-operator`: nobody but the operator vouches for the
            chain; `epoch-unknown`.
        MalformedError: `signer-set`: no contract takes such a set.
    """
    listed = [trust.chains[name] for name in sorted(chains) if name in trust.chains]
    if not listed:
        raise RefusedError("the trust list names no chain of the partner", code="chain-unknown")
    able = [one for one in listed if _kind(one, kind) is not None]
    if not able:
        raise RefusedError(
            f"the trust list names nobody but the operator who vouches for {', '.join(one.id for one in listed)}",
            code="finality-operator",
        )
    if len(able) > 1:
        raise RefusedError(
            f"the partner has several chains: {', '.join(one.id for one in able)}; say which",
            code="source-ambiguous",
        )
    (chain,) = able
    found = _kind(chain, kind)
    assert found is not None
    signers = _set(chain.attesters if found == ATTESTED else chain.validators, epoch, chain.id)
    threshold = signers.threshold if found == ATTESTED else quorum_of(len(signers.members))
    return Source(
        chain.number,
        chain.genesis,
        chain.anchor,
        chain.code_hash,
        found,
        signers.members,
        signers.organisations if found == ATTESTED else (),
        threshold,
    )


def _kind(chain: Chain, wanted: str | None) -> Kind | None:
    if chain.validators and chain.consensus == "qbft" and wanted in {None, "sealed"}:
        return SEALED
    return ATTESTED if chain.attesters and wanted in {None, "attested"} else None


def _set(sets: tuple[Signers, ...], epoch: int | None, chain: str) -> Signers:
    for one in sets:
        if epoch in {None, one.epoch}:
            return one
    raise RefusedError(f"the trust list has no set {epoch} of {chain}", code="epoch-unknown")


def add_source(
    chain: OwnChain,
    contract: ForeignContract,
    source: Source,
    secret: bytes,
    *,
    wait: Callable[[float], None],
    patience: int = 120,
) -> bytes:
    """Add a source where it is not there yet; its id, once the contract has it.

    Raises:
        ChainError: The chain cannot be asked; `chain-balance-low`; `source-add-unknown`: whether it was added cannot be
            said.
    """
    chain.check_identity()
    identifier = source_id(source)
    if contract.set_at(identifier, chain.head()) is not None:
        return identifier
    data = encode_add_source(source)
    sender = address_of(secret)
    chain.call(Message(sender, contract.address, data))

    def afford(signed: SignedTransaction) -> None:
        if chain.balance(sender) < signed.largest_cost:
            raise ChainError(
                f"0x{sender.hex()} has {chain.balance(sender)} wei; adding the source needs up to"
                f" {signed.largest_cost}",
                code="chain-balance-low",
            )

    signed = send(chain, secret, to=contract.address, data=data, before_sending=afford)
    for _ in range(max(1, patience)):
        try:
            if contract.set_at(identifier, chain.head()) is not None:
                return identifier
        except ChainError:
            pass  # after sending, only the outcome counts
        wait(1.0)
    raise ChainError(
        f"transaction 0x{signed.hash.hex()}, which adds the source, was sent and is in no block after {patience} s",
        code="source-add-unknown",
    )
