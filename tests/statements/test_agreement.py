"""The shape language and `ledger.core.statement` must say the same of one document."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core import canonical
from ledger.core.did import is_did, is_key_id
from ledger.core.statement import parse_statement, sign_statement
from ledger.core.suites import ECDSA, EDDSA, PrivateKey
from ledger.core.times import parse_time
from ledger.errors import MalformedError
from ledger.statements import catalogue
from ledger.statements.enrolment import Enrolment
from ledger.statements.fields import DID, KEY_ID
from ledger.statements.reading import read_subject
from ledger.statements.shape import problems
from tests.campaign import count

VECTORS = sorted((Path(__file__).parents[1] / "vectors" / "statements").glob("*.json"))
NEARLY_A_DID = st.from_regex(r"did:(web|key|x):[a-zA-Z0-9.:%#_-]{0,20}", fullmatch=True)
NEARLY_A_KEY_ID = st.from_regex(r"#?[a-zA-Z0-9._~#-]{0,66}", fullmatch=True)


@settings(max_examples=count(400))
@given(NEARLY_A_DID | st.text(max_size=20))
def test_a_did_is_one_for_both(text: str):
    assert is_did(text) == (not problems(DID, text))


@settings(max_examples=count(400))
@given(NEARLY_A_KEY_ID | st.text(max_size=20))
def test_a_key_id_is_one_for_both(text: str):
    assert is_key_id(text) == (not problems(KEY_ID, text))


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_vector_is_well_formed_for_both_or_for_neither(path: Path):
    data = path.read_bytes()
    try:
        statement = parse_statement(data)
    except MalformedError:
        assert catalogue.check(json.loads(data))
    else:
        assert catalogue.check(json.loads(data)) == []
        assert catalogue.read(statement) is not None


@pytest.mark.parametrize("suite", [EDDSA, ECDSA])
@pytest.mark.parametrize("name", sorted(catalogue.TYPES))
def test_a_signed_example_is_read(name: str, suite: Any):
    document = catalogue.example(name)
    created = parse_time(document["validFrom"])
    key = PrivateKey(suite, bytes(range(32)))
    statement = sign_statement(document, key, f"{document['issuer']}#1", created)
    assert catalogue.check(statement.document) == []
    catalogue.read(statement)
    if name != "Enrolment":
        with pytest.raises(MalformedError) as refused:
            read_subject(catalogue.TYPES["Enrolment"].kind, statement)
        assert refused.value.code == "statement-type"
    else:
        assert isinstance(catalogue.read(statement), Enrolment)


ENVELOPES = [
    {"id": "urn:uuid:0198F3C2-3310-7c60-8fd7-f1131271c4f8"},
    {"id": 7},
    {"issuer": "did:web:"},
    {"issuer": None},
    {"validFrom": "2026-11-22T04:03:60Z"},
    {"type": ["TransferRecord", "VerifiableCredential"]},
    {"type": ["VerifiableCredential", "TransferRecord", "TransferRecord"]},
    {"@context": ["https://www.w3.org/ns/credentials/v2"]},
    {"credentialSubject": {}},
    {"credentialSubject": []},
    {"credentialSubject": None},
    {"name": "x"},
    {"proof": []},
    {"proof": {}},
]


@pytest.mark.parametrize("change", ENVELOPES, ids=[json.dumps(change) for change in ENVELOPES])
def test_a_faulty_envelope_is_refused_by_both(change: dict[str, Any]):
    good = json.loads((VECTORS[0].parent / "transfer-record.json").read_bytes())
    document = {**good, **change}
    assert catalogue.check(document)
    with pytest.raises(MalformedError):
        parse_statement(canonical.encode(document))


def test_no_proof_is_a_draft_for_the_author_and_no_statement_for_a_reader():
    good = json.loads((VECTORS[0].parent / "transfer-record.json").read_bytes())
    del good["proof"]
    assert catalogue.check(good) == []
    with pytest.raises(MalformedError):
        parse_statement(canonical.encode(good))
