"""The vectors of recognition, of a log's succession and of measures: the examples of these types, signed.

`python -m tests.statements.vectors` writes `tests/vectors/statements/*.json` and their rows in `statements.json`; a
test compares.  An example names another by the digest of its vector, so after a change run it, put what it says is
another digest now into the module of those examples, and run it again, until it says nothing.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from ledger.core.canonical import encode_decoded
from ledger.core.merkle import leaf_hash
from ledger.core.statement import Statement, message_to_sign, sign_statement
from ledger.core.suites import EDDSA, PrivateKey, encode_multikey
from ledger.core.times import parse_time
from ledger.statements import catalogue, examples_measures, examples_recognition
from tests.core.vectors import PLACE, load, secret

KEYS = {
    "did:web:accreditor.example.xa": "accreditor",
    "did:web:authority.example.xa": "XA authority",
    "did:web:authority.example.xb": "XB authority",
    "did:web:body.example.xa": "body",
    "did:web:exporter.example.xa": "exporter",
    "did:web:machine.example.xa": "machine",
    "did:web:observer.example.xb": "observer",
    "did:web:registrar.example.xa": "XA registrar",
}
"""Names of the test keys, by holder."""
NAMES = {
    "Accreditation": "accreditation",
    "ConformityCertificate": "conformity-certificate",
    "StatusList": "status-list",
    "RecognitionArrangement": "recognition-arrangement",
    "Endorsement": "endorsement",
    "Recognition": "recognition",
    "StatusChange": "status-change",
    "IdentityRecognition": "identity-recognition",
    "JurisdictionEntry": "jurisdiction-entry",
    "LogSuccession": "log-succession",
    "TransferRecord": "transfer-record-lines",
    "PolicyMeasure": "policy-measure",
    "Decision": "decision",
    "DatasetRegistration": "dataset-registration",
    "MeasureReview": "measure-review",
    "Observation": "observation",
}
"""Where the example of a type is, signed."""
COMPANIONS = {
    "endorsement-xa": (
        "Endorsement",
        "did:web:authority.example.xa",
        {"jurisdiction": "XA", "designatedBodies": ...},
    ),
    "status-list-accreditor": ("StatusList", "did:web:accreditor.example.xa", {}),
    "status-list-xb": ("StatusList", "did:web:authority.example.xb", {}),
}
"""Of a type that an example stands for already: (type, issuer, members that are others, or removed by `...`)."""
REFERRED = {
    "Accreditation": examples_recognition.ACCREDITATION,
    "ConformityCertificate": examples_recognition.CERTIFICATE,
    "RecognitionArrangement": examples_recognition.ARRANGEMENT,
    "PolicyMeasure": examples_measures.MEASURE,
    "TransferRecord": examples_measures.RECORD,
}
"""The digests that examples name others by."""


def documents() -> dict[str, dict[str, Any]]:
    """The unsigned documents, by the name of the file."""
    made = {file: catalogue.example(name) for name, file in NAMES.items()}
    for number, (file, (name, issuer, members)) in enumerate(COMPANIONS.items(), 1):
        document = catalogue.example(name)
        subject = {**document["credentialSubject"], **members}
        if name == "StatusList":
            subject |= {"id": f"https://{issuer.removeprefix('did:web:')}/status/1", "lists": _clear(subject)}
        document["credentialSubject"] = {key: item for key, item in subject.items() if item is not ...}
        made[file] = {**document, "issuer": issuer, "id": f"urn:uuid:0198f3c2-0000-7000-8001-{number:012x}"}
    return made


def _clear(subject: dict[str, Any]) -> list[dict[str, Any]]:
    """The lists of a subject without a bit set: as the third of the example, of which none is."""
    return [{**one, "encodedList": subject["lists"][2]["encodedList"]} for one in subject["lists"]]


def signed(document: dict[str, Any]) -> Statement:
    """A document signed by its issuer when it begins to be valid."""
    issuer, created = document["issuer"], parse_time(document["validFrom"])
    key = PrivateKey(EDDSA, secret("ed25519", KEYS[issuer]))
    return sign_statement(document, key, f"{issuer}#1", created)


def row(file: str, statement: Statement) -> dict[str, Any]:
    """What the index says of a vector."""
    document = json.loads(statement.encoded)
    proof = document.pop("proof")
    del proof["proofValue"]
    options, text = encode_decoded(proof), encode_decoded(document)
    key = PrivateKey(EDDSA, secret("ed25519", KEYS[statement.issuer]))
    return {
        "file": f"statements/{file}.json",
        "key": KEYS[statement.issuer],
        "multikey": encode_multikey(key.public),
        "proofConfigCanonical": options.decode(),
        "documentCanonical": text.decode(),
        "proofConfigHash": sha256(options).hexdigest(),
        "documentHash": sha256(text).hexdigest(),
        "messageToSign": message_to_sign(statement.document).hex(),
        "signature": statement.signature.hex(),
        "digest": statement.digest.hex(),
        "leafHash": leaf_hash(statement.digest).hex(),
        "expect": "signature verifies",
    }


def index(rows: list[dict[str, Any]], made: list[dict[str, Any]]) -> str:
    """The text of `statements.json` with the rows `made` after the others."""
    own = {one["file"] for one in made}
    kept = [one for one in rows if one["file"] not in own]
    return json.dumps([*kept, *made], indent=1, ensure_ascii=False) + "\n"


def write(place: Path) -> None:
    """Write the vectors, and say which digests the examples have yet to follow."""
    statements = {file: signed(document) for file, document in documents().items()}
    for file, statement in statements.items():
        (place / "statements" / f"{file}.json").write_bytes(statement.encoded)
    for name, digest in REFERRED.items():
        if digest != (now := statements[NAMES[name]].digest.hex()):
            sys.stdout.write(f"{name}: {now} in place of {digest}\n")
    rows = [row(file, statement) for file, statement in statements.items()]
    (place / "statements.json").write_text(index(load("statements.json"), rows), encoding="utf-8")


if __name__ == "__main__":
    write(PLACE)
