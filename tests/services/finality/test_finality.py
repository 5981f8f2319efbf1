"""Attesters are asked for every anchor that stands; what they answer is verified before it is kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import pytest

from ledger.core.attestation import Attestation, parse_request
from ledger.core.canonical import decode
from ledger.core.checkpoint import parse_checkpoint
from ledger.core.evm.anchor import log_id
from ledger.core.secp256k1 import address_of, sign
from ledger.core.trust import TrustList, parse_trust_list, sign_trust_list
from ledger.core.trust.values import Signers
from ledger.errors import LedgerError, RemoteError, VerificationError
from ledger.remote.exchange import RemoteRefusedError
from ledger.services.anchoring.claims import AnchorClaims
from ledger.services.finality.attesters import AttesterNode
from ledger.services.finality.finality import Finaliser
from ledger.store.anchors import Evidence, Stored
from tests.blocks import hexed
from tests.sealing import addresses, block_hash, seal, secrets
from tests.services.anchoring.rigs import CODE_HASH, Rig, on_embedded
from tests.services.finality.attesting import ADDRESSES, SECRETS, XB, XC, epoch
from tests.simulator import key, seed

THIRD = "did:web:registry.example.xd"
SECRETS = {**SECRETS, THIRD: seed("XD attester")}
ADDRESSES = {**ADDRESSES, THIRD: address_of(SECRETS[THIRD])}


@dataclass
class Node:
    """An attester's node that signs what `claims` says the claim is, or fails as it is told to."""

    organisation: str
    digest: Callable[[bytes], bytes]
    size: int = 0
    asked: list[bytes] = field(default_factory=list)
    fails: LedgerError | None = None
    signs_with: bytes | None = None
    answers: Callable[[Attestation], Attestation] = lambda answer: answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def attested_size(self, _: str) -> int:
        if self.fails is not None:
            raise self.fails
        return self.size

    def attest(self, data: bytes) -> Attestation:
        self.asked.append(data)
        request = parse_request(data)
        signed = parse_checkpoint(request.checkpoint).checkpoint
        assert request.old == self.size
        self.size = max(self.size, signed.size)
        secret = self.signs_with or SECRETS[self.organisation]
        address = ADDRESSES[self.organisation]
        own = log_id(signed.origin, bytes(20))
        return self.answers(
            Attestation(
                address, request.chain, request.epoch, own, signed.size, sign(secret, self.digest(data))
            )
        )


@dataclass
class Asking:
    """A log anchored on an embedded chain whose attesters are XB, XC and XD, two of three."""

    rig: Rig
    nodes: dict[str, Node]
    claims: AnchorClaims
    finaliser: Finaliser

    def anchor(self, count: int = 3) -> Stored[Evidence]:
        self.rig.grow(count)
        self.rig.settle()
        return self.rig.anchors.evidence_list()[-1]

    def finality(self, held: Stored[Evidence]) -> Any:
        return decode(self.rig.anchors.finality_of(held), limit=10_000, what="finality")

    def code(self) -> str:
        with pytest.raises(LedgerError) as refused:
            self.finaliser.tick()
        return refused.value.code


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Asking]:
    with on_embedded(tmp_path) as rig:
        trust = listed(rig)
        claims = AnchorClaims(
            keys=trust.logs[rig.world.xa.origin],
            checkpoints=rig.checkpoints,
            anchors=rig.anchors,
            chains=trust.chains,
        )

        def digest(data: bytes) -> bytes:
            request = parse_request(data)
            (held,) = [one for one in rig.anchors.evidence_list() if one.row.header == request.header]
            claimed = claims.of(held)
            assert claimed is not None
            return claimed.digest

        nodes = {f"http://{name[-2:]}": Node(name, digest) for name in (XB, XC, THIRD)}
        finaliser = Finaliser(
            log=rig.log,
            claims=claims,
            anchors=rig.anchors,
            attesters=lambda: {
                ADDRESSES[node.organisation]: AttesterNode(url[-2:].upper(), url)
                for url, node in nodes.items()
            },
            connect=nodes.__getitem__,
            clock=lambda: rig.now,
        )
        yield Asking(rig, nodes, claims, finaliser)


