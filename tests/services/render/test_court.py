"""The findings for a court, and the commands in them: run by a shell, with openssl, and with nothing of ours."""

import shutil
import subprocess
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from ledger.core.suites import ECDSA
from ledger.core.trust import parse_trust_list, sign_trust_list
from ledger.services.render.by_hand import commands
from ledger.services.render.court import court_page, looked_at
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle
from tests.simulator import NOW, START, World, key, make, world
from tests.verify.attacking import QUORUM, WITNESSES, cosigned, witness
from tests.verify.ruled import NOW as DECIDED_NOW
from tests.verify.rules_vectors import FOLDER as DECIDED

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None or shutil.which("sha256sum") is None,
    reason="openssl or sha256sum is missing; apt-get install openssl coreutils",
)


@dataclass(frozen=True, slots=True)
class Case:
    """A bundle and a trust list on a court's table."""

    folder: Path
    bundle: bytes
    trust: bytes

    def judged(self) -> Report:
        return verify_bundle(self.bundle, parse_trust_list(self.trust), now=NOW)

    def page(self) -> str:
        trust = parse_trust_list(self.trust)
        evidence = looked_at("evidence", "case 7's file.json", self.bundle)
        made = court_page(
            self.judged(), self.bundle, trust, evidence=evidence, trust_file="trust.json", others=()
        )
        return made.decode()

    def redo(self) -> list[str]:
        """What the commands of the page print, run beside the two files."""
        (self.folder / "case 7's file.json").write_bytes(self.bundle)
        (self.folder / "trust.json").write_bytes(self.trust)
        page = self.page()
        start = page.index('<pre id="by-hand">') + len('<pre id="by-hand">')
        return run(unescape(page[start : page.index("</pre>", start)]), self.folder)


