"""A certificate of XA that XB recognises, from the accreditation to the withdrawal, by the commands alone."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.core.times import format_time
from tests.cli.running import done, evidence
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


def test_from_the_accreditation_to_the_withdrawal(both: Countries) -> None:
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
    assert both.verify(certificate, "--into", "XB", *nodes).status == 0

    refused = evidence(
        "certificate", "withdraw", "PIP-1", "--reason", "nonConformity", "--key", both.key("body"),
        "--node", both.xa.url,
    )  # fmt: skip
    assert (refused.status, "(not-confirmed)" in refused.told) == (1, True)
    done(
        "certificate", "withdraw", "PIP-1", "--reason", "nonConformity", "--key", both.key("body"),
        "--node", both.xa.url, "--with", both.xb.url, "--yes",
    )  # fmt: skip
    ran = both.verify("PIP-1", "--into", "XB", *nodes)
    assert (ran.status, ran.json["report"]["statusNow"]) == (4, "withdrawn"), ran.text
