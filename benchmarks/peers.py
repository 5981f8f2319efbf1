"""Beside others that sign and verify such records: TrustVC, the Ethereum Attestation Service and Blockcerts.

All take the same thousand records.  They are no dependencies of anything here: `EVIDENCE_PEERS` names a folder with the
npm trees `trustvc` (@trustvc/trustvc, dotenv), `eas-sdk` (@ethereum-attestation-service/eas-sdk) and `blockcerts`
(@blockcerts/cert-verifier-js).  Each runs in a Node process of its own, by a script in `benchmarks/drivers`, cut off
from the network where the system lets a process do that (`unshare -rn`); what is compared is CPU time, which counts the
threads of either runtime.
"""

import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.admission import judge_with, records
from benchmarks.measure import Row, microseconds
from benchmarks.store import opened
from ledger.core.checkpoint import Checkpoint, sign_checkpoint
from ledger.core.merkle import leaf_hash, verify_inclusion
from ledger.core.receipt import encode_receipt, parse_receipt
from ledger.core.statement import Statement
from ledger.core.suites import EDDSA, RANDOM_SIZE, generate
from ledger.services.registration.receipts import receipt_of
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.log import Log
from ledger.store.rows import NewStatement
from ledger.store.statements import Statements
from ledger.verify.notes import open_note
from ledger.verify.single import verify_receipt_file
from tests.simulator import NOW, World

VARIABLE: Final = "EVIDENCE_PEERS"
RECORDS: Final = 1_000
TURNS: Final = 3
SECONDS: Final = 600
REGISTER_GOAL: Final = 10.0
VERIFY_GOAL: Final = 5.0
_CUT_OFF: Final = ("unshare", "-rn")
_DRIVERS: Final = Path(__file__).parent / "drivers"


class Peer(NamedTuple):
    """Another program.

    Attributes:
        name: What it is called.
        tree: Its folder in that of all peers.
        driver: Our script that has it work.
        verifies: What it does to verify a record, in words.
        signs: What it does to sign one, where that is compared.
    """

    name: str
    tree: str
    driver: str
    verifies: str
    signs: str = ""


TRUSTVC: Final = Peer(
    "TrustVC",
    "trustvc",
    "trustvc.mjs",
    "a credential derived by ecdsa-sd-2023, all of its subject disclosed, under a key and contexts in memory",
    "its ecdsa-sd-2023 signature, and nothing that keeps or proves it",
)
PEERS: Final = (
    Peer(
        "Blockcerts",
        "blockcerts",
        "blockcerts.mjs",
        "a certificate of a batch of 1,000 on its mock chain: no transaction is looked up, the issuer's profile is in"
        " memory, and it has no signature",
    ),
    TRUSTVC,
    Peer(
        "the Ethereum Attestation Service",
        "eas-sdk",
        "eas.cjs",
        "the EIP-712 signature of an off-chain attestation, and neither schema nor log",
    ),
)


def rows() -> list[Row]:
    """What registering and verifying costs, against what it costs others."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        key = generate(EDDSA, bytes(range(RANDOM_SIZE)))
        made = list(islice(records(key), RECORDS))
        judged = judge_with(key)
        file = folder / "records.json"
        file.write_text(json.dumps([_plain(one) for one in made]))
        missing = {peer.name: reason for peer in PEERS if (reason := _absent(peer))}
        turns: list[dict[str, Mapping[str, float]]] = []
        told: dict[str, str] = {}
        for turn in range(TURNS):
            costs: dict[str, Mapping[str, float]] = {"ours": _ours(folder / f"{turn}.sqlite", made, judged)}
            for peer in PEERS:
                if peer.name not in missing:
                    told[peer.name], costs[peer.name] = _theirs(peer, file)
            turns.append(costs)
    measured = Measured(turns, missing, told)
    registering = Side(
        "signing a record, registering it and proving it, against signing it with {}: times as fast",
        "whole",
        "sign",
        f"signed by the exporter, {microseconds(measured.middle('ours', 'sign'))} of it, judged, appended durably with"
        " 999 others under one signed checkpoint, and a receipt made and verified",
        REGISTER_GOAL,
    )
    verifying = Side(
        "verifying a record, against {}: times as fast",
        "verify",
        "verify",
        "the exporter's signature and the fields under a known key, and the receipt's path under a checkpoint of them"
        " all, whose three signatures are verified once",
        VERIFY_GOAL,
    )
    return [_row(TRUSTVC, registering, measured), *(_row(peer, verifying, measured) for peer in PEERS)]


class Side(NamedTuple):
    """What is compared: which of our steps with which of theirs, and what ours does, in words."""

    what: str
    ours: str
    theirs: str
    does: str
    goal: float


def _row(peer: Peer, side: Side, measured: "Measured") -> Row:
    what, goal = side.what.format(peer.name), f"≥ {side.goal:g} times"
    ours = f"{microseconds(measured.middle('ours', side.ours))}: {side.does}"
    if reason := measured.missing.get(peer.name):
        return Row(what, "absent", goal, None, f"not measured: {reason}.  Ours, {ours}")
    ratio = measured.ratio(peer.name, side.theirs, side.ours)
    does = peer.signs if side.theirs == "sign" else peer.verifies
    theirs = f"{measured.told[peer.name]} {microseconds(measured.middle(peer.name, side.theirs))}: {does}"
    whole = ""
    if side.theirs == "verify":
        whole = (
            f".  Ours with the checkpoint verified anew for each record, as `evidence verify` does of a receipt:"
            f" {measured.ratio(peer.name, 'verify', 'alone'):.1f} times"
        )
    alone = "the others cut off from the network" if cut_off() else "the others asked to call nobody"
    detail = f"the same {RECORDS:,} records, CPU time each, {alone}; ours {ours}; {theirs}{whole}"
    return Row(what, f"{ratio:.1f} times", goal, ratio >= side.goal, detail)


class Measured(NamedTuple):
    """CPU seconds a record, by turn, program and step; why some were not measured; and the versions of the rest."""

    turns: Sequence[Mapping[str, Mapping[str, float]]]
    missing: Mapping[str, str]
    told: Mapping[str, str]

    def middle(self, name: str, step: str) -> float:
        """The median of a step."""
        return statistics.median(turn[name][step] for turn in self.turns)

    def ratio(self, name: str, theirs: str, ours: str) -> float:
        """How many times a step of theirs costs one of ours, the median over the turns."""
        return statistics.median(turn[name][theirs] / turn["ours"][ours] for turn in self.turns)


def _plain(record: Statement) -> Mapping[str, object]:
    document = json.loads(record.encoded)
    return {
        "id": document["id"],
        "validFrom": document["validFrom"],
        "subject": document["credentialSubject"],
    }


def _absent(peer: Peer) -> str | None:
    """Why a peer cannot be measured; None where it can."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        return f"`{VARIABLE}` names no folder (benchmarks/peers.py)"
    if not (Path(folder) / peer.tree / "node_modules").is_dir():
        return f"the folder that `{VARIABLE}` names has no `{peer.tree}` (benchmarks/peers.py)"
    return None if shutil.which("node") else "there is no `node`"


