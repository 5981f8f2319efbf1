"""A signed request is used once, whichever process of a node it is sent to, and however they are hurried."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ledger.services.home.folder import Plan, init_home
from ledger.store.database import open_database
from ledger.store.requests import Requests
from tests.api.signing import code_of, signer
from tests.fleet import Fleet
from tests.nodes import free_port
from tests.postgres import APP, Server

AUTHORITY = "registry.example.xa"
TIMES = 8


@pytest.fixture(scope="module")
def node(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two processes of one node on one database, as behind one address."""
    folder = tmp_path_factory.mktemp("replay")
    plan = Plan("XA", AUTHORITY, port=free_port(), address=f"http://{AUTHORITY}")
    home = init_home(folder / "node", plan, now=int(time.time()) - 60, random=os.urandom)
    made = Fleet(home, postgres, postgres.ledger(), folder)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("EVIDENCE_READS", "parties")
        made.start("all")
        made.start("api")
    try:
        for member in made.members:
            made.wait(member)
        yield made
    finally:
        for member in made.members:
            member.process.kill()
            member.process.wait(60)
        postgres.drop(made.database)


def test_a_request_that_one_process_answered_is_refused_by_the_other(node: Fleet) -> None:
    operator = node.home.keys.publisher
    path = "/v1/transfers"
    with ThreadPoolExecutor(2) as both:
        for _ in range(TIMES):
            fields = signer(operator).fields("GET", f"http://{AUTHORITY}{path}") | {"host": AUTHORITY}
            asked = [both.submit(one.served.get, path, headers=fields) for one in node.members]
            assert sorted(code_of(one.result()) for one in asked) == [(200, ""), (401, "caller-replayed")]
    for member in node.members:
        assert code_of(member.served.get(path, headers=fields)) == (401, "caller-replayed")
    ((kept,),) = node.server.execute("SELECT count(*) FROM request_nonce", node.database)
    assert kept == TIMES


def test_what_a_clock_that_ran_ahead_had_forgotten_is_refused_by_every_process(node: Fleet) -> None:
    path, now = "/v1/transfers", int(time.time())
    first, second = (
        signer(node.home.keys.publisher).fields("GET", f"http://{AUTHORITY}{path}") | {"host": AUTHORITY}
        for _ in range(2)
    )
    assert node.members[0].served.get(path, headers=first).status_code == 200
    with open_database(node.server.url(node.database, APP), lead=False) as opened:
        ahead = now + 5_000
        assert Requests(opened).use("did:web:x#1", "n" * 22, until=ahead + 900, now=ahead) == "first"
    for member in node.members:
        for fields in (first, second):  # whether one was used before nobody knows any more
            assert code_of(member.served.get(path, headers=fields)) == (401, "caller-forgotten")
    time.sleep(2)  # a signature of a later second than those
    later = signer(node.home.keys.publisher).fields("GET", f"http://{AUTHORITY}{path}")
    assert node.members[1].served.get(path, headers=later | {"host": AUTHORITY}).status_code == 200
