"""Exporting from a log that several chains hold and witnesses cosign."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.embedded import EmbeddedChain
from ledger.chain.embedded_genesis import Genesis
from ledger.chain.embedded_port import connect_embedded
from ledger.core.canonical import BUNDLE_LIMIT, decode, encode
from ledger.core.checkpoint import cosign, parse_checkpoint
from ledger.core.note import ED25519_COSIGNATURE, VKey, make_vkey
from ledger.core.secp256k1 import address_of
from ledger.core.trust import TrustList, parse_trust_list
from ledger.core.trust.values import WitnessKey
from ledger.errors import RefusedError
from ledger.services.anchoring.anchor import Anchorer, AnchorSettings
from ledger.services.bundles.export import Shelf, bundle_of
from ledger.services.trust.claim import ChainIdentity, claim_of
from ledger.services.trust.compose import Policy, compose
from ledger.store.anchors import Finality
from ledger.store.captures import Captures
from ledger.store.cosignatures import Cosignature
from ledger.verify.bundle import Section, parse_bundle
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle
from tests.chain.anchoring import CHAIN_ID, SECRET
from tests.services.anchoring.rigs import CODE_HASH, put_contract
from tests.services.homes import publisher_key
from tests.services.sides import Sides, two_sides
from tests.simulator import key

WITNESS = "did:web:registry.example.xc"
NAME = "registry.example.xc/witness"
REQUIRE = {"TransferRecord": {"steps": [1, 3, 4, 5, 6, 7]}}


@pytest.fixture
def sides(tmp_path: Path) -> Iterator[Sides]:
    with two_sides(tmp_path / "nodes") as made:
        yield made


@pytest.fixture
def further(sides: Sides, tmp_path: Path) -> Iterator[Anchorer]:
    """What anchors XA's log on another chain."""
    node = sides.xa.node
    genesis = Genesis(CHAIN_ID, sides.clock.now, {address_of(SECRET): 10**24})
    with EmbeddedChain(tmp_path / "chain.sqlite", genesis, clock=lambda: sides.clock.now) as embedded:
        chain = connect_embedded(embedded)
        settings = AnchorSettings(
            contract=put_contract(chain),
            code_hash=CODE_HASH,
            operator=node.home.settings.operator,
            head_address=node.home.keys.head.signer.public,
            finality_secret=node.home.keys.finality.secret,
            sender_secret=SECRET,
        )
        yield Anchorer(
            chain=chain,
            settings=settings,
            log=node.log,
            checkpoints=node.checkpoints,
            anchors=node.anchors,
            captures=Captures(node.database),
        )


def on_both(sides: Sides) -> Shelf:
    return replace(sides.xa.node.shelf, further=(f"eip155:{CHAIN_ID}",))


def anchor_there(sides: Sides, further: Anchorer) -> None:
    for _ in range(2):
        sides.clock.now += 10
        further.tick(lambda: sides.clock.now)


def trust_in_both(sides: Sides, further: Anchorer) -> TrustList:
    node = sides.xa.node
    assert node.claim is not None
    (first,) = parse_trust_list(node.claim).chains.values()
    chain = further._chain
    identities = [
        ChainIdentity(first.number, first.genesis, first.anchor, first.code_hash),
        ChainIdentity(CHAIN_ID, chain.genesis_hash, further._settings.contract, CODE_HASH),
    ]
    claim = claim_of(node.home, *identities, now=sides.clock.now)
    policy = Policy(require=REQUIRE)  # type: ignore[arg-type]
    return parse_trust_list(compose([claim], keys=[publisher_key()], policy=policy, now=sides.clock.now))


def verified(sides: Sides, bundle: bytes, trust: TrustList) -> Report:
    return verify_bundle(bundle, trust, at=None, now=sides.clock.now)


def size_of(note: bytes) -> int:
    return parse_checkpoint(note).checkpoint.size


def last_section(bundle: bytes) -> Section:
    return parse_bundle(bundle).sections[-1]


def test_a_section_has_an_anchor_of_every_chain(sides: Sides, further: Anchorer) -> None:
    anchor_there(sides, further)
    record = sides.xa.register(sides.record())
    size = sides.xa.anchor()
    sides.xa.register(sides.record())
    anchor_there(sides, further)  # only a later size
    data = bundle_of(record, on_both(sides))
    section = last_section(data)
    assert size_of(section.checkpoint) == size
    own, other = section.anchors
    assert (own.checkpoint, own.consistency) == (None, None)
    assert other.checkpoint is not None
    assert other.consistency
    assert size_of(other.checkpoint) == size + 1
    trust = trust_in_both(sides, further)
    assert verified(sides, data, trust).verdict == "verified"
    # Each of them alone is enough.
    for left in (0, 1):
        document: Any = decode(data, limit=BUNDLE_LIMIT, what="bundle")
        document["sections"][-1]["anchors"] = [document["sections"][-1]["anchors"][left]]
        assert verified(sides, encode(document), trust).verdict == "verified"


