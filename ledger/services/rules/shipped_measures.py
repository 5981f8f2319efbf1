"""The measures that ship with the program, and measures in files: what a precheck goes by where no node is asked.

A shipped one is a reading of published law: `{source, date, licence, notice, summary, subject}`.  Nobody signed it;
its digest is SHA-256 of its canonical subject, and wherever it is shown its date and its notice are.
"""

import json
from collections.abc import Iterable
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

from ledger.core.canonical import STATEMENT_LIMIT, encode, encode_decoded
from ledger.core.statement import parse_statement
from ledger.errors import LedgerError, MalformedError
from ledger.services.drafting.drafts import read_document
from ledger.services.files import read_bounded, reported
from ledger.statements.deciding.decide import Ready, ready
from ledger.statements.measure import SHAPE, measure_of, read
from ledger.statements.shape import StatementInvalidError, problems

MOST_FILES: Final = 1_000
"""In one folder."""


class Held(NamedTuple):
    """A measure at hand, and what there is to say of where it is from."""

    ready: Ready
    said: str
    """For people, e.g. "as read on 2026-11-22, not legal advice"."""
    is_shipped: bool


def shipped() -> list[Held]:
    """All that ship, by name of their files."""
    found = [
        file for file in files("ledger.rules").joinpath("measures").iterdir() if file.name.endswith(".json")
    ]
    return [_of_shipped(json.loads(file.read_bytes())) for file in sorted(found, key=lambda file: file.name)]


def from_files(names: Iterable[Path]) -> list[Held]:
    """The measures in files, and in folders of files (`*.json`): signed statements, drafts, or as those that ship.

    Signatures are not looked at.

    Raises:
        SetupError: A file cannot be read.
        MalformedError: `measures-missing`: there is none; or a file holds no measure in order, by its cause.
    """
    held = []
    for name in names:
        with reported("read", name):
            paths = sorted(name.glob("*.json"))[: MOST_FILES + 1] if name.is_dir() else [name]
        if len(paths) > MOST_FILES:
            raise MalformedError(f"{name} holds more than {MOST_FILES} files", code="too-large")
        held += [_of_file(path) for path in paths]
    if not held:
        raise MalformedError("there is no measure in what was named", code="measures-missing")
    return held


def digest_of(subject: dict[str, Any]) -> bytes:
    """The digest by which a measure that nobody signed is named."""
    return sha256(encode(subject, what="measure")).digest()


def _of_shipped(document: dict[str, Any]) -> Held:
    subject = document["subject"]
    said = f"as read on {document['date']}, not legal advice"
    return Held(ready(digest_of(subject), measure_of(subject)), said, is_shipped=True)


def _of_file(path: Path) -> Held:
    data = read_bounded(path, limit=STATEMENT_LIMIT + 2, what="measure").strip()
    try:
        document = read_document(data, what="measure")
        if "proof" in document:
            statement = parse_statement(encode_decoded(document))
            return Held(
                ready(statement.digest, read(statement)),
                "signed; its signature was not looked at",
                is_shipped=False,
            )
        subject = document.get("credentialSubject", document.get("subject"))
        found = problems(SHAPE, subject)
        if found or not isinstance(subject, dict):
            raise StatementInvalidError("the measure", found)
    except LedgerError as error:
        raise MalformedError(f"{path}: {error}", code=error.code, pointer=error.pointer) from None
    if {"date", "notice"} <= document.keys():
        return _of_shipped(document)._replace(is_shipped=False)
    return Held(
        ready(digest_of(subject), measure_of(subject)), "a draft that nobody signed", is_shipped=False
    )
