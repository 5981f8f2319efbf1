"""The evidence bundle: one file that holds all that is needed to verify one matter offline.

Source: docs/spec/bundle.md.  Reading is step 1 of verification: shape, bounds and the rules that need nothing but
the file.  What the parts say is the business of the later steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ledger.core.canonical import BUNDLE_LIMIT, Json, decode, encode
from ledger.core.checkpoint import is_origin
from ledger.core.members import Members
from ledger.core.statement import Statement, statement_of
from ledger.errors import MalformedError
from ledger.verify.chain_parts import Anchor, Foreign, read_anchors, read_foreign, read_path

FORMAT = "evidence-bundle/1"
WHAT = "bundle"
SECTION_LIMIT = 16
ITEM_LIMIT = 1_024
ENTRY_LIMIT = 2**27
"""Entries of all status lists together: a megabyte of them may inflate to hundreds."""

Kind = Literal["bundle", "receipt", "statement", "fork"]
"""What a file with evidence may be."""

TYPE_OF_ROLE: Mapping[str, str | None] = {
    "subject": None,
    "acknowledgement": "TransferAcknowledgement",
    "enrolment": "Enrolment",
    "keyRevocation": "KeyRevocation",
    "accreditation": "Accreditation",
    "certificate": "ConformityCertificate",
    "arrangement": "RecognitionArrangement",
    "endorsement": "Endorsement",
    "recognition": "Recognition",
    "statusChange": "StatusChange",
    "statusList": "StatusList",
    "identityRecognition": "IdentityRecognition",
    "jurisdictionEntry": "JurisdictionEntry",
    "measure": "PolicyMeasure",
    "decision": "Decision",
    "datasetRegistration": "DatasetRegistration",
    "parent": "TransferRecord",
}
"""Each role an item may play, and the one type of statement that fits it; the subject may be of any type."""


class Disclosure(NamedTuple):
    """An opened commitment: its salt, and either the value or the SHA-256 of the file that was committed to."""

    salt: bytes
    value: Json
    file_sha256: bytes | None


@dataclass(frozen=True, slots=True)
class Item:
    """A statement, its place in the section's log, and what it is there for."""

    role: str
    statement: Statement
    index: int
    path: tuple[bytes, ...]
    disclosures: Mapping[str, Disclosure]


class Section(NamedTuple):
    """One log at one checkpoint.  `extends` is the consistency path from the last section of the same log."""

    origin: str
    checkpoint: bytes
    extends: tuple[bytes, ...] | None
    items: tuple[Item, ...]
    anchors: tuple[Anchor, ...]
    foreign: tuple[Foreign, ...]


class Bundle(NamedTuple):
    """A parsed bundle.  `subject` is the digest of the statement that the bundle is about."""

    subject: bytes
    sections: tuple[Section, ...]

    @property
    def items(self) -> tuple[tuple[Section, Item], ...]:
        """Every item with its section, in order."""
        return tuple((section, item) for section in self.sections for item in section.items)

    @property
    def subject_item(self) -> Item:
        """The one item whose role is `subject`."""
        return next(item for section in self.sections for item in section.items if item.role == "subject")


def kind_of(data: bytes) -> Kind:
    """What a file claims to be, by its first bytes.  Anything unknown is treated as a bundle, and refused as one."""
    if data.startswith(b"c2sp.org/tlog-proof@"):
        return "receipt"
    if data.startswith(b'{"a":'):
        return "fork"
    return "statement" if data.startswith(b'{"@context":') else "bundle"


def parse_bundle(data: bytes) -> Bundle:
    """Read a bundle, strictly.

    Args:
        data: The canonical bytes of the file; at most 16 MiB.

    Raises:
        MalformedError: With the code of the first rule broken and the pointer of the member.

    Cost: linear; each statement inside is hashed once.
    """
    value = decode(data, limit=BUNDLE_LIMIT, what=WHAT)
    top = Members(value, what=WHAT, pointer="", required=("format", "sections", "subject"))
    if top.json("format") != FORMAT:
        raise top.fault("format", FORMAT, code="format-unknown")
    subject = top.digest("subject")
    listed = top.each("sections", ("anchors", "checkpoint", "foreign", "items", "origin"), ("extends",))
    if not 1 <= len(listed) <= SECTION_LIMIT:
        raise top.fault("sections", f"1 to {SECTION_LIMIT} sections", code="too-many-sections")
    sections = tuple(_section(part) for part in listed)
    _check_whole(subject, sections)
    return Bundle(subject, sections)


def encode_bundle(subject: bytes, sections: Sequence[Mapping[str, Json]]) -> bytes:
    """The canonical bytes of a bundle made of section documents; reads them back, so what it returns parses."""
    data = encode(
        {"format": FORMAT, "sections": [dict(section) for section in sections], "subject": subject.hex()}
    )
    parse_bundle(data)
    return data


