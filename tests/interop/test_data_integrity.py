"""Our proofs verify with an independent implementation of the Data Integrity suites, and its proofs with ours."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from ledger.core import canonical
from ledger.core.statement import normalise_signature, parse_statement, verify_statement
from ledger.core.suites import parse_multikey
from ledger.errors import SignatureError

HERE = Path(__file__).parent
VECTORS = HERE.parent / "vectors"
OURS = [entry for entry in json.loads((VECTORS / "statements.json").read_text()) if "multikey" in entry]
KEYS = json.loads((VECTORS / "keys.json").read_text())
EXPORTER = next(key for key in KEYS["ed25519"] if key["name"] == "exporter")
EXPORTER_P256 = next(key for key in KEYS["p256"] if key["name"] == "exporter p256")


def theirs(**requests: list[dict]) -> dict:
    """What the other implementation answers; see data_integrity.js."""
    if shutil.which("node") is None:
        pytest.skip("node is missing; install it: apt-get install nodejs npm")
    if not (HERE / "node_modules").is_dir():
        pytest.skip("the other implementation is missing; install it: npm ci --prefix tests/interop")
    run = subprocess.run(
        ["node", HERE / "data_integrity.js"],
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    answer = json.loads(run.stdout)
    # Only addresses of the documents in hand were asked for: nothing would have been fetched.
    assert all(
        address.startswith(("did:web:", "urn:", "https://www.w3.org/ns/credentials/"))
        for address in answer["loaded"]
    )
    return answer


def document_of(entry: dict) -> dict:
    return json.loads((VECTORS / entry["file"]).read_text(encoding="utf-8"))


def unsigned_record() -> dict:
    document = json.loads((VECTORS / "statements" / "transfer-record.json").read_text(encoding="utf-8"))
    del document["proof"]
    return document


def signing_request(key: dict, fragment: str) -> dict:
    document = unsigned_record()
    return {
        "document": document,
        "verificationMethod": document["issuer"] + fragment,
        "created": document["validFrom"],
        "publicKeyMultibase": key["multikey"],
        "secretHex": key["seed"] if "seed" in key else key["scalar"],
    }


def test_the_vectors_hold_both_suites() -> None:
    assert {document_of(entry)["proof"]["cryptosuite"] for entry in OURS} == {
        "eddsa-jcs-2022",
        "ecdsa-jcs-2019",
    }


def test_our_statements_verify_with_the_other_implementation() -> None:
    ours = [entry for entry in OURS if entry["expect"] == "signature verifies"]
    answer = theirs(verify=[{"document": document_of(e), "publicKeyMultibase": e["multikey"]} for e in ours])
    assert {entry["file"]: verdict for entry, verdict in zip(ours, answer["verified"], strict=True)} == {
        entry["file"]: {"verified": True, "errors": []} for entry in ours
    }


def test_a_statement_changed_after_signing_is_refused_by_the_other_implementation() -> None:
    changed = [document_of(entry) for entry in OURS if entry["expect"] == "signature verifies"]
    for document in changed:
        document["credentialSubject"]["note"] = "changed"
    answer = theirs(
        verify=[
            {"document": d, "publicKeyMultibase": e["multikey"]} for d, e in zip(changed, OURS, strict=False)
        ]
    )
    assert not any(verdict["verified"] for verdict in answer["verified"])


def test_ed25519_documents_of_the_other_implementation_verify_with_ours() -> None:
    (signed,) = theirs(sign=[signing_request(EXPORTER, "#2026")])["signed"]
    statement = parse_statement(canonical.encode(signed))
    verify_statement(statement, parse_multikey(EXPORTER["multikey"]))
    # Ed25519 is deterministic and so are the bytes around it: the two implementations agree to the byte.
    assert statement.encoded == (VECTORS / "statements" / "transfer-record.json").read_bytes()


def test_p256_documents_of_the_other_implementation_verify_with_ours_once_s_is_low() -> None:
    signed = theirs(sign=[signing_request(EXPORTER_P256, "#p256")] * 24)["signed"]
    key = parse_multikey(EXPORTER_P256["multikey"])
    high = 0
    for document in signed:
        imported = normalise_signature(document)
        verify_statement(imported, key)
        if imported.document != document:
            high += 1
            with pytest.raises(SignatureError) as refused:
                verify_statement(parse_statement(canonical.encode(document)), key)
            assert refused.value.code == "high-s"
    # It does not normalise: of 24 signatures about half have a high s, and all of one kind is 1 in 8 million.
    assert 0 < high < len(signed)
