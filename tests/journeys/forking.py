"""Serves one node again and again: `python -m tests.journeys.forking PORT`.

For each line on stdin a child is forked that serves until it is killed; its number is told, and when it is gone.
The parent stays single-threaded with everything loaded, so that a start costs no imports.
"""

# ruff: noqa: T201 - its output is how it tells what runs

import os
import sys

import uvicorn

import api.app
import ledger.chain.embedded
import ledger.chain.embedded_port
import ledger.chain.embedded_rpc
import ledger.chain.evm


def main() -> None:
    """Fork a server for each line."""
    assert ledger.chain.evm
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            uvicorn.run(
                api.app.create_app(), host="127.0.0.1", port=int(sys.argv[1]), lifespan="on", ws="none",
                log_level="warning",
            )  # fmt: skip
            os._exit(0)
        print(f"child {child}", flush=True)
        os.waitpid(child, 0)
        print("gone", flush=True)


if __name__ == "__main__":
    main()
