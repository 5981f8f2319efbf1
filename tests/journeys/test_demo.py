"""The demonstration as a newcomer has it: what it leaves, what it says, and that nothing stays behind."""

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx2
import pytest

from ledger.core.canonical import encode
from ledger.core.trust import parse_trust_list
from ledger.demo.offline import _is_cut_off, isolation
from ledger.demo.screen import wrapped
from tests.campaign import count
from tests.differential.process import built
from tests.journeys.commands import ROOT, blocks, environment, program, shell
from tests.journeys.tutorials import PAGES, START, agrees, alike, elsewhere, shown, typed
from tests.verify.test_splices import splices

DEMO = (sys.executable, "-P", "-m", "ledger.demo")
PERIOD = "6"
"""Seconds between anchors: time enough for what must fall under one, on a busy machine too."""
SPLICES = count(20)
CERTIFICATE = {"certificate.evidence.json": 0, "certificate-withdrawn.evidence.json": 4}
"""Exit status by file."""
GOLDEN = ROOT / "docs" / "verification.txt"
SERVING = "Ctrl-C stops the nodes."
NODES = {"xa": 1013, "xb": 32, "xc": 1}
"""Entries of each log in the end."""


def begun(folder: Path, *options: str, period: str = PERIOD) -> subprocess.Popen[str]:
    """Start a demonstration into `demo` below `folder`, as from a shell that stands there."""
    return subprocess.Popen(
        [*DEMO, "demo", *options],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "EVIDENCE_ANCHOR_PERIOD": period, "EVIDENCE_NODE": "http://127.0.0.1:9"},
        preexec_fn=_heed_interrupts,  # noqa: PLW1509 - does one system call
    )


def _heed_interrupts() -> None:
    """A shell has what it starts in the background ignore Ctrl-C, and the tests may run so."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def read_until(stream: IO[str] | None, text: str) -> str:
    assert stream is not None
    said = []
    for line in stream:
        said.append(line)
        if text in line:
            break
    return "".join(said)


@dataclass
class Served:
    """A demonstration that was played to its end, its nodes still up."""

    folder: Path
    said: str
    process: subprocess.Popen[str]
    env: dict[str, str]

    def stop(self) -> None:
        """End it as Ctrl-C does: nothing more is said, and no node is left."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        rest, errors = self.process.communicate(timeout=60)
        assert (self.process.returncode, rest, errors) == (0, "", "")
        assert not [url for url in self.urls() if is_listening(url)]

    @property
    def demo(self) -> Path:
        return self.folder / "demo"

    def urls(self) -> list[str]:
        return [url_of(self.demo / f"node-{code}") for code in NODES]

    def carried(self) -> None:
        """Wait until the chain of XB has what the logs of its partners have anchored."""
        give_up = time.monotonic() + 60
        while any(
            log["lag"]["entries"]
            for source in httpx2.get(f"{self.urls()[1]}/v1/foreign", timeout=10).json()["items"]
            for log in source["logs"]
        ):
            assert time.monotonic() < give_up
            time.sleep(0.2)

    def verify(self, *arguments: object, within: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        return self.evidence("verify", *arguments, within=within)

    def evidence(self, *arguments: object, within: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*within, sys.executable, "-P", "-m", "ledger.cli", *map(str, arguments)],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
        )


def url_of(home: Path) -> str:
    return f"http://127.0.0.1:{tomllib.loads((home / 'node.toml').read_text())['port']}"


def is_listening(url: str) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) == 0


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("newcomer")
    for part in ("api", "examples"):
        (folder / part).symlink_to(ROOT / part)
    process = begun(folder, "--serve")
    try:
        said = read_until(process.stdout, SERVING)
        assert SERVING in said, said + process.communicate(timeout=60)[1]
        found = Served(folder, said, process, environment(program(folder), folder / "home"))
        yield found
        found.stop()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)


def test_its_apis_answer_while_it_serves(served: Served) -> None:
    for url, size in zip(served.urls(), NODES.values(), strict=True):
        assert url in served.said
        health = httpx2.get(f"{url}/health", timeout=10).json()
        assert (health["size"], health["anchoredSize"]) == (size, size)


