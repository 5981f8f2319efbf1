"""Step 2: the file or the fields in hand are those that the statement commits to.

Source: docs/spec/commitments.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from ledger.core.canonical import Json, encode
from ledger.core.statement import Statement
from ledger.statements.catalogue import commitments
from ledger.verify.bundle import Bundle, Disclosure, Item
from ledger.verify.report import Check

if TYPE_CHECKING:
    from ledger.core.commitment import Openings

_PREFIX, _SUFFIX = "/credentialSubject/", "/commitment"
_DIGEST_HEX = 64


class Content(NamedTuple):
    """What the user holds beside the bundle.

    Attributes:
        files: SHA-256 of each file in hand, by the name of its commitment (`payload`) or by JSON pointer.
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
    for _, item in bundle.items:
        for pointer, disclosed in item.disclosures.items():
            _disclosed(item, pointer, disclosed, content, tally)
    subject = bundle.subject_item.statement
    committed = commitments(subject.document)
    if content.files or content.openings is not None:
        _in_hand(subject, content, tally)
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


def _disclosed(item: Item, pointer: str, disclosed: Disclosure, content: Content, tally: _Tally) -> None:
    name = _name(pointer)
    committed = _at(item.statement.document, pointer)
    if committed is None:
        tally.wrong.append(
            ("disclosure-no-commitment", f"{pointer} of {item.statement.digest.hex()} is no commitment")
        )
        return
    from ledger.core.commitment import commitment

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
    given = {key: content.files[key] for key in (name, pointer) if key in content.files}
    tally.used.update(given)
    if not given:
        tally.not_in_hand.append(name)
    elif all(found == fixed for found in given.values()):
        tally.fits.append(f"the file {name}")
    else:
        tally.wrong.append(("content-mismatch", f"the file in hand for {name} is not the one committed to"))


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
    for pointer, opening in opened.items():
        committed = _at(subject.document, pointer)
        value = opening.file_sha256 if opening.file_sha256 is not None else encode(opening.value)
        if committed is None or commitment(subject.id, pointer, opening.salt, value) != committed:
            tally.wrong.append(
                ("commitment-mismatch", f"the opening of {_name(pointer)} is not what {pointer} commits to")
            )
        elif opening.file_sha256 is None:
            tally.fits.append(f"the value of {_name(pointer)}")
    places = commitments(subject.document)
    known = {*places.values(), *opened}
    for key, found in content.files.items():
        if key in tally.used:
            continue
        pointer = places.get(key, key)
        held = opened.get(pointer)
        if pointer not in known:
            tally.wrong.append(("content-unknown", f"the statement commits to nothing named {key}"))
        elif held is None:
            tally.no_salt.append(_name(pointer))
        elif commitment(subject.id, pointer, held.salt, found) != _at(subject.document, pointer):
            tally.wrong.append(
                ("content-mismatch", f"the file in hand for {_name(pointer)} is not the one committed to")
            )
        else:
            tally.fits.append(f"the file {_name(pointer)}")


def _at(document: Json, pointer: str) -> bytes | None:
    """The digest that stands at a JSON pointer of the credential's subject; None where there is none."""
    if not pointer.startswith(_PREFIX):
        return None
    found = document
    for step in pointer[1:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict):
            found = found.get(name)
        elif isinstance(found, list) and name.isascii() and name.isdigit() and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    if (
        not isinstance(found, str)
        or len(found) != _DIGEST_HEX
        or not frozenset(found) <= frozenset("0123456789abcdef")
    ):
        return None
    return bytes.fromhex(found)
