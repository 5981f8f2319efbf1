"""Good inputs of many kinds, of which the keys of all signers are known, so that changed parts can be signed again."""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from ledger.core.canonical import decode_checked
from ledger.core.receipt import Receipt, encode_receipt
from ledger.core.secp256k1 import address_of
from ledger.core.suites import PrivateKey, encode_multikey
from ledger.core.times import format_time
from ledger.statements.catalogue import example
from tests.blocks import hexed
from tests.differential.process import Case
from tests.foreign import held_abroad
from tests.simulator import DAY, NOW, START, Jurisdiction, World, key, make, seed, world
from tests.trees import tree_consistency, tree_path
from tests.verify import rules_vectors
from tests.verify import test_onward as onward
from tests.verify.attacking import QUORUM, WITNESSES, cosigned, rebuilt, witness
from tests.verify.bundles_vouched import chains, require, vouched
from tests.verify.mutual import ACCREDITOR, AUTHORITY_XA, AUTHORITY_XB, BODY, Mutual, identified, recognised
from tests.verify.ruled import MACHINE, MADE, SECOND, THIRD
from tests.verify.ruled import NOW as DECIDED
from tests.verify.rules_made import before_its_time, too_much
from tests.verify.test_authorities import ROLE_OF
from tests.verify.test_required_chains import on_two_chains, required
from tests.vouching import attested, sealed

VECTORS = Path(__file__).parents[1] / "vectors"
ALL = {"steps": [1, 3, 4, 5, 6, 7, 8, 9]}

SIGNERS: Mapping[str, PrivateKey] = {
    "did:web:registrar.example.xa#1": key("XA registrar"),
    "did:web:registrar.example.xb#1": key("XB registrar"),
    "did:web:exporter.example.xa#2026": key("exporter"),
    "did:web:importer.example.xb#2026": key("importer"),
    "did:web:third.example.xa#2026": key("third"),
    f"{BODY}#1": key("XA body"),
    f"{ACCREDITOR}#1": key("XA accreditor"),
    f"{AUTHORITY_XA}#1": key("XA authority"),
    f"{AUTHORITY_XB}#1": key("XB authority"),
    **{f"{did}#1": key(did) for did in (MACHINE, SECOND, THIRD)},
}
"""Whose key a verification method names in these worlds."""


@dataclass
class Good:
    """A good bundle, its trust list and who made it.

    Attributes:
        places: The jurisdictions by the origin of their log, as they stood when the bundle was made; none where parts
            of it cannot be made again by `tests.differential.resigning`.
    """

    name: str
    data: bytes
    trust: bytes
    asked: dict[str, Any] = field(default_factory=lambda: {"now": NOW})
    places: dict[str, Jurisdiction] = field(default_factory=dict)

    @property
    def case(self) -> Case:
        """As it is."""
        return Case(self.name, self.data, self.trust, self.asked)

    @property
    def document(self) -> Any:
        """The bundle decoded."""
        return decode_checked(self.data)


def _of_world(name: str, made: World, data: bytes | None = None, **trust: Any) -> Good:
    places = {place.origin: place for place in (made.xa, made.xb)}
    return Good(name, made.bundle() if data is None else data, made.trust(**trust).encoded, places=places)


def _transfer() -> Good:
    return _of_world("transfer", world())


def _with_all_kinds_of_parts() -> Good:
    """Disclosures, a revocation, a parent that was replaced, and a later section of XA's log."""
    made = world()
    early = len(made.xa.entries)
    first = made.xa.section([("parent", made.subject), ("enrolment", made.exporter_enrolment)], early)
    made.subject = made.xa.add(made.record("second", START + 30, supersedes=made.subject.digest.hex()))
    revoked = made.xa.add(made.xa.revoke(made.exporter, "#2026", START + 20 * DAY, created=START + 60))
    made.ack = made.xb.add(made.acknowledgement(made.subject, "reservation", START + 40))
    made.filler()
    items = [("subject", made.subject), ("keyRevocation", revoked)]
    sections = rebuilt(made, items)
    sections[0]["extends"] = [one.hex() for one in tree_consistency(early, made.xa.leaves)]
    listed = [witness(name, organisation)[0] for name, organisation in WITNESSES]
    lines = [("witness-c", START + 120), ("witness-d", START + 130)]
    data = made.bundle([cosigned(made, one, lines) for one in (first, *sections)])
    return _of_world("history", made, data, witnesses=listed, require=QUORUM)


