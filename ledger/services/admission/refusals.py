"""What a node does not register although its signer may sign it: what could never count, said early and by name.

A verifier asks all of this again.  What a statement refers to is looked for in this log; where it stands in another
one, nothing is refused here.

Source: docs/spec/verification.md, step 10.
"""

from collections.abc import Callable, Mapping

from ledger.core.statement import Statement, parse_statement
from ledger.errors import RefusedError
from ledger.services.admission.versions import check_version
from ledger.statements.accreditation import Accreditation
from ledger.statements.arrangement import RecognitionArrangement
from ledger.statements.catalogue import read
from ledger.statements.certificate import ConformityCertificate
from ledger.statements.endorsement import JOINT_MEASURE, Endorsement
from ledger.statements.identity import IdentityRecognition
from ledger.statements.measure import PolicyMeasure
from ledger.statements.recognition_grant import Recognition
from ledger.statements.status_change import StatusChange
from ledger.statements.status_list import StatusList
from ledger.store.statements import Statements

_Check = Callable[[Statement, object, str, Statements], None]


def check_not_vain(
    statement: Statement, subject: object, *, jurisdiction: str, statements: Statements
) -> None:
    """Refuse a statement that no verifier would count.

    Args:
        statement: By a signer who may sign it.
        subject: As its type reads it.
        jurisdiction: Of the log.
        statements: Of the log.

    Raises:
        RefusedError: `self-accreditation`, `recognition-by-wrong-side`, `endorsement-by-another`,
            `status-of-another`, `succession-by-command`, `version-conflict`, `version-taken`.

    Cost: at most two look-ups.
    """
    check = _CHECKS.get(statement.type)
    if check is not None:
        check(statement, subject, jurisdiction, statements)


def _accreditation(statement: Statement, subject: object, _: str, __: Statements) -> None:
    assert isinstance(subject, Accreditation)
    if subject.body.did == statement.issuer:
        raise RefusedError(
            f"{statement.issuer} accredits itself; a body is accredited by another", code="self-accreditation"
        )


def _recognition(statement: Statement, subject: object, jurisdiction: str, statements: Statements) -> None:
    assert isinstance(subject, Recognition)
    _require_own_side(statement, subject.jurisdiction, jurisdiction)
    held = _held(subject.certificate, statements)
    if isinstance(held, ConformityCertificate) and held.body.jurisdiction == jurisdiction:
        raise RefusedError(
            f"certificate {held.number} is by a body of {jurisdiction} itself; it counts here without recognition,"
            " and elsewhere by the other side's",
            code="recognition-by-wrong-side",
        )


def _identity(statement: Statement, subject: object, jurisdiction: str, _: Statements) -> None:
    assert isinstance(subject, IdentityRecognition)
    _require_own_side(statement, subject.jurisdiction, jurisdiction)


def _require_own_side(statement: Statement, told: str, jurisdiction: str) -> None:
    if told != jurisdiction:
        raise RefusedError(
            f"{statement.type} for {told} in a log of {jurisdiction}; each jurisdiction recognises for itself",
            code="recognition-by-wrong-side",
        )


def _endorsement(statement: Statement, subject: object, jurisdiction: str, statements: Statements) -> None:
    assert isinstance(subject, Endorsement)
    if subject.jurisdiction != jurisdiction:
        raise RefusedError(
            f"endorsement for {subject.jurisdiction} in a log of {jurisdiction}; each side endorses for itself",
            code="endorsement-by-another",
        )
    held = None if subject.role not in _NAMED_ROLES else _held(subject.statement, statements)
    if subject.role == JOINT_MEASURE and isinstance(held, PolicyMeasure):
        if held.joint is None or statement.issuer not in held.joint.authorities:
            raise RefusedError(
                f"measure {held.number} is not one that {statement.issuer} publishes jointly with others",
                code="endorsement-by-another",
            )
        return
    if subject.role == JOINT_MEASURE or not isinstance(held, RecognitionArrangement):
        return
    side = held.party(jurisdiction)
    if side is None or side.authority != statement.issuer:
        named = "names no such side" if side is None else f"names {side.authority}"
        raise RefusedError(
            f"{statement.issuer} endorses as the party {jurisdiction}, for which the arrangement {named}",
            code="endorsement-by-another",
        )


def _status_change(statement: Statement, subject: object, _: str, statements: Statements) -> None:
    assert isinstance(subject, StatusChange)
    target = statements.by_digest(subject.statement)
    if target is not None and target.issuer != statement.issuer:
        raise RefusedError(
            f"{target.type} {subject.statement.hex()} was issued by {target.issuer};"
            f" {statement.issuer} cannot change its status",
            code="status-of-another",
        )


def _status_list(statement: Statement, subject: object, _: str, statements: Statements) -> None:
    assert isinstance(subject, StatusList)
    # An id is nobody's: a list is found by its issuer too, and who is first with a name must not keep its owner out.
    before = None if subject.supersedes is None else statements.by_digest(subject.supersedes)
    if before is not None and before.issuer != statement.issuer:
        raise RefusedError(
            f"the status list {subject.id} is published by {before.issuer}; {statement.issuer} cannot go on with it",
            code="status-of-another",
        )


def _succession(_: Statement, __: object, ___: str, ____: Statements) -> None:
    raise RefusedError(
        "a notice that a log ended counts as the first entry of the log that goes on, and nowhere else; evidence log"
        " succeed makes both",
        code="succession-by-command",
    )


def _held(digest: bytes, statements: Statements) -> object:
    """What this log holds under a digest, as its type reads it; None where it holds nothing."""
    stored = statements.by_digest(digest)
    return None if stored is None else read(parse_statement(stored.body), screened=False)


_NAMED_ROLES = ("party", JOINT_MEASURE)
_CHECKS: Mapping[str, _Check] = {
    "Accreditation": _accreditation,
    "DatasetRegistration": check_version,
    "Endorsement": _endorsement,
    "IdentityRecognition": _identity,
    "LogSuccession": _succession,
    "PolicyMeasure": check_version,
    "Recognition": _recognition,
    "StatusChange": _status_change,
    "StatusList": _status_list,
}
