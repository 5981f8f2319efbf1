"""Two countries that recognise each other's certificates, set up and run by the commands alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.testing_nodes import RunningNode, serving
from tests.cli.drafting import filled
from tests.cli.running import Ran, done, evidence
from tests.cli.sides import name_authority

AUTHORITIES = {"XA": "did:web:authority.example.xa", "XB": "did:web:authority.example.xb"}


@dataclass
class Countries:
    """XA with a body and an accreditor, XB with its authority; `trust` names both, and both authorities."""

    folder: Path
    xa: RunningNode
    xb: RunningNode
    trust: Path

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def draft(self, noun: str, template: str, *more: object, **values: object) -> Path:
        """A draft in a file of its own; see `filled`."""
        path = self.folder / f"{template}-{len(list(self.folder.iterdir()))}.json"
        return filled(path, noun, template, *more, **values)

    def verify(self, name: object, *more: object) -> Ran:
        return evidence("certificate", "verify", name, "--trust", self.trust, "--json", *more)


@contextmanager
def countries(folder: Path) -> Iterator[Countries]:
    with serving(folder, "XA") as xa, serving(folder, "XB") as xb:
        for node, code in ((xa, "XA"), (xb, "XB")):
            name_authority(folder, node, code, f"authority-{code.lower()}", AUTHORITIES[code], "authority")
        xa.enrol("body", "body", folder=folder)
        xa.enrol("accreditor", "accreditor", folder=folder)
        trust = folder / "trust.json"
        told = [done("trust", "show", node.claim_path, "--json").json for node in (xa, xb)]
        done(
            "trust", "make", xa.claim_path, xb.claim_path, "--publisher", "did:web:trust.example.xb",
            "--key", folder / "publisher.key", "--out", trust,
            *(part for one in told for part in ("--fingerprint", one["fingerprint"])),
        )  # fmt: skip
        yield Countries(folder, xa, xb, trust)
