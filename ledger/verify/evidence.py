"""What of a bundle counts as evidence: statements that stand in their log and were signed by somebody who may.

Source: docs/spec/recognition.md, Inputs.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ledger.core.trust import TrustList
from ledger.core.trust.values import Requirement
from ledger.statements.catalogue import read
from ledger.statements.premises.evidence import Held
from ledger.verify.authorship import Authorship, Subjects, check_authorship
from ledger.verify.bundle import Bundle, Item, parse_bundle
from ledger.verify.sections import Examined, examine


class Authenticated(NamedTuple):
    """A bundle, and what of it counts."""

    bundle: Bundle
    evidence: tuple[Held[object], ...]

    def held(self, digest: bytes) -> Held[object] | None:
        """The statement of a digest; None where it does not count, or is not there."""
        return next((one for one in self.evidence if one.digest == digest), None)


def authenticated(bundle: bytes, trust: TrustList, *, now: int) -> Authenticated:
    """The evidence in a bundle, for questions other than the one that its subject asks.

    Args:
        bundle: Canonical bytes.
        trust: Whom the verifier believes.
        now: The verifier's clock, POSIX seconds.

    Raises:
        MalformedError: It is no bundle, or a statement in it is not in order.
    """
    parsed = parse_bundle(bundle)
    subjects = {item.statement.digest: read(item.statement, screened=False) for _, item in parsed.items}
    asked = trust.requirement(parsed.subject_item.statement.type) or Requirement()
    examined = examine(parsed, trust, asked, now)
    authorship = check_authorship(examined, subjects, trust, now)
    return Authenticated(parsed, tuple(held(examined, subjects, authorship)))


def held(examined: Sequence[Examined], subjects: Subjects, authorship: Authorship) -> Iterator[Held[object]]:
    """Every statement that stands in its log and was signed by somebody who may."""
    for at in examined:
        if not at.stands:
            continue
        for item in at.section.items:
            grant = authorship.grants.get(item.statement.digest)
            if grant is not None:
                yield _of(item, subjects[item.statement.digest], grant.jurisdiction, at)


def _of(item: Item, value: object, jurisdiction: str, at: Examined) -> Held[object]:
    statement = item.statement
    return Held(
        digest=statement.digest,
        type=statement.type,
        issuer=statement.issuer,
        created=statement.created,
        value=value,
        jurisdiction=jurisdiction,
        proven=at.times.proven,
        operator=at.times.operator,
        entry=(at.section.origin, item.index),
    )
