"""`evidence verify`: check evidence offline.

Loads the pure floors and argparse only, so that it starts at once; the network is never touched.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ledger.cli.kinds import require_evidence
from ledger.core.canonical import BUNDLE_LIMIT, STATEMENT_LIMIT, TRUST_LIMIT
from ledger.core.times import parse_time
from ledger.core.trust import TrustList
from ledger.errors import LedgerError, SetupError
from ledger.verify.bundle import kind_of
from ledger.verify.content import Content
from ledger.verify.report import STEPS, Report
from ledger.verify.text import render
from ledger.verify.verifier import verify_bundle

if TYPE_CHECKING:
    from ledger.verify.fork_report import ForkReport

DESCRIPTION = "Verify evidence offline: a bundle, a receipt, a statement or a fork proof.   [runs anywhere]"
EPILOG = """\
Exit status: 0 verified; 1 not verified; 2 bad usage; 3 could not finish, so nothing is known; 4 verified then, not now.
Example: evidence verify transfer.evidence.json --trust trust.json --content payload=invoice.xml
Example: evidence verify transfer.evidence.json --trust trust.json --report findings.html
"""
COULD_NOT_FINISH = 3
USAGE = 2
_OPENINGS_LIMIT = 4 * 1024 * 1024
_CHUNK = 1 << 20
_WIDTH = 80


def run(arguments: Sequence[str]) -> int:
    """Carry out the command and return its exit status; writes the report to standard output."""
    options = _parser().parse_args(arguments)
    try:
        if options.report is not None:
            from ledger.services.files import require_absent

            require_absent(options.report, what="report")
        report, name = _verify(options)
        if options.report is not None:
            _write_page(options, report)
    except LedgerError as error:
        if error.code == "file-exists":
            sys.stderr.write(f"error: {error} ({error.code})\n")
            return USAGE
        sys.stderr.write(f"error: could not finish: {error} ({error.code})\n")
        return COULD_NOT_FINISH
    if options.json:
        import orjson

        text = orjson.dumps(report.to_json(), option=orjson.OPT_INDENT_2).decode() + "\n"
    else:
        text = (
            render(report, trust_name=name) if isinstance(report, Report) else report.render(trust_name=name)
        )
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer goes nowhere, else the interpreter complains at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # a reader that went away has what it wanted
            sys.stderr.write(
                f"error: could not write the report: {(error.strerror or '').lower()} (output-failed)\n"
            )
            return COULD_NOT_FINISH
    return report.exit_status


class _Parser(argparse.ArgumentParser):
    """Tells of bad usage as every other command does, which `ledger.cli.app` reads with a library of its own."""

    def error(self, message: str) -> NoReturn:
        """As of the class above."""
        self.exit(USAGE, f"error: {message} (usage)\nsee {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="evidence verify",
        description=DESCRIPTION,
        epilog=EPILOG,
        # Each added argument makes a formatter; one of a given width does not load what asks the terminal for its own.
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=_WIDTH),
        allow_abbrev=False,
    )
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="bundle, receipt (.tlog-proof), statement or fork proof; - for standard input",
    )
    parser.add_argument("--trust", type=Path, metavar="FILE", help="believe this trust list for this run")
    parser.add_argument(
        "--at", type=_time, metavar="TIME", help="ask for the status at this time, 2026-11-22T00:00:00Z"
    )
    parser.add_argument(
        "--into", metavar="CODE", help="the country in which a certificate is to be used, such as XB"
    )
    parser.add_argument(
        "--content", action="append", default=[], type=_named, metavar="NAME=FILE", help="a file in hand"
    )
    parser.add_argument(
        "--openings", type=Path, metavar="FILE", help="salts and values that the signer gave you"
    )
    parser.add_argument("--statement", type=Path, metavar="FILE", help="the statement that a receipt is of")
    parser.add_argument(
        "--require",
        action="append",
        default=[],
        type=_step,
        metavar="STEP",
        help="require this step too: 1 to 11, or now",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="also write the findings as a page (HTML) for people"
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    return parser


def _time(text: str) -> int:
    try:
        return parse_time(text)
    except LedgerError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _named(text: str) -> tuple[str, Path]:
    name, equals, file = text.partition("=")
    if not name or not equals or not file:
        raise argparse.ArgumentTypeError(f"{text} is not NAME=FILE")
    return name, Path(file)


def _step(text: str) -> int | str:
    if text == "now":
        return text
    if text.isascii() and text.isdigit() and int(text) in STEPS:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is not a step from 1 to {len(STEPS)}, or now")


def _verify(options: argparse.Namespace) -> "tuple[Report | ForkReport, str]":
    """Read the files, choose what to believe, and verify."""
    now = int(time.time())
    data = _read(options.file, BUNDLE_LIMIT, "the evidence")
    trust, name = _believed(options.trust)
    steps = [step for step in options.require if isinstance(step, int)]
    today = "now" in options.require
    kind = kind_of(data)
    if kind == "receipt":
        from ledger.verify.single import verify_receipt_file

        statement = (
            None if options.statement is None else _read(options.statement, STATEMENT_LIMIT, "the statement")
        )
        report = verify_receipt_file(
            data, trust, statement=statement, now=now, require=steps, require_now=today
        )
        return report, name
    if kind == "fork":
        _refuse_questions(options)
        from ledger.verify.fork_report import verify_fork

        return verify_fork(data, trust, now=now), name
    if kind == "statement":
        from ledger.verify.single import verify_statement_file

        return verify_statement_file(data, trust, now=now, require=steps, require_now=today), name
    require_evidence(options.file, data)
    report = verify_bundle(
        data,
        trust,
        at=options.at,
        now=now,
        content=_content(options),
        require=steps,
        require_now=today,
        into=options.into,
    )
    return report, name


def _write_page(options: argparse.Namespace, report: "Report | ForkReport") -> None:
    """The findings for a court, beside the report; loads what makes pages only where one is asked for."""
    if not isinstance(report, Report):
        _parser().error(f"{options.file} is a fork proof: --report is of evidence")
    from ledger.services.files import write_out
    from ledger.services.render.court import Looked, court_page, looked_at

    if str(options.file) == "-":
        _parser().error(
            "--report names the file that was verified; give it by its name, not by standard input"
        )
    data = _read(options.file, BUNDLE_LIMIT, "the evidence")
    trust, name = _believed(options.trust)
    others = [
        Looked(f"content {what}", file.name, file.stat().st_size, _sha256(file).hex())
        for what, file in options.content
    ]
    page = court_page(
        report,
        data,
        trust,
        evidence=looked_at("evidence", options.file.name, data),
        trust_file=name or "trust.json",
        others=others,
    )
    write_out(options.report, page, what="report")


def _refuse_questions(options: argparse.Namespace) -> None:
    """Whoever asks something of evidence gets no answer by a fork proof, and above all not the exit status of one."""
    asked = (options.at, options.into, options.content, options.openings, options.statement, options.require)
    if any(value is not None and value != [] for value in asked):
        _parser().error(f"{options.file} is a fork proof: it answers nothing that is asked of evidence")


def _believed(file: Path | None) -> tuple[TrustList, str]:
    """The trust list for this run, and what to call it.  What is pinned is never overridden by an older list."""
    from ledger.services.trust.pinned import PinnedLists, user_folder

    given = None if file is None else _read(file, TRUST_LIMIT, "the trust list")
    return PinnedLists(user_folder(os.environ)).believed(given, "" if file is None else file.name)


def _content(options: argparse.Namespace) -> Content:
    """Hash the files in hand; they are read in pieces and never kept."""
    openings = None
    if options.openings is not None:
        from ledger.core.commitment import parse_openings

        openings = parse_openings(_read(options.openings, _OPENINGS_LIMIT, "the openings"))
    return Content(files={name: _sha256(file) for name, file in options.content}, openings=openings)


def _read(file: Path, limit: int, what: str) -> bytes:
    """At most `limit` bytes and one more, so that what is too large is refused by its own rule and not read whole."""
    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(limit + 1)
        with file.open("rb") as opened:
            return opened.read(limit + 1)
    except OSError as error:
        raise SetupError(f"{what} {file} cannot be read: {error.strerror}", code="file-unreadable") from error


def _sha256(file: Path) -> bytes:
    hashed = sha256()
    try:
        with file.open("rb") as opened:
            while piece := opened.read(_CHUNK):
                hashed.update(piece)
    except OSError as error:
        raise SetupError(
            f"content {file} cannot be read: {error.strerror}", code="file-unreadable"
        ) from error
    return hashed.digest()
