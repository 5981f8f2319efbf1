"""A party's key gives way to another while both sign as fast as they can: nothing acknowledged is lost or doubtful."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from ledger.core.canonical import decode
from ledger.core.checkpoint import parse_checkpoint
from ledger.core.merkle import leaf_hash, verify_inclusion
from ledger.core.note import parse_vkey
from ledger.core.receipt import parse_receipt
from ledger.core.times import format_time
from ledger.core.trust import TrustList, parse_trust_list
from ledger.core.trust.values import WitnessKey
from ledger.services.keys.keyfile import HolderKey
from ledger.services.trust.compose import Policy, compose
from ledger.verify.bundle import encode_bundle
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle
from tests.api.served import EXPORTER, NDJSON, Served, holder, serving
from tests.services.homes import publisher_key
from tests.simulator import World
from tests.verify.attacking import cosigned, witness

LINES = 12
SAMPLE = 8
WITNESSES = ("witness-c", "witness-d")


@dataclass
class Signer:
    """Registers records with one key until it is told to stop: one by one, and by streams."""

    served: Served
    key: HolderKey
    stop: threading.Event = field(default_factory=threading.Event)
    accepted: dict[bytes, int] = field(default_factory=dict)
    """Index of each record that was acknowledged, by digest."""
    refused: list[str] = field(default_factory=list)
    created: dict[bytes, int] = field(default_factory=dict)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        for target in (self._singly, self._by_streams):
            thread = threading.Thread(target=target, name="signer")
            thread.start()
            self._threads.append(thread)

    def end(self) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join(60)

    def _singly(self) -> None:
        while not self.stop.is_set():
            self._register(1)

    def _by_streams(self) -> None:
        while not self.stop.is_set():
            self._register(LINES)

    def _register(self, count: int) -> None:
        records = [self.served.record(f"ROTATED-{self.key.id[1:]}", key=self.key) for _ in range(count)]
        self.created |= {one.digest: one.created for one in records}
        if count == 1:
            answer = self.served.post("/v1/transfers", records[0].encoded)
            told = [{"status": answer.status_code, **answer.json()}]
        else:
            answer = self.served.post("/v1/statements", b"\n".join(one.encoded for one in records), NDJSON)
            told = [json.loads(line) for line in answer.text.splitlines()]
        for record, line in zip(records, told, strict=True):
            if line["status"] in (200, 201):
                assert line["digest"] == record.digest.hex()
                self.accepted[record.digest] = line["index"]
            else:
                self.refused.append(str(line.get("problem", line)["type"]))


@dataclass
class Rotated:
    """What came of it: both signers, and when the old key was revoked."""

    served: Served
    old: Signer
    new: Signer
    revoked: int
    before: dict[bytes, int]
    """What the old key had registered a second before that."""


@pytest.fixture(scope="module")
def rotated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rotated]:
    with serving(tmp_path_factory.mktemp("rotation")) as served:
        old, new = Signer(served, served.exporter), Signer(served, holder(EXPORTER, "#2027"))
        try:
            old.start()
            time.sleep(0.5)
            served.enrol(new.key, "exporter")
            new.start()
            time.sleep(0.5)
            before = dict(old.accepted)
            time.sleep(1.1)
            revoked = int(time.time())
            subject = {
                "party": EXPORTER,
                "key": old.key.id,
                "at": format_time(revoked),
                "reason": "superseded",
            }
            revocation = served.sign("KeyRevocation", subject, served.home.keys.registrar)
            answer = served.post("/v1/statements", revocation.encoded)
            assert answer.status_code == 201, answer.text
            time.sleep(1.2)
        finally:
            old.end()
            new.end()
        yield Rotated(served, old, new, revoked, before)


def test_all_that_was_acknowledged_stands_where_it_was_said(rotated: Rotated) -> None:
    accepted = {**rotated.old.accepted, **rotated.new.accepted}
    assert len(rotated.old.accepted) > LINES < len(rotated.new.accepted)
    assert len(set(accepted.values())) == len(accepted)
    statements = rotated.served.node.statements
    for digest, index in accepted.items():
        assert statements.index_of(digest) == index


def test_the_new_key_lost_nothing(rotated: Rotated) -> None:
    assert rotated.new.refused == []
    assert rotated.new.accepted.keys() == rotated.new.created.keys()


def test_the_old_key_registers_nothing_once_its_revocation_is_acknowledged(rotated: Rotated) -> None:
    assert set(rotated.old.refused) == {"/problems/key-revoked"}
    late = [one for one in rotated.old.accepted if rotated.old.created[one] > rotated.revoked + 1]
    assert late == []


def test_every_receipt_shows_its_record_in_the_log(rotated: Rotated) -> None:
    for digest in (*rotated.old.accepted, *rotated.new.accepted):
        answer = rotated.served.get(f"/v1/statements/{digest.hex()}/receipt")
        receipt = parse_receipt(answer.content)
        stated = parse_checkpoint(receipt.checkpoint).checkpoint
        verify_inclusion(leaf_hash(digest), receipt.index, stated.size, receipt.path, stated.root)


def trust_of(served: Served) -> TrustList:
    """The node's claim, with two witnesses."""
    assert served.node.claim is not None
    listed = [witness(name, f"did:web:org-{name[-1]}.example")[0] for name in WITNESSES]
    keys = [WitnessKey(parse_vkey(one["vkey"]), one["organisation"]) for one in listed]
    require = {"TransferRecord": {"steps": [1, 3, 4, 5], "quorum": 2}}
    policy = Policy(witnesses=keys, require=require)
    return parse_trust_list(
        compose([served.node.claim], keys=[publisher_key()], policy=policy, now=int(time.time()))
    )


def verified(rotated: Rotated, digest: bytes, trust: TrustList, time_: int) -> Report:
    """A record's bundle, of which two witnesses saw every checkpoint at a time."""
    data = rotated.served.get(f"/v1/statements/{digest.hex()}/bundle?allowUnanchored=true").content
    document = decode(data, limit=1 << 24, what="bundle")
    sections = [
        cosigned(World(), section, [(name, time_) for name in WITNESSES])
        for section in document["sections"]  # type: ignore[index,call-overload]
    ]

    return verify_bundle(encode_bundle(digest, sections), trust, now=int(time.time()))


def test_what_either_key_signed_verifies_where_it_was_witnessed_in_time(rotated: Rotated) -> None:
    trust = trust_of(rotated.served)
    for digest in list(rotated.before)[-SAMPLE:]:
        report = verified(rotated, digest, trust, rotated.revoked - 1)
        assert report.verdict == "verified", report.checks
        late = verified(rotated, digest, trust, rotated.revoked + 1)
        assert (late.verdict, late.step(3).code) == ("not verified", "key-revoked")
    for digest in list(rotated.new.accepted)[-SAMPLE:]:
        assert verified(rotated, digest, trust, rotated.revoked + 1).verdict == "verified"
