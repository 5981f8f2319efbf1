"""What a log's statements about parties come to when they are registered again, in the log that succeeds it.

An Enrolment counts again where its registrar may still sign it and its keys have not ended; so does a KeyRevocation of
such a key.  A revocation that does not count again (the key that signed it has ended) must not be lost: the party whose
key it takes away is not carried over then, and is to be enrolled again.

Source: docs/recovery.md, docs/spec/key-rule.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.core.statement import Statement
from ledger.core.trust import TrustList
from ledger.errors import LedgerError
from ledger.statements import enrolment as enrolments
from ledger.statements import revocation as key_revocations
from ledger.verify.keyrule import (
    Grant,
    Revocation,
    Times,
    enrolment_author,
    enrolment_grants,
    revocation_author,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What counts again, in the order in which it was registered, and why the rest does not."""

    kept: tuple[Statement, ...]
    left: tuple[tuple[Statement, LedgerError | None], ...]
    """None of an Enrolment that would count, were it not for a revocation that does not."""


def standing(about: Sequence[Statement], trust: TrustList, jurisdiction: str, now: int) -> Standing:
    """Judge Enrolments and KeyRevocations anew, as of `now`.

    Args:
        about: In the order in which they were registered.
        trust: Whom the new log believes.
        jurisdiction: Of both logs.
        now: POSIX seconds.
    """
    barred: set[tuple[str, str]] = set()
    while True:
        made, refused = _judged(about, trust, jurisdiction, now, barred)
        if refused <= barred:
            return made
        barred |= refused


def _judged(
    about: Sequence[Statement],
    trust: TrustList,
    jurisdiction: str,
    now: int,
    barred: set[tuple[str, str]],
) -> tuple[Standing, set[tuple[str, str]]]:
    """What stands while no key in `barred` is enrolled; and the keys whose revocation does not count again."""
    kept: set[bytes] = set()
    left: list[tuple[Statement, LedgerError | None]] = []
    grants: dict[str, list[Grant]] = {}
    for one in (one for one in about if one.type == "Enrolment"):
        found = enrolments.read(one, screened=False)
        if any((found.party, key.id) in barred for key in found.keys):
            left.append((one, None))
            continue
        try:
            enrolment_author(one, found, trust=trust, log_jurisdiction=jurisdiction, times=Times(), now=now)
        except LedgerError as error:
            left.append((one, error))
            continue
        live = [grant for grant in enrolment_grants(one.issuer, found) if now < grant.ends]
        if live:
            kept.add(one.digest)
            grants.setdefault(found.party, []).extend(live)
        else:
            left.append((one, None))
    refused = _revoked(about, trust, now, grants, kept, left)
    return Standing(tuple(one for one in about if one.digest in kept), tuple(left)), refused


def _revoked(
    about: Sequence[Statement],
    trust: TrustList,
    now: int,
    grants: dict[str, list[Grant]],
    kept: set[bytes],
    left: list[tuple[Statement, LedgerError | None]],
) -> set[tuple[str, str]]:
    """Judge the revocations, those of registrars first: they may silence a party's."""
    refused: set[tuple[str, str]] = set()
    by_registrar: list[Revocation] = []
    for own in (False, True):
        for one in (one for one in about if one.type == "KeyRevocation"):
            found = key_revocations.read(one, screened=False)
            if (one.issuer == found.party) != own:
                continue
            try:
                effect = revocation_author(
                    one,
                    found,
                    trust=trust,
                    grants=grants.get(found.party, []),
                    revocations=by_registrar,
                    times=Times(),
                    now=now,
                )
            except LedgerError as error:
                left.append((one, error))
                if error.code != "revocation-of-unknown-key":  # else there is nothing to take away
                    refused.add((found.party, found.key))
                continue
            kept.add(one.digest)
            if not own:
                by_registrar.append(effect)
    return refused
