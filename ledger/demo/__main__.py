"""`python -m ledger.demo [DIR] [--serve]`: everything there is, once, on this machine."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

from ledger.cli.output import forget_interrupt
from ledger.errors import LedgerError

COULD_NOT_FINISH: Final = 3
BAD_USAGE: Final = 2
_USAGE_CODES: Final = frozenset({"demo-exists", "demo-folder-taken"})
EPILOG: Final = """\
Exit status: 0 all shown; 1 never; 2 bad usage; 3 could not finish.
Logs are anchored every 5 seconds here, not every 10; EVIDENCE_ANCHOR_PERIOD chooses another number.
Example: scripts/demo demo --serve
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the demonstration and return its exit status; no traceback reaches anybody."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        from ledger.demo.story import play

        play(options.folder, serve=options.serve)
    except LedgerError as error:
        status = BAD_USAGE if error.code in _USAGE_CODES else COULD_NOT_FINISH
        return _fail(f"{error} ({error.code})", status)
    except KeyboardInterrupt:
        forget_interrupt()
        return _fail(f"interrupted; the nodes are stopped, {options.folder} stays as it is (interrupted)")
    except BrokenPipeError:
        sys.stderr.close()
        return COULD_NOT_FINISH
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a user
        return _fail(f"an error that was not foreseen, {type(error).__name__} (internal)")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Three jurisdictions on this machine: register, witness, anchor, attest, relay, verify offline.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path("demo"), metavar="DIR", help="new folder  [demo]"
    )
    parser.add_argument("--serve", action="store_true", help="keep the nodes serving until Ctrl-C")
    return parser


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _fail(told: str, status: int = COULD_NOT_FINISH) -> int:
    sys.stderr.write(f"\nerror: {told}\n")
    return status


if __name__ == "__main__":
    raise SystemExit(main())
