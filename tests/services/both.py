"""A certificate of XA that XB recognises, and what each side's node pulled from the other."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.core.statement import Statement
from ledger.services.exchange.pulling import Puller
from ledger.services.node.jurisdiction import require_entry
from ledger.services.recognition.answer import recognition_of
from ledger.services.trust.partners import Partner
from ledger.store.partners import Mirror
from ledger.verify.report import Report
from tests.services.exchange.exchanging import Answers
from tests.services.recognising import ACCREDITOR_LIST, AUTHORITY_LIST, BODY_LIST, Recognising, recognising
from tests.services.sides import Side


@dataclass
class Both:
    """A certificate of XA that XB recognises, as each node has it."""

    made: Recognising
    certificate: Statement
    recognition: Statement
    partners: dict[str, Partner]

    def pull(self, here: Side, there: Side) -> None:
        """One node asks the other for all that concerns it."""
        there.anchor()
        sides = self.made.sides
        Puller(
            partner=self.partners[there.code],
            source=Answers(there),
            mirror=here.node.mirror,
            trust=sides.trust,
            jurisdiction=here.code,
            clock=lambda: sides.clock.now,
        ).pull()

    def asked(self, side: Side, mirror: Mirror | None = None, **asked: object) -> Report:
        options = {"into": "XB", **asked}
        return recognition_of(
            self.certificate.digest,
            shelf=side.node.shelf,
            mirror=mirror or side.node.mirror,
            trust=self.made.sides.trust,
            now=self.made.sides.clock.now,
            **options,  # type: ignore[arg-type]
        )


@contextmanager
def recognised(folder: Path) -> Iterator[Both]:
    with recognising(folder) as made:
        sides = made.sides
        partners = {}
        for here, there in ((sides.xa, sides.xb), (sides.xb, sides.xa)):
            there.node.log_entry()
            entry = require_entry(there.node.statements, there.node.home.settings.registrar)
            partners[there.code] = here.node.partners.add(
                entry.encoded, fingerprint=entry.digest.hex(), node="http://127.0.0.1:9", now=sides.clock.now
            )
        accreditation = made.accreditation()
        sides.xa.register(accreditation)
        text = made.arrangement()
        sides.xa.register(text)
        sides.xa.register(made.endorsement(made.of_xa, "XA", text.digest))
        sides.xb.register(made.endorsement(made.of_xb, "XB", text.digest))
        certificate = made.certificate(accreditation)
        sides.xa.register(certificate)
        sides.xa.register(made.status_list(made.body, BODY_LIST))
        sides.xa.register(made.status_list(made.accreditor, ACCREDITOR_LIST))
        recognition = made.recognition(certificate.digest, text.digest)
        sides.xb.register(recognition)
        sides.xb.register(made.status_list(made.of_xb, AUTHORITY_LIST))
        found = Both(made, certificate, recognition, partners)
        found.pull(sides.xb, sides.xa)
        found.pull(sides.xa, sides.xb)
        sides.clock.now += 60
        yield found
