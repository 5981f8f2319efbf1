"""Two nodes in this process of which XB's has XA as a partner, and may be lied to on the way."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ledger.core.checkpoint import SignedCheckpoint, parse_checkpoint
from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.core.trust import TrustList, parse_trust_list
from ledger.remote.concerning import Concerning, Named
from ledger.services.bundles.export import bundle_of
from ledger.services.exchange.pulling import Pulled, Puller
from ledger.services.keys.keyfile import HolderKey
from ledger.services.node.jurisdiction import require_entry
from ledger.services.trust.compose import Policy, compose
from ledger.services.trust.partners import Partner
from ledger.store.partners import Mirror
from tests.services.homes import publisher_key
from tests.services.sides import Side, Sides, holder, two_sides


@dataclass
class Answers:
    """XA's node as XB's asks it; a test changes what it says."""

    side: Side
    checkpoints: Callable[[SignedCheckpoint], SignedCheckpoint] = lambda one: one
    pages: Callable[[Concerning], Concerning] = lambda one: one
    bundles: Callable[[str, bytes], bytes] = lambda _, one: one
    asked: list[str] = field(default_factory=list)

    def checkpoint(self) -> SignedCheckpoint:
        latest = self.side.node.checkpoints.latest()
        assert latest is not None
        return self.checkpoints(parse_checkpoint(latest.note))

    def concerning(self, jurisdiction: str, *, after: int) -> Concerning:
        latest = self.side.node.checkpoints.latest()
        assert latest is not None
        page = self.side.node.concerns.page(jurisdiction, after=after, size=latest.size)
        items = tuple(Named(told.index, told.digest.hex()) for told in page.items)
        return self.pages(Concerning(items, page.after, page.more))

    def bundle(self, digest: str, *, allow_unanchored: bool = False) -> bytes:
        self.asked.append(digest)
        made = bundle_of(bytes.fromhex(digest), self.side.node.shelf, allow_unanchored=allow_unanchored)
        return self.bundles(digest, made)


@dataclass
class Exchange:
    sides: Sides
    entry: Statement
    partner: Partner
    trust: TrustList
    answers: Answers
    body: HolderKey
    mirror: Mirror
    begin: int = -1
    """Index of the last statement of XA's log that is of no interest any more."""

    def anew(self, folder: Path) -> "Exchange":
        """The same nodes, with an honest partner, an empty mirror, and all that was logged before looked through."""
        head = self.sides.xa.node.log.head.size - 1
        mirror = Mirror(folder / "mirror.sqlite")
        mirror.put("XA", [], cursor=(self.sides.xa.node.log.origin, head))
        return replace(self, answers=Answers(self.sides.xa), mirror=mirror, begin=head)

    def register(self, count: int = 1) -> list[Statement]:
        """So many certificates for XB, in XA's log."""
        made = [self.certificate("XB") for _ in range(count)]
        for one in made:
            self.sides.xa.register(one)
        return made

    def kept(self) -> dict[bytes, str]:
        """What XB's node keeps: type by digest."""
        logged = self.sides.xa.node.statements.every()
        found = [self.mirror.bundle(one.digest) for one in logged]
        return {one.subject: one.type for one in found if one is not None}

    def pull(self, **changes: Any) -> Pulled:
        """XB's node asks XA's."""
        members: dict[str, Any] = {
            "partner": self.partner,
            "source": self.answers,
            "mirror": self.mirror,
            "trust": self.trust,
            "jurisdiction": "XB",
            "clock": lambda: self.sides.clock.now,
        }
        return Puller(**{**members, **changes}).pull()

    def certificate(self, *destinations: str, key: HolderKey | None = None, **members: Any) -> Statement:
        """A certificate by XA's body for XA's exporter."""
        signer = key or self.body
        now = self.sides.clock.now
        party = {"scheme": "DID", "jurisdiction": "XA"}
        subject = {
            "certificateNumber": f"C-{now}-{os.urandom(3).hex()}",
            "body": {**party, "did": signer.holder, "id": signer.holder},
            "holder": {**party, "did": self.sides.exporter.holder, "id": self.sides.exporter.holder},
            "assessorLevel": "3rdParty",
            "assessmentLevel": "Accredited",
            "attestationType": "certification",
            "scheme": {
                "id": "https://scheme.example/pip",
                "version": "1",
                "family": "personalDataProtection",
                "standards": ["XA-1"],
            },
            "scope": {
                "activities": ["crossBorderProcessing"],
                "dataCategories": ["personal"],
                "scenarios": [{"scheme": "urn:evidence-ledger:scenario:v1", "code": "veh.after-sales"}],
                "destinations": list(destinations),
            },
            "validFrom": format_time(now),
            "validUntil": format_time(now + 86_400),
            **members,
        }
        return self.sides.sign(signer, "ConformityCertificate", subject)

    def change(self, target: bytes, change: str = "withdraw", key: HolderKey | None = None) -> Statement:
        """A change of a certificate's status, by its body."""
        subject: dict[str, Any] = {
            "statement": target.hex(),
            "change": change,
            "reason": "nonConformity",
            "effective": format_time(self.sides.clock.now),
        }
        return self.sides.sign(key or self.body, "StatusChange", subject)


@contextmanager
def exchanging(folder: Path) -> Iterator[Exchange]:
    with two_sides(folder) as sides:
        sides.xa.node.log_entry()
        body = holder("body", "XA")
        sides.xa.enrol(body, "body")
        sides.xa.anchor()
        entry = require_entry(sides.xa.node.statements, sides.xa.node.home.settings.registrar)
        own = sides.xb.node.claim
        assert own is not None
        trust = parse_trust_list(
            compose(
                [own], keys=[publisher_key()], policy=Policy(), now=sides.clock.now, entries=[entry.encoded]
            )
        )
        partner = sides.xb.node.partners.add(
            entry.encoded, fingerprint=entry.digest.hex(), node="http://127.0.0.1:9", now=sides.clock.now
        )
        yield Exchange(sides, entry, partner, trust, Answers(sides.xa), body, sides.xb.node.mirror)


def tampered(bundle: bytes) -> bytes:
    """A bundle with the certificate's number changed."""
    return bundle.replace(b'"certificateNumber":"C-', b'"certificateNumber":"D-')
