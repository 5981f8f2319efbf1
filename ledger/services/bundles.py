"""Bundles that parties put together from what nodes gave them: joined with the other side's, private values opened.

Needs no node's store, so that it runs anywhere.

Source: docs/spec/bundle.md, docs/spec/commitments.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ledger.core.canonical import BUNDLE_LIMIT, Json, decode
from ledger.core.commitment import Openings, commitment
from ledger.core.statement import Statement
from ledger.errors import MalformedError
from ledger.statements.acknowledgement import TransferAcknowledgement
from ledger.statements.catalogue import commitments, read
from ledger.verify.bundle import encode_bundle, parse_bundle


def join(record: bytes, acknowledgement: bytes) -> bytes:
    """One bundle of a transfer out of the exporter's and the one about the importer's acknowledgement.

    Raises:
        MalformedError: Either is no bundle, or the second is not about an acknowledgement of the first's subject
            (`join-mismatch`), or both hold a section of one log (`join-same-log`).
    """
    first, second = parse_bundle(record), parse_bundle(acknowledgement)
    given = read(second.subject_item.statement, screened=False)
    if not isinstance(given, TransferAcknowledgement) or given.record != first.subject:
        raise MalformedError(
            f"the second bundle is not about an acknowledgement of {first.subject.hex()}",
            code="join-mismatch",
        )
    shared = {section.origin for section in first.sections} & {section.origin for section in second.sections}
    if shared:
        raise MalformedError(f"both bundles hold a section of {min(shared)}", code="join-same-log")
    theirs = _document(acknowledgement)["sections"]
    for section in theirs:
        for item in section["items"]:
            if item["role"] == "subject":
                item["role"] = "acknowledgement"
    return encode_bundle(first.subject, [*_document(record)["sections"], *theirs])


def disclose(bundle: bytes, openings: Openings, names: Sequence[str]) -> bytes:
    """The bundle with the named commitments of its subject opened for whoever holds it.

    Args:
        openings: The signer's own, of the subject.
        names: Names as `payload`; only these are disclosed.

    Raises:
        MalformedError: `opening-missing`: the openings have nothing of that name; `openings-of-another`: they are of
            another statement; `commitment-mismatch`: one does not open what the statement commits to.
    """
    document = _document(bundle)
    subject = parse_bundle(bundle).subject_item.statement
    if openings.statement != subject.id:
        raise MalformedError(
            f"the openings are of {openings.statement}, the bundle is about {subject.id}",
            code="openings-of-another",
        )
    for section in document["sections"]:
        for item in section["items"]:
            if item["role"] == "subject":
                places = commitments(item["statement"])
                item["disclosures"] = {
                    place: _opened(subject, openings, name, place) for name, place in _chosen(places, names)
                }
    return encode_bundle(parse_bundle(bundle).subject, document["sections"])


def _chosen(places: Mapping[str, str], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        if name not in places:
            raise MalformedError(f"the statement commits to nothing named {name}", code="opening-missing")
        yield name, places[name]


def _opened(subject: Statement, openings: Openings, name: str, place: str) -> dict[str, Json]:
    held = openings.openings.get(place)
    if held is None:
        raise MalformedError(f"the openings have nothing for {name}", code="opening-missing")
    stands: Any = subject.document
    for token in place.split("/")[1:]:
        stands = stands[int(token)] if isinstance(stands, list) else stands[token]
    if commitment(subject.id, place, held.salt, held.committed).hex() != stands:
        raise MalformedError(
            f"the opening of {name} is not of what {place} commits to", code="commitment-mismatch"
        )
    if held.file_sha256 is not None:
        return {"fileSha256": held.file_sha256.hex(), "salt": held.salt.hex()}
    return {"salt": held.salt.hex(), "value": held.value}


def _document(bundle: bytes) -> Any:
    return decode(bundle, limit=BUNDLE_LIMIT, what="bundle")
