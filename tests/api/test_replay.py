"""A signed request is used once, whichever process of a node it is sent to, and however they are hurried."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ledger.services.home import Plan, init_home
from tests.api.signing import code_of, signer
from tests.fleet import Fleet
from tests.nodes import free_port
from tests.postgres import Server

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