@cache
def cut_off() -> tuple[str, ...]:
    """What begins a command that is to have no network, not even loopback; nothing where that cannot be had."""
    if shutil.which(_CUT_OFF[0]) is None:
        return ()
    tried = subprocess.run([*_CUT_OFF, "true"], capture_output=True, check=False)
    return () if tried.returncode else _CUT_OFF


def _theirs(peer: Peer, file: Path) -> tuple[str, dict[str, float]]:
    """What it is called with its version, and CPU seconds a record by step."""
    tree = Path(os.environ[VARIABLE]) / peer.tree
    command = [*cut_off(), "node", str(_DRIVERS / peer.driver), str(tree), str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    if ended.returncode:
        raise SystemExit(f"{peer.name} failed: {ended.stderr[-2000:]}")
    found = json.loads(ended.stdout.splitlines()[-1])
    return found.pop("package"), found


def _ours(
    file: Path, made: Sequence[Statement], judged: Callable[[Sequence[bytes]], list[NewStatement]]
) -> dict[str, float]:
    """CPU seconds a record by step."""
    world = World()
    documents = [one.encoded for one in made]
    key = generate(EDDSA, bytes(range(RANDOM_SIZE)))
    signing = _cpu(lambda: list(islice(records(key), RECORDS)))
    with opened(file) as log:
        receipts: list[bytes] = []
        registering = _cpu(lambda: receipts.extend(_registered(log, world, judged(documents))))
    trust = world.trust()

    def verify() -> None:
        log_keys = trust.log(world.xa.origin)
        if log_keys is None:
            raise SystemExit("the trust list lacks the log")
        shared = parse_receipt(receipts[0]).checkpoint
        note = open_note(shared, world.xa.origin, log_keys)
        for document, encoded in zip(documents, receipts, strict=True):
            (row,), receipt = judged([document]), parse_receipt(encoded)
            if receipt.checkpoint != shared:
                raise SystemExit("a receipt is under another checkpoint")
            verify_inclusion(leaf_hash(row.digest), receipt.index, note.size, receipt.path, note.root)

    def alone() -> None:
        for document, receipt in zip(documents, receipts, strict=True):
            judged([document])
            report = verify_receipt_file(receipt, trust, statement=document, now=NOW)
            if report.verdict != "verified":
                raise SystemExit(f"a receipt is {report.verdict}: {report.missing}")

    return {
        "sign": signing / RECORDS,
        "whole": (signing + registering) / RECORDS,
        "verify": _cpu(verify) / RECORDS,
        "alone": _cpu(alone) / RECORDS,
    }


def _registered(log: Log, world: World, fresh: Sequence[NewStatement]) -> Iterator[bytes]:
    """The receipts of statements that are appended, under a checkpoint of them all."""
    checkpoints, statements = Checkpoints(log.database), Statements(log.database)
    log.append(fresh)
    note = sign_checkpoint(Checkpoint(log.origin, log.head.size, log.head.root), world.xa.signer, NOW)
    checkpoints.store(StoredCheckpoint(log.head.size, note, NOW))
    for one in fresh:
        yield encode_receipt(receipt_of(one.digest, log=log, statements=statements, checkpoints=checkpoints))


def _cpu(run: Callable[[], object]) -> float:
    begun = time.process_time()
    run()
    return time.process_time() - begun
