"""`examples/mutual_recognition/run`: a certificate's life between three countries, then a table of verdicts on it."""

import argparse
import signal
import sys
from pathlib import Path
from typing import NoReturn

sys.path.append(str(Path(__file__).resolve().parent))  # run as a file, apart from the folder one stands in

from story import tell
from verdicts import check

from ledger.errors import LedgerError

DIFFERS = 1
COULD_NOT_FINISH = 3


def main() -> int:
    """Play and check, and return the exit status; no traceback reaches anybody."""
    parser = argparse.ArgumentParser(
        prog="examples/mutual_recognition/run", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path("mutual-recognition"), metavar="DIR")
    parser.add_argument(
        "--verify-only", action="store_true", help="only the table, from what DIR holds already"
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if not options.verify_only:
            tell(options.folder)
        return 0 if check(options.folder) else DIFFERS
    except LedgerError as error:
        sys.stderr.write(f"\nerror: {error} ({error.code})\n")
    except KeyboardInterrupt:
        sys.stderr.write("\nerror: interrupted; the nodes are stopped (interrupted)\n")
    return COULD_NOT_FINISH


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())
