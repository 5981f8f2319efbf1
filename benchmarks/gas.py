"""Gas on anvil: our contracts at a million leaves, and those of peers on the same chain.

Peers are measured where their packages are installed: `EVIDENCE_PEERS` is a folder with the npm trees `chain`, `eas`
and `tr`, `EVIDENCE_PEER_GAS` the script that deploys them and tells one JSON object a line (`op`, `gas`, `per_unit`).
"""

import json
import os
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import pytest
from web3 import HTTPProvider, Web3
from web3.types import TxReceipt

from benchmarks.measure import Row
from benchmarks.tree import Levels
from ledger.core.evm import anchor, foreign, foreign_calls
from ledger.core.merkle import consistency_path, inclusion_path, leaf_hash, subtree_root
from ledger.core.secp256k1 import address_of, sign
from tests.contracts import chains
from tests.contracts.foreign import (
    GENESIS,
    ForeignDeployment,
    all_unhex,
    deploy_foreign,
    sealed_source,
    unhex,
)
from tests.contracts.foreign import rows as vectors
from tests.servers import anvil

LEAVES = 1_000_000
BATCH = 1_000
ANCHORS = 12
DEPTH = 20
SECONDS = 300
CODE_LIMIT = "60000"
"""Bytes: peers deploy code that a public chain would refuse."""
PEERS = {
    "EAS attest (32-byte data)": "EAS: one attestation of 32 bytes",
    "EAS multiAttest x100": "EAS: an attestation, 100 to a transaction",
    "EAS multiTimestamp x100": "EAS: a timestamp, 100 to a transaction",
    "TT DocumentStore.issue": "TradeTrust document store: one root issued",
    "TrustVC DocumentStore.issue(root)": "TrustVC document store: one root issued",
    "TrustVC multicall issue x100": "TrustVC document store: a document, 100 to a transaction",
    "TokenRegistry v5 mint": "TradeTrust token registry: one title minted",
}
"""Of what the peers' script does, what keeps or issues something, and how it is called here."""


class Log:
    """A log of a million records, and what an operator's head key and attesters say of it."""

    def __init__(self) -> None:
        leaves = [leaf_hash(sha256(number.to_bytes(8)).digest()) for number in range(LEAVES)]
        self.tree = Levels(leaves)
        self.key = chains.HeadKey(sha256(b"head key").digest(), "registry.example.xa/XA/2026")
        self.secrets = sorted((sha256(b"attester %d" % n).digest() for n in range(5)), key=address_of)

    def root(self, size: int) -> bytes:
        """Of its first `size` records."""
        return subtree_root(self.tree, 0, size)

    def sizes(self) -> list[int]:
        """Of heads that each have a batch more; the last one is of all leaves."""
        return list(range(LEAVES - ANCHORS * BATCH, LEAVES + 1, BATCH))

    def path(self, size: int) -> Sequence[bytes]:
        """From the head a batch before; the first one has none."""
        return [] if size == self.sizes()[0] else consistency_path(self.tree, size - BATCH, size)

    def source(self) -> foreign.Source:
        """The chain it is anchored on, as the other chain knows it: five attesters of as many organisations."""
        members = tuple(map(address_of, self.secrets))
        organisations = tuple(f"did:web:attester-{n}.example.xb" for n in range(5))
        return foreign.Source(
            31001, GENESIS, b"\xa1" * 20, bytes(32), foreign.ATTESTED, members, organisations, 4
        )

    def attested(self, source: foreign.Source, size: int) -> bytes:
        """Call data by which four of five attesters have a head accepted."""
        block = sha256(b"block").digest()
        claim = anchor.CheckpointClaim(
            source.chain_id, source.genesis, source.anchor, self.key.log_id, size, self.root(size), block,
            1204, 1_795_305_612, foreign.set_hash(source.members, source.organisations, source.threshold),
        )  # fmt: skip
        digest = anchor.checkpoint_digest(claim)
        return foreign_calls.encode_submit_attested(
            foreign.source_id(source), self.key.log_id, size, self.root(size), block_hash=block,
            block_number=claim.block_number, block_time=claim.block_time,
            signatures=[sign(secret, digest) for secret in self.secrets[:4]], consistency=self.path(size),
        )  # fmt: skip


def rows() -> list[Row]:
    """Our contracts' gas, whole transactions, and that of peers' on the same anvil."""
    try:
        with anvil("--code-size-limit", CODE_LIMIT, chain_id=31001) as server:
            web3, log = Web3(HTTPProvider(server.url)), Log()
            return [*_anchors(web3, log), *_foreign(deploy_foreign("anvil", web3), log), *_peers(server.url)]
    except pytest.skip.Exception as absent:
        return [Row("gas on anvil", "absent", "", None, str(absent))]