def run(script: str, folder: Path) -> list[str]:
    ended = subprocess.run(
        ["sh", "-c", script], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stderr == ""
    return ended.stdout.splitlines()


@pytest.fixture
def case(tmp_path: Path) -> Case:
    made = world()
    lines = [("witness-c", START + 200), ("witness-d", START + 150)]
    sections = [cosigned(made, section, lines) for section in made.sections()]
    listed = [witness(name, organisation)[0] for name, organisation in WITNESSES]
    body = made.trust_body(witnesses=listed, require=QUORUM)
    return Case(tmp_path, made.bundle(sections), sign_trust_list(body, {"#1": key("publisher")}))


def test_the_commands_find_every_hash_signature_and_place_as_the_verifier_did(case: Case) -> None:
    told = case.redo()
    assert [line for line in told if not line.startswith("ok ")] == []
    for what in ("the file", "digest", "signature of", "entry", "checkpoint 2 by witness witness-c"):
        assert any(what in line for line in told)
    assert sum("signature of" in line for line in told) == 4


def test_the_commands_hold_of_signatures_by_p256(tmp_path: Path) -> None:
    made = World()
    made.filler()
    enrolment = made.xa.enrol(made.exporter, ["exporter"], [("#2026", key("exporter", ECDSA))])
    made.exporter_enrolment = made.xa.add(enrolment)
    plain = made.record()
    subject: Any = plain.document["credentialSubject"]
    signing = key("exporter", ECDSA)
    record = make("TransferRecord", subject, made.exporter, "#2026", signing, START + 10, name="p256")
    made.xa.add(record)
    made.xa.anchor()
    bundle = made.bundle([made.xa.section([("subject", record), ("enrolment", enrolment)])], record)
    trust = sign_trust_list(made.trust_body(), {"#1": key("publisher")})
    told = Case(tmp_path, bundle, trust).redo()
    assert [line for line in told if not line.startswith("ok ")] == []
    assert any("key zDn" in line for line in told)


@pytest.mark.parametrize(
    ("what", "changed"),
    [
        ("DIFFERS  the file", b'"outcome":"accepted"'),
        ("FAILED   signature", b'"outcome":"accepted"'),
        ("DIFFERS  entry", b'"outcome":"accepted"'),
        ("MISSING  checkpoint 1", b"registry.example.xa/XA/2026\\n"),
    ],
)
def test_the_commands_find_what_was_changed_since(case: Case, what: str, changed: bytes) -> None:
    script = commands(case.bundle, parse_trust_list(case.trust), file="b.json", trust_file="t.json")
    assert changed in case.bundle
    other = changed.replace(b"accepted", b"rejected").replace(b"XA/2026", b"XA/2027")
    (case.folder / "b.json").write_bytes(case.bundle.replace(changed, other))
    (case.folder / "t.json").write_bytes(case.trust)
    assert any(line.startswith(what) for line in run(script, case.folder))


def test_the_commands_look_for_the_keys_in_the_trust_list(case: Case) -> None:
    script = commands(case.bundle, parse_trust_list(case.trust), file="b.json", trust_file="t.json")
    (case.folder / "b.json").write_bytes(case.bundle)
    (case.folder / "t.json").write_bytes(case.trust.replace(b"witness-c+", b"witness-x+"))
    told = run(script, case.folder)
    assert "MISSING  key of witness witness-c at" in "\n".join(told)


def test_a_name_from_the_trust_list_runs_no_command(case: Case, tmp_path: Path) -> None:
    made = world()
    name = "w$(touch${IFS}here)`touch${IFS}here`'\"\\"
    sections = [cosigned(made, section, [(name, START + 200)]) for section in made.sections()]
    listed = [witness(name, "did:web:org-c.example")[0]]
    trust = sign_trust_list(made.trust_body(witnesses=listed), {"#1": key("publisher")})
    told = Case(tmp_path, made.bundle(sections), trust).redo()
    assert any(f"by witness {name}" in line for line in told)
    assert not (tmp_path / "here").exists()


def test_the_page_says_by_whose_clock_what_was_not_checked_and_whom_the_verifier_believes(case: Case) -> None:
    page = case.page()
    report = case.judged()
    assert report.verdict == "verified"
    assert "existed no later than <b>2026-11-22T00:03:20Z</b>, by the clocks of the witnesses" in page
    assert "Step 2, content: no file given" in page
    assert "Whether a later correction exists." in page
    fingerprint = report.trust_hash.hex()
    assert " ".join(fingerprint[place : place + 4] for place in range(0, 64, 4)) in page
    assert "<script" not in page
    assert "default-src &#x27;none&#x27;" in page


def test_what_failed_is_told_with_its_code(case: Case) -> None:
    changed = case.bundle.replace(b'"index":4', b'"index":5', 1)
    assert changed != case.bundle
    page = Case(case.folder, changed, case.trust).page()
    assert "Not verified." in page
    assert "<code>proof-invalid</code>" in page


@pytest.mark.parametrize(
    "name", ["-", "-f", "a\n$(touch here)\n.json", "a\\n.json", "\u202ex.json", "a\r.json", "\udcff.json"]
)
def test_the_commands_find_a_file_by_whatever_name_it_has(case: Case, name: str) -> None:
    (case.folder / name).write_bytes(case.bundle)
    (case.folder / "trust.json").write_bytes(case.trust)
    trust = parse_trust_list(case.trust)
    evidence = looked_at("evidence", name, case.bundle)
    page = court_page(
        case.judged(), case.bundle, trust, evidence=evidence, trust_file="trust.json", others=()
    ).decode()
    assert all(one.isprintable() or one == "\n" for one in page)
    start = page.index('<pre id="by-hand">') + len('<pre id="by-hand">')
    told = run(unescape(page[start : page.index("</pre>", start)]), case.folder)
    assert [line for line in told if not line.startswith("ok ")] == []
    assert not (case.folder / "here").exists()


def test_a_key_that_the_bundle_itself_gives_a_registrar_shows_nothing(tmp_path: Path) -> None:
    made = World()
    forger = key("forger")
    made.filler()
    listed = made.trust().authority(made.xa.registrar)
    assert listed is not None
    own = next(one.id for one in listed.keys.values())
    theirs = made.xa.enrol(made.xa.registrar, ["exporter"], [(own, forger)], signing=forger)
    forged = made.xa.enrol(made.exporter, ["exporter"], [("#2026", forger)], signing=forger)
    made.exporter_enrolment = forged
    subject: Any = made.record().document["credentialSubject"]
    record = make("TransferRecord", subject, made.exporter, "#2026", forger, START + 10, name="forged")
    for one in (theirs, forged, record):
        made.xa.add(one)
    made.xa.anchor()
    section = made.xa.section([("subject", record), ("enrolment", forged), ("enrolment", theirs)])
    trust = sign_trust_list(made.trust_body(), {"#1": key("publisher")})
    told = Case(tmp_path, made.bundle([section], record), trust).redo()
    assert sum("no key in hand fits" in line for line in told) == 3
    assert not any("signature of" in line for line in told if line.startswith("ok "))


def of_vector(name: str) -> str:
    """The page about one of the bundles with decisions."""
    data = (DECIDED / f"{name}.evidence.json").read_bytes()
    trust = parse_trust_list((DECIDED / "trust.json").read_bytes())
    report = verify_bundle(data, trust, now=DECIDED_NOW)
    evidence = looked_at("evidence", "case.json", data)
    return court_page(report, data, trust, evidence=evidence, trust_file="trust.json", others=()).decode()


def test_what_the_measures_say_is_told_in_sentences_of_both_languages() -> None:
    page = of_vector("conditional")
    for told in (
        "A decision about 2026-11-22 06:00 UTC, by XA-1 version 1: the data may cross where the conditions are kept.",
        "The rules that decided ask for: encrypted in transit and at rest.",
        "Whether other measures were in force that the bundle does not carry.",
        "limit: the rules that decided ask for encrypt",
        '<span lang="zh-Hans">所适用的规则要求：传输与存储均加密。</span>',  # noqa: RUF001 - as it is written
    ):
        assert told in page


def test_a_decision_that_does_not_follow_is_told_with_its_code() -> None:
    page = of_vector("measure-left-out")
    assert "Failed: a measure that was in force is left out. " not in of_vector("free")
    assert "Failed: a measure that was in force is left out." in page
    assert "<code>measure-left-out</code>" in page


def test_a_page_without_a_decision_has_no_word_of_measures(case: Case) -> None:
    assert "What the measures say" not in case.page()