def test_the_chain_that_was_first_says_where_a_statement_stands(sides: Sides, further: Anchorer) -> None:
    record = sides.xa.register(sides.record())
    anchor_there(sides, further)
    size = sides.xa.node.log.head.size
    with pytest.raises(RefusedError):
        sides.xa.bundle(record)
    (anchor,) = last_section(bundle_of(record, on_both(sides))).anchors
    assert anchor.chain == f"eip155:{CHAIN_ID}"
    sides.xa.register(sides.record())
    sides.xa.anchor()
    data = bundle_of(record, on_both(sides))
    assert size_of(last_section(data).checkpoint) == size
    assert verified(sides, data, trust_in_both(sides, further)).verdict == "verified"


def test_an_anchor_carries_the_strongest_finality_that_is_held(sides: Sides) -> None:
    record = sides.xa.register(sides.record())
    sides.xa.anchor()
    anchors = sides.xa.node.anchors
    held = anchors.evidence_list()[-1]
    finality = encode({"epoch": 3, "kind": "attested", "signatures": ["0x" + "5a" * 65]})
    anchors.record_finality(Finality(held.id, "attested", 3, finality, sides.clock.now))
    (anchor,) = last_section(sides.xa.bundle(record)).anchors
    assert (anchor.finality.kind, anchor.finality.epoch) == ("attested", 3)


# Witnesses


def cosigned_by(name: str, vkey: VKey, sides: Sides, size: int) -> None:
    stored = sides.xa.node.checkpoints.at(size)
    assert stored is not None
    line = cosign(parse_checkpoint(stored.note), name, key(f"witness {name}"), sides.clock.now)
    signed = Cosignature(size, name, vkey.key_id, line_text(line), sides.clock.now, sides.clock.now)
    sides.xa.node.cosignatures.store([signed])


def line_text(line: object) -> bytes:
    from ledger.core.note import Note, encode_note

    return encode_note(Note("x\n", (line,))).splitlines()[-1]  # type: ignore[arg-type]


def witness_key(name: str = NAME) -> VKey:
    return make_vkey(name, ED25519_COSIGNATURE, key(f"witness {name}").public.raw)


def with_quorum(sides: Sides, quorum: int, *names: str) -> Shelf:
    counted = {(name, witness_key(name).key_id): f"did:web:{name.partition('/')[0]}" for name in names}
    return replace(sides.xa.node.shelf, quorum=quorum, organisations=counted)


def test_a_statement_stands_where_enough_witnesses_first_cosigned(sides: Sides) -> None:
    node = sides.xa.node
    record = sides.xa.register(sides.record())
    first = node.log.head.size
    sides.xa.register(sides.record())
    cosigned_by(NAME, witness_key(), sides, first + 1)
    sides.xa.register(sides.record())
    anchored = sides.xa.anchor()
    data = bundle_of(record, with_quorum(sides, 1, NAME))
    section = last_section(data)
    assert size_of(section.checkpoint) == first + 1
    assert NAME.encode() in section.checkpoint
    (anchor,) = section.anchors
    assert anchor.checkpoint is not None
    assert size_of(anchor.checkpoint) == anchored == first + 2
    policy = Policy(
        witnesses=[WitnessKey(witness_key(), WITNESS)],
        require={"TransferRecord": {"steps": [1, 3, 4, 6, 7]}},
    )
    assert node.claim is not None
    listed = compose([node.claim], keys=[publisher_key()], policy=policy, now=sides.clock.now)
    report = verified(sides, data, parse_trust_list(listed))
    assert report.verdict == "verified"
    assert not [check for check in report.checks if check.outcome == "failed"]


def test_where_too_few_cosigned_it_stands_where_it_was_first_anchored(sides: Sides) -> None:
    other = "registry.example.xd/witness"
    record = sides.xa.register(sides.record())
    size = sides.xa.node.log.head.size
    cosigned_by(NAME, witness_key(), sides, size)
    sides.xa.register(sides.record())
    anchored = sides.xa.anchor()
    for shelf in (with_quorum(sides, 2, NAME, other), with_quorum(sides, 1, other)):
        assert size_of(last_section(bundle_of(record, shelf)).checkpoint) == anchored
    assert size_of(last_section(bundle_of(record, with_quorum(sides, 1, NAME, other))).checkpoint) == size


def test_what_is_cosigned_and_not_anchored_waits(sides: Sides) -> None:
    record = sides.xa.register(sides.record())
    cosigned_by(NAME, witness_key(), sides, sides.xa.node.log.head.size)
    shelf = with_quorum(sides, 1, NAME)
    with pytest.raises(RefusedError):
        bundle_of(record, shelf)
    early = bundle_of(record, shelf, allow_unanchored=True)
    assert size_of(last_section(early).checkpoint) == sides.xa.node.log.head.size
    assert last_section(early).anchors == ()
