"""What accreditors, bodies and authorities do with the command, one verb a method: for whoever plays them.

Parties are invented; `did:web:accreditor.example.xa` accredits in XA, `did:web:authority.example.xb` recognises in XB.
"""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ledger.core.times import format_time
from ledger.demo.commands import Evidence
from ledger.demo.nodes import DemoNode
from ledger.demo.records import Company
from ledger.services.drafting.drafts import Document

DAY: Final = 86_400
ACCREDITATION_DAYS: Final = 1_500
LONGEST_DAYS: Final = 3_660
"""That a certificate under the accredited schemes may be valid."""


def did(name: str, code: str) -> str:
    """The decentralised identifier of an invented office of a country."""
    return f"did:web:{name}.example.{code.lower()}"


class Recognising:
    """Carries out the verbs; keys, drafts and signed statements lie in one folder.

    Args:
        evidence: Runs the commands.
        folder: Where the files are.
        show: Whether those commands are shown that only set the scene.
    """

    def __init__(self, evidence: Evidence, folder: Path, *, show: bool = True) -> None:
        self._evidence, self._folder, self._show = evidence, folder, show

    def file(self, name: str) -> Path:
        """A file of the folder."""
        return self._folder / name

    def name_authority(self, node: DemoNode, name: str, role: str) -> None:
        """Name an office in a node's claim, with a key made for it; before the node is started."""
        where = f"{name}-{node.code.lower()}"
        request = self.file(f"{where}.request.json")
        self._evidence.run(
            *("party", "request", "--party", did(name, node.code), "--jurisdiction", node.code),
            *("--role", role, "--key", self.file(f"{where}.key"), "--out", request),
            show=False,
        )
        self._evidence.run(
            *("node", "authority", "add", request, "--home", node.home, "--role", role, "--yes"),
            show=self._show,
        )

    def enrol(self, company: Company, node: DemoNode) -> None:
        """Make a company's key, and let the registrar enrol it."""
        request = self.file(f"{company.name}.request.json")
        self._evidence.run(
            *("party", "request", "--party", company.did, "--jurisdiction", company.code),
            *("--role", company.role, "--identifier", f"LEI={company.lei}"),
            *("--key", self.file(f"{company.name}.key"), "--out", request),
            show=False,
        )
        self._evidence.run("party", "enrol", request, "--home", node.home, "--yes", show=self._show)

    def accredit(self, node: DemoNode, body: Company, scheme: Mapping[str, Any]) -> Path:
        """The accreditor lets the body certify under a scheme; the signed accreditation.

        Args:
            node: Of the accreditor's country.
            body: Who may certify.
            scheme: As a certificate names it: `id`, `version`, `family`.
        """
        now = int(time.time())
        key = self.file(f"accreditor-{node.code.lower()}.key")
        draft, signed = self.file("accreditation.json"), self.file("accreditation.signed.json")
        self._evidence.run(
            *("accreditation", "new", "--key", key, "--jurisdiction", node.code, "--body", body.did),
            *("--body-jurisdiction", body.code, "--body-identifier", f"LEI={body.lei}"),
            *("--set", f"number={node.code}C-2026-007", "--set", f"schemes.0.id={scheme['id']}"),
            *("--set", f"schemes.0.versions.0={scheme['version']}"),
            *("--set", f"schemes.0.family={scheme['family']}"),
            *("--set", f"schemes.0.maximumDays:={LONGEST_DAYS}", "--set", f"validFrom={format_time(now)}"),
            *("--set", f"validUntil={format_time(now + ACCREDITATION_DAYS * DAY)}", "--out", draft),
            show=self._show,
        )
        self._issue("accreditation", draft, key, node, signed)
        return signed

    def agree(
        self,
        name: str,
        sides: tuple[DemoNode, DemoNode],
        *,
        family: str,
        equivalences: Sequence[Mapping[str, Any]],
        **more: object,
    ) -> Path:
        """Two authorities agree on a text, signed and registered on the first one's side; nobody endorsed it yet.

        Args:
            name: Of its files.
            sides: The two countries' nodes.
            family: Of the certificates that it is about.
            equivalences: Of standards.
            more: Further members of the text.
        """
        first, second = sides
        now = format_time(int(time.time()))
        key = self.file(f"authority-{first.code.lower()}.key")
        draft, signed = self.file(f"{name}.json"), self.file(f"{name}.signed.json")
        members: dict[str, object] = {
            "scope.families": [family],
            "equivalences": equivalences,
            "accreditors": [
                {"jurisdiction": node.code, "accreditor": did("accreditor", node.code)} for node in sides
            ],
            **more,
        }
        self._evidence.run(
            *("arrangement", "new", "--key", key, "--jurisdiction", first.code, "--other", second.code),
            *("--other-authority", did("authority", second.code), "--from", now),
            *("--set", f"name={name.capitalize()} on certificates between {first.code} and {second.code}"),
            *(word for at, value in members.items() for word in ("--set", f"{at}:={json.dumps(value)}")),
            *("--out", draft),
            show=self._show,
        )
        self._evidence.run("arrangement", "sign", draft, "--key", key, "--out", signed, show=self._show)
        self._evidence.run("arrangement", "register", signed, "--node", first.url, show=self._show)
        return signed

    def join(
        self, verb: str, text: Path, node: DemoNode, *, bodies: Sequence[str] = (), toward: str | None = None
    ) -> None:
        """A country says `endorse`, `accede` or `denounce` to a text, in its own log."""
        self._evidence.run(
            *("arrangement", verb, text, "--key", self.file(f"authority-{node.code.lower()}.key")),
            *("--node", node.url),
            *(word for body in bodies for word in ("--designate", body)),
            *(() if toward is None else ("--toward", toward, "--yes")),
        )

    def certify(self, draft: Path, body: Company, node: DemoNode, accreditation: Path) -> Path:
        """The body issues a certificate from its draft; the signed certificate."""
        signed = self.file("certificate.signed.json")
        key = self.file(f"{body.name}.key")
        self._issue("certificate", draft, key, node, signed, "--accreditation", accreditation)
        return signed

    def recognise(self, certificate: Path, text: Path, node: DemoNode, *more: str | Path) -> Path:
        """An authority recognises a certificate under a text; the signed recognition."""
        code = node.code.lower()
        signed = self.file(f"{text.name.split('.')[0]}-recognition-{code}.signed.json")
        self._evidence.run(
            *("recognition", "grant", certificate, "--arrangement", text, *more),
            *("--key", self.file(f"authority-{code}.key"), "--node", node.url, "--out", signed),
        )
        return signed

    def change(self, verb: str, certificate: Path, body: Company, node: DemoNode, *more: str) -> str:
        """The body suspends, reinstates or withdraws its certificate; what the command says."""
        return self._evidence.run(
            *("certificate", verb, certificate, "--key", self.file(f"{body.name}.key"), "--node", node.url),
            *more,
        )

    def trust(self, nodes: Sequence[DemoNode], publisher: str, out: Path) -> None:
        """Compose a trust list from what the nodes claim, each claim's fingerprint compared."""
        words: list[str | Path] = ["trust", "make"]
        for node in nodes:
            claim = self.file(f"{node.code.lower()}.claim.json")
            said = self._evidence.run(
                "trust", "export", "--node", node.url, "--out", claim, "--json", show=False
            )
            words += [claim, "--fingerprint", json.loads(said)["fingerprint"]]
        words += ["--publisher", publisher, "--key", self.file("publisher.key"), "--out", out]
        self._evidence.run(*words, show=self._show)

    def _issue(
        self, noun: str, draft: Path, key: Path, node: DemoNode, signed: Path, *more: str | Path
    ) -> None:
        self._evidence.run(noun, "issue", draft, *more, "--key", key, "--node", node.url, "--out", signed)


def scheme_of(draft: Document) -> dict[str, Any]:
    """The scheme that the draft of a certificate names."""
    found: dict[str, Any] = draft["credentialSubject"]["scheme"]
    return found
