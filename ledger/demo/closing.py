"""The end of the demonstration: whom to believe, verifying with the network off, a tampered copy, what to try next."""

import shlex
import shutil
import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from ledger.core.canonical import BUNDLE_LIMIT
from ledger.demo.commands import Evidence
from ledger.demo.crossing import Crossing
from ledger.demo.nodes import DemoNode
from ledger.demo.offline import isolation
from ledger.demo.records import tampered
from ledger.demo.screen import Screen
from ledger.services.files import read_bounded, replace

READABLE: Final = 0o644
_NOT_VERIFIED: Final = 1
_NOT_NOW: Final = 4


def show_verification(screen: Screen, evidence: Evidence, folder: Path, invoice: Path) -> None:
    """Verify both bundles and the private invoice with the network off, as far as this system allows."""
    kept = isolation()
    screen.step("Verification: nothing but the files" + (", with the network off" if kept.within else ""))
    screen.line(kept.told)
    trust = ("--trust", folder / "trust.json")
    transfer = folder / "transfer.evidence.json"
    screen.lines(evidence.run_apart("verify", transfer, *trust, within=kept.within))
    opened = ("--content", f"document={invoice}", "--openings", folder / "openings.json", "--require", "2")
    said = evidence.run_apart("verify", transfer, *trust, *opened, within=kept.within)
    screen.lines(_only(said, ("passed  2", "VERIFIED")))
    show_certificate(screen, evidence, folder / "certificate.evidence.json", within=kept.within)


def show_certificate(
    screen: Screen, evidence: Evidence, file: Path, *, within: tuple[str, ...], expect: int = 0
) -> None:
    """Verify evidence about the certificate where it is to be used: step 10, and what it comes to."""
    trust = ("--trust", file.parent / "trust.json")
    words = ("certificate", "verify", file, "--into", "XB", *trust)
    said = evidence.run_apart(*words, within=within, expect=expect)
    screen.lines(_only(said, ("certificate", "passed 10", "status", "VERIFIED")))


def show_withdrawn(screen: Screen, evidence: Evidence, file: Path) -> None:
    """Verify newer evidence about the certificate, which knows of its withdrawal."""
    show_certificate(screen, evidence, file, within=isolation().within, expect=_NOT_NOW)
    screen.line("what rested on it while it was good stays good; exit status 4 says that it is good no more")


def show_tampering(screen: Screen, evidence: Evidence, folder: Path) -> None:
    """Change one value of the record, and verify that."""
    screen.step("A copy in which somebody changed one value")
    bundle = read_bounded(folder / "transfer.evidence.json", limit=BUNDLE_LIMIT, what="bundle")
    changed, told = tampered(bundle)
    copy = folder / "tampered.evidence.json"
    replace(copy, changed, what="bundle", mode=READABLE)
    screen.line(f"{told}, in {copy}")
    said = evidence.run_apart("verify", copy, "--trust", folder / "trust.json", expect=_NOT_VERIFIED)
    screen.lines(_only(said, ("failed", "      ", "NOT VERIFIED")))


def show_split(
    screen: Screen, evidence: Evidence, folder: Path, crossing: Crossing, nodes: Sequence[DemoNode]
) -> None:
    """Two checkpoints of XA's log that contradict each other: find them, name who signed, have XB's chain keep it."""
    own, others = crossing.two_histories(nodes[0])
    trust = ("--trust", folder / "trust.json")
    fork = folder / "fork.json"
    screen.line(f"{own.name} is what everybody was shown, {others.name} what somebody was shown")
    evidence.run("fork", "find", own, others, *trust, "--out", fork)
    screen.lines(evidence.run_apart("verify", fork, *trust))
    told = crossing.contract_of(nodes[1])
    paid = ("--key", nodes[1].home / "keys" / "relay.json")
    words = ("--rpc", f"{nodes[1].url}/chain", "--contract", told, *paid)
    screen.lines(evidence.run("fork", "prove", fork, *trust, *words))
    crossing.await_disputed(nodes[1], nodes[0])
    screen.lines(evidence.run_apart("foreign", "list", "--node", nodes[1].url))
    screen.line("evidence exported before stays what it is; whoever asks XB's chain now is told")


def what_next(screen: Screen, folder: Path, nodes: Sequence[DemoNode], *, serve: bool) -> None:
    """Where the APIs are, what was left, what to try."""
    screen.line()
    screen.line(f"All shown in {screen.seconds:.0f} s. Left in {folder}:")
    screen.line("  transfer.evidence.json, certificate.evidence.json, trust.json: what a verifier is given")
    screen.line("  certificate-withdrawn.evidence.json: the certificate's evidence after its withdrawal")
    screen.line("  fork.json: the proof that XA's log showed two histories")
    screen.line("  exporter.key, openings.json: what the exporter keeps to itself")
    page = _page(folder)
    if page is not None:
        screen.line(
            "  verify.html: a verifier in one page; open it and drop transfer.evidence.json and trust.json on it"
        )
    screen.line("Try next:")
    program = _program()
    where = shlex.quote(str(folder))
    screen.line(f"  {program} verify {where}/transfer.evidence.json --trust {where}/trust.json")
    screen.line(f"  {program} bundle show {where}/transfer.evidence.json")
    if serve:
        for node in nodes:
            screen.line(
                f"{node.code}'s API listens at {node.url}, and describes itself at {node.url}/openapi.json"
            )
        screen.line(f"  curl {nodes[0].url}/v1/transfers?limit=1")
        screen.line("Ctrl-C stops the nodes.")
        return
    for node in nodes:
        screen.line(f"  {program} node serve --home {node.home}   # {node.code}'s API at {node.url}")
    screen.line("The nodes are stopped; the demonstration with --serve keeps them up.")


def _page(folder: Path) -> Path | None:
    """A copy of the page that verifies, beside what it is given; None where it was not built."""
    built = files("api") / "web" / "dist" / "verify.html"
    if not built.is_file():
        return None
    copy = folder / "verify.html"
    replace(copy, built.read_bytes(), what="page", mode=READABLE)
    return copy


def _program() -> str:
    """How `evidence` is typed here."""
    found = shutil.which("evidence")
    beside = Path(sys.executable).with_name("evidence")
    if found is not None and (not beside.exists() or Path(found).samefile(beside)):
        return "evidence"
    return str(beside.relative_to(Path.cwd())) if beside.is_relative_to(Path.cwd()) else str(beside)


def _only(said: str, beginnings: tuple[str, ...]) -> str:
    """The lines of a report that begin so."""
    return "\n".join(line for line in said.splitlines() if line.startswith(beginnings))
