"""Many bundles judged by two processes of their own: twice as fast, and not slowed down by what watches the tests."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context

from ledger.core.trust import TrustList, parse_trust_list
from ledger.verify.verifier import verify_bundle
from tests.remembering import answers_kept

JUDGES = 2
ROUND = 400
"""Bundles that are handed out at a time: they wait in memory."""
SHARE = 50

_told: tuple[TrustList, int]
_seat = ExitStack()


def _take_seat(trust: bytes, now: int) -> None:
    global _told  # noqa: PLW0603
    _told = parse_trust_list(trust), now
    _seat.enter_context(answers_kept())


def _verifies(data: bytes) -> bool:
    trust, now = _told
    return verify_bundle(data, trust, now=now).verdict == "verified"


@dataclass(frozen=True, slots=True)
class Jury:
    """Judges bundles under one trust list at one time."""

    pool: ProcessPoolExecutor

    def verdicts(self, bundles: Iterable[bytes]) -> Iterator[bool]:
        """Whether each is verified, in order."""
        rest = iter(bundles)
        while some := list(islice(rest, ROUND)):
            yield from self.pool.map(_verifies, some, chunksize=SHARE)


@contextmanager
def sitting(trust: bytes, now: int) -> Iterator[Jury]:
    """A jury under the signed list `trust`, until the block ends."""
    spawn = get_context("spawn")
    with ProcessPoolExecutor(JUDGES, mp_context=spawn, initializer=_take_seat, initargs=(trust, now)) as pool:
        yield Jury(pool)
