"""What the demonstration's companies have to say: transfer records, a certificate, and what an invoice holds.

Companies, countries and counts are invented; datasets are named by commitments to bytes that nobody has.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from ledger.core.canonical import encode
from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.errors import SetupError
from ledger.services.drafting.acknowledge import acknowledgement
from ledger.services.drafting.drafts import Document, Setting, new_draft, templates
from ledger.services.files import read_bounded
from ledger.services.ids import RANDOM_SIZE, statement_id
from ledger.services.keys.keyfile import HolderKey
from ledger.statements import catalogue
from ledger.statements.scenario import OWN_SCHEME
from ledger.statements.template import examples
from ledger.statements.untp import certificate_subject

_LIMIT: Final = 1 << 20
_HASH_SIZE: Final = 32
_INVOICE: Final = "e-invoice"
_CERTIFIED_SECONDS: Final = 3 * 365 * 86_400
TO_IMPORTER: Final = 100
"""Records that go to the importer; an exporter's others go to companies of countries that have no node here."""
_ELSEWHERE: Final = ("XD", "XE", "XF", "XG")


@dataclass(frozen=True, slots=True)
class Company:
    """A company of the demonstration; its identifier is a test code that no company has."""

    name: str
    code: str
    role: str
    lei: str

    @property
    def did(self) -> str:
        """Its decentralised identifier."""
        return f"did:web:{self.name}.example.{self.code.lower()}"

    @property
    def party(self) -> dict[str, str]:
        """As statements name it."""
        return {"did": self.did, "scheme": "LEI", "id": self.lei, "jurisdiction": self.code}


EXPORTER: Final = Company("exporter", "XA", "exporter", "TEST000C76DC31B85900")
IMPORTER: Final = Company("importer", "XB", "importer", "TEST00EE3E62B8A0AA00")
BODY: Final = Company("body", "XA", "body", "TEST00B0D1CE27A1F300")


def transfer_drafts(
    count: int, *, certificate: str, now: int, random: Callable[[int], bytes]
) -> tuple[list[Document], list[str]]:
    """Drafts of transfer records, and the scenarios they are of: each template in turn.

    Args:
        count: How many drafts.
        certificate: Digest of the exporter's certificate, which some records name.
        now: POSIX seconds.
        random: `os.urandom`, or as good.
    """
    chosen = [made for name, made in templates("TransferRecord").items() if name != _INVOICE]
    drafts = []
    for number in range(1, count + 1):
        template = chosen[number % len(chosen)]
        values = dict(examples(template))
        for pointer, value in values.items():
            if pointer.endswith("/commitment"):
                values[pointer] = random(_HASH_SIZE).hex()
            elif pointer == "/mechanism/certificate":
                values[pointer] = certificate
            elif pointer == "/reference":
                values[pointer] = f"{value}/{number:04}"
        if number > TO_IMPORTER:
            values = _elsewhere(values, _ELSEWHERE[number % len(_ELSEWHERE)])
        settings = [
            Setting(tuple(pointer[1:].split("/")), value, is_json=True) for pointer, value in values.items()
        ]
        drafts.append(new_draft(template, settings, now=now, random=random(RANDOM_SIZE)))
    return drafts, [made["subject"]["lines"][0]["scenario"]["code"] for made in chosen]


def _elsewhere(values: dict[str, Any], code: str) -> dict[str, Any]:
    """What a draft says, of a company of another country than the importer's."""
    did = f"did:web:importer.example.{code.lower()}"
    party = {"did": did, "scheme": "DID", "id": did, "jurisdiction": code}
    moved = {pointer: code if value == IMPORTER.code else value for pointer, value in values.items()}
    return {**moved, **{f"/importer/{name}": value for name, value in party.items()}}


def acknowledgements(
    records: Sequence[Statement], key: HolderKey, *, now: int, random: Callable[[int], bytes]
) -> list[Statement]:
    """The importer's words on records: accepted, but for every fifth, which it takes with a reservation."""
    return [
        acknowledgement(
            record.digest.hex(),
            "accepted" if number % 5 else "reservation",
            key,
            now=now,
            random=random(RANDOM_SIZE),
        )
        for number, record in enumerate(records, 1)
    ]


def certificate_draft(credential: Path, *, now: int, random: bytes) -> tuple[Document, str]:
    """A draft of the exporter's certificate, and what it was made from.

    Args:
        credential: A UN Transparency Protocol credential; where there is none, the example of this package is taken.
        now: POSIX seconds.
        random: As `statement_id` takes.
    """
    example = catalogue.example("ConformityCertificate")
    document: Document = {**example, "id": statement_id(now, random), "issuer": BODY.did}
    document.pop("proof", None)
    if not credential.is_file():
        given = ("statusReference", "accreditation")  # by evidence certificate issue
        subject = {name: value for name, value in document["credentialSubject"].items() if name not in given}
        until = format_time(now + _CERTIFIED_SECONDS)
        document["credentialSubject"] = {**subject, "validFrom": format_time(now), "validUntil": until}
        return document, "the example of this package"
    document["credentialSubject"] = certificate_subject(
        json.loads(read_bounded(credential, limit=_LIMIT, what="conformity credential")),
        body=BODY.party,
        holder=EXPORTER.party,
        family="product",
        scenarios=[{"scheme": OWN_SCHEME, "code": "veh.after-sales"}],
        destinations=[IMPORTER.code],
        data_categories=("nonPersonal", "personal"),
    )
    return document, f"the UN Transparency Protocol's {credential.name}"


def invoice_settings(invoice: Path) -> tuple[list[str], list[str]]:
    """What a record says of an invoice in the open, and what it commits to, as `evidence` takes them.

    Args:
        invoice: UBL 2.1 with the terms of EN 16931.

    Raises:
        SetupError: `demo-examples`: it is not there; `evidence` is demonstrated from a clone.
    """
    if not invoice.is_file():
        raise SetupError(
            f"{invoice} is not there; the demonstration runs from a clone of the repository",
            code="demo-examples",
        )
    text = invoice.read_text(encoding="utf-8")
    shown = {
        "document.issueDate": _term(text, "IssueDate"),
        "document.currency": _term(text, "DocumentCurrencyCode"),
        "reference": _term(text, "BuyerReference"),
    }
    private = {"document.number": _term(text, "ID"), "document.total": _term(text, "TaxInclusiveAmount")}
    return (
        [f"{name}={value}" for name, value in shown.items()],
        [f"{name}:={json.dumps(value)}" for name, value in private.items()],
    )


def tampered(bundle: bytes) -> tuple[bytes, str]:
    """The bundle as a forger would leave it, and what was done.

    The exporter's record has another date of the invoice, and the bundle names the digest that it has then.
    """
    document: dict[str, Any] = json.loads(bundle)
    items = [item for section in document["sections"] for item in section["items"]]
    record = next(item for item in items if item["role"] == "subject")["statement"]
    invoice = record["credentialSubject"]["document"]
    before = invoice["issueDate"]
    invoice["issueDate"] = after = f"{int(before[:4]) - 1}{before[4:]}"
    document["subject"] = sha256(encode(record, what="statement")).hexdigest()
    return encode(
        document, what="bundle"
    ), f"the record's issueDate {before} is now {after}, and its digest fits"


def _term(text: str, name: str) -> str:
    """The first element of this name; the file is our own example."""
    found = re.search(rf"<cbc:{name}\b[^>]*>([^<]*)<", text)
    if found is None:
        raise SetupError(f"the example invoice has no {name}", code="demo-examples")
    return found[1]
