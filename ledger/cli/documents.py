"""Documents that commands are given: single files, newline-delimited JSON, globs, standard input; and what they write.

A file is newline-delimited where its name ends in .ndjson or .jsonl, or where its first line is a whole document and
others follow.  Lines are read one at a time, so that a file may be of any size.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from glob import glob
from hashlib import sha256
from pathlib import Path
from typing import Any

import typer

from ledger.cli import output
from ledger.core.canonical import STATEMENT_LIMIT
from ledger.core.statement import Statement, parse_statement
from ledger.errors import LedgerError, MalformedError
from ledger.services.drafting.drafts import faults, read_document, sign_draft
from ledger.services.files import READABLE, read_bounded, reported, require_absent, sync_folder, write_out
from ledger.services.keys.keyfile import HolderKey
from ledger.statements.shape import Problem

STDIN = "-"
_LINES = {".ndjson", ".jsonl"}
_DIGEST_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One document of an input.

    Attributes:
        source: Name of the file, as given.
        line: Its line, from 1; None for a file of one document.
        data: Its bytes without the line feed that ended it.
        end: Bytes of the input up to and with it.
        hashed: SHA-256 over those bytes; of a newline-delimited file alone.
    """

    source: str
    line: int | None
    data: bytes
    end: int
    hashed: Any = None

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return self.source if self.line is None else f"{self.source} line {self.line}"


@contextmanager
def inputs(names: Iterable[str]) -> Iterator[list[Path]]:
    """The files that were named; patterns are expanded, standard input (`-`) is kept in a file until the block ends."""
    with tempfile.TemporaryDirectory(prefix="evidence-") as folder:
        found: list[Path] = []
        for name in names:
            if name == STDIN:
                kept = Path(folder) / "standard input"
                with kept.open("wb") as file:
                    shutil.copyfileobj(sys.stdin.buffer, file)
                found.append(kept)
            elif any(mark in name for mark in "*?[") and not Path(name).exists():
                matched = sorted(glob(name, recursive=True))  # noqa: PTH207 - patterns may be absolute
                if not matched:
                    raise typer.BadParameter(f"no file matches {name}")
                found += map(Path, matched)
            else:
                found.append(Path(name))
        yield found


def is_many(path: Path) -> bool:
    """Whether a file is newline-delimited.

    Raises:
        SetupError: It cannot be read.
    """
    if path.suffix in _LINES:
        return True
    with reported("read", path), path.open("rb") as file:
        head = file.read(STATEMENT_LIMIT + 2)
    first, _, rest = head.partition(b"\n")
    if not rest.strip():
        return False
    try:
        read_document(first.strip())
    except LedgerError:
        return False
    return True


def entries(path: Path, *, offset: int = 0, line: int = 0, hashed: Any = None) -> Iterator[Entry]:
    """The documents of a file; of a newline-delimited one from byte `offset`, after `line` lines.

    Args:
        path: The file.
        offset: Where to begin.
        line: Lines before that.
        hashed: SHA-256 over the bytes before that; None at the beginning.

    Raises:
        SetupError: It cannot be read.
    """
    if not is_many(path):
        data = read_bounded(path, limit=STATEMENT_LIMIT + 2, what="statement")
        yield Entry(str(path), None, data.rstrip(b"\r\n"), len(data))
        return
    running = sha256() if hashed is None else hashed.copy()
    with reported("read", path), path.open("rb") as file:
        file.seek(offset)
        while data := file.readline(STATEMENT_LIMIT + 2):
            line += 1
            pieces = [data]
            while not pieces[-1].endswith(b"\n") and (more := file.readline(STATEMENT_LIMIT)):
                pieces[1:] = [more]  # what is too long is refused in its place, and not kept
                running.update(more)
                offset += len(more)
            running.update(data)
            offset += len(data)
            if data.strip():
                yield Entry(str(path), line, data.rstrip(b"\r\n"), offset, running.copy())


def count_lines(path: Path, offset: int) -> int:
    """Lines of a file after byte `offset`."""
    count, last = 0, b"\n"
    with reported("read", path), path.open("rb") as file:
        file.seek(offset)
        while piece := file.read(1 << 20):
            count += piece.count(b"\n")
            last = piece[-1:]
    return count + (last != b"\n")


def digest_of(text: str) -> str:
    """The digest that was typed, or that of the signed statement in the file that was named.

    Raises:
        SetupError, MalformedError: The file cannot be read, or holds no signed statement.
    """
    if len(text) == _DIGEST_LENGTH and set(text) <= set("0123456789abcdef"):
        return text
    return signed(text).digest.hex()