def _at_most(what: str, gas: Sequence[int], goal: int, detail: str) -> Row:
    return Row(what, f"{max(gas):,}", f"≤ {goal:,}", max(gas) <= goal, detail)


def _used(receipt: TxReceipt) -> int:
    if receipt["status"] != 1:
        raise SystemExit("a transaction that is measured was refused")
    return receipt["gasUsed"]


def _anchors(web3: Web3, log: Log) -> Iterator[Row]:
    deployed = chains.deploy("anvil", web3)
    offers = [log.key.offer(size, log.root(size), log.path(size)) for size in log.sizes()]
    first, *later = [_used(deployed.send(offer)) for offer in offers]
    hashes = sorted(len(offer.consistency) for offer in offers[1:])
    told = f"{len(later)} heads of a log of {LEAVES:,} records, {BATCH:,} more each"
    yield _at_most("gas of a log's first anchor", [first], 100_000, "anvil; a transfer takes 21,000")
    yield _at_most(
        "gas of an anchor with its consistency proof, the most",
        later,
        85_000,
        f"{told}; median {statistics.median(later):,.0f}; proofs of {hashes[0]} to {hashes[-1]} hashes",
    )
    middle = statistics.median(later)
    yield Row("gas a record, 1,000 to an anchor", f"{middle / BATCH:.0f}", "≤ 90", middle / BATCH <= 90, told)


def _foreign(deployed: ForeignDeployment, log: Log) -> Iterator[Row]:
    source = log.source()
    deployed.add(source)
    first, *later = [_used(deployed.send(log.attested(source, size))) for size in log.sizes()]
    yield _at_most(
        "gas of a checkpoint accepted of another chain, attested by four of five, the most",
        [first, *later],
        145_000,
        f"first {first:,}; then {len(later)} with their consistency proofs, median {statistics.median(later):,.0f}",
    )
    yield _sealed(deployed)
    index = LEAVES - 1 - 0x2AAAA
    entry = sha256(index.to_bytes(8)).digest()
    path = inclusion_path(log.tree, index, LEAVES)
    if len(path) != DEPTH:
        raise SystemExit(f"a path of {len(path)} hashes; {DEPTH} are measured")
    question = foreign_calls.encode_verify_inclusion(
        foreign.source_id(source), log.key.log_id, LEAVES, entry, index, path
    )
    verdict = foreign_calls.decode_verdict(deployed.ask(question))
    if verdict != (True, foreign.ATTESTED, False):
        raise SystemExit(f"the contract says {verdict} of a record that stands in the log")
    yield _at_most(
        "gas of `verifyInclusion`, as a transaction",
        [_used(deployed.send(question))],
        55_000,
        f"one of {LEAVES:,} records, a path of {DEPTH} hashes",
    )


def _sealed(deployed: ForeignDeployment) -> Row:
    row = next(row for row in vectors("state") if row["valid"])
    source = sealed_source(all_unhex(row["trusted"]), unhex(row["anchor"]), unhex(row["codeHash"]))
    account, storage = all_unhex(row["account"]), all_unhex(row["storage"])
    call = foreign_calls.encode_submit_sealed(
        deployed.add(source), unhex(row["logId"]), row["size"], header=unhex(row["header"]),
        account=account, storage=storage, consistency=[],
    )  # fmt: skip
    return _at_most(
        "gas of a checkpoint accepted of another chain, sealed by its four validators",
        [_used(deployed.send(call))],
        350_000,
        f"a header of {len(unhex(row['header']))} bytes, {len(account)} nodes of the account's trie and"
        f" {len(storage)} of the storage's; a log's first",
    )


def _peers(url: str) -> Iterator[Row]:
    folder, script = os.environ.get("EVIDENCE_PEERS"), os.environ.get("EVIDENCE_PEER_GAS")
    if not folder or not script:
        told = "`EVIDENCE_PEERS` and `EVIDENCE_PEER_GAS` name no installed packages and no script (benchmarks/gas.py)"
        yield Row("gas of peers' contracts, on the same anvil", "absent", "", None, told)
        return
    trees = {f"PEER_{name.upper()}": str(Path(folder) / name) for name in ("chain", "eas", "tr")}
    ended = subprocess.run(
        ["node", script, url], env={**os.environ, **trees}, capture_output=True, text=True,
        timeout=SECONDS, check=False,
    )  # fmt: skip
    if ended.returncode:
        raise SystemExit(f"the peers' script failed: {ended.stderr[-2000:]}")
    found = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
    versions = next((one for one in found if "op" not in one), {})
    by_name = {one["op"]: one for one in found if "op" in one}
    detail = ", ".join(f"{name} {version}" for name, version in versions.items())
    for name, what in PEERS.items():
        if name in by_name:
            yield Row(f"gas, {what}", f"{by_name[name]['per_unit']:,}", "", None, detail)
            detail = "the same anvil"
