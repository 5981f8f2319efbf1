"""Scope: what of the certificate is left for a use, after every reduction and recognition and arrangement."""

from typing import NamedTuple

from ledger.statements.certificate import ConformityCertificate
from ledger.statements.premises.evidence import Dated, Evidence, Held
from ledger.statements.premises.finding import Premise, absent, failed, passed
from ledger.statements.premises.onward import Way
from ledger.statements.premises.purpose import Purpose, outside
from ledger.statements.premises.status import reductions, refreshed, scopes_left
from ledger.statements.recognition_grant import Recognition
from ledger.statements.scheme import DOCUMENT
from ledger.statements.scope import Scope, narrowed


class Reach(NamedTuple):
    """What is left of a scope, and whether a use lies within it."""

    premise: Premise
    effective: Scope


def reach(
    evidence: Evidence,
    certificate: Held[ConformityCertificate],
    purpose: Purpose | None,
    moment: int,
    *,
    grants: tuple[Held[Recognition], ...] = (),
    way: Way | None = None,
) -> Reach:
    """What a certificate covers at `moment`: passed `IN_SCOPE`.

    Args:
        evidence: With the status of all that is named below.
        certificate: Whose scope it is.
        purpose: The use; None: only that something is left is asked.
        moment: POSIX seconds.
        grants: The recognitions in effect, which say the same.
        way: From the first of them; None in the domestic question.
    """
    further: tuple[Held[Recognition], ...] = () if way is None else way.steps[1:]
    scope = certificate.value.scope
    said: list[Held[object]] = [certificate]
    for grant in (*grants[:1], *further):
        if grant.value.scope is not None:
            scope = narrowed(scope, grant.value.scope)
            said.append(grant)
    unknown: Held[Dated] | None = None
    groups: list[tuple[Held[Dated], ...]] = [(certificate,), grants, *((step,) for step in further)]
    for targets in groups:
        changes = [change for target in targets for change in reductions(evidence, target, moment)]
        said += changes
        for left in scopes_left(changes):
            scope = narrowed(scope, left)
        if not changes and unknown is None:
            unknown = next((one for one in targets if refreshed(evidence, one, moment)), None)
    for text in () if way is None else way.texts:
        if text is not None:
            kinds = text.value.document_types or frozenset()
            scope = scope._replace(
                data_categories=scope.data_categories & text.value.data_categories,
                document_types=scope.document_types & kinds,
            )
            said.append(text)
    return Reach(_premise(certificate, purpose, scope, unknown, said), scope)


def _premise(
    certificate: Held[ConformityCertificate],
    purpose: Purpose | None,
    scope: Scope,
    unknown: Held[Dated] | None,
    said: list[Held[object]],
) -> Premise:
    value = certificate.value
    holder = (value.holder.did, value.holder.jurisdiction)
    if purpose is not None and purpose.parties and holder not in purpose.parties:
        detail = f"the certificate is that of {holder[0]}, who is no party to the transfer"
        return failed("HOLDER_NOT_A_PARTY", detail, certificate)
    if _is_empty(scope, value.family):
        return failed("OUT_OF_SCOPE", "nothing of the certificate's scope is left", *said)
    beyond = None if purpose is None else outside(purpose, scope, value.family)
    if beyond is not None:
        return failed("OUT_OF_SCOPE", beyond, *said)
    if unknown is not None:
        detail = "its scope was reduced, and the change that says how is not in the evidence"
        return absent("SCOPE_UNKNOWN", detail, unknown)
    detail = "something of the scope is left" if purpose is None else "the use lies within the scope"
    return passed("IN_SCOPE", detail, *said)


def _is_empty(scope: Scope, family: str) -> bool:
    return (
        not scope.scenarios
        or not scope.data_categories
        or not scope.destinations
        or (family == DOCUMENT and not scope.document_types)
    )