def _witnessed() -> Good:
    made = world()
    lines = [("witness-c", START + 120), ("witness-d", START + 130), ("witness-c2", START + 115)]
    data = made.bundle([cosigned(made, section, lines) for section in made.sections()])
    listed = [witness(name, organisation)[0] for name, organisation in WITNESSES]
    return _of_world("witnessed", made, data, witnesses=listed, require=QUORUM)


def _attested() -> Good:
    made = world()
    data = made.bundle(vouched(made, attested))
    listed = chains(made, "attested", validators=[])
    found = _of_world("attested", made, data, chains=listed, require=require("attested"))
    return Good(found.name, found.data, found.trust)


def _sealed() -> Good:
    made = world()
    data = made.bundle(vouched(made, lambda _, part: sealed(part)))
    found = _of_world("sealed", made, data, chains=chains(made), require=require("sealed"))
    return Good(found.name, found.data, found.trust)


def _two_chains() -> Good:
    made = world()
    found = _of_world("two chains", made, made.bundle(on_two_chains(made)), **required(made, 2))
    return Good(found.name, found.data, found.trust)


def _abroad() -> Good:
    made = world()
    contract, sections = held_abroad(made)
    listed = {"foreign": [contract.trusted()]}
    found = _of_world("abroad", made, made.bundle(sections), **listed, require={"TransferRecord": ALL})
    return Good(found.name, found.data, found.trust)


def _moved_head() -> Good:
    made = world()
    size, root = len(made.xa.entries), made.xa.checkpoint().split(b"\n")[2]
    made.xa.head_name = "XA head 2"
    made.xa.anchor()
    made.filler()
    sections = rebuilt(made, [("subject", made.subject), ("enrolment", made.exporter_enrolment)])
    sections[0]["anchors"][0]["start"] = made.xa.start_proof(size)
    log = made.xa.trusted_log()
    start = {"size": size, "root": b64decode(root).hex(), "last": size - 1}
    log["headKeys"].append({"address": hexed(address_of(seed("XA head 2"))), "from": start})
    found = _of_world("head", made, made.bundle(sections), logs=[log, made.xb.trusted_log()])
    return Good(found.name, found.data, found.trust)


def _sent_on() -> Good:
    made = world()
    kept: list[Good] = []

    def judged(made: World, sections: list[dict[str, Any]]) -> Any:
        kept.append(_of_world("onward", made, made.bundle(sections)))
        raise _KeptError

    earlier = onward.received(made)
    with patch.object(onward, "judge", judged), suppress(_KeptError):
        onward.said(made, onward.sent_on(made, (earlier, "derivedFrom")), earlier)
    return kept[0]


class _KeptError(Exception):
    """The bundle was kept; its judgement is asked for elsewhere."""


def _measured() -> Good:
    """A record with the measure and the decision that it was made under, and a dataset's registration."""
    made = world()
    enrolment = made.xa.enrol(MACHINE, ["machine"], [("#1", key(MACHINE))])
    signers = {
        "PolicyMeasure": (AUTHORITY_XA, "XA authority"),
        "Decision": (MACHINE, MACHINE),
        "DatasetRegistration": ("did:web:registrar.example.xa", "XA registrar"),
    }
    said = [
        (
            ROLE_OF[kind],
            make(kind, example(kind)["credentialSubject"], did, "#1", key(name), START + 30, name=kind),
        )
        for kind, (did, name) in signers.items()
    ]
    items = [
        ("subject", made.subject),
        ("enrolment", made.exporter_enrolment),
        ("enrolment", enrolment),
        *said,
    ]
    for _, statement in items[2:]:
        made.xa.add(statement)
    dates = {"from": format_time(START - DAY), "until": format_time(START + 365 * DAY)}
    own = {"id": "#1", "publicKeyMultibase": encode_multikey(key("XA authority").public), **dates}
    authority = {"id": AUTHORITY_XA, "jurisdiction": "XA", "roles": ["authority"], "keys": [own]}
    believed = [made.xa.authority(), made.xb.authority(), authority]
    return _of_world("measured", made, made.bundle(rebuilt(made, items)), authorities=believed)


