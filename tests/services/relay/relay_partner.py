"""A partner as a relay reads it: its log, and a chain made from the trie up, attested or sealed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.core.evm.anchor import CheckpointClaim, checkpoint_digest, set_id
from ledger.core.evm.foreign import ATTESTED, SEALED, Source
from ledger.core.evm.seals import quorum_of
from ledger.core.secp256k1 import address_of, sign
from ledger.core.trust import TrustList
from ledger.errors import LedgerError
from ledger.remote.relaying import Listed
from tests.blocks import ANCHOR, CODE_HASH, hexed
from tests.sealing import addresses, seal
from tests.simulator import START, World, seed
from tests.trees import tree_consistency, tree_root

ATTESTERS = ("did:web:registry.example.xb", "did:web:registry.example.xc", "did:web:registry.example.xd")


def attester(organisation: str) -> bytes:
    """Secret of an organisation's attester key."""
    return seed(f"{organisation} attester")


def attestations(digest: bytes, organisations: Sequence[str]) -> list[str]:
    """Signatures of these, ascending by address."""
    return [hexed(sign(secret, digest)) for secret in sorted(map(attester, organisations), key=address_of)]


@dataclass
class Partner:
    """XA: its log, and a chain whose blocks hold its anchors; vouched for by attesters, or sealed where there are sets.

    Attributes:
        sets: Validators' secrets by the first block that they seal; none: the chain is attested.
        attesters: Organisations, two of which attest, by the first block that they attest.
        anchored: Sizes, each with the number of its block.
        lists: What its node lists; else every anchored size.
        broken: What its node gives instead of the truth, by method.
    """

    world: World
    sets: list[tuple[int, tuple[bytes, ...]]] = field(default_factory=list)
    round: int = 0
    anchored: dict[int, int] = field(default_factory=dict)
    number: int = 10
    unattested: set[int] = field(default_factory=set)
    documents: dict[int, Any] = field(default_factory=dict)
    fault: LedgerError | None = None
    latest_note: bytes | None = None
    asked: list[str] = field(default_factory=list)
    attesters: list[tuple[int, tuple[str, ...]]] = field(default_factory=lambda: [(0, ATTESTERS)])

    @property
    def log(self) -> Any:
        return self.world.xa

    def grow(self, count: int = 3) -> int:
        """Add entries and anchor the new size in a block of its own; the size."""
        self.log.entries += [seed(f"entry {len(self.log.entries)} {n}") for n in range(count)]
        size = len(self.log.entries)
        self.log.anchor()
        self.number += 3
        self.anchored[size] = self.number
        self.documents[size] = self.document(size)
        return size

    @property
    def consensus(self) -> str:
        return "qbft" if self.sets else "attested"

    def document(self, size: int, *, root: bytes | None = None, note: bytes | None = None) -> dict[str, Any]:
        """A checkpoint with its anchor, as the node gives it."""
        fixed = tree_root(self.log.leaves[:size]) if root is None else root
        number = self.anchored[size]
        block = self.log.block(size, fixed, time=START + 12 * number, number=number)
        header = block["header"]
        if self.sets:
            epoch, old, new = self._set_at(number)
            hands_over = old is not None and number == self.sets[epoch - 1][0]
            # Enough of the old set are in the new one, so that all of the new are a quorum of both.
            signers = new if hands_over else new[: quorum_of(len(new))]
            header = seal(header, new, round=self.round, signers=signers)
            finality: dict[str, Any] = {"kind": "sealed", "epoch": epoch}
        elif size in self.unattested:
            finality = {"kind": "operator", "signature": hexed(bytes(65))}
        else:
            epoch = max(n for n, (start, _) in enumerate(self.attesters, 1) if start <= number)
            told = self._attested(block, size, fixed, self.attesters[epoch - 1][1])
            finality = {"kind": "attested", "epoch": epoch, "signatures": told}
        return {
            "anchor": {
                "account": [hexed(node) for node in block["account"]],
                "chain": self.log.chain,
                "finality": finality,
                "header": hexed(header),
                "storage": [hexed(node) for node in block["storage"]],
            },
            "checkpoint": (note or self.log.checkpoint(size, root=root)).decode(),
        }

    def _set_at(self, number: int) -> tuple[int, tuple[bytes, ...] | None, tuple[bytes, ...]]:
        at = max(n for n, (start, _) in enumerate(self.sets) if start <= number)
        return at + 1, None if at == 0 else self.sets[at - 1][1], self.sets[at][1]

    def _attested(
        self, block: dict[str, Any], size: int, root: bytes, organisations: tuple[str, ...]
    ) -> list[str]:
        members = [address_of(attester(one)) for one in organisations]
        claim = CheckpointClaim(
            origin_chain_id=self.log.number,
            genesis=self.log.genesis,
            anchor=ANCHOR,
            log_id=self.log.log_id,
            size=size,
            root=root,
            block_hash=block["hash"],
            block_number=block["number"],
            block_time=block["time"],
            set_id=set_id(members, organisations, 2),
        )
        return attestations(checkpoint_digest(claim), organisations[:2])

    def source(self) -> Source:
        """The source that a contract believes, by its first set."""
        if self.sets:
            members = addresses(self.sets[0][1])
            return Source(
                self.log.number,
                self.log.genesis,
                ANCHOR,
                CODE_HASH,
                SEALED,
                members,
                (),
                quorum_of(len(members)),
            )
        members = tuple(address_of(attester(one)) for one in ATTESTERS)
        return Source(self.log.number, self.log.genesis, ANCHOR, CODE_HASH, ATTESTED, members, ATTESTERS, 2)

    def trust(self, **members: Any) -> TrustList:
        """XB's trust list."""
        chain = {**self.log.trusted_chain(), "consensus": self.consensus}
        if self.sets:
            chain["validators"] = [
                {"epoch": n + 1, "from": start, "members": [hexed(one) for one in addresses(keys)]}
                for n, (start, keys) in enumerate(self.sets)
            ]
        else:
            chain["attesters"] = [
                {
                    "epoch": epoch,
                    "from": start,
                    "threshold": 2,
                    "members": [
                        {"address": hexed(address_of(attester(one))), "organisation": one}
                        for one in organisations
                    ],
                }
                for epoch, (start, organisations) in enumerate(self.attesters, 1)
            ]
        return self.world.trust(**{"chains": [chain, self.world.xb.trusted_chain()], **members})

    # What its node answers

    def latest(self) -> bytes:
        self._ask("latest")
        return self.latest_note or self.log.checkpoint()

    def anchored_(self) -> list[Listed]:
        return [Listed(size, START + 12 * number) for size, number in self.anchored.items()]

    def carried(self, size: int, chain: str) -> Any:
        self._ask(f"carried {size}")
        assert chain == self.log.chain
        return self.documents[size]

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        self._ask(f"consistency {old} {new}")
        return tuple(tree_consistency(old, self.log.leaves[:new]))

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.fault is not None:
            raise self.fault


@dataclass
class NodeFeed:
    """The partner's node, as the relay asks it."""

    partner: Partner

    def latest(self) -> bytes:
        return self.partner.latest()

    def anchored(self, chain: str) -> Iterator[Listed]:
        self.partner._ask("anchored")
        return iter(self.partner.anchored_())

    def carried(self, size: int, chain: str) -> Any:
        return self.partner.carried(size, chain)

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        return self.partner.consistency(old, new)
