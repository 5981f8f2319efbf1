"""A ConformityCertificate subject from a UN Transparency Protocol Digital Conformity Credential.

Takes over what both have a word for: assessorLevel, assessmentLevel, attestationType, the scheme with its version,
the reference standards, the names of what was assessed, the dates.  What the credential does not say (who body and
holder are in this ledger, the scope of transfers) is given by the caller; the credential itself can be committed to
under `conformityCertificate`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.errors import MalformedError
from ledger.statements.shape import escape

_LONGEST_LABEL = 120
_MOST = 32


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

    Raises:
        MalformedError: `untp-malformed`: the credential lacks what a certificate needs; `pointer` says what.
    """
    attestation = _member(credential, "/credentialSubject")
    scheme = _member(attestation, "/scope", "/credentialSubject")
    at = "/credentialSubject"
    assessments = _objects(attestation.get("assessment"))
    standards = [_name(entry.get("referenceStandard")) for entry in assessments]
    products = [
        _name(item.get("product")) for entry in assessments for item in _objects(entry.get("assessedProduct"))
    ]
    name = _label(attestation.get("name"))
    return {
        "certificateNumber": _text(credential, "id").rstrip("/").replace(":", "/").rsplit("/", 1)[-1][:64],
        "body": dict(body),
        "holder": dict(holder),
        "assessorLevel": _text(attestation, "assessorLevel", at),
        "assessmentLevel": _text(attestation, "assessmentLevel", at),
        "attestationType": _text(attestation, "attestationType", at),
        "scheme": {
            "id": _text(scheme, "id", f"{at}/scope"),
            "version": _text(scheme, "version", f"{at}/scope"),
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
        "validFrom": _text(credential, "validFrom"),
        "validUntil": _text(credential, "validUntil"),
    }


def _member(value: object, pointer: str, at: str = "") -> dict[str, Any]:
    found = value.get(pointer[1:]) if isinstance(value, dict) else None
    if not isinstance(found, dict):
        raise _lacks(f"{at}{pointer}")
    return found


def _text(value: object, name: str, at: str = "") -> str:
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, str) or not found:
        raise _lacks(f"{at}/{escape(name)}")
    return found


def _lacks(pointer: str) -> MalformedError:
    detail = f"the conformity credential lacks {pointer}, which a certificate needs"
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
