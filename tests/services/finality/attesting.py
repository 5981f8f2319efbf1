"""A chain of XA with attesters XB and XC, as each of them sees it, and requests about an anchor there."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger.core.attestation import Attestation, AttestationRequest, encode_request
from ledger.core.evm.anchor import CheckpointClaim, checkpoint_digest, set_id
from ledger.core.evm.header import Header, parse_header
from ledger.core.secp256k1 import address_of
from ledger.core.trust import TrustList
from ledger.services.finality.attesting import Attester, Known
from ledger.store.attested import Attested
from ledger.store.witness import WitnessStore
from tests.blocks import ANCHOR, hexed
from tests.simulator import NOW, World, seed
from tests.trees import tree_consistency, tree_root

XB, XC = "did:web:registry.example.xb", "did:web:registry.example.xc"
SECRETS = {XB: seed("XB attester"), XC: seed("XC attester")}
ADDRESSES = {organisation: address_of(secret) for organisation, secret in SECRETS.items()}


def epoch(
    number: int = 1,
    start: int = 0,
    threshold: int = 2,
    members: Sequence[tuple[bytes, str]] = ((ADDRESSES[XB], XB), (ADDRESSES[XC], XC)),
) -> dict[str, Any]:
    """A set of attesters in a trust list."""
    listed = [{"address": hexed(address), "organisation": organisation} for address, organisation in members]
    return {"epoch": number, "from": start, "threshold": threshold, "members": listed}


@dataclass
class Seen:
    """A chain as one JSON-RPC node shows it."""

    genesis_hash: bytes
    headers: dict[int, Header] = field(default_factory=dict)
    final: int = 10

    def check_identity(self) -> None:
        return None

    def finalized_number(self) -> int:
        return self.final

    def header(self, number: int) -> Header | None:
        return self.headers.get(number)


@dataclass
class Scene:
    """XA's log and chain, and one attester of it."""

    folder: Path
    world: World = field(default_factory=World)
    chain: dict[str, Any] = field(default_factory=dict)
    trust: TrustList | None = None
    seen: Seen | None = None
    organisation: str = XB

    def __post_init__(self) -> None:
        self.world.run()
        self.chain = {**self.world.xa.trusted_chain(), "consensus": "attested", "attesters": [epoch()]}
        self.seen = Seen(self.world.xa.genesis)
        self.show(self.part())
        self.believe()

    def believe(self, **chain: Any) -> None:
        """Change the chain in the attester's trust list."""
        self.chain = {**self.chain, **chain}
        self.trust = self.world.trust(chains=[self.chain, self.world.xb.trusted_chain()])

    def part(self, size: int | None = None, **changes: Any) -> dict[str, Any]:
        return self.world.xa.anchor_part(len(self.world.xa.entries) if size is None else size, **changes)

    def show(self, part: dict[str, Any]) -> None:
        """Have the attester's own node of the chain show the block of an anchor."""
        header = parse_header(bytes.fromhex(part["header"][2:]))
        assert self.seen is not None
        self.seen.headers[header.number] = header

    def attester(self, **changes: Any) -> Attester:
        made: dict[str, Any] = {
            "secret": SECRETS[self.organisation],
            "organisation": self.organisation,
            "store": Attested(self.folder / f"attester-{self.organisation[-2:]}.sqlite"),
            "known": lambda: [Known(self.trust.logs, self.trust.chains, "the trust list")],  # type: ignore[union-attr]
            "witness": WitnessStore(self.folder / "witness.sqlite"),
            "observed": lambda number: self.seen if number == self.world.xa.number else None,
            "clock": lambda: NOW,
        }
        return Attester(**{**made, **changes})

    def request(
        self, size: int | None = None, *, old: int = 0, part: dict[str, Any] | None = None, **changes: Any
    ) -> bytes:
        """A request about an anchor of a size, the whole log's unless told otherwise."""
        xa = self.world.xa
        count = len(xa.entries) if size is None else size
        anchor = self.part(count) if part is None else part
        smaller, larger = sorted((old, count))
        path = tree_consistency(smaller, xa.leaves[:larger]) if old and old != count else []
        made: dict[str, Any] = {
            "checkpoint": xa.checkpoint(count),
            "chain": xa.chain,
            "epoch": 1,
            "header": bytes.fromhex(anchor["header"][2:]),
            "account": nodes(anchor["account"]),
            "storage": nodes(anchor["storage"]),
            "start": None,
            "old": old,
            "consistency": tuple(path),
        }
        return encode_request(AttestationRequest(**{**made, **changes}))

    def digest(self, size: int | None = None, **changes: Any) -> bytes:
        """What is signed of an anchor at block 7, worked out apart from the product's services."""
        xa = self.world.xa
        count = len(xa.entries) if size is None else size
        header = parse_header(bytes.fromhex(self.part(count)["header"][2:]))
        claim: dict[str, Any] = {
            "origin_chain_id": xa.number,
            "genesis": xa.genesis,
            "anchor": ANCHOR,
            "log_id": xa.log_id,
            "size": count,
            "root": tree_root(xa.leaves[:count]),
            "block_hash": header.hash,
            "block_number": header.number,
            "block_time": header.time,
            "set_id": set_id([ADDRESSES[XB], ADDRESSES[XC]], [XB, XC], 2),
        }
        return checkpoint_digest(CheckpointClaim(**{**claim, **changes}))

    def attest(self, **options: Any) -> Attestation:
        return self.attester().attest(self.request(**options))


def nodes(listed: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(one[2:]) for one in listed)
