"""A certificate of XA that XB recognises, from the accreditation to the withdrawal, by the commands alone."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.core.statement import parse_statement
from ledger.core.times import format_time
from tests.cli.running import done, evidence
from tests.cli.running import draft as drafted
from tests.journeys.recognising import Countries, countries

DAY = 86_400
BODY = "did:web:body.example.xa"
STANDARD = "ISO/IEC 27701:2025"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Countries]:
    folder = tmp_path_factory.mktemp("recognition")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVIDENCE_TRUST_DIR", str(folder / "pinned"))
        with countries(folder) as made:
            yield made


def dates(days: int = 300) -> dict[str, str]:
    now = int(time.time())
    return {"validFrom": format_time(now), "validUntil": format_time(now + days * DAY)}


def issued(made: Countries, noun: str, draft: Path, key: str, *more: object) -> Path:
    out = made.folder / f"{draft.stem}.signed.json"
    done(noun, "issue", draft, "--key", made.key(key), "--node", made.xa.url, "--out", out, *more)
    return out


def arranged(both: Countries) -> tuple[Path, Path]:
    """An accreditation of XA, and an arrangement that both endorsed."""
    draft = both.draft("accreditation", "accreditation", number="XAC-1", **dates())
    accreditation = issued(both, "accreditation", draft, "accreditor")

    now = format_time(int(time.time()))
    draft = both.draft(
        "arrangement", "recognition-arrangement", parties__0__inForceFrom=now, parties__1__inForceFrom=now,
        accreditors__1__accreditor="did:web:accreditor.example.xb", equivalences__0__a=STANDARD,
    )  # fmt: skip
    text = both.folder / "arrangement.signed.json"
    done("arrangement", "check", draft)
    done("arrangement", "sign", draft, "--key", both.key("authority-xa"), "--out", text)
    done("arrangement", "register", text, "--node", both.xa.url)
    done(
        "arrangement", "endorse", text, "--key", both.key("authority-xa"), "--node", both.xa.url, "--designate", BODY
    )  # fmt: skip
    done("arrangement", "endorse", text, "--key", both.key("authority-xb"), "--node", both.xb.url)
    return accreditation, text


def test_from_the_accreditation_to_the_withdrawal(both: Countries) -> None:
    accreditation, text = arranged(both)
    draft = both.draft("certificate", "conformity-certificate", certificateNumber="PIP-1", **dates(200))
    certificate = issued(both, "certificate", draft, "body", "--accreditation", accreditation)
    nodes = ("--node", both.xa.url, "--with", both.xb.url, "--wait")
    before = both.verify("PIP-1", "--into", "XB", *nodes)
    assert before.status == 1
    assert "not-recognised" in {one["code"] for one in before.json["report"]["checks"]}

    done(
        "recognition", "grant", certificate, "--arrangement", text, "--key", both.key("authority-xb"),
        "--node", both.xb.url,
    )  # fmt: skip
    ran = both.verify("PIP-1", "--into", "XB", *nodes)
    assert ran.status == 0, ran.text
    record = transfer(both, certificate)
    ran = both.verify(certificate, "--into", "XB", "--for", record, *nodes)
    assert ran.status == 0, ran.text
    assert "whether a use lies within its scope" not in ran.json["report"]["notChecked"]
    assert both.verify(certificate, "--into", "XC", *nodes).status == 1

    words = ("--key", both.key("body"), "--node", both.xa.url)
    until = format_time(int(time.time()) + 30 * DAY)
    refused = evidence("certificate", "suspend", "PIP-1", "--reason", "incident", "--until", until, *words)
    assert (refused.status, "(not-confirmed)" in refused.told) == (1, True)
    partner = ("--with", both.xb.url)
    ran = done(
        "certificate", "suspend", "PIP-1", "--reason", "incident", "--until", until, *words, *partner, "--yes",
        "--json",
    )  # fmt: skip
    assert {one["type"] for one in ran.json["reach"]["live"]} == {"Recognition", "TransferRecord"}
    ran = both.verify("PIP-1", "--into", "XB", *nodes)
    assert (ran.status, ran.json["report"]["statusNow"]) == (4, "suspended"), ran.text
    shown = done("certificate", "show", "PIP-1", "--node", both.xa.url, "--json").json
    suspended = shown["changes"][0]["effective"]
    done("certificate", "reinstate", "PIP-1", *words)
    kept = both.folder / "certificate.evidence.json"
    assert both.verify("PIP-1", "--into", "XB", *nodes, "--out", kept).status == 0
    assert both.verify(kept, "--into", "XB", "--at", suspended).status == 1

    done("certificate", "withdraw", "PIP-1", "--reason", "nonConformity", *words, *partner, "--yes")
    offline = ("verify", kept, "--trust", both.trust, "--into", "XB")
    assert evidence(*offline).status == 0  # whoever has only this file does not know of it yet
    done("transfer", "status", certificate, "--node", both.xa.url, "--wait", "anchored")
    kept.unlink()
    done("bundle", "export", certificate, *nodes, "--out", kept)
    assert evidence(*offline).status == 4
    ran = both.verify(kept, "--into", "XB")
    assert (ran.status, ran.json["report"]["statusNow"]) == (4, "withdrawn"), ran.text
    assert both.verify(kept, "--into", "XB", "--at", suspended).status == 1


def transfer(made: Countries, certificate: Path) -> Path:
    """A registered transfer by the certificate's holder that rests on it."""
    key = made.xa.enrol("exporter", "exporter", folder=made.folder).path
    draft = drafted(made.folder, key)
    document = json.loads(draft.read_bytes())
    digest = parse_statement(certificate.read_bytes()).digest.hex()
    document["credentialSubject"]["mechanism"] = {"type": "certification", "certificate": digest}
    draft.write_text(json.dumps(document))
    signed = made.folder / "record.signed.json"
    done("transfer", "sign", draft, "--key", key, "--out", signed)
    done("transfer", "register", signed, "--node", made.xa.url)
    return signed
