"""A process that grows a log and anchors it until it is killed; started anew, cheaply, for each line of its input.

    python -m tests.services.anchoring.process FOLDER URL CONTRACT

Prints the process id of each anchorer, then a dot for every tick that returned.
"""

import os
import sys
import time
import traceback
from pathlib import Path

from ledger.errors import ChainError
from tests.loopback import PlainProvider
from tests.services.anchoring.rigs import ANVIL_ID, reopened
from tests.simulator import World

CONFIRMATIONS = 2
OPTIONS = {"chain_id": ANVIL_ID, "confirmations": CONFIRMATIONS}


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def anchor(folder: Path, url: str, contract: bytes, world: World) -> None:
    with reopened(folder, PlainProvider(url), contract, world, **OPTIONS) as rig:
        latest = rig.checkpoints.latest()
        rig.now = max(
            int(time.time()), latest.signed_at if latest else 0
        )  # each tick puts the rig's clock on
        anchorer = rig.anchorer()
        say(str(os.getpid()))
        while True:
            if not rig.anchors.pending():
                rig.grow(1)
            try:
                rig.tick(anchorer)
            except ChainError as error:
                say(error.code)
            rig.provider.ask("anvil_mine", "0x1")
            say(".")


def main() -> None:
    folder, url, contract = Path(sys.argv[1]), sys.argv[2], bytes.fromhex(sys.argv[3])
    world = World()
    assert world.xa.signer.vkeys  # what is slow, before the first fork
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            try:
                anchor(folder, url, contract, world)
            except BaseException:  # noqa: BLE001 - it has no caller to be raised to
                traceback.print_exc()
            os._exit(3)
        os.waitpid(child, 0)
        say("ended")


if __name__ == "__main__":
    main()
