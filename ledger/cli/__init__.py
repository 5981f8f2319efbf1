"""The command line.

A small dispatcher: `evidence verify` needs the pure floors and argparse only, so that it starts at once and runs
where nothing else is installed; every other command loads the whole program.
"""

import atexit
import gc
import sys
from typing import Final

YOUNG: Final = 50_000
"""Objects made after which those that nothing uses any more are looked for; while modules load, all are used."""


def main() -> None:
    """Entry point of the command `evidence`; ends the process with the exit status of the command."""
    gc.set_threshold(YOUNG)
    atexit.register(gc.freeze)  # what the process leaves, the system takes back at once
    arguments = sys.argv[1:]
    if arguments[:1] == ["verify"]:
        from ledger.cli.verify import run

        raise SystemExit(run(arguments[1:]))
    from ledger.cli.app import run_app

    raise SystemExit(run_app(arguments))
