"""kill -9 of a witness at any moment: no two heads of a size are cosigned, and no line is given that is not kept.

`EVIDENCE_CAMPAIGN` is the number of kills where it is more than the suite's.
"""

import multiprocessing
import os
import random
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

from ledger.core.checkpoint import parse_checkpoint, verify_cosignature
from ledger.core.witness import encode_add_checkpoint, parse_cosignatures
from tests.campaign import count
from tests.services.witnessing.process import answering, opened, plain_note

KILLS = count(20)
SEED = os.environ.get("EVIDENCE_SEED", "1")
SIZE = 5
ENOUGH = 200
"""Kills of which one meets the window between what is persisted and its answer."""
OFFERS = 4
"""Offers from a start to the one or two in which it is killed, at most."""


class Offers:
    """What was offered of each log, and which of it was cosigned."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.roots: dict[str, list[bytes]] = {}
        self.given: dict[str, tuple[bytes, bytes]] = {}
        self.open: str | None = None
        self.persisted_unseen = 0

    def offer(self, requests: Connection) -> None:
        """Offer another head; of the log whose answer was lost in a kill first, where there is one."""
        if self.open is None:
            self.open = f"crash.example/XP/{len(self.roots)}"
            self.roots[self.open] = []
        origin, root = self.open, self.chance.randbytes(32)
        self.roots[origin].append(root)
        status, body = asked(requests, 0, origin, root)
        if status == 409:
            assert body == b"%d\n" % SIZE
            assert len(self.roots[origin]) > 1, "a head of a log that was never offered one"
            self.persisted_unseen += 1
        answers = {one: asked(requests, SIZE, origin, one) for one in self.roots[origin]}
        (cosigned,) = [one for one, (again, _) in answers.items() if again == 200]
        assert {again for again, _ in answers.values()} <= {200, 422}
        assert (status == 200) == (cosigned == root)
        self.given[origin] = cosigned, answers[cosigned][1]
        self.open = None


def asked(requests: Connection, old: int, origin: str, root: bytes) -> tuple[int, bytes]:
    requests.send_bytes(encode_add_checkpoint(old, [], plain_note(origin, SIZE, root)))
    status, body = requests.recv()
    return status, body


def test_no_kill_lets_a_witness_cosign_two_heads_of_one_size(tmp_path: Path) -> None:
    offers = Offers(random.Random(SEED))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.services.witnessing.process"])
    pace = 0.0
    for life in range(KILLS + 1):
        ours, theirs = context.Pipe()
        process = context.Process(target=answering, args=(tmp_path, theirs), daemon=True)
        process.start()
        theirs.close()
        assert ours.recv() == "ready"
        for _ in range(OFFERS if life == 0 else offers.chance.randint(0, OFFERS)):
            begun = time.monotonic()
            offers.offer(ours)
            pace = time.monotonic() - begun  # as fast as it is on this machine now
        killer = threading.Timer(offers.chance.uniform(0, 2 * pace), process.kill)
        killer.start()
        try:
            while True:
                offers.offer(ours)
        except (EOFError, ConnectionError):
            pass
        killer.join()
        process.join()
        ours.close()
    witness = opened(tmp_path)
    for origin, (root, body) in offers.given.items():
        head = witness.store.head(origin)
        assert head is not None
        assert (head.size, head.root, head.line + b"\n") == (SIZE, root, body)
        signed = parse_checkpoint(plain_note(origin, SIZE, root))
        (line,) = parse_cosignatures(body, signed)
        verify_cosignature(signed, line, witness.vkey)
    assert len(offers.given) >= KILLS  # else the kills came before anything was done
    if KILLS >= ENOUGH:  # a window so small is not met by a few kills
        assert offers.persisted_unseen, "no kill came between what is persisted and its answer"
