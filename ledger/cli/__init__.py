"""The command line.

A small dispatcher: `evidence verify` needs the pure floors and argparse only, so that it starts at once and runs
where nothing else is installed; every other command loads the whole program.
"""

import sys


def main() -> None:
    """Entry point of the command `evidence`; ends the process with the exit status of the command."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["verify"]:
        from ledger.cli.verify import run

        raise SystemExit(run(arguments[1:]))
    from ledger.cli.app import run_app

    raise SystemExit(run_app(arguments))
