"""Certificates by command: drafted, issued, changed, and verified as far as one country alone can show."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from ledger.core.statement import parse_statement
from ledger.core.times import format_time
from tests.cli.drafting import filled
from tests.cli.running import done, draft, evidence
from tests.cli.sides import Side

DAY = 86_400


@pytest.fixture(autouse=True)
def nothing_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIDENCE_TRUST_DIR", str(tmp_path / "pinned"))


@pytest.fixture(scope="module")
def body(parties: dict[str, Path]) -> Path:
    """The key file of a certification body that is enrolled in XA."""
    return parties["body"]


def certificate(folder: Path, key: Path, number: str) -> Path:
    """A signed certificate of this number, without a place in a status list."""
    made, signed = folder / "certificate.json", folder / "certificate.signed.json"
    filled(made, "certificate", "conformity-certificate", certificateNumber=number, **dates())
    done("certificate", "check", made)
    done("certificate", "sign", made, "--key", key, "--out", signed)
    return signed


def dates(days: int = 200) -> dict[str, str]:
    now = int(time.time())
    return {"validFrom": format_time(now), "validUntil": format_time(now + days * DAY)}


def issued(folder: Path, xa: Side, key: Path, number: str) -> Path:
    """A certificate of this number, issued by command."""
    made = filled(
        folder / f"{number}.json",
        "certificate",
        "conformity-certificate",
        certificateNumber=number,
        **dates(),
    )
    out = folder / f"{number}.signed.json"
    done("certificate", "issue", made, "--key", key, "--node", xa.url, "--out", out)
    return out


def record_under(folder: Path, xa: Side, certificate: str) -> Path:
    """A signed transfer record whose mechanism is a certificate."""
    folder.mkdir()
    made, signed = draft(folder, xa.key), folder / "record.signed.json"
    document = json.loads(made.read_bytes())
    document["credentialSubject"]["mechanism"] = {"type": "certification", "certificate": certificate}
    made.write_text(json.dumps(document))
    done("transfer", "sign", made, "--key", xa.key, "--out", signed)
    return signed


def changed(verb: str, name: object, xa: Side, key: Path, *more: object, stdin: bytes = b"") -> Any:
    return evidence("certificate", verb, name, "--node", xa.url, "--key", key, *more, stdin=stdin)


def test_a_new_certificate_asks_for_everything_that_is_the_bodys_to_say(tmp_path: Path, body: Path) -> None:
    made = tmp_path / "certificate.json"
    ran = done("certificate", "new", "--key", body, "--jurisdiction", "XA", "--out", made, "--json")
    missing = {one["pointer"] for one in ran.json["missing"]}
    assert {"/credentialSubject/certificateNumber", "/credentialSubject/holder/did"} <= missing
    assert not {pointer for pointer in missing if pointer.startswith("/credentialSubject/body/")}
    assert json.loads(made.read_bytes())["issuer"] == "did:web:body.example.xa"


def test_an_issued_certificate_has_a_place_of_its_own_in_a_list_that_speaks(
    tmp_path: Path, xa: Side, body: Path
) -> None:
    places = []
    for number in ("PII-1", "PII-2"):
        statement = parse_statement(issued(tmp_path, xa, body, number).read_bytes())
        place: Any = statement.subject["statusReference"]
        assert place["statusListCredential"] == "did:web:body.example.xa#status-1"
        places.append(place["statusListIndex"])
    assert len(set(places)) == 2
    shown = done("certificate", "show", "PII-1", "--node", xa.url, "--json").json
    assert (shown["registered"], shown["changes"]) == (True, [])
    assert {shown["statusList"][word] for word in ("withdrawn", "suspended", "reduced")} == {False}


def test_a_draft_that_is_not_filled_in_is_not_issued_and_makes_no_list(
    tmp_path: Path, xa: Side, parties: dict[str, Path]
) -> None:
    made = tmp_path / "certificate.json"
    key = parties["accreditor"]  # who has no list yet
    done("certificate", "new", "--key", key, "--jurisdiction", "XA", "--out", made)
    ran = evidence("certificate", "issue", made, "--key", key, "--node", xa.url)
    assert (ran.status, "(not-filled-in)" in ran.told) == (1, True)
    listed = "did:web:nobody.example.xa#status-1"
    ran = evidence("status-list", "show", listed, "--node", xa.url)
    assert (ran.status, "(status-list-unknown)" in ran.told) == (3, True)


def test_what_is_there_already_is_not_overwritten_and_nothing_is_issued(
    tmp_path: Path, xa: Side, body: Path
) -> None:
    made = filled(
        tmp_path / "c.json", "certificate", "conformity-certificate", certificateNumber="PIO-1", **dates()
    )
    out = tmp_path / "there.json"
    out.write_text("mine")
    ran = evidence("certificate", "issue", made, "--key", body, "--node", xa.url, "--out", out)
    assert "(file-exists)" in ran.told
    assert "(certificate-unknown)" in evidence("certificate", "show", "PIO-1", "--node", xa.url).told


def test_a_suspension_shows_what_rests_on_it_and_asks(tmp_path: Path, xa: Side, body: Path) -> None:
    signed = issued(tmp_path, xa, body, "PIS-1")
    digest = parse_statement(signed.read_bytes()).digest.hex()
    record = record_under(tmp_path / "record", xa, digest)
    done("transfer", "register", record, "--node", xa.url)
    words = ("--reason", "surveillanceOverdue", "--until", format_time(int(time.time()) + 90 * DAY))
    for stdin in (b"", b"n\n"):
        ran = changed("suspend", "PIS-1", xa, body, *words, stdin=stdin)
        assert (ran.status, "(not-confirmed)" in ran.told) == (1, True)
        assert "1 transfer" in ran.told
    ran = changed("suspend", "PIS-1", xa, body, *words, "--json", stdin=b"y\n")
    assert (ran.status, ran.json["new"], len(ran.json["reach"]["live"])) == (0, True, 1)
    ran = changed("suspend", signed, xa, body, *words, "--yes")
    assert (ran.status, "nothing was registered" in ran.text) == (0, True)
    shown = done("certificate", "show", digest, "--node", xa.url, "--json").json
    assert [one["change"] for one in shown["changes"]] == ["suspend"]
    assert shown["statusList"]["suspended"] is True
    assert changed("reinstate", signed, xa, body).status == 0
    shown = done("certificate", "show", digest, "--node", xa.url, "--json").json
    assert [one["change"] for one in shown["changes"]] == ["suspend", "reinstate"]
    assert shown["statusList"]["suspended"] is False


def test_a_withdrawal_is_for_good(tmp_path: Path, xa: Side, body: Path) -> None:
    signed = issued(tmp_path, xa, body, "PIW-1")
    assert changed("withdraw", signed, xa, body, "--reason", "error", "--yes").status == 0
    ran = changed("withdraw", signed, xa, body, "--reason", "error", "--yes")
    assert (ran.status, "was withdrawn already" in ran.text) == (0, True)
    ran = changed("reinstate", signed, xa, body)
    assert (ran.status, "(withdrawn-already)" in ran.told) == (1, True)


def test_a_reduction_says_what_is_left(tmp_path: Path, xa: Side, body: Path) -> None:
    signed = issued(tmp_path, xa, body, "PIU-1")
    left = {**parse_statement(signed.read_bytes()).subject["scope"], "dataCategories": ["nonPersonal"]}  # type: ignore[dict-item]
    scope = tmp_path / "scope.json"
    scope.write_text(json.dumps(left))
    ran = changed("reduce", signed, xa, body, "--reason", "scopeExceeded", "--scope", scope, "--yes")
    assert ran.status == 0, ran.told
    shown = done("certificate", "show", "PIU-1", "--node", xa.url, "--json").json
    assert shown["changes"][0]["scope"]["dataCategories"] == ["nonPersonal"]
    assert shown["statusList"]["reduced"] is True


def test_only_its_issuer_changes_a_status_and_only_for_a_reason_that_has_a_code(
    tmp_path: Path, xa: Side, body: Path, parties: dict[str, Path]
) -> None:
    signed = issued(tmp_path, xa, body, "PIR-1")
    ran = changed("withdraw", signed, xa, parties["accreditor"], "--reason", "error", "--yes")
    assert (ran.status, "(status-of-another)" in ran.told) == (1, True)
    ran = changed("withdraw", signed, xa, body, "--reason", "because", "--yes")
    assert (ran.status, "nonConformity" in ran.told) == (2, True)
    shown = done("certificate", "show", "PIR-1", "--node", xa.url, "--json").json
    assert shown["changes"] == []


def test_a_certificate_by_file_digest_and_number_is_verified_with_what_its_node_has(
    tmp_path: Path, xa: Side, body: Path
) -> None:
    signed = issued(tmp_path, xa, body, f"PIP-{tmp_path.name}")
    digest = parse_statement(signed.read_bytes()).digest.hex()
    done("bundle", "export", signed, "--node", xa.url, "--wait", "--out", tmp_path / "c.evidence.json")
    trust, _ = xa.claim(tmp_path)
    for named in (signed, digest, f"PIP-{tmp_path.name}", tmp_path / "c.evidence.json"):
        ran = evidence("certificate", "verify", named, "--node", xa.url, "--trust", trust, "--wait", "--json")
        # Nobody whom the list names accredited the body: that is missing, and nothing else is.
        assert ran.status == 1, ran.told
        assert (ran.json["digest"], ran.json["report"]["verdict"]) == (digest, "not verified")
        outcomes = {step["step"]: step["outcome"] for step in ran.json["report"]["steps"]}
        assert [outcomes[step] for step in (1, 3, 4, 5, 6, 10)] == ["passed"] * 5 + ["absent"]
        (missing,) = ran.json["report"]["missing"]
        assert missing.startswith("10 recognition: absent (accredit")


def test_a_certificate_by_itself_shows_nothing_and_without_a_trust_list_nothing_is_known(
    tmp_path: Path, xa: Side, body: Path
) -> None:
    signed = issued(tmp_path, xa, body, f"PIA-{tmp_path.name}")
    ran = evidence("certificate", "verify", signed)
    assert (ran.status, "(trust-none)" in ran.told) == (3, True)
    trust, _ = xa.claim(tmp_path)
    ran = evidence("certificate", "verify", signed, "--trust", trust)
    assert (ran.status, "NOT VERIFIED" in ran.text) == (1, True)
    ran = evidence("certificate", "verify", signed, "--trust", trust, "--refresh", xa.url)
    assert ran.status == 2


def test_a_certificate_that_was_changed_is_not_verified(tmp_path: Path, xa: Side, body: Path) -> None:
    signed = issued(tmp_path, xa, body, f"PIQ-{tmp_path.name}")
    bundle = tmp_path / "c.evidence.json"
    done("bundle", "export", signed, "--node", xa.url, "--wait", "--out", bundle)
    bundle.write_bytes(bundle.read_bytes().replace(b"After-sales", b"Other-sales"))
    trust, _ = xa.claim(tmp_path)
    ran = evidence("certificate", "verify", bundle, "--trust", trust)
    assert ran.status == 1
    assert "failed" in ran.text


def test_a_transfer_that_rests_on_another_certificate_is_no_use_of_this_one(
    tmp_path: Path, xa: Side, body: Path
) -> None:
    signed = issued(tmp_path, xa, body, f"PIF-{tmp_path.name}")
    record = record_under(tmp_path / "record", xa, "0" * 64)
    trust, _ = xa.claim(tmp_path)
    asked = ("certificate", "verify", signed, "--trust", trust, "--node", xa.url)
    ran = evidence(*asked, "--for", record)
    assert (ran.status, "(transfer-of-another-certificate)" in ran.told) == (1, True)
    assert evidence(*asked, "--for", signed).status == 1
    assert evidence(*asked, "--for", tmp_path / "none.json").status == 2


def test_a_number_that_two_certificates_have_is_told_apart_by_its_digest(
    tmp_path: Path, xa: Side, body: Path
) -> None:
    number = f"PIN-{tmp_path.name}"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        done("certificate", "register", certificate(tmp_path / name, body, number), "--node", xa.url)
    trust, _ = xa.claim(tmp_path)
    ran = evidence("certificate", "verify", number, "--node", xa.url, "--trust", trust)
    assert (ran.status, "(certificate-ambiguous)" in ran.told) == (1, True)
    ran = evidence("certificate", "verify", "NO-SUCH", "--node", xa.url, "--trust", trust)
    assert (ran.status, "(certificate-unknown)" in ran.told) == (3, True)
    assert evidence("certificate", "verify", "NO-SUCH", "--trust", trust).status == 2


def test_a_record_is_no_certificate(tmp_path: Path, xa: Side, body: Path) -> None:
    made = tmp_path / "record.json"
    done("transfer", "new", "--template", "e-invoice", "--out", made)
    assert "(statement-type)" in evidence("certificate", "check", made).text
    for verb in ("sign", "issue"):
        more = () if verb == "sign" else ("--node", xa.url)
        ran = evidence("certificate", verb, made, "--key", body, *more)
        assert (ran.status, "(statement-type)" in ran.told) == (1, True)
