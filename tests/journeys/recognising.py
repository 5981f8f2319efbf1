"""Two countries that recognise each other's certificates, set up and run by the commands alone."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.testing_nodes import RunningNode, serving
from tests.cli.running import Ran, done, evidence

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

    def draft(self, noun: str, name: str, *more: object, **values: object) -> Path:
        """A draft with the examples of its template, but for `values` by pointer with / for __."""
        (template,) = [
            one for one in done(noun, "new", "--list", "--json").json["templates"] if one["name"] == name
        ]
        asked: dict[str, Any] = {pointer: field["example"] for pointer, field in template["asks"].items()}
        for pointer in [
            one for one in asked if one.startswith(("/statusReference", "/conformityCertificate"))
        ]:
            if pointer.startswith("/statusReference"):
                del asked[pointer]
        asked |= {"/" + pointer.replace("__", "/"): value for pointer, value in values.items()}
        for pointer in [
            one for one in asked if one.endswith("/scheme") and one.removesuffix("scheme") + "did" in asked
        ]:
            party = pointer.removesuffix("/scheme")
            asked |= {pointer: "DID", f"{party}/id": asked[f"{party}/did"]}
        sets = [part for at, value in asked.items() for part in ("--set", f"{at}:={json.dumps(value)}")]
        path = self.folder / f"{name}-{len(list(self.folder.iterdir()))}.json"
        done(noun, "new", *more, *sets, "--out", path)
        return path

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


def name_authority(folder: Path, node: RunningNode, code: str, name: str, did: str, role: str) -> None:
    """Name an authority in a node's claim, by its request; the node starts again."""
    request = folder / f"{name}.request.json"
    done(
        "party", "request", "--party", did, "--jurisdiction", code, "--role", role,
        "--key", folder / f"{name}.key", "--out", request,
    )  # fmt: skip
    done("node", "authority", "add", request, "--home", node.home.path, "--role", role, "--yes")
    node.process.terminate()
    node.process.wait(timeout=30)
    node.restart()
