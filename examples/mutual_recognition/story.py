"""The life of one certificate between XA, XB and XC: every step a command, every stage saved as evidence bundles."""

import json
import os
import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ledger.core.canonical import Json, encode
from ledger.core.statement import parse_statement
from ledger.core.times import format_time
from ledger.demo.commands import Evidence, settle_environment
from ledger.demo.folder import make_folder
from ledger.demo.nodes import FORKS, DemoNode, free_port
from ledger.demo.recognising import DAY, Recognising
from ledger.demo.records import BODY, EXPORTER, IMPORTER
from ledger.demo.screen import Screen

STEPS: Final = 10
STANDARD: Final = "ISO/IEC 27701:2025"
SCHEME: Final = {
    "id": "urn:example:scheme:cross-border-personal-data",
    "version": "2.0",
    "family": "personalDataProtection",
}
SCENARIO: Final[Json] = {"scheme": "urn:evidence-ledger:scenario:v1", "code": "veh.after-sales"}
LIMIT: Final = 50_000
"""Persons to whose data XB's recognition extends; the certificate covers twice as many."""
ACTIVITY: Final = "After-sales service of vehicles"
NOT_NOW: Final = 4
NUMBER: Final = "PIP-2026-0042"
PERIOD: Final = "2"
"""Seconds between anchors, unless the environment says otherwise: each stage is saved when all of it is anchored."""
PUBLISHER: Final = "did:web:reader.example.xb"
MOMENTS: Final = "moments.json"
COMMANDS: Final = "commands.txt"


class Told(Screen):
    """Says the steps alone; the commands go into a file, as they could be typed."""

    def __init__(self, steps: int, commands: Path) -> None:
        super().__init__(steps)
        self._commands = commands

    def command(self, arguments: Sequence[str]) -> None:
        """Write a command down."""
        with self._commands.open("a", encoding="utf-8") as file:
            file.write(f"evidence {shlex.join(arguments)}\n")


def tell(folder: Path) -> None:
    """Play it into a new folder: keys, nodes' homes, bundles, `trust.json`, the moments and the commands.

    Raises:
        LedgerError: A step did not end as it must.  The nodes are stopped in any case.
    """
    make_folder(folder)
    screen = Told(STEPS, folder / COMMANDS)
    settle_environment(folder / "pinned")
    FORKS.load()
    os.environ.setdefault("EVIDENCE_ANCHOR_PERIOD", PERIOD)
    taken: list[int] = []
    for preferred in (8161, 8162, 8163):
        taken.append(_port(preferred, taken))
    nodes = [DemoNode(code, folder, port) for code, port in zip(("XA", "XB", "XC"), taken, strict=True)]
    try:
        Story(folder, screen, nodes[0], nodes[1], nodes[2]).tell()
    finally:
        for node in nodes:
            node.close()
    screen.line(f"played in {screen.seconds:.0f} s; the commands stand in {folder / COMMANDS}")


def _port(preferred: int, taken: Sequence[int]) -> int:
    """A free port that is none of those taken."""
    found = free_port(preferred)
    return found if found not in taken else _port(0, taken)