def listed(rig: Rig) -> TrustList:
    chain = rig.chain()
    told = {
        **rig.world.xa.trusted_chain(),
        "chain": f"eip155:{chain.chain_id}",
        "genesis": hexed(chain.genesis_hash),
        "anchor": hexed(rig.contract),
        "codeHash": hexed(CODE_HASH),
        "consensus": "attested",
        "attesters": [epoch(members=[(ADDRESSES[name], name) for name in (XB, XC, THIRD)])],
    }
    body = rig.world.trust_body(chains=[told])
    return parse_trust_list(sign_trust_list(body, {"#1": key("publisher")}))


def test_enough_attesters_make_the_finality_of_every_anchor(asking: Asking) -> None:
    first, second = asking.anchor(), asking.anchor()
    asking.finaliser.tick()
    for held in (first, second):
        found = asking.finality(held)
        assert (found["kind"], found["epoch"], len(found["signatures"])) == ("attested", 1, 3)
        assert asking.claims.told(held) == "attested 3 of 3"
    asking.finaliser.tick()
    assert [len(node.asked) for node in asking.nodes.values()] == [2, 2, 2]  # and nobody is asked again


def test_each_is_asked_from_the_size_it_holds(asking: Asking) -> None:
    asking.anchor()
    asking.finaliser.tick()
    asking.anchor(5)
    asking.finaliser.tick()
    request = parse_request(asking.nodes["http://xb"].asked[-1])
    assert request.old == 3
    assert request.consistency


def test_one_that_is_stopped_holds_up_no_other(asking: Asking) -> None:
    held = asking.anchor()
    asking.nodes["http://xc"].fails = RemoteError("it is silent", code="remote-unreachable")
    asking.finaliser.tick()
    assert asking.claims.told(held) == "attested 2 of 3"


def test_too_few_leave_the_operators_word_and_say_who_is_missing(asking: Asking) -> None:
    held = asking.anchor()
    for name in ("xc", "xd"):
        asking.nodes[f"http://{name}"].fails = RemoteError("it is silent", code="remote-unreachable")
    with pytest.raises(LedgerError, match=r"1 organisations attested.*2 are required \(XC: .*; XD: ") as told:
        asking.finaliser.tick()
    assert told.value.code == "attesters-missing"
    assert asking.claims.told(held) == "operator only"
    asking.nodes["http://xc"].fails = None
    asking.finaliser.tick()
    assert asking.claims.told(held) == "attested 2 of 3"
    assert len(asking.nodes["http://xb"].asked) == 1  # what it signed was kept


def test_a_signature_by_another_key_counts_for_nobody(asking: Asking) -> None:
    held = asking.anchor()
    for node in asking.nodes.values():
        node.signs_with = SECRETS[XB]
    assert asking.code() == "attesters-missing"
    assert asking.claims.told(held) == "operator only"


@pytest.mark.parametrize("what", ["another claim", "another address", "no signature", "a stranger's address"])
def test_an_answer_that_is_none_counts_for_nobody(asking: Asking, what: str) -> None:
    held = asking.anchor()

    def spoiled(answer: Attestation) -> Attestation:
        stranger = seed("a stranger")
        return {
            "another claim": answer._replace(signature=sign(SECRETS[XC], bytes(32))),
            "another address": answer._replace(address=ADDRESSES[XB]),
            "no signature": answer._replace(signature=bytes(65)),
            "a stranger's address": answer._replace(
                address=address_of(stranger), signature=sign(stranger, bytes(32))
            ),
        }[what]

    for name in ("xc", "xd"):
        asking.nodes[f"http://{name}"].answers = spoiled
    assert asking.code() == "attesters-missing"
    assert asking.claims.told(held) == "operator only"


def test_a_refusal_of_one_anchor_keeps_no_other_from_being_attested(asking: Asking) -> None:
    first, second = asking.anchor(), asking.anchor()
    header = first.row.header

    def refuse(node: Node) -> Callable[[bytes], Attestation]:
        honest = node.attest

        def attest(data: bytes) -> Attestation:
            if parse_request(data).header == header:
                raise RemoteRefusedError("not final", problem="block-not-final", status=409)
            return honest(data)

        return attest

    for node in asking.nodes.values():
        node.attest = refuse(node)  # type: ignore[method-assign]
    assert asking.code() == "attesters-missing"
    assert (asking.claims.told(first), asking.claims.told(second)) == ("operator only", "attested 3 of 3")


