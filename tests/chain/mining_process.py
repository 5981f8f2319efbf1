"""A process that mines until it is killed; started anew, cheaply, for each line of its input.

    python -m tests.chain.mining_process FILE

Prints the process id of each miner, then the hash of each transaction once `send_raw` returned.
"""

import os
import sys
from pathlib import Path

from ledger.chain.embedded import EmbeddedChain
from ledger.chain.transactions import Transaction, sign_transaction
from tests.chain.anchoring import CHAIN_ID, GENESIS, SECRET, SENDER, START


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def mine(path: Path) -> None:
    with EmbeddedChain(path, GENESIS, clock=lambda: START) as chain:
        say(str(os.getpid()))
        nonce = chain.account(SENDER, chain.head())[0]
        while True:
            transaction = Transaction(CHAIN_ID, nonce, bytes([3]) * 20, bytes(99), 50_000, 3 * 10**9, 10**9)
            say(chain.send_raw(sign_transaction(transaction, SECRET).raw).hex())
            nonce += 1


def main() -> None:
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            mine(Path(sys.argv[1]))
        os.waitpid(child, 0)
        say("ended")


if __name__ == "__main__":
    main()