def signed(text: str) -> Statement:
    """The signed statement in the file that was named."""
    if not Path(text).is_file():
        raise typer.BadParameter(f"{text} is neither a digest (64 lower-case hex digits) nor a file")
    data = read_bounded(Path(text), limit=STATEMENT_LIMIT + 2, what="statement").rstrip(b"\r\n")
    return parse_statement(data)


def check_documents(names: list[str], kind: str, *, as_json: bool) -> int:
    """Name every error of every document; the exit status."""
    told: list[dict[str, Any]] = []
    lines: list[str] = []
    count = bad = 0
    with inputs(names) as paths:
        for path in paths:
            for entry in entries(path):
                count += 1
                found = _faults(entry, kind)
                bad += bool(found)
                where = "" if entry.line is None else f"line {entry.line} "
                prefix = where if len(paths) == 1 else f"{entry.place}: "
                lines += [
                    f"{prefix}{one.pointer or '(document)'}: {one.detail} ({one.code})" for one in found
                ]
                told += [
                    {
                        "file": entry.source,
                        **({} if entry.line is None else {"line": entry.line}),
                        "pointer": one.pointer,
                        "code": one.code,
                        "detail": one.detail,
                    }
                    for one in found
                ]
    if count == 0:
        raise MalformedError("there is no document in the input", code="input-empty")
    counted = f"{count} document{'s' if count != 1 else ''}"
    problems = f"{len(told)} problem{'s' if len(told) != 1 else ''}"
    end = (
        f"{problems} in {bad} of {counted}" if told else f"{counted} in order; signatures were not looked at"
    )
    output.show({"documents": count, "problems": told}, [*lines, end], as_json=as_json)
    return output.REFUSED if told else output.DONE


def sign_documents(name: str, key: HolderKey, kind: str, out: Path | None, *, now: int, as_json: bool) -> int:
    """Sign every document of an input, all or none; the exit status."""
    if out is not None:
        require_absent(out, what="signed statement")
    with inputs([name]) as (path, *_), _beside(out) as made:
        many, count, bad, digest = is_many(path), 0, 0, ""
        with output.Progress("signing", unit="drafts") as progress:
            for entry in entries(path):
                count += 1
                try:
                    document = read_document(entry.data)
                    require_type(document, kind)
                    statement = sign_draft(document, key, now=now)
                except LedgerError as error:
                    if not many:
                        raise
                    bad += 1
                    output.say(f"{entry.place}:")
                    output.fail(error, as_json=False)
                    continue
                digest = statement.digest.hex()
                made.write(statement.encoded + (b"\n" if many else b""))
                progress.reached(count)
        if count == 0:
            raise MalformedError("there is no document in the input", code="input-empty")
        if bad:
            raise MalformedError(
                f"{bad} of {count} drafts were refused, so none was written", code="drafts-refused"
            )
        made.flush()
        if out is None:
            made.seek(0)
            while piece := made.read(1 << 20):
                output.write_bytes(piece)
            return output.DONE
        with reported("write signed statement", out):
            os.fchmod(made.fileno(), READABLE)
            os.fsync(made.fileno())
            os.link(made.name, out)  # never replaces what is there
            sync_folder(out.parent)
    told: dict[str, Any] = {"file": str(out), "signed": count}
    text = f"{count} signed, in {out}"
    if not many:
        told["digest"] = digest
        text = f"signed: {digest}, in {out}"
    output.show(told, text, as_json=as_json)
    return output.DONE


def require_type(document: dict[str, Any], kind: str) -> None:
    """Refuse a document that names another type; one that names none is left to the check.

    Raises:
        MalformedError: `statement-type`.
    """
    named = document.get("type")
    if isinstance(named, list) and "VerifiableCredential" in named and kind not in named:
        raise MalformedError(f"the document is no {kind}", code="statement-type", pointer="/type")


def write_draft(document: dict[str, Any], out: Path | None, *, made_of: Path | None = None) -> None:
    """Write a draft for people to edit, to `out` or standard output; `made_of` an earlier one, which may be `out`."""
    import orjson

    data = orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"
    if out is None:
        output.write_bytes(data)
    else:
        write_out(out, data, what="draft", made_of=made_of)


def _beside(out: Path | None) -> Any:
    """A file that is filled before it gets its name, on the same disk as `out`; gone afterwards."""
    if out is None:
        return tempfile.TemporaryFile()
    with reported("write signed statement", out):
        return tempfile.NamedTemporaryFile(dir=out.parent, prefix=".evidence-")


def _faults(entry: Entry, kind: str) -> list[Problem]:
    try:
        document = read_document(entry.data)
        require_type(document, kind)
    except LedgerError as error:
        return [Problem(error.pointer or "", error.code, str(error))]
    return faults(document)
