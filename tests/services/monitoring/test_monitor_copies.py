"""A database copied, and both copies signed on: whoever follows the one address that they share finds it out."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from ledger.core.tile_paths import encode_bundle, parse_place
from ledger.services.monitoring.monitor import Monitor
from ledger.services.monitoring.splitting import prove_split
from ledger.store.alarms import Alarm, Alarms
from ledger.store.followed import FILE, FollowedLogs
from ledger.verify.fork import parse_fork
from ledger.verify.fork_report import verify_fork
from tests.chain.anchoring import SECRET
from tests.services.monitoring.shown_logs import reading
from tests.services.monitoring.test_splitting import Abroad, _soon, abroad, node
from tests.services.nodes import Node, running
from tests.simulator import NOW
from tests.store.conftest import make_statements

__all__ = ["abroad", "node"]


@pytest.fixture
def copies(tmp_path: Path) -> Iterator[tuple[Node, Node]]:
    """Two nodes with one log's keys, each on a copy of one database of seven statements, and each gone on alone."""
    with running(tmp_path / "one.db") as first:
        first.sequencer.submit(make_statements(range(7))).result(20)
    shutil.copy(tmp_path / "one.db", tmp_path / "other.db")
    with running(tmp_path / "one.db") as one, running(tmp_path / "other.db") as other:
        yield one, other


def answer(shown: Node, request: httpx2.Request) -> httpx2.Response:
    """What the node's own routes answer, without a server."""
    path = request.url.path.removeprefix("/log/")
    latest = shown.checkpoints.latest()
    assert latest is not None
    if path == "checkpoint":
        return httpx2.Response(200, content=latest.note)
    if path.startswith("/v1/checkpoints/"):
        held = shown.checkpoints.at(int(path.rpartition("/")[2]))
        return httpx2.Response(200, content=held.note) if held else httpx2.Response(404)
    if path == "/v1/log/succession":
        return httpx2.Response(404)
    _, kind, place = path.split("/", 2)
    found = parse_place(place)
    assert found is not None
    number, width = found
    level = 0 if kind == "entries" else int(kind)
    if number * 256 + width > latest.size >> (8 * level):
        return httpx2.Response(404)
    if kind == "entries":
        return httpx2.Response(200, content=encode_bundle(shown.log.entries(number * 256, width)))
    return httpx2.Response(200, content=shown.log.tile(level, number, width))


def watch(
    folder: Path, answered: Callable[[httpx2.Request], httpx2.Response], trust: object, looks: int
) -> list[Alarm]:
    monitor = Monitor(FollowedLogs(folder / FILE), Alarms(folder / FILE), lambda: trust, lambda: NOW)  # type: ignore[arg-type, return-value]
    found: list[Alarm] = []
    with reading(answered) as reader:
        for _ in range(looks):
            found += monitor.look(reader).alarms
    return found


@pytest.mark.parametrize("sizes", [(3, 5), (4, 4)], ids=["two sizes", "one size"])
def test_an_address_that_answers_from_either_copy_is_found_out_and_a_contract_takes_the_proof(
    copies: tuple[Node, Node], abroad: Abroad, tmp_path: Path, sizes: tuple[int, int]
) -> None:
    one, other = copies
    one.sequencer.submit(make_statements(range(100, 100 + sizes[0]))).result(20)
    other.sequencer.submit(make_statements(range(200, 200 + sizes[1]))).result(20)
    turns = itertools.cycle([one, one, other])

    def either(request: httpx2.Request) -> httpx2.Response:
        """From one copy or the other; neither was succeeded, and asking that takes no turn."""
        return httpx2.Response(404) if "succession" in request.url.path else answer(next(turns), request)

    alarms = watch(tmp_path, either, abroad.trust, 4)
    proofs = [alarm.evidence for alarm in alarms if alarm.code == "log-forked"]
    assert proofs, [(one.code, one.detail) for one in alarms]
    assert proofs[0] is not None
    report = verify_fork(proofs[0], abroad.trust, now=NOW)
    assert report.verdict == "split view proven"
    fork = parse_fork(proofs[0])
    assert {head.checkpoint.size for head in fork.heads} == {7 + size for size in sizes}
    assert fork.place == (None if sizes[0] == sizes[1] else 7)
    proven = prove_split(proofs[0], abroad.trust, abroad.chain, abroad.contract, SECRET, now=NOW, wait=_soon)
    assert proven.transaction is not None
    assert proven.log_id == abroad.made.xa.log_id


def test_the_first_look_after_the_second_head_finds_it(copies: tuple[Node, Node], tmp_path: Path) -> None:
    one, other = copies
    trust = one.world.trust()
    one.sequencer.submit(make_statements([100])).result(20)
    assert watch(tmp_path, lambda request: answer(one, request), trust, 1) == []
    other.sequencer.submit(make_statements([200, 201])).result(20)
    (alarm,) = watch(tmp_path, lambda request: answer(other, request), trust, 1)
    assert alarm.code == "log-forked"
    held = FollowedLogs(tmp_path / FILE).head(one.log.origin)  # an alarm moves nothing
    assert held is not None
    assert (held.size, held.staged, held.root) == (8, 8, one.log.head.root)