def _section(part: Members) -> Section:
    items = part.each("items", ("index", "path", "role", "statement"), ("disclosures",))
    if not items:
        raise part.fault("items", "at least one item")
    origin = part.text("origin")
    if not is_origin(origin):
        raise part.fault("origin", "1 to 255 characters A-Z a-z 0-9 . / -")
    return Section(
        origin,
        part.text("checkpoint").encode(),
        read_path(part, "extends") if "extends" in part else None,
        tuple([_item(item) for item in items]),
        read_anchors(part),
        read_foreign(part),
    )


def _item(part: Members) -> Item:
    role = part.choice("role", TYPE_OF_ROLE)
    try:
        statement = statement_of(part.json("statement"))
    except MalformedError as error:
        inner = f"{part.pointer}/statement{error.pointer or ''}"
        raise MalformedError(str(error), code=error.code, pointer=inner) from error
    fitting = TYPE_OF_ROLE[role]
    if fitting is not None and statement.type != fitting:
        raise part.fault("role", f"another role than {role} for a {statement.type}", code="role-type")
    disclosed = (
        part.named("disclosures", ("salt",), ("fileSha256", "value")) if "disclosures" in part else None
    )
    if disclosed == []:
        raise part.fault("disclosures", "at least one disclosure, or no such member")
    return Item(
        role,
        statement,
        part.integer("index"),
        read_path(part, "path"),
        {pointer: _disclosure(opened) for pointer, opened in disclosed or ()},
    )


def _disclosure(part: Members) -> Disclosure:
    if ("value" in part) == ("fileSha256" in part):
        raise part.fault("value", "either this or fileSha256", code="disclosure-shape")
    fixed = part.digest("fileSha256") if "fileSha256" in part else None
    return Disclosure(part.digest("salt"), None if fixed is not None else part.json("value"), fixed)


def _check_whole(subject: bytes, sections: Sequence[Section]) -> None:
    """The rules of step 1 that span items and sections."""
    items = [item for section in sections for item in section.items]
    if len(items) > ITEM_LIMIT:
        raise MalformedError(
            f"bundle has {len(items)} items; at most {ITEM_LIMIT}", code="too-many-items", pointer="/sections"
        )
    entries = sum(_entries(item.statement) for item in items)
    if entries > ENTRY_LIMIT:
        raise MalformedError(
            f"the status lists have {entries} entries; at most {ENTRY_LIMIT}",
            code="too-many-entries",
            pointer="/sections",
        )
    subjects = [item for item in items if item.role == "subject"]
    if len(subjects) != 1 or subjects[0].statement.digest != subject:
        raise MalformedError(
            f"bundle has {len(subjects)} items of role subject; exactly one with digest {subject.hex()} is required",
            code="subject-missing",
            pointer="/subject",
        )
    statements = [item.statement for item in items]
    digests = {found.digest for found in statements}
    if len({(found.issuer, found.id) for found in statements}) != len(digests):
        raise _reused(statements)
    if len(digests) != len(items):
        raise MalformedError(
            "a statement stands in the bundle twice", code="digest-twice", pointer="/sections"
        )
    origins: set[str] = set()
    for n, section in enumerate(sections):
        at = f"/sections/{n}"
        if section.origin in origins and section.extends is None:
            raise MalformedError(
                f"section {n} is a later one of its log and needs extends", code="extends-missing", pointer=at
            )
        if section.origin not in origins and section.extends is not None:
            raise MalformedError(
                f"section {n} is the first of its log and must not have extends",
                code="extends-superfluous",
                pointer=at,
            )
        origins.add(section.origin)
        others = [
            *(part.checkpoint for part in section.anchors),
            *(part.checkpoint for part in section.foreign),
        ]
        if section.checkpoint in others:
            raise MalformedError(
                f"section {n} repeats its own checkpoint in an anchor or a foreign part; leave it out there",
                code="checkpoint-repeated",
                pointer=at,
            )


def _reused(statements: Sequence[Statement]) -> MalformedError:
    """The first id under which its issuer signed two statements."""
    named: dict[tuple[str, str], bytes] = {}
    found = next(
        one for one in statements if named.setdefault((one.issuer, one.id), one.digest) != one.digest
    )
    return MalformedError(
        f"{found.issuer} signed two statements with the id {found.id}", code="id-reused", pointer="/sections"
    )


def _entries(statement: Statement) -> int:
    """Entries that a status list says to have; 0 for what says nothing that its type would read."""
    length = statement.subject.get("length") if statement.type == "StatusList" else None
    return length if type(length) is int and length > 0 else 0
