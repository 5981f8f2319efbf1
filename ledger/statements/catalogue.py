"""The types of statement: who signs each, how it is read, its schema, an example, the errors of a draft."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final, Protocol

from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.errors import MalformedError
from ledger.statements import shape
from ledger.statements.envelope import envelope
from ledger.statements.reading import Kind, subject_problems
from ledger.statements.shape import Problem


class Reader(Protocol):
    """What each type's module reads its statements with."""

    def __call__(self, statement: Statement, *, screened: bool = True) -> object:
        """The subject as the dataclass of its type."""


class StatementType:
    """What there is to know of one type: its `kind`, and how to `read` a statement of it."""

    __slots__ = ("kind", "read")

    def __init__(self, kind: Kind, read: Reader) -> None:
        self.kind, self.read = kind, read

    @property
    def name(self) -> str:
        """As in the document's `type`."""
        return self.kind.name

    @property
    def roles(self) -> tuple[str, ...]:
        """Of which its signer must have one; a KeyRevocation may also be signed by the party itself."""
        return self.kind.roles


_MODULES: Final = {
    "Enrolment": "enrolment",
    "KeyRevocation": "revocation",
    "TransferRecord": "transfer",
    "TransferAcknowledgement": "acknowledgement",
    "ConformityCertificate": "certificate",
    "Accreditation": "accreditation",
    "RecognitionArrangement": "arrangement",
    "Endorsement": "endorsement",
    "Recognition": "recognition_grant",
    "StatusChange": "status_change",
    "StatusList": "status_list",
    "IdentityRecognition": "identity",
    "JurisdictionEntry": "jurisdiction",
    "LogSuccession": "log_succession",
    "PolicyMeasure": "measure",
    "Decision": "decision",
    "DatasetRegistration": "dataset",
    "MeasureReview": "measure_review",
    "Observation": "observation",
}


class _Types(Mapping[str, StatementType]):
    """The types by name, each module loaded when its type is first met: a verifier meets few of them."""

    def __init__(self) -> None:
        self._loaded: dict[str, StatementType] = {}

    def __getitem__(self, name: str) -> StatementType:
        found = self._loaded.get(name)
        if found is None:
            module = import_module(f"ledger.statements.{_MODULES[name]}")
            found = self._loaded[name] = StatementType(module.KIND, module.read)
        return found

    def __contains__(self, name: object) -> bool:
        return name in _MODULES

    def __iter__(self) -> Iterator[str]:
        return iter(_MODULES)

    def __len__(self) -> int:
        return len(_MODULES)


TYPES: Mapping[str, StatementType] = _Types()


def read(statement: Statement, *, screened: bool = True) -> object:
    """The subject of a statement, as the dataclass of its type; `screened` as in `read_subject`.

    Raises:
        MalformedError: `statement-type`: no such type; `statement-invalid`: its fields are not in order.
    """
    return statement_type(statement.type).read(statement, screened=screened)


def statement_type(name: str) -> StatementType:
    """The type of this name.

    Raises:
        MalformedError: `statement-type`: there is none.
    """
    try:
        return TYPES[name]
    except KeyError:
        raise MalformedError(
            f"no such type of statement; there are {shape.listed(TYPES)}",
            code="statement-type",
            pointer="/type/1",
        ) from None


def check(document: object) -> list[Problem]:
    """Every error of a statement's document, signed or not; signatures are not looked at.

    What a draft has yet to say, `<like this>`, is reported as `not-filled-in`.
    """
    if not isinstance(document, dict):
        return [shape.wrong_type(document, "", dict)]
    kind = _kind_of(document)
    if kind is None:
        detail = f"there is no such type of statement; there are {shape.listed(TYPES)}"
        return [Problem("/type", "statement-type", detail)]
    found = shape.problems(envelope(kind.name), document)
    if "credentialSubject" in document:
        issuer = document.get("issuer")
        issuer = issuer if isinstance(issuer, str) else ""
        found += subject_problems(kind, document["credentialSubject"], issuer, _created(document))
    return _with_blanks(document, found)


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema 2020-12 of a signed statement of type `name`.

    Raises:
        MalformedError: `statement-type`: there is none.
    """
    kind = statement_type(name).kind
    made = shape.json_schema(envelope(name, kind.shape, signed=True))
    return {"$id": f"urn:evidence-ledger:schema:{name}:v1", "title": name, **made}


def example(name: str) -> dict[str, Any]:
    """A complete unsigned statement of type `name`, between invented parties of XA and XB; a fresh copy.

    Raises:
        MalformedError: `statement-type`: there is none.
    """
    from ledger.statements.examples import document

    return document(statement_type(name).name)


def commitments(document: Mapping[str, Any]) -> dict[str, str]:
    """The places of a document that hold commitments: name -> JSON pointer.

    The name is the path below the subject without the last member: `payload`, `document`, `document.number`,
    `lines.0.volume`.
    """
    places: dict[str, str] = {}
    waiting: list[tuple[object, tuple[str, ...]]] = [(document.get("credentialSubject"), ())]
    while waiting:
        value, path = waiting.pop()
        if isinstance(value, dict):
            if "commitment" in value:
                places[".".join(path)] = "/".join(("", "credentialSubject", *path, "commitment"))
            waiting += [
                (member, (*path, name)) for name, member in value.items() if isinstance(member, dict | list)
            ]
        elif isinstance(value, list):
            waiting += [(item, (*path, str(index))) for index, item in enumerate(value)]
    return dict(sorted(places.items()))


def file_digests(document: Mapping[str, Any]) -> dict[str, str]:
    """The places of a document that hold the digest of a file, without salt: name -> JSON pointer.

    The name is the path below the subject without the last member.
    """
    if "IdentityRecognition" not in document["type"]:
        return {}
    return {"credential": "/credentialSubject/credential/digest"}


def _kind_of(document: Mapping[str, Any]) -> Kind | None:
    names = document.get("type")
    if isinstance(names, list):
        for name in names:
            if isinstance(name, str) and name in TYPES:
                return TYPES[name].kind
    return None


def _created(document: Mapping[str, Any]) -> int:
    """When the document was signed; for a draft, its validFrom."""
    proof = document.get("proof")
    for time in (proof.get("created") if isinstance(proof, dict) else None, document.get("validFrom")):
        if isinstance(time, str):
            try:
                return parse_time(time)
            except MalformedError:
                continue
    return 0


def _with_blanks(document: Mapping[str, Any], found: list[Problem]) -> list[Problem]:
    """Report what is still to be filled in as that, in place of what is wrong with its text."""
    blanks: dict[str, str] = {}
    waiting: list[tuple[object, tuple[str, ...]]] = [(document, ())]
    while waiting:
        value, path = waiting.pop()
        if isinstance(value, str) and value.startswith("<") and value.endswith(">"):
            blanks["".join(f"/{shape.escape(name)}" for name in path)] = value[1:-1]
        elif isinstance(value, dict):
            waiting += [(member, (*path, name)) for name, member in value.items()]
        elif isinstance(value, list):
            waiting += [(item, (*path, str(index))) for index, item in enumerate(value)]
    left = [problem for problem in found if problem.pointer not in blanks]
    asked = [
        Problem(at, "not-filled-in", f"to be filled in: {words}") for at, words in sorted(blanks.items())
    ]
    return asked + left
