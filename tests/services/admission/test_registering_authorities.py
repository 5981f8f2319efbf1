"""What a node takes from authorities: those of its trust list, for its own jurisdiction, in their own roles."""

from pathlib import Path

import pytest

from ledger.core.statement import Statement
from ledger.errors import LedgerError
from ledger.services.admission.batches import Admission
from ledger.services.admission.wire import decode_party, encode_party
from ledger.statements.catalogue import example
from tests.services.nodes import NOW, Node, running
from tests.simulator import START, key, make
from tests.verify.test_authorities import listed

OWN = "did:web:authority.example.xa"
THEIRS = "did:web:authority.example.xb"


def recognition(issuer: str, name: str = "recognition", created: int = START + 10) -> Statement:
    """The example, for XA and a certificate of elsewhere, signed with the key named after its issuer."""
    subject = {**example("Recognition")["credentialSubject"], "jurisdiction": "XA"}
    return make("Recognition", subject, issuer, "#1", key(issuer), created, name=name)


def believing(node: Node, *authorities: dict[str, object]) -> None:
    world = node.world
    node.parties.believe(world.trust(authorities=[world.xa.authority(), world.xb.authority(), *authorities]))


def refusal(node: Node, statement: Statement) -> str:
    with pytest.raises(LedgerError) as refused:
        node.register(statement)
    return refused.value.code


def test_a_listed_authority_recognises_in_its_own_log_until_it_is_listed_no_more(tmp_path: Path) -> None:
    with running(tmp_path / "ledger.db") as node:
        assert refusal(node, recognition(OWN)) == "key-unknown"
        believing(node, listed(OWN, "XA", "authority"))
        assert node.register(recognition(OWN)).first
        believing(node)
        assert refusal(node, recognition(OWN, "later")) == "key-unknown"
        assert not node.register(recognition(OWN)).first


def test_another_jurisdictions_authority_recognises_nothing_here(tmp_path: Path) -> None:
    with running(tmp_path / "ledger.db") as node:
        believing(node, listed(THEIRS, "XB", "authority"))
        assert refusal(node, recognition(THEIRS)) == "log-jurisdiction"


def test_an_authority_in_another_role_recognises_nothing(tmp_path: Path) -> None:
    with running(tmp_path / "ledger.db") as node:
        believing(node, listed(OWN, "XA", "registrar", "accreditor"))
        assert refusal(node, recognition(OWN)) == "role-missing"


def test_whom_the_registrar_enrols_as_authority_is_none(tmp_path: Path) -> None:
    with running(tmp_path / "ledger.db") as node:
        node.register(node.world.xa.enrol(OWN, ["authority"], [("#1", key(OWN))]))
        assert refusal(node, recognition(OWN)) == "role-missing"


def test_no_statement_revokes_a_key_of_the_trust_list(tmp_path: Path) -> None:
    with running(tmp_path / "ledger.db") as node:
        believing(node, listed(OWN, "XA", "authority"))
        revocation = node.world.xa.revoke(OWN, "#1", START)
        assert refusal(node, revocation) == "revocation-of-unknown-key"
        node.register(node.world.xa.enrol(OWN, ["observer"], [("#1", key(OWN))]))
        node.register(revocation)
        assert node.register(recognition(OWN)).first


def test_a_worker_is_told_of_authorities_what_the_node_knows(tmp_path: Path) -> None:
    with running(tmp_path / "ledger.db") as node:
        believing(node, listed(OWN, "XA", "authority"))
        party = node.parties.of(OWN, NOW)
        assert decode_party(encode_party(party)) == party
        documents = [recognition(OWN, f"r{at}").encoded for at in range(30)]
        documents += [recognition(THEIRS, f"r{at}").encoded for at in range(3)]
        with Admission(node.parties, workers=1) as admission:
            found = admission.found(admission.submit(documents, now=NOW, wanted=None))
            assert admission.pids
        assert [getattr(one, "code", "taken") for one in found] == ["taken"] * 30 + ["key-unknown"] * 3
