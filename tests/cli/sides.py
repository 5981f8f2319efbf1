"""Two nodes with an exporter and an importer, started once for all tests of this folder that ask for them."""

from dataclasses import dataclass
from pathlib import Path

from ledger.core.canonical import encode
from tests.cli.running import done
from tests.nodes import RunningNode, enrol


@dataclass(frozen=True, slots=True)
class Side:
    """A node, and the key file of the one party that is enrolled there."""

    node: RunningNode
    key: Path

    @property
    def url(self) -> str:
        return self.node.url

    def claim(self, folder: Path) -> tuple[Path, str]:
        """The node's own trust list in a file, and its fingerprint."""
        with self.node.client() as client:
            said = client.well_known()
        path = folder / f"{self.node.home.settings.jurisdiction}.claim.json"
        path.write_bytes(encode(said["claim"]))
        return path, said["fingerprint"]


def side(node: RunningNode, name: str, role: str, folder: Path) -> Side:
    """Enrol a party at a node."""
    return Side(node, enrol(node, name, role, folder)[1])


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
