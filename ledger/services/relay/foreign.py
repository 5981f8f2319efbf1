"""What the own chain holds of partners' logs, captured under final blocks so that it can be shown offline.

For each source that the node follows, the checkpoints that its contract accepted are proven under a final header, with
the flag that tells whether two histories of the log were shown, and kept.  The own chain's finality goes with it: the
validators' seals where there are such, else the operator's signature.  A flag that is raised later is proven anew.

Source: docs/spec/foreign.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.chain.port import Chain
from ledger.chains import ValidatorSet
from ledger.core.canonical import Json, encode
from ledger.core.evm.anchor import CheckpointClaim, checkpoint_digest, log_id, set_id
from ledger.core.evm.header import Header
from ledger.core.evm.seals import parse_sealed
from ledger.core.secp256k1 import address_of, sign
from ledger.core.trust import TrustList
from ledger.errors import ChainError
from ledger.services.anchoring.evidence import Vouching
from ledger.services.relay.foreign_contract import ForeignContract, Held
from ledger.services.relay.material import document_of
from ledger.store.foreign import Accepted, Followed, ForeignStore
from ledger.store.relay import Outbox

AT_ONCE: Final = 256
"""Proofs of one log that are captured in one round."""
_WORD: Final = 32


@dataclass(frozen=True, slots=True)
class Finality:
    """Who vouches for blocks of the own chain.

    Attributes:
        vouching: The operator.
        validators: Of a chain whose blocks are sealed, by epoch; empty where they are not.
    """

    vouching: Vouching
    validators: tuple[ValidatorSet, ...] = ()


class ForeignWatcher:
    """Looks at one contract on the own chain.  `tick` is called again and again by one thread.

    Args:
        trust: Whom this node believes: names partners' logs and their keys; asked for each time.
        outbox: Where the checkpoints stand that a relay of this node carried or was given.
    """

    def __init__(
        self,
        *,
        chain: Chain,
        contract: ForeignContract,
        finality: Finality,
        store: ForeignStore,
        outbox: Outbox,
        trust: Callable[[], TrustList],
    ) -> None:
        self._chain = chain
        self._contract = contract
        self._finality = finality
        self._store = store
        self._outbox = outbox
        self._trust = trust

    def tick(self, now: int) -> None:
        """Capture what was accepted since, and what is disputed now.

        Raises:
            ChainError: The chain could not be asked.
        """
        followed = [
            one
            for one in self._store.sources(f"eip155:{self._chain.chain_id}")
            if one.contract == self._contract.address
        ]
        if not followed:
            return
        header = self._final()
        trust = self._trust()
        for one in followed:
            for origin, identifier in _logs(one.partner, trust):
                self._look(one, origin, identifier, header, now)

    def _final(self) -> Header:
        number = self._chain.finalized_number()
        header = self._chain.header(number)
        if header is None:
            raise ChainError(
                f"eip155:{self._chain.chain_id} has no block {number}, which is final",
                code="chain-answer-invalid",
            )
        return header

    def _look(self, followed: Followed, origin: str, identifier: bytes, header: Header, now: int) -> None:
        """One log under one source."""
        try:
            head = self._contract.head(followed.source_id, identifier, header)
        except ChainError as error:
            if error.code != "chain-wrong-contract":
                raise
            return  # the final block is older than the contract
        if head == 0:
            return
        held = self._held(followed, identifier)
        carried = self._outbox.sizes(followed.target, followed.source_id, identifier)
        wanted = sorted(({head} | {size for size in carried if size < head}) - held.keys())
        newest = self._contract.held(followed.source_id, identifier, head, header)
        # A flag that was raised is shown with every checkpoint from then on.
        wanted += [
            size for size, one in held.items() if one.disputed != newest.disputed or self._lacks_note(one)
        ]
        for size in wanted[:AT_ONCE]:
            found = (
                newest if size == head else self._contract.held(followed.source_id, identifier, size, header)
            )
            if found.root != bytes(_WORD):
                self._store.put(self._accepted(followed, origin, identifier, size, found, now))

    def _held(self, followed: Followed, identifier: bytes) -> dict[int, Accepted]:
        found: dict[int, Accepted] = {}
        after = 0
        while page := self._store.accepted(identifier, source_id=followed.source_id, after=after):
            found |= {one.size: one for one in page if one.contract == followed.contract}
            after = page[-1].size
        return found

    def _lacks_note(self, one: Accepted) -> bool:
        return one.note is None and self._note(one.log_id, one.size, one.root) is not None

    def _note(self, identifier: bytes, size: int, root: bytes) -> bytes | None:
        for item in self._outbox.showing(identifier, size):
            if item.root == root:
                return str(document_of(item.document)["checkpoint"]).encode()
        return None

    def _accepted(
        self, followed: Followed, origin: str, identifier: bytes, size: int, found: Held, now: int
    ) -> Accepted:
        header = found.proof.header
        part: dict[str, Json] = {
            "chain": followed.chain,
            "source": _hex(followed.source_id),
            "header": _hex(header.encoded),
            "finality": self._vouched(identifier, size, found),
            "account": _all_hex(found.proof.account_nodes),
            "storage": _all_hex(found.proof.slots[0].nodes),
            "disputed": _all_hex(found.proof.slots[1].nodes),
        }
        return Accepted(
            chain=followed.chain,
            contract=followed.contract,
            source_id=followed.source_id,
            log_id=identifier,
            size=size,
            origin=origin,
            root=found.root,
            grade=followed.source.kind,
            disputed=found.disputed,
            block_number=header.number,
            block_time=header.time,
            note=self._note(identifier, size, found.root),
            part=encode(part, what="foreign part"),
            recorded_at=now,
        )

    def _vouched(self, identifier: bytes, size: int, found: Held) -> Json:
        """Who vouches for the block: its validators, else the operator, who signs for what was proven under it."""
        header = found.proof.header
        block_hash = header.hash
        if self._finality.validators:
            for one in reversed(self._finality.validators):
                if one.start <= header.number:
                    return {"kind": "sealed", "epoch": one.epoch}
            block_hash = parse_sealed(header).block_hash
        vouching = self._finality.vouching
        claim = CheckpointClaim(
            origin_chain_id=self._chain.chain_id,
            genesis=self._chain.genesis_hash,
            anchor=self._contract.address,
            log_id=identifier,
            size=size,
            root=found.root,
            block_hash=block_hash,
            block_number=header.number,
            block_time=header.time,
            set_id=set_id([address_of(vouching.secret)], [vouching.organisation], 1),
        )
        return {"kind": "operator", "signature": _hex(sign(vouching.secret, checkpoint_digest(claim)))}


def _logs(partner: str, trust: TrustList) -> Sequence[tuple[str, bytes]]:
    """Origins of a jurisdiction's logs, and their ids under each head key."""
    return [
        (log.origin, log_id(log.origin, key.address))
        for log in trust.logs.values()
        if log.jurisdiction == partner
        for key in log.head_keys
    ]


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _all_hex(values: Sequence[bytes]) -> list[Json]:
    return [_hex(one) for one in values]
