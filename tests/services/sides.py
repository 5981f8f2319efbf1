"""Two whole nodes in this process, each with its embedded chain, and a list composed of both claims."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ledger.authorities import Authority, AuthorityKey
from ledger.core.statement import Statement, sign_statement, unsigned
from ledger.core.suites import EDDSA, RANDOM_SIZE
from ledger.core.times import format_time
from ledger.core.trust import TrustList, parse_trust_list
from ledger.services.bundles.export import bundle_of
from ledger.services.bundles.joining import join
from ledger.services.drafting.enrol import enrolment_of
from ledger.services.ids import RANDOM_SIZE as ID_SIZE
from ledger.services.ids import statement_id
from ledger.services.keys.keyfile import HolderKey, make_holder_key
from ledger.services.node.assembly import Node, open_node
from ledger.services.registration.register import register
from ledger.services.trust.compose import Policy, compose
from ledger.statements.request import make
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle
from tests.services.homes import DAY, NOW, home, publisher_key

Clock = SimpleNamespace


@dataclass
class Side:
    """A node, and the parties enrolled there."""

    node: Node
    clock: Clock
    keys: dict[str, HolderKey] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return self.node.home.settings.jurisdiction

    def register(self, statement: Statement) -> bytes:
        self.clock.now += 1
        parties, sequencer = self.node.parties, self.node.sequencer
        return register(statement.encoded, parties=parties, sequencer=sequencer, now=self.clock.now).digest

    def enrol(self, key: HolderKey, *roles: str, days: int = 365, also: tuple[HolderKey, ...] = ()) -> bytes:
        dates = {"from": format_time(self.clock.now), "until": format_time(self.clock.now + days * DAY)}
        subject: dict[str, Any] = {
            "party": key.holder,
            "jurisdiction": self.code,
            "identifiers": [],
            "roles": list(roles),
            "keys": [{"id": one.id, "publicKeyMultibase": one.multikey, **dates} for one in (key, *also)],
        }
        request = make(subject, {one.id: one.private for one in (key, *also)}, created=self.clock.now)
        registrar = self.node.home.keys.registrar
        return self.register(enrolment_of(request, registrar, jurisdiction=self.code, now=self.clock.now))

    def anchor(self) -> int:
        """Anchor what is registered; the size."""
        assert self.node.anchorer is not None
        for _ in range(2):
            self.clock.now += 10
            self.node.anchorer.tick(lambda: self.clock.now)
        held = self.node.anchors.latest_anchored(self.node.chain_name)
        assert held is not None
        assert held.row.size == self.node.log.head.size
        return held.row.size

    def bundle(self, digest: bytes, **options: Any) -> bytes:
        return bundle_of(digest, self.node.shelf, **options)


@dataclass
class Sides:
    xa: Side
    xb: Side
    clock: Clock
    trust: TrustList
    exporter: HolderKey
    importer: HolderKey

    def sign(self, key: HolderKey, kind: str, subject: dict[str, Any]) -> Statement:
        now = self.clock.now
        name = statement_id(now, os.urandom(ID_SIZE))
        document = unsigned(kind=kind, identifier=name, issuer=key.holder, subject=subject, valid_from=now)
        return sign_statement(document, key.private, key.verification_method, now)

    def record(
        self, *, key: HolderKey | None = None, importer: str | None = None, **members: Any
    ) -> Statement:
        signer = key or self.exporter
        receiver = importer or self.importer.holder
        subject = {
            "exporter": {"did": signer.holder, "id": signer.holder, "jurisdiction": "XA", "scheme": "DID"},
            "importer": {"did": receiver, "id": receiver, "jurisdiction": "XB", "scheme": "DID"},
            "flow": "outbound",
            "payload": {"commitment": os.urandom(32).hex(), "mediaType": "text/plain"},
        }
        return self.sign(signer, "TransferRecord", {**subject, **members})

    def acknowledge(
        self, record: bytes, outcome: str = "accepted", key: HolderKey | None = None
    ) -> Statement:
        subject = {"record": record.hex(), "outcome": outcome, "at": format_time(self.clock.now)}
        return self.sign(key or self.importer, "TransferAcknowledgement", subject)

    def joined(self, record: bytes) -> bytes:
        """Acknowledge a record in XB's log, anchor, and join both sides' bundles."""
        given = self.xb.register(self.acknowledge(record))
        self.xb.anchor()
        return join(self.xa.bundle(record), self.xb.bundle(given))

    def verify(self, bundle: bytes) -> Report:
        return verify_bundle(bundle, self.trust, at=None, now=self.clock.now, content=None, require=())


def holder(name: str, code: str, key_id: str = "#2026") -> HolderKey:
    return make_holder_key(f"did:web:{name}.example.{code.lower()}", key_id, EDDSA, os.urandom(RANDOM_SIZE))


def named(key: HolderKey, *roles: str, also: Sequence[HolderKey] = ()) -> Authority:
    """An authority of a node's settings, from a day before the tests' time to a long time after."""
    own = [AuthorityKey(one.id, one.multikey, NOW - DAY, NOW + 4000 * DAY) for one in (key, *also)]
    return Authority(key.holder, tuple(sorted(roles)), tuple(own))


@contextmanager
def two_sides(folder: Path, authorities: Mapping[str, Sequence[Authority]] | None = None) -> Iterator[Sides]:
    """Two nodes; the claim of each names `authorities` of its jurisdiction."""
    clock = Clock(now=NOW + 100)
    with ExitStack() as stack:
        nodes = []
        for code in ("XA", "XB"):
            made_home = home(folder, code)
            own = tuple((authorities or {}).get(code, ()))
            made_home = replace(made_home, settings=replace(made_home.settings, authorities=own))
            nodes.append(stack.enter_context(open_node(made_home, clock=lambda: clock.now)))
        xa, xb = (Side(node, clock) for node in nodes)
        claims = [node.claim for node in nodes if node.claim is not None]
        trust = parse_trust_list(compose(claims, keys=[publisher_key()], policy=Policy(), now=clock.now))
        made = Sides(xa, xb, clock, trust, holder("exporter", "XA"), holder("importer", "XB"))
        xa.enrol(made.exporter, "exporter")
        xb.enrol(made.importer, "importer")
        xa.anchor()
        xb.anchor()
        yield made
