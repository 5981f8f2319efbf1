"""Registering signed statements from files: streamed, counted, resumed where it broke off, summed up at the end."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, Self

from ledger.cli import calling, output
from ledger.cli.documents import Entry, count_lines, entries, inputs, is_many
from ledger.errors import LedgerError, MalformedError, RemoteError, SetupError
from ledger.remote.node import NodeClient, Outcome, Refused, Registered, RemoteRefusedError
from ledger.services.drafting.drafts import read_document
from ledger.services.files import READABLE, replace, reported
from ledger.services.tables.resume import Position, beside, resumed

SAVED_SECONDS: Final = 1.0
SAVED_LINES: Final = 1_000
"""The progress file is written after so many answers, and after so much time."""
SHOWN: Final = 50
"""Refusals shown at the end; `--errors` writes all."""
_BEGINS: Final = b'{"file":'
"""How a file of refusals begins, as `_refusal` tells of one."""
_NOT_FOUND: Final = 404


@dataclass(slots=True)
class Tally:
    """What became of the inputs."""

    registered: int = 0
    known: int = 0
    refused: int = 0
    shown: list[dict[str, Any]] = field(default_factory=list)
    last: dict[str, Any] | None = None

    @property
    def answered(self) -> int:
        """Statements with an answer."""
        return self.registered + self.known + self.refused


def register_files(
    names: list[str], url: str, *, receipts: Path | None, errors: Path | None, as_json: bool
) -> int:
    """Register everything in the inputs.

    The exit status is 1 when anything was refused, 3 when the node was out of reach.
    """
    tally, trouble = registered(names, url, receipts=receipts, errors=errors)
    _show(tally, trouble, as_json=as_json)
    if trouble is not None:
        return broken_off(trouble, tally)
    if tally.answered == 0:
        raise MalformedError("there is no document in the input", code="input-empty")
    return output.REFUSED if tally.refused else output.DONE


def registered(
    names: list[str], url: str, *, receipts: Path | None, errors: Path | None
) -> tuple[Tally, LedgerError | None]:
    """Register everything in the inputs; what became of them, and what broke the run off."""
    tally = Tally()
    trouble: LedgerError | None = None
    if receipts is not None:
        with reported("make folder", receipts):
            receipts.mkdir(parents=True, exist_ok=True)
    with inputs(names) as paths, calling.client(url) as node, _Errors(errors) as refusals:
        run = _Run(node, tally, refusals, receipts)
        try:
            run.all(paths)
        except (RemoteError, SetupError) as error:
            trouble = error
    return tally, trouble


def broken_off(trouble: LedgerError, tally: Tally) -> int:
    """Say why a run ended early, and how it goes on; the exit status."""
    status = output.fail(trouble, as_json=False)
    if tally.answered:
        output.say("what is counted above stands in the log; run the same command again to go on")
    return status


class _Run:
    """One run over all inputs."""

    def __init__(self, node: NodeClient, tally: Tally, refusals: "_Errors", receipts: Path | None) -> None:
        self._node, self._tally, self._refusals, self._receipts = node, tally, refusals, receipts

    def all(self, paths: list[Path]) -> None:
        """Register every input: each newline-delimited one by itself, single statements in between together."""
        alone: list[Path] = []
        for path in paths:
            if not is_many(path):
                alone.append(path)
                continue
            self._singles(alone)
            alone = []
            self._lines(path)
        self._singles(alone)

    def _singles(self, paths: list[Path]) -> None:
        self._refusals.open(append=False)
        found = (entry for path in paths for entry in entries(path))
        with output.Progress("registering", len(paths)) as progress:
            for entry, outcome in self._outcomes(found):
                self._count(entry, outcome)
                progress.advance()

    def _lines(self, path: Path) -> None:
        position = resumed(path, self._node.url, self._index_of)
        if position.lines:
            output.say(f"{path}: going on after line {position.lines:,}, as {beside(path).name} says")
        self._refusals.open(append=position.lines > 0)
        tally = self._tally
        tally.registered += position.registered
        tally.known += position.known
        tally.refused += position.refused
        tally.shown += position.refusals
        saved = time.monotonic()
        try:
            with output.Progress("registering", count_lines(path, position.offset)) as progress:
                found = entries(path, offset=position.offset, line=position.lines, hashed=position.hashed)
                for entry, outcome in self._outcomes(found):
                    told = self._count(entry, outcome)
                    _advance(position, entry, outcome, told)
                    progress.advance()
                    if progress.done % SAVED_LINES == 0 or time.monotonic() - saved > SAVED_SECONDS:
                        _save(position, path)
                        saved = time.monotonic()
        except BaseException:
            _save(position, path)
            raise
        with reported("remove progress file", beside(path)):
            beside(path).unlink(missing_ok=True)

    def _outcomes(self, found: Iterator[Entry]) -> Iterator[tuple[Entry, Outcome]]:
        sent: deque[Entry] = deque()

        def statements() -> Iterator[bytes]:
            for entry in found:
                sent.append(entry)
                yield entry.data

        for outcome in self._node.register_all(statements()):
            yield sent.popleft(), outcome

    def _count(self, entry: Entry, outcome: Outcome) -> dict[str, Any] | None:
        """Count an outcome; what there is to tell of a refusal."""
        tally = self._tally
        if isinstance(outcome, Refused):
            told = _refusal(entry, outcome)
            tally.refused += 1
            self._refusals.add(told)
            if len(tally.shown) < SHOWN:
                tally.shown.append(told)
            return told
        if isinstance(outcome, Registered):
            tally.registered += outcome.new
            tally.known += not outcome.new
            tally.last = {"digest": outcome.digest, "index": outcome.index}
            if self._receipts is not None:
                receipt = self._node.receipt(outcome.digest)
                path = self._receipts / f"{outcome.digest}.tlog-proof"
                replace(path, receipt, what="receipt", mode=READABLE)
        return None

    def _index_of(self, digest: str) -> int | None:
        try:
            index = self._node.status(digest).get("index")
        except RemoteRefusedError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return index if isinstance(index, int) else None


class _Errors:
    """The file of all refusals, one JSON object a line; nothing where none is wanted."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def open(self, *, append: bool) -> None:
        """Begin the file, or go on with that of the run that broke off."""
        if self._path is not None and self._file is None:
            with reported("write errors", self._path):
                _require_refusals(self._path)
                self._file = self._path.open("ab" if append else "wb")

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, told: dict[str, Any]) -> None:
        import orjson

        if self._file is not None and self._path is not None:
            with reported("write errors", self._path):
                self._file.write(orjson.dumps(told) + b"\n")
                self._file.flush()


