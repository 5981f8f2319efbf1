"""Subjects from credentials of the UN Transparency Protocol: a certificate, and an identity that is recognised.

A Digital Conformity Credential becomes the subject of a ConformityCertificate: taken over is what both have a word
for, assessorLevel, assessmentLevel, attestationType, the scheme with its version, the reference standards, the names
of what was assessed, the dates.  What the credential does not say (who body and holder are in this ledger, the scope
of transfers) is given by the caller, as is what an earlier version of the protocol had no word for; the credential
itself can be committed to under `conformityCertificate`.

A Digital Identity Anchor becomes the credential of an IdentityRecognition: who issued it, its dates, and the SHA-256
of the file as it was issued.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import orjson

from ledger.core.times import parse_time
from ledger.errors import MalformedError
from ledger.statements.shape import escape

_LONGEST_LABEL = 120
_MOST = 32
_NOTHING: Mapping[str, str] = MappingProxyType({})


def certificate_subject(
    credential: object,
    *,
    body: Mapping[str, str],
    holder: Mapping[str, str],
    family: str,
    scenarios: Sequence[Mapping[str, str]],
    destinations: Sequence[str],
    data_categories: Sequence[str] = ("nonPersonal",),
    document_types: Sequence[str] = (),
    lacking: Mapping[str, str] = _NOTHING,
) -> dict[str, Any]:
    """The subject, to be checked by `catalogue.check` once it stands in a document.

    Args:
        credential: Decoded JSON of the Digital Conformity Credential.  Its signature is not looked at.
        body: The certifying body as a party; becomes the issuer.
        holder: The party certified.
        family: Code of `scheme-families`.
        scenarios: For `scope.scenarios`.
        destinations: Countries, for `scope.destinations`.
        data_categories: For `scope.dataCategories`.
        document_types: For `scope.documentTypes`, which the family document needs.
        lacking: By JSON pointer, what stands for a text that the credential lacks, or for a date that it does not
            write as `2026-11-22T00:00:00Z`.  What the credential has is never replaced.

    Raises:
        MalformedError: `untp-malformed`: the credential lacks what a certificate needs; `pointer` says what.
    """
    at = "/credentialSubject"
    attestation = _member(credential, at)
    scheme = _member(attestation, "/scope", at)
    assessments = _objects(attestation.get("assessment")) + _objects(attestation.get("assessments"))
    norms = [
        entry.get(name) for entry in assessments for name in ("referenceStandard", "referenceRegulation")
    ]
    standards = [_name(norm) for norm in norms]
    products = [
        _name(item.get("product")) for entry in assessments for item in _objects(entry.get("assessedProduct"))
    ]
    name = _label(attestation.get("name")) or _label(attestation.get("description"))

    def text(value: object, member: str, place: str = "") -> str:
        return _text(value, member, place, lacking)

    return {
        "certificateNumber": text(credential, "id").rstrip("/").replace(":", "/").rsplit("/", 1)[-1][:64],
        "body": dict(body),
        "holder": dict(holder),
        "assessorLevel": text(attestation, "assessorLevel", at),
        "assessmentLevel": text(attestation, "assessmentLevel", at),
        "attestationType": text(attestation, "attestationType", at),
        "scheme": {
            "id": text(scheme, "id", f"{at}/scope"),
            "version": text(scheme, "version", f"{at}/scope"),
            "family": family,
            "standards": _distinct(standards) or _distinct([_label(scheme.get("name"))]) or ["not stated"],
        },
        "scope": {
            "activities": _distinct([name, *products]) or ["not stated"],
            "dataCategories": list(data_categories),
            "scenarios": [dict(scenario) for scenario in scenarios],
            "destinations": list(destinations),
            **({"documentTypes": list(document_types)} if document_types else {}),
        },
        "validFrom": _time(credential, "validFrom", lacking),
        "validUntil": _time(credential, "validUntil", lacking),
    }


def identity_credential(data: bytes, *, lacking: Mapping[str, str] = _NOTHING) -> dict[str, Any]:
    """The member `credential` of an IdentityRecognition, from the file of a Digital Identity Anchor.

    Whether the anchor's own signature holds, and whose identity it is, is for the authority that recognises it.

    Args:
        data: The file as it was issued, byte by byte: the recognition speaks of no other.
        lacking: As for a certificate.

    Raises:
        MalformedError: `untp-malformed`: it is no Digital Identity Anchor, or lacks what is needed.
    """
    try:
        credential = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise MalformedError(f"the identity anchor is not JSON: {error}", code="untp-malformed") from None
    kinds = credential.get("type") if isinstance(credential, dict) else None
    if not isinstance(kinds, list) or "DigitalIdentityAnchor" not in kinds:
        raise _lacks("/type", "the type DigitalIdentityAnchor at ")
    issuer = credential.get("issuer")
    return {
        "type": "untpDigitalIdentityAnchor",
        "issuer": issuer if isinstance(issuer, str) and issuer else _text(issuer, "id", "/issuer", lacking),
        "digest": sha256(data).hexdigest(),
        "validFrom": _time(credential, "validFrom", lacking),
        "validUntil": _time(credential, "validUntil", lacking),
    }


def _member(value: object, pointer: str, at: str = "") -> dict[str, Any]:
    found = value.get(pointer[1:]) if isinstance(value, dict) else None
    if not isinstance(found, dict):
        raise _lacks(f"{at}{pointer}")
    return found


def _text(value: object, name: str, at: str, lacking: Mapping[str, str]) -> str:
    found = value.get(name) if isinstance(value, dict) else None
    if isinstance(found, str) and found:
        return found
    return _given(f"{at}/{escape(name)}", lacking)


def _time(value: object, name: str, lacking: Mapping[str, str]) -> str:
    """A date as it stands, where its form leaves no doubt about the moment."""
    found = value.get(name) if isinstance(value, dict) else None
    if isinstance(found, str):
        with suppress(MalformedError):
            parse_time(found)
            return found
    return _given(f"/{name}", lacking)


def _given(pointer: str, lacking: Mapping[str, str]) -> str:
    if pointer not in lacking:
        raise _lacks(pointer)
    return lacking[pointer]


def _lacks(pointer: str, what: str = "") -> MalformedError:
    detail = f"the credential lacks {what}{pointer}, which the statement needs"
    return MalformedError(detail, code="untp-malformed", pointer=pointer)


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _name(value: object) -> str:
    return _label(value.get("name")) if isinstance(value, dict) else ""


def _label(value: object) -> str:
    """Text as one line of a label's length; empty when it is no text."""
    if not isinstance(value, str):
        return ""
    return "".join(letter for letter in " ".join(value.split()) if letter.isprintable())[
        :_LONGEST_LABEL
    ].strip()


def _distinct(labels: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(label for label in labels if label))[:_MOST]