def test_the_split_is_proven_by_a_file_and_on_the_other_chain(served: Served) -> None:
    run = served.verify("demo/fork.json", "--trust", "demo/trust.json", within=isolation().within)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "SPLIT VIEW PROVEN  registry.example.xa/XA/" in run.stdout
    for told in ("Ed25519 registry.example.xa/XA", "ML-DSA-44 registry.example.xa/XA", "head key 0x"):
        assert f"signed  both: the log, operated by did:web:registry.example.xa, {told}" in run.stdout
    _, xb, _ = served.urls()
    (source,) = httpx2.get(f"{xb}/v1/foreign", timeout=10).json()["items"]
    assert [log["disputed"] for log in source["logs"]] == [True]
    assert served.evidence("foreign", "show", source["logs"][0]["origin"], "--node", xb).returncode == 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_tutorial_give_what_it_shows(served: Served, page: Path) -> None:
    commands = " ".join(one.command for one in shown(page))
    for tool in ("curl", "openssl", "node"):
        if f"{tool} " in commands and shutil.which(tool) is None:
            pytest.skip(f"{tool} is missing; apt-get install {tool}")
    if "verify.html" in commands and not (served.demo / "verify.html").is_file():
        pytest.skip("the page was not built; npm ci --prefix api/web")
    if "cli.mjs" in commands:
        built()
    places = {f"http://127.0.0.1:{8151 + at}": url for at, url in enumerate(served.urls())}
    places["FINGERPRINT"] = parse_trust_list((served.demo / "trust.json").read_bytes()).list_hash.hex()
    if (
        "foreign list" in commands
    ):  # what another page registered in XA is carried to XB's chain a moment later
        served.carried()
    said = typed(page, served.folder, served.env, places)
    for wanted, given in zip(shown(page), said, strict=True):
        assert agrees(wanted.output, given.output), "\n".join((wanted.command, *given.output))


@pytest.fixture(scope="module")
def left(served: Served) -> Served:
    """What it left, once its nodes are stopped: no test below asks them, and none above comes after."""
    served.stop()
    return served


def test_its_evidence_is_of_both_logs_and_its_secrets_are_private(left: Served) -> None:
    for name in ("transfer.evidence.json", *CERTIFICATE, "trust.json"):
        assert (left.demo / name).stat().st_size > 1000
    for name in ("exporter.key", "openings.json"):
        assert (left.demo / name).stat().st_mode & 0o777 == 0o600
    sections = json.loads((left.demo / "transfer.evidence.json").read_bytes())["sections"]
    assert {section["origin"].split("/")[1] for section in sections} == {"XA", "XB"}


def test_the_transfer_verifies_where_the_network_is_off(left: Served) -> None:
    kept = isolation()
    run = left.verify(
        "demo/transfer.evidence.json", "--trust", "demo/trust.json", "--json", within=kept.within
    )
    assert run.returncode == 0, run.stdout + run.stderr
    report = json.loads(run.stdout)
    outcomes = {step["step"]: step["outcome"] for step in report["steps"]}
    assert outcomes == {n: "passed" if n in {1, *range(3, 10)} else "absent" for n in range(1, 12)}
    assert all(step["code"] and step["detail"] for step in report["steps"])
    assert report["steps"][6]["code"] == "attested"
    assert {dated["proven"]["grade"] for dated in report["statements"]} == {"witnessed"}
    assert set(report["required"]) == {1, *range(3, 10)}


@pytest.mark.parametrize("name", CERTIFICATE)
def test_the_certificate_is_good_in_xb_until_it_is_withdrawn(left: Served, name: str) -> None:
    run = left.evidence(
        "certificate", "verify", f"demo/{name}", "--into", "XB", "--trust", "demo/trust.json", "--json",
        within=isolation().within,
    )  # fmt: skip
    assert run.returncode == CERTIFICATE[name], run.stdout + run.stderr
    report = json.loads(run.stdout)["report"]
    assert report["recognition"]["verdict"] == ("VALID_THEN_NOT_NOW" if CERTIFICATE[name] else "VALID")
    assert report["statusNow"] == ("withdrawn" if CERTIFICATE[name] else "valid")
    assert report["recognition"]["at"]["limits"] == ["condition: The holder names a representative in XB"]


def test_the_certificate_counts_nowhere_else(left: Served) -> None:
    run = left.evidence(
        "certificate",
        "verify",
        "demo/certificate.evidence.json",
        "--into",
        "XC",
        "--trust",
        "demo/trust.json",
    )
    assert run.returncode == 1
    assert "authority-unknown" in run.stdout


def test_it_claims_no_more_of_the_network_than_was_so(left: Served) -> None:
    assert isolation().told in left.said
    assert ("with the network off" in left.said) == bool(isolation().within)


def test_a_probe_that_can_reach_loopback_is_not_called_cut_off() -> None:
    assert not _is_cut_off(("env",))
    assert not _is_cut_off(("no-such-program",))


def test_a_command_is_shown_as_a_shell_reads_it() -> None:
    words = ["commit", "document=my invoice.xml", 'document.number:="X-1"', "--out", "a b.json", "--yes"]
    words += ["--set", "reference=" + "R" * 90, "--json"]
    lines = wrapped(words, 60)
    assert len(lines) > 2
    assert shlex.split(" ".join(lines)) == ["evidence", *words]