def _of_mutual(name: str, made: Mutual, about: str, **asked: Any) -> Good:
    data = made.bundle(about)
    places = {place.origin: place for place in (made.world.xa, made.world.xb)}
    return Good(name, data, made.trust().encoded, {"now": START + 2 * DAY, **asked}, places)


def _withdrawn() -> Good:
    made = recognised()
    subject = {
        "statement": made.said["certificate"][1].digest.hex(),
        "change": "withdraw",
        "reason": "resolved",
        "effective": "2026-11-23T00:00:00Z",
    }
    made.say("withdrawal", "StatusChange", BODY, subject, START + DAY)
    return _of_mutual("withdrawn", made, "certificate", into="XB")


DECISIONS = (
    "conditional",
    "mechanism-valid",
    "mechanism-valid-then-not-now",
    "both-directions",
    "joint",
    "measure-published-later",
    "decided-for-another-time-alike",
    "one-of-two",
    "decision-follows",
)
"""Rows of `tests.verify.rules_vectors` that are changed further."""


def _decided() -> Iterator[Good]:
    """Records that were decided about, and a decision."""
    for row in rules_vectors.ROWS:
        if row.name in DECISIONS:
            made = row.make()
            places = {place.origin: place for place in (made.world.xa, made.world.xb)}
            data, trust = made.bundle(row.about), made.trust().encoded
            yield Good(f"decided: {row.name}", data, trust, {"now": DECIDED}, places)


@cache
def goods() -> tuple[Good, ...]:
    """Each kind of good bundle once."""
    return (
        _transfer(),
        _witnessed(),
        _with_all_kinds_of_parts(),
        _attested(),
        _sealed(),
        _two_chains(),
        _abroad(),
        _moved_head(),
        _sent_on(),
        _of_mutual("certificate", recognised(), "certificate", into="XB"),
        _of_mutual("certificate at home", recognised(), "certificate"),
        _of_mutual("identity", identified(), "identity"),
        _withdrawn(),
        _measured(),
        *_decided(),
    )


def smaller() -> Iterator[Good]:
    """Receipts, bare statements and fork proofs."""
    made = world()
    trust = made.trust().encoded
    path = tuple(tree_path(made.xa.entries.index(made.subject.digest), made.xa.leaves))
    index = made.xa.entries.index(made.subject.digest)
    for extra in (made.subject.digest, None):
        data = encode_receipt(Receipt(index, path, made.xa.checkpoint(), extra))
        yield Good("receipt", data, trust)
    for statement in (made.subject, made.ack, made.exporter_enrolment):
        yield Good("statement", statement.encoded, trust)
    for _, statement in recognised().said.values():
        yield Good("statement", statement.encoded, trust)
    for _, statement in identified().said.values():
        yield Good("statement", statement.encoded, trust)
    listed = (VECTORS / "forks" / "trust.json").read_bytes()
    for name in ("same-size", "two-sizes", "one-witness-of-both", "two-head-keys"):
        yield Good("fork proof", (VECTORS / "forks" / f"{name}.fork.json").read_bytes(), listed)


def vectors() -> Iterator[Case]:
    """The files of tests/vectors under the trust lists beside them."""
    lists = [(VECTORS / name).read_bytes() for name in ("trust/v1.json", "trust/v2.json", "forks/trust.json")]
    folders = (
        "forks/*.fork.json",
        "statements/*.json",
        "log/*.tlog-proof",
        "openings/*.json",
        "trust/*.json",
    )
    for pattern in folders:
        for file in sorted(VECTORS.glob(pattern)):
            for trust in lists:
                yield Case(f"vector {file.name}", file.read_bytes(), trust, {"now": NOW})
    trust = (VECTORS / "decided" / "trust.json").read_bytes()
    for file in sorted(VECTORS.glob("decided/*.evidence.json")):
        yield Case(f"vector {file.name}", file.read_bytes(), trust, {"now": DECIDED})
    for since in (START, MADE + DAY):
        data = too_much(since).bundle("transfer")
        yield Case(f"too much to decide from {since} on", data, trust, {"now": DECIDED})
    for now in (MADE - 100, DECIDED):
        yield Case(f"before its time, at {now}", before_its_time().bundle("transfer"), trust, {"now": now})
