"""A company's own machine: no node's files, another home, and the README's words alone."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from ledger.core.trust import parse_trust_list
from ledger.services.drafting.drafts import sign_draft
from ledger.services.ids import RANDOM_SIZE, statement_id
from ledger.services.keys.keyfile import read_holder_key
from ledger.verify.report import STEPS
from ledger.verify.verifier import verify_bundle
from tests.journeys.commands import ROOT, blocks, environment, program, shell
from tests.nodes import RunningNode, serving

README = ROOT / "README.md"
REGISTERING = "Registering from a second machine"


@dataclass
class Journey:
    """A node, and a company's folder, after every command of the page was run where the page says."""

    node: RunningNode
    company: Path
    env: dict[str, str]
    said: list[str]


def machine_of(text: str) -> str:
    """The machine that the text before a block names last."""
    return max(("company's machine", "registrar's node"), key=lambda name: text.rfind(f"**{name}**"))


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    folder = tmp_path_factory.mktemp("journey")
    registry, company = folder / "registry", folder / "company"
    registry.mkdir()
    company.mkdir()
    shutil.copy(ROOT / "examples" / "invoice.xml", company)
    bin_folder = program(folder)
    own = environment(bin_folder, folder / "company-home")
    with serving(registry) as node:
        said = []
        for text, shown in blocks(README, REGISTERING):
            script = shown.replace("http://127.0.0.1:8151", node.url)
            if machine_of(text) == "registrar's node":
                shutil.copy(company / "request.json", registry)
                # The registrar compares what is shown, and says yes.
                ran = shell(script, registry, environment(bin_folder, folder / "registry-home"), "y\n")
            else:
                assert str(registry) not in script
                ran = shell(script, company, own)
            assert ran.returncode == 0, f"{script}\n{ran.stdout}{ran.stderr}"
            said.append(ran.stdout + ran.stderr)
        yield Journey(node, company, own, said)


def test_the_page_has_a_part_for_each_side() -> None:
    assert [machine_of(text) for text, _ in blocks(README, REGISTERING)] == [
        "company's machine",
        "registrar's node",
        "company's machine",
    ]


def test_the_key_never_left_the_companys_machine(journey: Journey) -> None:
    secret = (journey.company / "exporter.key").read_bytes().split(b'"secret":"')[1][:64]
    others = [path for path in journey.node.home.path.parent.rglob("*") if path.is_file()]
    assert len(others) > 5
    assert not [path for path in others if secret in path.read_bytes()]


def test_what_the_company_exported_shows_all_but_the_other_side(journey: Journey) -> None:
    bundle = (journey.company / "transfer.evidence.json").read_bytes()
    trust = parse_trust_list((journey.node.home.path / "claim.json").read_bytes())
    report = verify_bundle(bundle, trust, now=trust.issued)
    passed = {number for number in STEPS if report.step(number).outcome == "passed"}
    assert passed == {1, 3, 4, 5, 6, 7}
    assert report.missing == ("9 parties: absent (not-acknowledged)",)


def test_the_same_record_by_the_api_has_the_same_place(journey: Journey) -> None:
    (_, script), *_ = blocks(README, "By the API")
    section = README.read_text(encoding="utf-8").split("## By the API\n")[1]
    code = section.split("```python\n")[1].split("```")[0]
    with journey.node.client() as client:
        (listed,) = client.transfers()
    ran = subprocess.run(
        [sys.executable, "-P", "-c", code.replace("http://127.0.0.1:8151", journey.node.url)],
        cwd=journey.company,
        env=journey.env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.stdout == f"entry {listed['index']}: {listed['digest']}\n", ran.stderr
    if shutil.which("curl"):
        answer = shell(
            script.replace("http://127.0.0.1:8151", journey.node.url), journey.company, journey.env
        )
        assert f'"{listed["digest"]}"' in answer.stdout, answer.stderr


def kept(node: RunningNode, digest: str) -> dict[str, bytes]:
    """What a node hands out of a record and of itself."""
    paths = {
        *(f"/v1/statements/{digest}{part}" for part in ("", "/receipt", "/bundle", "/status")),
        *("/log/checkpoint", "/v1/anchors", "/v1/transfers", "/.well-known/evidence-ledger"),
    }
    answers = {path: httpx2.get(node.url + path, timeout=10) for path in paths}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {path: answer.content for path, answer in answers.items()}


def test_a_node_that_restarts_keeps_everything(journey: Journey) -> None:
    with journey.node.client() as client:
        (listed,) = client.transfers()
    before = kept(journey.node, listed["digest"])
    journey.node.process.terminate()
    assert journey.node.process.wait(30) in {0, -15}
    journey.node.restart()
    assert kept(journey.node, listed["digest"]) == before
    # It also goes on: the next record gets the next place.
    now = int(time.time())
    draft = {
        **json.loads((journey.company / "record.json").read_bytes()),
        "id": statement_id(now, bytes(RANDOM_SIZE)),
    }
    with journey.node.client() as client:
        second = sign_draft(draft, read_holder_key(journey.company / "exporter.key"), now=now)
        assert client.register(second.encoded).index == listed["index"] + 1
