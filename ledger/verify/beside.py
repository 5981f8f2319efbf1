"""Other bundles in hand beside the one that is verified: of later editions, or of what another log says of it.

Parts of one log can stand in one bundle only where it is proven that each extends the one before, which whoever was
given them apart cannot prove.  So they stay apart, and each is examined by itself.

Source: docs/spec/verification.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.core.trust import TrustList
from ledger.core.trust.values import Requirement
from ledger.errors import MalformedError
from ledger.statements.catalogue import read
from ledger.verify.bundle import parse_bundle
from ledger.verify.report import Check
from ledger.verify.sections import Examined, examine


@dataclass(slots=True)
class Beside:
    """What the other bundles have.

    Attributes:
        examined: Their sections; only those that stand are evidence.
        subjects: Of their statements, by digest.
        passed_over: Bundles and sections that are not counted, and why.
    """

    examined: list[Examined] = field(default_factory=list)
    subjects: dict[bytes, object] = field(default_factory=dict)
    passed_over: list[str] = field(default_factory=list)


def examine_beside(bundles: Iterable[bytes], trust: TrustList, requirement: Requirement, now: int) -> Beside:
    """Steps 1 and 4 to 8 of each by itself.  What cannot be read, or does not stand, is passed over and named."""
    found = Beside()
    for bundle in bundles:
        try:
            parsed = parse_bundle(bundle)
            subjects = {
                item.statement.digest: read(item.statement, screened=False) for _, item in parsed.items
            }
        except MalformedError as error:
            found.passed_over.append(f"a bundle beside: {error} ({error.code})")
            continue
        found.subjects |= subjects
        for section in examine(parsed, trust, requirement, now):
            found.examined.append(section)
            wrong = next((check for check in section.checks if _is_wrong(check)), None)
            if wrong is not None:
                told = f"a bundle beside, about {parsed.subject.hex()}: {wrong.detail} ({wrong.code})"
                found.passed_over.append(told)
    return found


def _is_wrong(check: Check) -> bool:
    return check.outcome == "failed" or (check.step, check.outcome) == (5, "absent")