class Story:
    """One certificate's life, told step by step."""

    def __init__(self, folder: Path, screen: Told, xa: DemoNode, xb: DemoNode, xc: DemoNode) -> None:
        self._folder, self._screen = folder, screen
        self._xa, self._xb, self._xc = xa, xb, xc
        self._evidence = Evidence(screen)
        self._do = Recognising(self._evidence, folder)
        self._moments: dict[str, str] = {}

    def tell(self) -> None:
        """Every step."""
        self._countries()
        text = self._arrangement()
        certificate = self._certificate()
        self._recognised(certificate, text)
        by_mou = self._memorandum(certificate)
        self._suspended(certificate)
        self._reinstated(certificate)
        self._acceded(certificate, text, by_mou)
        self._denounced(certificate, text)
        self._withdrawn(certificate)

    def _countries(self) -> None:
        self._screen.step(
            "Three countries, each with its own keys, log and chain; a reader who believes all three"
        )
        for node in (self._xa, self._xb, self._xc):
            node.init(self._evidence)
            self._do.name_authority(node, "authority", "authority")
            if node is self._xa:
                self._do.name_authority(node, "accreditor", "accreditor")
            node.serve()
        for node in (self._xa, self._xb, self._xc):
            self._screen.moving(f"waiting for the node of {node.code}")
            node.await_listening()
        self._do.trust((self._xa, self._xb, self._xc), PUBLISHER, self._file("trust.json"))
        self._partners()
        for company, node in ((BODY, self._xa), (EXPORTER, self._xa), (IMPORTER, self._xb)):
            self._do.enrol(company, node)

    def _partners(self) -> None:
        """XB's node takes up XA's as a partner, and believes the reader's list."""
        trust = self._file("trust.json")
        shown = json.loads(self._evidence.run("trust", "show", trust, "--json", show=False))
        card = json.loads(self._evidence.run("partner", "card", "--node", self._xa.url, "--json", show=False))
        home = ("--home", self._xb.home)
        self._evidence.run("trust", "add", trust, "--fingerprint", shown["fingerprint"], *home)
        self._evidence.run("partner", "add", self._xa.url, "--fingerprint", card["fingerprint"], *home)

    def _arrangement(self) -> Path:
        self._screen.step("XA's accreditor accredits a body; XA and XB agree, and both endorse")
        self._accreditation = self._do.accredit(self._xa, BODY, SCHEME)
        text = self._do.agree(
            "arrangement",
            (self._xa, self._xb),
            family=SCHEME["family"],
            equivalences=[
                {
                    "a": STANDARD,
                    "b": "XB-DP 100:2024",
                    "direction": "both",
                    "gaps": ["XB-DP 100 asks for a representative in XB"],
                }
            ],
            kind="mra",
            accession=True,
        )
        self._do.join("endorse", text, self._xa, bodies=[BODY.did])
        self._do.join("endorse", text, self._xb)
        return text

    def _certificate(self) -> Path:
        self._screen.step("The body certifies a company of XA, for transfers to XB and XC")
        now = int(time.time())
        draft = self._file("certificate.json")
        commitment = "c7bb826818f42cb3c5d2d73c2b852355be66eac61d2c10fb9774ab985ea1f5b5"
        self._evidence.run(
            *("certificate", "new", "--key", self._file("body.key"), "--jurisdiction", "XA"),
            *("--identifier", f"LEI={BODY.lei}", "--holder", EXPORTER.did, "--holder-jurisdiction", "XA"),
            *("--holder-identifier", f"LEI={EXPORTER.lei}", "--set", f"certificateNumber={NUMBER}"),
            *("--set", f"scheme.id={SCHEME['id']}", "--set", f"scheme.version={SCHEME['version']}"),
            *("--set", f"scheme.standards.0={STANDARD}", "--set", f"scope.activities.0={ACTIVITY}"),
            *("--set", 'scope.destinations:=["XB","XC"]', "--set", f"scope.limits.persons:={2 * LIMIT}"),
            *("--set", f"conformityCertificate.commitment={commitment}"),
            *("--set", f"validFrom={format_time(now)}"),
            *("--set", f"validUntil={format_time(now + 1000 * DAY)}", "--out", draft),
        )
        signed = self._do.certify(draft, BODY, self._xa, self._accreditation)
        self._moment("certified")
        self._save("certified", signed, self._xb)
        return signed

    def _recognised(self, certificate: Path, text: Path) -> None:
        self._screen.step(
            f"XB recognises it for {LIMIT:,} persons; two transfers rest on it, one of them too large"
        )
        scope = self._file("scope-xb.json")
        part: dict[str, Json] = {
            "activities": [ACTIVITY],
            "dataCategories": ["nonPersonal", "personal"],
            "scenarios": [SCENARIO],
            "destinations": ["XB"],
            "limits": {"persons": LIMIT},
        }
        scope.write_bytes(encode(part, what="scope"))
        self._do.recognise(certificate, text, self._xb, "--effect", "partial", "--scope", scope)
        self._moment("recognised")
        self._save("recognised", certificate, self._xb)
        self._transfer("transfer", certificate, persons=1_200)
        self._transfer("large-transfer", certificate, persons=80_000)

    def _memorandum(self, certificate: Path) -> Path:
        self._screen.step("XC tries with a memorandum of understanding alone")
        mou = self._do.agree(
            "memorandum",
            (self._xa, self._xc),
            family=SCHEME["family"],
            equivalences=[{"a": STANDARD, "b": "XC-PD 7:2025", "direction": "both"}],
            kind="mou",
            binding=False,
        )
        self._do.join("endorse", mou, self._xa, bodies=[BODY.did])
        self._do.join("endorse", mou, self._xc)
        given = self._do.recognise(certificate, mou, self._xc)
        self._moment("understood")
        self._save("understood", certificate, self._xc)
        return given

    def _suspended(self, certificate: Path) -> None:
        self._screen.step(
            "The body suspends it; XB's node sees that with the next list; a transfer is made nonetheless"
        )
        until = format_time(int(time.time()) + 30 * DAY)
        said = self._do.change(
            *("suspend", certificate, BODY, self._xa, "--reason", "surveillanceOverdue", "--until", until),
            *("--with", self._xb.url, "--with", self._xc.url, "--yes"),
        )
        self._screen.line(said.splitlines()[0])
        self._moment("suspended")
        self._transfer("late-transfer", certificate, persons=1_200)
        self._save("suspended", certificate, self._xb)
        self._evidence.run("partner", "sync", "--home", self._xb.home)
        self._evidence.run_apart(
            *("certificate", "verify", NUMBER, "--into", "XB", "--node", self._xb.url, "--wait"),
            *("--trust", self._file("trust.json"), "--out", self._file("pulled-xb.evidence.json")),
            expect=NOT_NOW,
        )

    def _reinstated(self, certificate: Path) -> None:
        self._screen.step("It is reinstated")
        self._do.change("reinstate", certificate, BODY, self._xa, "--reason", "resolved")
        self._moment("reinstated")
        self._save("reinstated", certificate, self._xb)

    def _acceded(self, certificate: Path, text: Path, before: Path) -> None:
        self._screen.step("XC accedes to the arrangement, and recognises under it, on a condition")
        self._do.join("accede", text, self._xc)
        self._do.recognise(
            *(certificate, text, self._xc, "--effect", "conditional"),
            *("--condition", "The holder names a representative in XC", "--supersedes", before),
        )
        self._moment("acceded")
        self._save("acceded", certificate, self._xc)

    def _denounced(self, certificate: Path, text: Path) -> None:
        self._screen.step("XA denounces the arrangement toward XC; with XB it stays in force")
        self._do.join("denounce", text, self._xa, toward="XC")
        self._moment("denounced")
        self._save("denounced", certificate, self._xb)
        self._save("denounced", certificate, self._xc)

    def _withdrawn(self, certificate: Path) -> None:
        self._screen.step("The body withdraws it, for good; the transfers are exported")
        said = self._do.change("withdraw", certificate, BODY, self._xa, "--reason", "nonConformity", "--yes")
        self._screen.line(said.splitlines()[0])
        self._moment("withdrawn")
        self._save("withdrawn", certificate, self._xb)
        for name in ("transfer", "large-transfer", "late-transfer"):
            self._save(name, self._file(f"{name}.signed.json"), self._xb)

    def _transfer(self, name: str, certificate: Path, *, persons: int) -> None:
        """A transfer by the certified exporter to the importer in XB, who acknowledges it."""
        digest = parse_statement(certificate.read_bytes()).digest.hex()
        draft, signed, data = (self._file(f"{name}.{end}") for end in ("json", "signed.json", "csv"))
        data.write_text(f"vehicle,claims\n{name},1\n", encoding="utf-8")
        key, mechanism = self._file("exporter.key"), {"type": "certification", "certificate": digest}
        self._evidence.run(
            *("transfer", "new", "--template", "vehicle-after-sales", "--key", key, "--jurisdiction", "XA"),
            *(
                "--identifier",
                f"LEI={EXPORTER.lei}",
                "--importer",
                IMPORTER.did,
                "--importer-jurisdiction",
                "XB",
            ),
            *("--importer-identifier", f"LEI={IMPORTER.lei}", "--set", f"mechanism:={json.dumps(mechanism)}"),
            *("--set", f"lines.0.persons.count:={persons}", "--set", f"lines.0.persons.ytdCount:={persons}"),
            *(
                "--set",
                "retentionUntil=2031-12-31",
                "--set",
                "dataLocation.0=XB",
                "--set",
                f"reference={name}",
            ),
            *("--out", draft),
        )
        self._evidence.run("commit", f"payload={data}", "--statement", draft, show=False)
        self._evidence.run("transfer", "sign", draft, "--key", key, "--out", signed)
        self._evidence.run("transfer", "register", signed, "--node", self._xa.url)
        self._evidence.run(
            *(
                "transfer",
                "acknowledge",
                signed,
                "--outcome",
                "accepted",
                "--key",
                self._file("importer.key"),
            ),
            *("--node", self._xb.url),
        )

    def _save(self, stage: str, statement: Path, other: DemoNode) -> None:
        """Keep what the nodes of XA and of another country hold about a statement, all of it anchored."""
        about = "certificate" if statement.name.startswith("certificate") else "transfer"
        name = f"{stage}-{other.code.lower()}" if about == "certificate" else stage
        self._screen.moving(f"waiting for the anchors of {name}")
        out = self._file(f"{name}.evidence.json")
        self._evidence.run(
            *(
                "bundle",
                "export",
                statement,
                "--node",
                self._xa.url,
                "--with",
                other.url,
                "--wait",
                "--out",
                out,
            )
        )
        self._screen.line(f"saved {out.name}, {out.stat().st_size:,} bytes")

    def _moment(self, name: str) -> None:
        """Name the present second, in which nothing is said any more, and wait until the next one begins."""
        time.sleep(1.02 - time.time() % 1)
        now = int(time.time())
        self._moments[name] = format_time(now)
        self._file(MOMENTS).write_bytes(encode(dict(self._moments), what="moments"))
        time.sleep(1.02 - time.time() % 1)

    def _file(self, name: str) -> Path:
        return self._folder / name
