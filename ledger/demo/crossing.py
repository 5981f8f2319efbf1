"""What three jurisdictions do for each other: witness, attest, and carry each other's checkpoints to their chains."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace as changed
from pathlib import Path
from typing import Any, Final

from ledger.core.checkpoint import Checkpoint, sign_checkpoint
from ledger.core.merkle import leaf_hash
from ledger.core.trust import parse_trust_list
from ledger.demo.commands import Evidence
from ledger.demo.nodes import DemoNode
from ledger.demo.screen import Screen
from ledger.errors import SetupError
from ledger.remote.node import NodeClient
from ledger.services.files import replace
from ledger.services.home.folder import open_home, save_settings
from ledger.verify.verifier import verify_bundle

PUBLISHER: Final = "did:web:reader.example.xb"
QUORUM: Final = 2
"""Organisations that must have cosigned, and attested."""
SECONDS: Final = 180
"""Longest time that others may take to vouch for something."""
_PAUSE: Final = 0.2
_EXPORT_PAUSE: Final = 1.0
_READABLE: Final = 0o644
_GOOD: Final = ("verified", "verified then, not now")
_REQUIRED: Final = "TransferRecord=1,3,4,5,6,7,8,9"


class Crossing:
    """Carries out what concerns more than one jurisdiction.

    Args:
        evidence: Runs the commands.
        folder: Where files go.
        nodes: All of them; the first two trade, and their chains are carried to each other.
    """

    def __init__(self, screen: Screen, evidence: Evidence, folder: Path, nodes: Sequence[DemoNode]) -> None:
        self._screen, self._evidence, self._folder, self._nodes = screen, evidence, folder, nodes
        self._trading = nodes[:2]

    def connect(self) -> None:
        """Partners, attesters and sources; the nodes serve before and after."""
        self._become_partners(shown=True)
        self._screen.line("likewise for the others; each partner's node now cosigns the others' logs")
        for node in self._trading:
            self._observe(node)
        for node in self._trading:
            others = [other for other in self._nodes if other is not node]
            words = [word for other in others for word in ("--partner", other.code)]
            told = ("--threshold", str(QUORUM), "--home", node.home)
            self._evidence.run("chain", "attesters", *words, *told, show=node is self._nodes[0])
            home = open_home(node.home)
            save_settings(home, changed(home.settings, quorum=QUORUM))
        self._start_again(self._nodes)
        self._become_partners(shown=False)
        self.publish(self._folder / "trust-1.json")
        for node in self._trading:
            other = next(one for one in self._trading if one is not node)
            shown = node is self._trading[1]
            self._evidence.run("foreign", "add-source", other.code, "--home", node.home, "--yes", show=shown)
        self._start_again(self._trading)

    def publish(self, out: Path, *, previous: Path | None = None, show: bool = False) -> None:
        """Compose a trust list from all nodes' claims, and have every node believe it.

        Args:
            out: Where the list goes.
            previous: The one that it succeeds.
            show: Whether the commands are shown.
        """
        claims: list[str | Path] = []
        for node in self._nodes:
            claim = self._folder / f"{node.code.lower()}.claim.json"
            claim.unlink(missing_ok=True)
            told = self._told("trust", "export", "--node", node.url, "--out", claim)
            if show:
                self._screen.line(f"claim of {told['publisher']}, sha256 fingerprint {told['fingerprint']}")
            claims += [claim, "--fingerprint", told["fingerprint"]]
        if show:
            self._screen.line(
                "a reader compares these by another way than the file: a call, a gazette, a treaty annex"
            )
        policy = self._folder / "witnesses.policy"
        policy.unlink(missing_ok=True)
        of_all = ("--own", "--home", self._trading[1].home, "--quorum", str(QUORUM), "--out", policy)
        self._evidence.run("witness", "policy", "export", *of_all, show=show)
        words: list[str | Path] = ["trust", "make", *claims, "--require", _REQUIRED]
        words += ["--witnesses", policy, "--quorum", str(QUORUM), "--finality", "attested"]
        words += [] if previous is None else ["--previous", previous]
        words += ["--publisher", PUBLISHER, "--key", self._folder / "publisher.key", "--out", out]
        self._evidence.run(*words, show=show)
        fingerprint = self._told("trust", "show", out)["fingerprint"]
        for node in self._nodes:
            pinned = ("--fingerprint", fingerprint, "--home", node.home)
            self._evidence.run("trust", "add", out, *pinned, show=False)

    def await_verified(self, statement: Path, trust: Path) -> None:
        """Wait until the evidence about a statement passes all that a trust list requires: until others did their part.

        Raises:
            SetupError: `demo-node-failed`: not in time; with the first step that is missing.
        """
        out = self._folder / "waiting.evidence.json"
        listed = parse_trust_list(trust.read_bytes())
        first, second = self._trading
        give_up = time.monotonic() + SECONDS
        while True:
            out.unlink(missing_ok=True)
            self._evidence.run(
                *("bundle", "export", statement, "--node", first.url, "--with", second.url),
                *("--wait", "--out", out),
                show=False,
            )
            report = verify_bundle(out.read_bytes(), listed, at=None, now=int(time.time()))
            if report.verdict in _GOOD:
                out.unlink()
                return
            waits = (one for one in report.checks if one.step in report.required and one.outcome != "passed")
            told = next((f": {one.detail}" for one in waits), "")
            if time.monotonic() > give_up:
                raise SetupError(
                    f"{statement.name} is not vouched for after {SECONDS} s{told}", code="demo-node-failed"
                )
            self._screen.moving(f"waiting for those who vouch{told}")
            time.sleep(_EXPORT_PAUSE)

    def contract_of(self, node: DemoNode) -> str:
        """The contract for foreign checkpoints on a node's chain."""
        with NodeClient(node.url) as client:
            (source, *_) = client.document("/v1/foreign")["items"]
        return str(source["contract"])

    def await_disputed(self, node: DemoNode, of: DemoNode) -> None:
        """Wait until a node has seen on its chain that the log of another showed two histories.

        Raises:
            SetupError: `demo-node-failed`: not in time.
        """
        give_up = time.monotonic() + SECONDS
        with NodeClient(node.url) as client:
            while not any(
                log["disputed"]
                for source in client.document("/v1/foreign")["items"]
                for log in source["logs"]
                if source["partner"] == of.code
            ):
                if time.monotonic() > give_up:
                    raise SetupError(f"{node.code} saw no dispute in {SECONDS} s", code="demo-node-failed")
                time.sleep(_PAUSE)

    def two_histories(self, node: DemoNode) -> tuple[Path, Path]:
        """The log's checkpoint, and one of another history, as an operator that shows two would sign it."""
        home = open_home(node.home)
        with NodeClient(node.url) as client:
            true = client.checkpoint()
        said = true.checkpoint
        other = Checkpoint(said.origin, said.size, leaf_hash(b"another history"))
        signed = sign_checkpoint(other, home.log_signer(), int(time.time()))
        files = self._folder / "checkpoint.note", self._folder / "checkpoint-for-others.note"
        for file, note in zip(files, (true.encoded, signed), strict=True):
            replace(file, note, what="checkpoint", mode=_READABLE)
        return files

    def _become_partners(self, *, shown: bool) -> None:
        for node in self._nodes:
            for other in self._nodes:
                if other is not node:
                    told = self._told("partner", "card", "--node", other.url)
                    words = (other.url, "--fingerprint", told["fingerprint"], "--home", node.home)
                    self._evidence.run("partner", "add", *words, show=shown)
                    shown = False

    def _observe(self, node: DemoNode) -> None:
        """Have the others look at a node's chain themselves; there is but one way to a development chain."""
        for other in self._nodes:
            if other is not node:
                self._evidence.run(
                    *("chain", "observe", node.code, "--rpc", f"{node.url}/chain", "--home", other.home),
                    show=False,
                )

    def _start_again(self, nodes: Sequence[DemoNode]) -> None:
        for node in nodes:
            node.stop()
        for node in nodes:
            node.serve()
        for node in nodes:
            self._screen.moving(f"waiting for the node of {node.code}")
            node.await_listening()

    def _told(self, *words: str | Path) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._evidence.run(*words, "--json", show=False))
        return found
