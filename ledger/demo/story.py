"""The steps of the demonstration, in order."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from ledger.core.canonical import encode
from ledger.core.statement import Statement, parse_statement
from ledger.demo import records
from ledger.demo.closing import (
    show_split,
    show_tampering,
    show_verification,
    show_withdrawn,
    what_next,
)
from ledger.demo.commands import Evidence, settle_environment
from ledger.demo.crossing import Crossing
from ledger.demo.folder import make_folder
from ledger.demo.nodes import FORKS, DemoNode, free_port
from ledger.demo.recognising import Recognising, scheme_of
from ledger.demo.records import BODY, EXPORTER, IMPORTER, Company
from ledger.demo.screen import Screen
from ledger.errors import SetupError
from ledger.remote.node import NodeClient
from ledger.remote.registration import Refused
from ledger.services.drafting.drafts import Document
from ledger.services.files import replace
from ledger.services.ids import RANDOM_SIZE
from ledger.services.keys.keyfile import read_holder_key

ROOT: Final = Path(__file__).resolve().parents[2]
CREDENTIAL: Final = Path("domain", "untp", "untp-dcc-instance.json")
"""Among outside vectors, which may be beside the repository."""
INVOICE: Final = ROOT / "examples" / "invoice.xml"
TRANSFERS: Final = 1_000
ACKNOWLEDGED: Final = 25
STEPS: Final = 16
CONDITION: Final = ("--condition", "The holder names a representative in XB")
WITHDRAWN: Final = "certificate-withdrawn.evidence.json"
WINDOW_SECONDS: Final = 6.0
"""What a few commands take at most, so that they fall between two anchors."""
_CODES: Final = ("XA", "XB", "XC")
_PORTS: Final = (8151, 8152, 8153)


def play(folder: Path, *, serve: bool) -> None:
    """Play the whole demonstration.

    Args:
        folder: Where everything is left.
        serve: Keep the nodes up afterwards, until Ctrl-C.

    Raises:
        LedgerError: A step did not end as it must.  The nodes are stopped in any case.
    """
    make_folder(folder)
    screen = Screen(STEPS)
    vectors = Path(os.environ.get("EVIDENCE_VECTORS", ROOT.parent / "shared" / "vectors"))
    settle_environment(folder / "pinned")
    FORKS.load()
    evidence = Evidence(screen)
    taken: list[int] = []
    for preferred in _PORTS:
        taken.append(free_port(preferred, taken))
    nodes = [DemoNode(code, folder, port) for code, port in zip(_CODES, taken, strict=True)]
    story = Story(folder, screen, evidence, nodes, vectors / CREDENTIAL)
    try:
        story.tell()
        what_next(screen, folder, nodes, serve=serve)
        if serve:
            _keep_serving(nodes)
    finally:
        for node in nodes:
            node.close()


def _keep_serving(nodes: Sequence[DemoNode]) -> None:
    with suppress(KeyboardInterrupt):
        while True:
            for node in nodes:
                if node.ended():
                    raise SetupError(f"the node of {node.code} ended", code="demo-node-failed")
            time.sleep(0.5)


class Story:
    """One demonstration, told step by step."""

    def __init__(
        self,
        folder: Path,
        screen: Screen,
        evidence: Evidence,
        nodes: Sequence[DemoNode],
        credential: Path,
    ) -> None:
        self._folder, self._screen, self._evidence = folder, screen, evidence
        self._nodes = nodes
        self._exporting, self._importing = nodes[:2]
        self._credential = credential
        self._crossing = Crossing(screen, evidence, folder, nodes)
        self._offices = Recognising(evidence, folder)

    def tell(self) -> None:
        """Every step."""
        self._three_nodes()
        self._draft()
        self._connect()
        self._enrol_and_register()
        self._acknowledge()
        certificate = self._certify(*self._agree())
        self._register_many(parse_statement(certificate.read_bytes()))
        self._publish()
        self._await_anchors()
        self._export()
        show_verification(self._screen, self._evidence, self._folder, _near(INVOICE))
        self._withdraw(certificate)
        show_tampering(self._screen, self._evidence, self._folder)
        self._newer()
        self._split()

    def _file(self, name: str) -> Path:
        return self._folder / name

    def _three_nodes(self) -> None:
        self._screen.step("Three jurisdictions, XA, XB and XC: each with its own keys, log and chain")
        for node in self._nodes:
            node.init(self._evidence)
            if node in (self._exporting, self._importing):
                self._offices.name_authority(node, "authority", "authority")
            if node is self._exporting:
                self._offices.name_authority(node, "accreditor", "accreditor")
            node.serve()

    def _draft(self) -> None:
        self._screen.step(
            "The companies make their keys; the exporter drafts a record and commits to an invoice"
        )
        for company in (EXPORTER, IMPORTER, BODY):
            self._ask_for_enrolment(company)
        told, private = records.invoice_settings(INVOICE)
        draft = self._file("invoice.json")
        self._evidence.run(
            *("transfer", "new", "--template", "e-invoice", "--key", self._file("exporter.key")),
            *("--jurisdiction", EXPORTER.code, "--identifier", f"LEI={EXPORTER.lei}"),
            *("--importer", IMPORTER.did, "--importer-jurisdiction", IMPORTER.code),
            *("--importer-identifier", f"LEI={IMPORTER.lei}"),
            *(word for setting in told for word in ("--set", setting)),
            *("--out", draft),
        )
        self._evidence.run(
            *("commit", f"document={_near(INVOICE)}", *private),
            *("--statement", draft, "--openings", self._file("openings.json")),
        )
        self._screen.line(
            "the invoice's file, number and total stay private: the record holds salted commitments"
        )
        for node in self._nodes:
            self._screen.moving(f"waiting for the node of {node.code}")
            node.await_listening()
        self._screen.line(", ".join(f"{node.code} answers at {node.url}" for node in self._nodes))

    def _connect(self) -> None:
        self._screen.step(
            "They become partners: each witnesses the others' logs, attests their chains, and carries checkpoints over"
        )
        self._crossing.connect()
        self._screen.line("from here on XA's chain is attested by XB and XC, and XB's chain by XA and XC;")
        self._screen.line("XB's chain takes XA's checkpoints with both signatures, and the other way round")

    def _publish(self) -> None:
        self._screen.step(
            "Whom to believe, and what to ask: a reader in XB composes a trust list from what the nodes claim"
        )
        first = self._file("trust-1.json")
        self._crossing.publish(self._file("trust.json"), previous=first, show=True)
        first.unlink()

    def _ask_for_enrolment(self, company: Company) -> None:
        self._evidence.run(
            *("party", "request", "--party", company.did, "--jurisdiction", company.code),
            *("--role", company.role, "--identifier", f"LEI={company.lei}"),
            *(
                "--key",
                self._file(f"{company.name}.key"),
                "--out",
                self._file(f"{company.name}.request.json"),
            ),
            show=company is EXPORTER,
        )

    def _enrol(self, company: Company, node: DemoNode) -> None:
        request = self._file(f"{company.name}.request.json")
        self._evidence.run("party", "enrol", request, "--home", node.home, "--yes")

    def _enrol_and_register(self) -> None:
        self._screen.step("XA's registrar enrols the exporter, whose record goes into XA's log")
        self._exporting.await_window(WINDOW_SECONDS)
        self._enrol(EXPORTER, self._exporting)
        signed = self._file("invoice.signed.json")
        key = self._file("exporter.key")
        self._evidence.run("transfer", "sign", self._file("invoice.json"), "--key", key, "--out", signed)
        self._screen.lines(self._evidence.run("transfer", "register", signed, "--node", self._exporting.url))

    def _acknowledge(self) -> None:
        self._screen.step("XB's registrar enrols the importer, who acknowledges the record in XB's log")
        self._importing.await_window(WINDOW_SECONDS)
        self._enrol(IMPORTER, self._importing)
        said = self._evidence.run(
            *("transfer", "acknowledge", self._file("invoice.signed.json"), "--outcome", "accepted"),
            *("--key", self._file("importer.key"), "--node", self._importing.url),
        )
        self._screen.lines(said)

    def _agree(self) -> tuple[Document, Path, Path]:
        """The draft of a certificate, the accreditation of its body, and the arrangement that it is recognised by."""
        self._screen.step(
            "XA's accreditor accredits a body; XA and XB agree to recognise what such bodies certify"
        )
        self._enrol(BODY, self._exporting)
        draft, made_from = records.certificate_draft(
            self._credential,
            now=int(time.time()),
            random=os.urandom(RANDOM_SIZE),
        )
        self._screen.line(f"the certificate will be made from {made_from}")
        scheme = scheme_of(draft)
        accreditation = self._offices.accredit(self._exporting, BODY, scheme)
        equivalent = {"a": scheme["standards"][0], "b": "XB-CE 100:2024", "direction": "both"}
        text = self._offices.agree(
            "arrangement",
            (self._exporting, self._importing),
            family=scheme["family"],
            equivalences=[equivalent],
        )
        self._offices.join("endorse", text, self._exporting, bodies=[BODY.did])
        self._offices.join("endorse", text, self._importing)
        return draft, accreditation, text

    def _certify(self, draft: Document, accreditation: Path, text: Path) -> Path:
        self._screen.step(
            "The body certifies the exporter, and XB recognises the certificate, on a condition"
        )
        file = self._file("certificate.json")
        self._write(file.name, encode(draft, what="draft"))
        certificate = self._offices.certify(file, BODY, self._exporting, accreditation)
        self._offices.recognise(certificate, text, self._importing, "--effect", "conditional", *CONDITION)
        return certificate

    def _register_many(self, certificate: Statement) -> None:
        self._screen.step(f"{TRANSFERS:,} more transfer records, streamed as NDJSON")
        drafts, scenarios = records.transfer_drafts(
            TRANSFERS, certificate=certificate.digest.hex(), now=int(time.time()), random=os.urandom
        )
        self._write("records.ndjson", _lines([encode(draft, what="draft") for draft in drafts]))
        self._screen.line(f"scenarios: {', '.join(scenarios)}")
        self._screen.line(
            f"{records.TO_IMPORTER} of them to XB, the others to countries that have no node here"
        )
        signed = self._file("records.signed.ndjson")
        key = self._file("exporter.key")
        self._evidence.run("transfer", "sign", self._file("records.ndjson"), "--key", key, "--out", signed)
        statements = [parse_statement(line) for line in signed.read_bytes().splitlines()]
        self._stream(self._exporting, statements, "registered in XA")
        given = records.acknowledgements(
            statements[:ACKNOWLEDGED],
            read_holder_key(self._file("importer.key")),
            now=int(time.time()),
            random=os.urandom,
        )
        self._stream(self._importing, given, "acknowledged in XB")

    def _stream(self, node: DemoNode, statements: list[Statement], done: str) -> None:
        """Register statements by the API, and say how fast that went."""
        began, count = time.monotonic(), 0
        with NodeClient(node.url) as client:
            for outcome in client.register_all((one.encoded for one in statements), batch=250):
                if isinstance(outcome, Refused):
                    raise SetupError(
                        f"the node of {node.code} refused a record: {outcome.error}", code="demo-step-failed"
                    )
                count += 1
                if count % 50 == 0:
                    self._screen.moving(f"{count:,} of {len(statements):,}")
        rate = count / max(time.monotonic() - began, 1e-9)
        self._screen.line(
            f"{count:,} records {done}, {rate:,.0f} a second, each answered with its place in the log"
        )

    def _await_anchors(self) -> None:
        self._screen.step("Each node anchors its log by a contract on its own chain")
        for node in (self._exporting, self._importing):
            size = node.size()
            node.await_anchored(size, self._screen.moving)
            self._screen.line(f"{node.code}: {size:,} entries anchored on {node.chain()}")

    def _export(self) -> None:
        self._screen.step("One file of evidence for each matter, with sections of both logs")
        self._crossing.await_verified(self._file("invoice.signed.json"), self._file("trust.json"))
        said = self._evidence.run(
            *("bundle", "export", self._file("invoice.signed.json"), "--node", self._exporting.url),
            *("--with", self._importing.url, "--out", self._file("transfer.evidence.json")),
        )
        self._screen.lines(said)
        self._export_certificate("certificate.evidence.json")

    def _withdraw(self, certificate: Path) -> None:
        self._screen.step("The body withdraws the certificate")
        said = self._offices.change(
            *("withdraw", certificate, BODY, self._exporting, "--reason", "nonConformity"),
            *("--with", self._importing.url, "--yes"),
        )
        self._screen.lines(said)

    def _newer(self) -> None:
        self._screen.step(
            "Whoever asks now gets newer evidence: the certificate was good then, and is not now"
        )
        self._export_certificate(WITHDRAWN)
        show_withdrawn(self._screen, self._evidence, self._file(WITHDRAWN))

    def _split(self) -> None:
        self._screen.step("XA's operator shows somebody another history; XB's chain keeps the proof for ever")
        show_split(self._screen, self._evidence, self._folder, self._crossing, self._nodes)

    def _export_certificate(self, name: str) -> None:
        self._crossing.await_verified(self._file("certificate.signed.json"), self._file("trust.json"))
        said = self._evidence.run(
            *("bundle", "export", self._file("certificate.signed.json"), "--node", self._exporting.url),
            *("--with", self._importing.url, "--wait", "--out", self._file(name)),
        )
        self._screen.lines(said)

    def _write(self, name: str, data: bytes) -> None:
        replace(self._file(name), data, what="draft", mode=0o644)


def _lines(documents: list[bytes]) -> bytes:
    return b"".join(document + b"\n" for document in documents)


def _near(path: Path) -> Path:
    """A path as one would type it here."""
    with suppress(ValueError):
        return path.relative_to(Path.cwd())
    return path