def _require_refusals(path: Path) -> None:
    """Refuse to write where a file of something else is; a terminal or a pipe holds nothing."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        first = file.read(len(_BEGINS))
    if not _BEGINS.startswith(first):  # a run that broke off may have left its very first bytes
        raise SetupError(
            f"file {path} exists already and holds no refusals; it is not overwritten", code="file-exists"
        )


def _advance(position: Position, entry: Entry, outcome: Outcome, told: dict[str, Any] | None) -> None:
    assert entry.line is not None
    position.lines, position.offset, position.hashed = entry.line, entry.end, entry.hashed
    if told is not None:
        position.refused += 1
        if len(position.refusals) < SHOWN:
            position.refusals.append(told)
    elif isinstance(outcome, Registered):
        position.registered += outcome.new
        position.known += not outcome.new
        position.last = (outcome.digest, outcome.index)


def _save(position: Position, path: Path) -> None:
    if position.lines:
        with suppress(SetupError):  # without the file the next run asks the node for each statement again
            position.save(beside(path))


def _refusal(entry: Entry, outcome: Refused) -> dict[str, Any]:
    error = outcome.error
    told: dict[str, Any] = {"file": entry.source, "digest": outcome.digest, "code": error.problem}
    told["detail"] = str(error).removeprefix("the node refused: ").removesuffix(f" ({error.problem})")
    if b"\n" in entry.data:  # never sent as it is: what the node said is of an empty line
        told["code"], told["detail"] = _spread(entry.data)
    told |= {} if entry.line is None else {"line": entry.line}
    told |= {} if error.pointer is None else {"pointer": error.pointer}
    return told


def _spread(data: bytes) -> tuple[str, str]:
    """What is wrong with a document of several lines, as drafts are and signed statements never."""
    with suppress(LedgerError):
        if "proof" not in read_document(data):
            return "statement-malformed", "the document has no proof: it is not signed yet"
    return (
        "not-canonical",
        "it stands on several lines; a signed statement is registered as it was signed, on one",
    )


def _show(tally: Tally, trouble: LedgerError | None, *, as_json: bool) -> None:
    lines = []
    for one in tally.shown:
        line = f" line {one['line']}" if "line" in one else ""
        lines.append(f"refused: {one['file']}{line}: {one['detail']} ({one['code']})")
    if tally.refused > len(tally.shown):
        lines.append(f"refused: {tally.refused - len(tally.shown):,} more; --errors FILE writes all of them")
    last = tally.last
    if last is not None and tally.answered == 1:
        lines.append(f"registered: {last['digest']}, entry {last['index']}")
    if tally.answered or trouble is None:
        lines.append(
            f"{tally.registered:,} registered, {tally.known:,} known before, {tally.refused:,} refused"
        )
    told: dict[str, Any] = {
        "registered": tally.registered,
        "known": tally.known,
        "refused": tally.refused,
        "errors": tally.shown,
        "finished": trouble is None,
    }
    if last is not None:
        told["last"] = last
    output.show(told, lines, as_json=as_json)
