"""`python -m ledger.cli` is the command `evidence`."""

from ledger.cli import main

if __name__ == "__main__":
    main()