def test_an_attester_that_fails_in_any_way_ends_no_round(asking: Asking) -> None:
    held = asking.anchor()

    def broken(_: bytes) -> Attestation:
        raise ZeroDivisionError

    asking.nodes["http://xd"].attest = broken  # type: ignore[method-assign]
    asking.finaliser.tick()
    assert asking.claims.told(held) == "attested 2 of 3"


def test_an_attester_that_holds_more_than_the_log_has_is_told_of(asking: Asking) -> None:
    asking.anchor()
    for node in asking.nodes.values():
        node.size = 99
    with pytest.raises(LedgerError, match="the log was restored from an older state"):
        asking.finaliser.tick()


def test_answers_by_file_are_held_to_the_same(asking: Asking) -> None:
    held = asking.anchor()
    claimed = asking.finaliser.claimed(held.row.size)
    request = asking.finaliser.request(claimed, 0)
    answers = [node.attest(request) for node in asking.nodes.values()]
    assert asking.finaliser.take(claimed, answers[:1]) == 1
    assert asking.claims.told(held) == "operator only"
    with pytest.raises(VerificationError):
        asking.finaliser.take(claimed, [answers[1]._replace(address=ADDRESSES[THIRD])])
    assert asking.finaliser.take(claimed, answers[1:2]) == 2
    assert asking.claims.told(held) == "attested 2 of 3"


def test_an_anchor_before_the_first_epoch_is_asked_of_nobody(asking: Asking) -> None:
    held = asking.anchor()
    chain = asking.claims.chains[held.row.chain]
    later = chain.attesters[0]._replace(start=held.row.block_number + 1)
    asking.claims.chains = {chain.id: chain._replace(attesters=(later,))}
    asking.finaliser.tick()
    assert all(node.asked == [] for node in asking.nodes.values())


# Seals


def sealed_chain(asking: Asking, held: Stored[Evidence], **how: Any) -> Stored[Evidence]:
    """The anchor again, in a block that four validators sealed, on a chain of their own."""
    keys = secrets(4)
    header = seal(held.row.header, keys, **how)
    chain = asking.claims.chains[held.row.chain]
    validators = Signers(1, 0, 3, addresses(keys), ())
    asking.claims.chains = {chain.id: chain._replace(consensus="qbft", validators=(validators,))}
    row = replace(held.row, header=header, block_hash=block_hash(header), intent=None)
    number = asking.rig.anchors.record_evidence(row)
    return Stored(number, row)


@pytest.mark.parametrize("round_", [0, 5])
def test_the_seals_of_a_captured_header_are_its_finality(asking: Asking, round_: int) -> None:
    held = sealed_chain(asking, asking.anchor(), round=round_)
    with pytest.raises(LedgerError):
        asking.finaliser.tick()  # the same anchor under its unsealed header stays the operator's word
    assert asking.finality(held) == {"epoch": 1, "kind": "sealed"}
    assert asking.claims.told(held) == "sealed 3 of 4 (epoch 1)"
    assert all(node.asked == [] for node in asking.nodes.values())


def test_too_few_seals_leave_the_operators_word(asking: Asking) -> None:
    held = sealed_chain(asking, asking.anchor(), signers=secrets(4)[:2])
    with pytest.raises(LedgerError) as refused:
        asking.finaliser.tick()
    assert refused.value.code == "seal-quorum"
    assert asking.claims.told(held) == "operator only"


def test_attesters_of_a_sealed_chain_sign_for_the_hash_without_seals(asking: Asking) -> None:
    held = sealed_chain(asking, asking.anchor(), round=5)
    claimed = asking.claims.of(held)
    assert claimed is not None
    resealed = replace(held.row, header=seal(held.row.header, secrets(4), round=0))
    again = asking.claims.of(Stored(held.id, resealed))
    assert again is not None
    assert claimed.digest == again.digest