def test_what_stays_private_can_be_shown_and_nothing_else_in_its_place(left: Served) -> None:
    opened = ("demo/transfer.evidence.json", "--trust", "demo/trust.json", "--openings", "demo/openings.json")
    shown = left.verify(*opened, "--content", f"document={ROOT}/examples/invoice.xml", "--require", "2")
    assert shown.returncode == 0, shown.stdout
    other = left.verify(*opened, "--content", f"document={ROOT}/examples/transfer-record.json")
    assert other.returncode == 1
    assert "failed  2 content" in other.stdout


def test_the_tampered_copy_fails_by_name(left: Served) -> None:
    run = left.verify("demo/tampered.evidence.json", "--trust", "demo/trust.json")
    assert run.returncode == 1
    for told in (
        "failed  3 authorship",
        "signature-invalid",
        "failed  4 inclusion",
        "acknowledgement-of-another",
    ):
        assert told in run.stdout
    assert "failed  3 authorship" in left.said


def test_no_splice_of_its_two_bundles_verifies_by_the_command(left: Served) -> None:
    files = [(left.demo / f"{name}.evidence.json").read_bytes() for name in ("transfer", "certificate")]
    one, two = map(json.loads, files)
    spliced = []
    for here, there in zip(splices(one, two), splices(two, one), strict=True):
        spliced += [data for data in (encode(here), encode(there)) if data not in files]
        if len(spliced) >= SPLICES:
            break

    def judged(number: int) -> tuple[int, str]:
        file = left.folder / f"{number}.evidence.json"
        file.write_bytes(spliced[number])
        run = left.verify(file, "--trust", "demo/trust.json")
        return run.returncode, run.stderr

    with ThreadPoolExecutor(2) as pool:
        ended = set(pool.map(judged, range(SPLICES)))
    # 3 where the splice carries something that this version cannot judge, such as a foreign anchor.
    assert (1, "") in ended
    assert ended <= {(1, ""), (3, "")}


def test_the_commands_of_the_readme_verify_what_it_left(left: Served) -> None:
    """The page's words with the fingerprint that the demonstration showed in place of its stand-in."""
    (_, script), *_ = blocks(ROOT / "README.md", "Verifying offline")
    trust = json.loads(shell("evidence trust show demo/trust.json --json", left.folder, left.env).stdout)
    run = shell(script.replace("FINGERPRINT", trust["fingerprint"]), left.folder, left.env)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("VERIFIED  required") == script.count("evidence verify")


def test_the_certificate_commands_of_the_readme_tell_then_and_now(left: Served) -> None:
    (_, script), *_ = blocks(ROOT / "README.md", "Recognition between countries")
    runs = [shell(line, left.folder, left.env) for line in script.splitlines()]
    assert [run.returncode for run in runs] == [0, 4], [run.stdout + run.stderr for run in runs]


def test_the_verification_in_the_readme_is_what_the_demonstration_gives(left: Served) -> None:
    command, golden = GOLDEN.read_text(encoding="utf-8").split("\n", 1)
    run = shell(command.removeprefix("$ "), left.folder, left.env)
    assert run.returncode == 0
    assert [*map(alike, run.stdout.splitlines())] == [*map(alike, golden.splitlines())]


def test_a_tutorial_has_no_command_that_is_not_run() -> None:
    assert {page.stem for page in PAGES} >= {
        "exporter",
        "authority",
        "partner-verifier",
        "court",
        "phone",
        "developer",
    }
    for page in PAGES:
        assert elsewhere(page) == [START], page.name
        assert len(shown(page)) > 5, page.name


def test_a_demonstration_is_never_played_over_another(left: Served) -> None:
    again = begun(left.folder)
    said, errors = again.communicate(timeout=60)
    assert (again.returncode, said) == (2, "")
    assert "to start afresh, remove it (rm -r demo)" in errors
    assert errors.strip().endswith("(demo-exists)")


def test_a_folder_of_somebody_elses_is_refused(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "thesis.txt").write_text("years of work")
    refused = begun(tmp_path)
    _, errors = refused.communicate(timeout=60)
    assert refused.returncode == 2
    assert errors.strip().endswith("(demo-folder-taken)")
    assert [path.name for path in (tmp_path / "demo").iterdir()] == ["thesis.txt"]


def test_interrupted_it_leaves_no_process_and_says_one_line(tmp_path: Path) -> None:
    process = begun(tmp_path)
    read_until(process.stdout, "evidence commit")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 3
    assert errors.strip().splitlines() == [
        "error: interrupted; the nodes are stopped, demo stays as it is (interrupted)"
    ]
    assert not [code for code in NODES if is_listening(url_of(tmp_path / "demo" / f"node-{code}"))]


def test_a_setting_that_is_none_is_one_line_with_a_code(tmp_path: Path) -> None:
    process = begun(tmp_path, period="soon")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 3
    assert errors.strip() == "error: EVIDENCE_ANCHOR_PERIOD must be a whole number (settings-invalid)"
