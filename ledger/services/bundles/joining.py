"""Bundles that parties put together from what nodes gave them: joined with the other side's, private values opened.

Needs no node's store, so that it runs anywhere.

Source: docs/spec/bundle.md, docs/spec/commitments.md.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from ledger.core.canonical import BUNDLE_LIMIT, Json, decode
from ledger.core.commitment import Openings, commitment
from ledger.core.statement import Statement
from ledger.errors import MalformedError
from ledger.statements.catalogue import commitments
from ledger.statements.edges import edges
from ledger.verify.bundle import ITEM_LIMIT, SECTION_LIMIT, TYPE_OF_ROLE, Bundle, encode_bundle, parse_bundle

FEWEST_SECTIONS: Final = 2
"""Sections of one log below which the subject's own would have to go."""
MOST_SECTIONS: Final = SECTION_LIMIT - 4
"""Most sections of one log; the others are left for the logs that a bundle is joined with."""
MOST_OF_A_LOG: Final = ITEM_LIMIT * 3 // 4
"""Likewise statements."""


def join(first: bytes, *others: bytes) -> bytes:
    """One bundle out of several, each of other logs: what each node holds of one matter.

    The subject of the first stays; those of the others take the role of their type.  A statement that several carry
    is kept where it comes first.

    Args:
        first: About what the joined bundle is about.
        others: Each about a statement that refers to one of those before it, or that one of those refers to; or
            about an edition of a status list that one of those names.

    Raises:
        MalformedError: One is no bundle; `join-mismatch`: one is about another matter; `join-same-log`: two hold a
            section of one log; `join-twice`: a statement stands in two, and alone between two sections of its log;
            or the whole has too many items or sections.
    """
    parsed = parse_bundle(first)
    sections: list[Any] = list(_document(first)["sections"])
    held = {item.statement.digest: item.statement for _, item in parsed.items}
    for other in others:
        joined = parse_bundle(other)
        subject = joined.subject_item.statement
        _require_of_one_matter(parsed.subject_item.statement, subject, held.values())
        origins = {section["origin"] for section in sections}
        shared = origins & {section.origin for section in joined.sections}
        if shared:
            raise MalformedError(f"two bundles hold a section of {min(shared)}", code="join-same-log")
        theirs = _document(other)["sections"]
        for section in theirs:
            for item in section["items"]:
                if item["role"] == "subject":
                    item["role"] = role_of(subject)
        twice = {item.statement.digest for _, item in joined.items} & held.keys()
        sections += without(twice, joined, theirs) if twice else theirs
        held |= {item.statement.digest: item.statement for _, item in joined.items}
    return encode_bundle(parsed.subject, sections)


def role_of(statement: Statement) -> str:
    """The role that a statement has in the bundle of another.

    Raises:
        MalformedError: `join-mismatch`: statements of its type have none.
    """
    for role, kind in TYPE_OF_ROLE.items():
        if kind == statement.type:
            return role
    raise MalformedError(f"a {statement.type} has no place in the bundle of another", code="join-mismatch")


def _require_of_one_matter(subject: Statement, other: Statement, held: Iterable[Statement]) -> None:
    """Check that a statement is tied to those before it by a digest, or by the list that it is an edition of."""
    if other.type == "TransferAcknowledgement" or subject.type == "TransferAcknowledgement":
        tied = ("record", subject.digest) in edges(other)  # one acknowledges the subject, or has no say in it
    else:
        listed = other.subject.get("id") if other.type == "StatusList" else None
        refers = {digest for _, digest in edges(other)}
        tied = any(
            one.digest in refers
            or any(digest == other.digest for _, digest in edges(one))
            or (listed is not None and one.issuer == other.issuer and _list_of(one) == listed)
            for one in held
        )
    if not tied and other.digest != subject.digest:
        raise MalformedError(
            f"a bundle about the {other.type} {other.digest.hex()} has nothing to do with {subject.digest.hex()}",
            code="join-mismatch",
        )


def _list_of(statement: Statement) -> Json:
    told = statement.subject.get("statusReference")
    return told.get("statusListCredential") if isinstance(told, dict) else None


def without(twice: Collection[bytes], bundle: Bundle, sections: list[Any]) -> list[Any]:
    """Sections without some statements.  A section that is left empty goes; the next of its log is then the first."""
    left: list[Any] = []
    gone: set[str] = set()
    for section, document in zip(bundle.sections, sections, strict=True):
        items = [
            item
            for item, held in zip(document["items"], section.items, strict=True)
            if held.statement.digest not in twice
        ]
        origin = section.origin
        if not items:
            gone.add(origin)
            continue
        follows = any(one["origin"] == origin for one in left)
        if origin in gone and follows:
            raise MalformedError(
                f"a statement stands in two bundles, and alone in a section of {origin} that others go on from",
                code="join-twice",
            )
        kept = {name: value for name, value in document.items() if name != "extends" or follows}
        left.append({**kept, "items": items})
    return left


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
