"""Submissions and their outcomes as they stand in the database between two processes of a node.

A submission is one line of JSON, an array for each statement (see `ledger.services.admission.wire.encode_verdict`,
then what it attests, its edition, its version and the length of its document), and the documents one after another.
Outcomes are JSON: `[index, first]` or `[code, message]` for each statement, or `{"refused": […]}` for all of them.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import orjson

from ledger.errors import ConflictError, LedgerError, StoreError
from ledger.services.admission.admit import Verdict
from ledger.services.admission.wire import decode_error, decode_verdict, encode_error, encode_verdict
from ledger.services.registration.submitting import Outcome
from ledger.store.log import Appended
from ledger.store.rows import Attestation, Edition, NewStatement, StatusEntry, Version


def pack(statements: Sequence[NewStatement]) -> bytes:
    """A submission."""
    told = [
        [
            encode_verdict(Verdict(row)),
            _as_json(row.attestation),
            _as_json(row.edition),
            None if row.version is None else [row.version.name.hex(), row.version.number],
            len(row.body),
        ]
        for row in statements
    ]
    return b"".join([orjson.dumps(told), b"\n", *(row.body for row in statements)])


def unpack(packed: bytes) -> list[NewStatement]:
    """The inverse of `pack`.

    Raises:
        StoreError: `submission-damaged`: it is none, or a document is another than its digest says.
    """
    try:
        return _unpacked(packed)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise _damaged("cannot be read") from error


def _unpacked(packed: bytes) -> list[NewStatement]:
    at = packed.index(b"\n") + 1
    rows: list[NewStatement] = []
    for verdict, attestation, edition, version, size in orjson.loads(packed[:at]):
        body = packed[at : at + size]
        row = decode_verdict(verdict, body).row
        if row is None or sha256(body).digest() != row.digest:
            raise _damaged("has a document that is not the one that was verified")
        if attestation is not None or edition is not None or version is not None:
            row = row._replace(
                attestation=None if attestation is None else _attestation(*attestation),
                edition=None if edition is None else Edition(*edition),
                version=None if version is None else Version(bytes.fromhex(version[0]), version[1]),
            )
        rows.append(row)
        at += size
    return rows


def _as_json(found: Attestation | Edition | None) -> list[Any] | None:
    return None if found is None else [list(one) if isinstance(one, StatusEntry) else one for one in found]


def _attestation(
    number: str | None, holder: str | None, begins: int, ends: int, status: list[Any] | None
) -> Attestation:
    return Attestation(number, holder, begins, ends, None if status is None else StatusEntry(*status))


def encode_outcomes(outcomes: Sequence[Outcome]) -> bytes:
    """What became of each statement."""
    return orjson.dumps(
        [
            [found.index, found.first] if isinstance(found, Appended) else [found.code, str(found)]
            for found in outcomes
        ]
    )


def encode_refusal(error: LedgerError) -> bytes:
    """That none of the statements was appended."""
    return orjson.dumps({"refused": encode_error(error)})


def decode_outcomes(told: bytes) -> list[Outcome] | LedgerError:
    """The inverse of both."""
    found = orjson.loads(told)
    if isinstance(found, dict):
        return decode_error(*found["refused"])
    return [
        ConflictError(two, code=one) if isinstance(one, str) else Appended(one, first=two)
        for one, two in found
    ]


def _damaged(how: str) -> StoreError:
    return StoreError(f"a submission of another process {how}", code="submission-damaged")
