"""Step 2: the file or the fields in hand are those that the statement commits to, or states the digest of.

Source: docs/spec/commitments.md, docs/spec/verification.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from ledger.core.canonical import encode, quoted
from ledger.core.statement import Statement
from ledger.statements.catalogue import commitments, file_digests
from ledger.verify.bundle import Bundle, Disclosure, Item
from ledger.verify.report import Check

if TYPE_CHECKING:
    from ledger.core.commitment import Openings

_PREFIX, _SUFFIX = "/credentialSubject/", "/commitment"


class Content(NamedTuple):
    """What the user holds beside the bundle.

    Attributes:
        files: SHA-256 of each file in hand, by the name of the subject's commitment (`payload`), or of the digest that
            it states (`credential`), or by its JSON pointer; that of another statement in the bundle by its digest,
            `/` and the name or pointer there.
        openings: The signer's private salts and values, where the user was given them.
    """

    files: Mapping[str, bytes] = MappingProxyType({})
    openings: "Openings | None" = None


@dataclass(slots=True)
class _Tally:
    fits: list[str] = field(default_factory=list)
    wrong: list[tuple[str, str]] = field(default_factory=list)
    not_in_hand: list[str] = field(default_factory=list)
    no_salt: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)


def check_content(bundle: Bundle, content: Content) -> Check:
    """The one check of step 2, over the disclosures in the bundle and the content in hand."""
    tally = _Tally()
    subject = bundle.subject_item.statement
    for _, item in bundle.items:
        if item.disclosures:
            _all_disclosed(item, content, subject, tally)
    committed = {**commitments(subject.document), **file_digests(subject.document)}
    if content.files or content.openings is not None:
        _stated(subject, content, tally)
        _in_hand(subject, content, tally)
    return _conclude(tally, committed)


def _conclude(tally: _Tally, committed: Mapping[str, str]) -> Check:
    """What is wrong goes before what is missing, and both before what fits."""
    if tally.wrong:
        code, told = tally.wrong[0]
        return Check(2, "failed", code, told)
    if tally.no_salt:
        return Check(
            2,
            "absent",
            "salt-missing",
            f"no salt for {', '.join(tally.no_salt)}: neither disclosed nor in the openings",
        )
    if tally.not_in_hand:
        return Check(2, "absent", "file-not-in-hand", f"file not in hand: {', '.join(tally.not_in_hand)}")
    if tally.fits:
        return Check(2, "passed", "content", f"{', '.join(tally.fits)} as committed to")
    if committed:
        return Check(
            2,
            "absent",
            "no-content",
            f"no file given; {len(committed)} committed to ({', '.join(committed)})",
        )
    return Check(2, "absent", "nothing-committed", "the statement commits to no content")


def _name(pointer: str) -> str:
    """`payload` for `/credentialSubject/payload/commitment`, as `catalogue.commitments` names it."""
    return pointer.removeprefix(_PREFIX).removesuffix(_SUFFIX).replace("/", ".")


def _all_disclosed(item: Item, content: Content, about: Statement, tally: _Tally) -> None:
    places = set(commitments(item.statement.document).values())
    for pointer, disclosed in item.disclosures.items():
        if pointer in places:
            committed = _committed(item.statement, pointer)
            _disclosed(item, pointer, disclosed, committed, content, about, tally)
        else:
            told = f"the member {quoted(pointer)} of {item.statement.digest.hex()} is no commitment"
            tally.wrong.append(("disclosure-no-commitment", told))


def _disclosed(
    item: Item,
    pointer: str,
    disclosed: Disclosure,
    committed: bytes,
    content: Content,
    about: Statement,
    tally: _Tally,
) -> None:
    from ledger.core.commitment import commitment

    name = _name(pointer)
    fixed = disclosed.file_sha256
    opened = fixed if fixed is not None else encode(disclosed.value)
    if commitment(item.statement.id, pointer, disclosed.salt, opened) != committed:
        tally.wrong.append(
            ("commitment-mismatch", f"what is disclosed for {name} is not what {pointer} commits to")
        )
        return
    if fixed is None:
        tally.fits.append(f"the value of {name}")
        return
    # A file is in hand for one statement: the same name may commit to another file elsewhere in the bundle.
    of = "" if item.statement is about else f"{item.statement.digest.hex()}/"
    given = {key: content.files[key] for key in (of + name, of + pointer) if key in content.files}
    tally.used |= given.keys()
    if not given:
        tally.not_in_hand.append(of + name)
    elif all(found == fixed for found in given.values()):
        tally.fits.append(f"the file {of}{name}")
    else:
        tally.wrong.append(
            ("content-mismatch", f"the file in hand for {of}{name} is not the one committed to")
        )


def _stated(subject: Statement, content: Content, tally: _Tally) -> None:
    """Files in hand against the digests that the subject states without salt."""
    for name, pointer in file_digests(subject.document).items():
        given = {key: content.files[key] for key in (name, pointer) if key in content.files}
        tally.used |= given.keys()
        if any(found != _committed(subject, pointer) for found in given.values()):
            told = f"the file in hand for {name} is not the one whose digest is stated"
            tally.wrong.append(("content-mismatch", told))
        elif given:
            tally.fits.append(f"the file {name}")


def _in_hand(subject: Statement, content: Content, tally: _Tally) -> None:
    """Files and openings that the user gave, against the subject's own commitments."""
    from ledger.core.commitment import commitment

    openings = content.openings
    if openings is not None and openings.statement != subject.id:
        tally.wrong.append(
            ("openings-of-another", f"the openings are of {openings.statement}; the subject is {subject.id}")
        )
        return
    opened = {} if openings is None else openings.openings
    places = commitments(subject.document)
    for pointer, opening in opened.items():
        committed = _committed(subject, pointer) if pointer in places.values() else None
        value = opening.file_sha256 if opening.file_sha256 is not None else encode(opening.value)
        if committed is None or commitment(subject.id, pointer, opening.salt, value) != committed:
            tally.wrong.append(
                ("commitment-mismatch", f"the opening of {_name(pointer)} is not what {pointer} commits to")
            )
        elif opening.file_sha256 is None:
            tally.fits.append(f"the value of {_name(pointer)}")
    known = frozenset(places.values())
    for key, found in content.files.items():
        if key in tally.used:
            continue
        pointer = places.get(key, key)
        held = opened.get(pointer)
        if pointer not in known:
            tally.wrong.append(("content-unknown", f"the statement commits to nothing named {key}"))
        elif held is None:
            tally.no_salt.append(_name(pointer))
        elif commitment(subject.id, pointer, held.salt, found) != _committed(subject, pointer):
            tally.wrong.append(
                ("content-mismatch", f"the file in hand for {_name(pointer)} is not the one committed to")
            )
        else:
            tally.fits.append(f"the file {_name(pointer)}")


def _committed(statement: Statement, pointer: str) -> bytes:
    """The commitment, or the digest, at a pointer that the catalogue gave."""
    found: object = statement.document
    for step in pointer[1:].split("/"):
        found = (
            found[int(step)] if isinstance(found, list) else found[step] if isinstance(found, dict) else None
        )
    assert isinstance(found, str)  # the form of a type's commitments was read
    return bytes.fromhex(found)
