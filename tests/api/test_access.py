"""The committed table of who may do what: no route without a row, no row without a route, and every row exercised."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import orjson
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.access import EVERYBODY, PARTIES, TABLE, Row, allowed, table
from api.app import build_app
from api.routes.statements import REGISTERING
from ledger.services.keys.keyfile import HolderKey
from ledger.services.node.callers import Caller, KeyRecord
from ledger.statements.codes import ROLES
from tests.api.served import EXPORTER, Served, holder, serving
from tests.api.signing import Looked, code_of, signer

ROLE_OF_NO_ROW: Final = "venue"
OTHER: Final = "did:web:other.example.xa"
CASES: Final = [
    (name, role)
    for name, row in table().routes.items()
    if not row.is_open
    for role in (*sorted(table().roles), ROLE_OF_NO_ROW)
]


def routes(app: FastAPI) -> list[tuple[str, Any]]:
    """Every route of the application by method and path, those that others made with those of the framework."""
    found: list[tuple[str, Any]] = []

    def walk(several: Any) -> None:
        for one in several:
            inner = getattr(one, "original_router", None)
            if inner is not None:
                walk(inner.routes)
            else:
                found.extend((f"{method} {one.path}", one) for method in sorted(one.methods - {"HEAD"}))

    walk(app.routes)
    return found


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return build_app(lambda: pytest.fail("no node is opened"))


def test_every_route_has_a_row_and_every_row_a_route(app: FastAPI) -> None:
    assert len(found := [name for name, _ in routes(app)]) > 50
    assert sorted(set(found)) == sorted(table().routes)


def test_a_route_that_is_not_asked_for_its_row_is_open_to_everybody(app: FastAPI) -> None:
    asked = 0
    for router in (one for one in app.routes if hasattr(one, "original_router")):
        assert allowed in [one.dependency for one in router.include_context.dependencies]
        asked += 1
    assert asked > 10
    beside = {name for name, one in routes(app) if not isinstance(one, APIRoute)}
    for name in beside | {
        f"POST {path}" for path in REGISTERING
    }:  # these are answered before any row is asked
        assert table().routes[name].may == {EVERYBODY: "any"}, name


def test_the_table_says_what_it_means() -> None:
    told = orjson.loads(TABLE.read_bytes())
    kinds = {None, "statement", "view", "items", "jurisdiction", "issuer"}
    assert set(told["roles"]) - set(ROLES) == {"registrar", "partner", "witness", "operator"}
    assert table().roles >= PARTIES
    for name, row in told["routes"].items():
        assert set(row) <= {"of", "cost", "may"}, name
        assert row.get("of") in kinds, name
        assert set(row["may"].values()) <= {"any", "own"}, name
        if EVERYBODY in row["may"]:
            assert row == {"may": {EVERYBODY: "any"}}, name
        else:
            assert set(row["may"]) <= set(told["roles"]), name
        if row.get("of") is None:  # nothing of it is anybody's own
            assert "own" not in row["may"].values(), name


@dataclass
class World:
    """A node that answers its parties, what is the caller's own there, and what is not."""

    served: Served
    client: httpx2.Client
    own: str
    foreign: str
    key: HolderKey

    def ask(self, name: str, path: str, *, sign: bool = True) -> httpx2.Response:
        method = name.partition(" ")[0]
        url = self.served.url + path
        body = None if method == "GET" else b"{}"
        kind = {} if body is None else {"content-type": "application/json"}
        signed = signer(self.key).fields(method, url, body, content_type="application/json") if sign else {}
        return self.client.request(method, url, content=body, headers={**kind, **signed})

    def as_(self, role: str) -> None:
        """Let the key be one that counts for `role` alone; of XB, where a role is a jurisdiction's."""
        caller = Caller(EXPORTER, frozenset({role}), "XA" if role in PARTIES else "XB")
        record = KeyRecord(self.key.private.public, caller)
        self.served.app.state.callers = Looked(record)

    def path(self, name: str, own: bool) -> str:
        """An address of a route, about what is the caller's own or not."""
        digest = self.own if own else self.foreign
        path = name.partition(" ")[2]
        for part, value in (
            ("{digest}", digest),
            ("{first}", "0"),
            ("{number:path}", "CB-1"),
            ("{size}", "1"),
        ):
            path = path.replace(part, value)
        return path + {
            "/v1/recognition": f"?certificate={digest}",
            "/v1/concerning": f"?jurisdiction={'XB' if own else 'XC'}",
            "/v1/log/statements": f"?issuer={EXPORTER if own else OTHER}",
            "/v1/acknowledgements": f"?record={digest}",
        }.get(path, "")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("access"), reads="parties") as served, served.client() as client:
        other = holder(OTHER)
        served.enrol(other, "exporter")
        mine = served.record("mine")
        subject = served.subject("theirs")
        subject["exporter"] = {"scheme": "DID", "id": OTHER, "did": OTHER, "jurisdiction": "XA"}
        subject["importer"] |= {"did": "did:web:importer.example.xc", "jurisdiction": "XC"}
        theirs = served.sign("TransferRecord", subject, other)
        for one in (mine, theirs):
            assert served.post("/v1/statements", one.encoded).status_code == 201
        found = served.app.state.callers
        yield World(served, client, mine.digest.hex(), theirs.digest.hex(), holder(EXPORTER))
        served.app.state.callers = found


def is_let_through(answer: httpx2.Response) -> bool:
    """Whether the table let a request through; what became of it then is another matter."""
    assert answer.status_code < 500, answer.text
    if code_of(answer)[1] == "access-denied":
        assert answer.status_code == 403
        return False
    assert answer.status_code != 401, answer.text
    return True


def expected(row: Row, role: str, *, own: bool) -> bool:
    word = row.may.get(role, "no")
    return word == "any" or (word == "own" and (own or row.of in ("items", "view"))) or row.of == "view"


@pytest.mark.parametrize("own", [True, False], ids=["own", "foreign"])
@pytest.mark.parametrize(("name", "role"), CASES)
def test_a_role_may_do_what_its_row_says_and_nothing_else(
    world: World, name: str, role: str, own: bool
) -> None:
    row = table().routes[name]
    world.as_(role)
    answer = world.ask(name, world.path(name, own))
    assert is_let_through(answer) == expected(row, role, own=own), answer.text
    word = row.may.get(role, "no")
    if row.of == "view":
        assert ("issuer" in answer.json()) == (word == "any" or (word == "own" and own))
    elif name == "GET /v1/transfers" and answer.status_code == 200:
        listed = {one["digest"] for one in answer.json()["items"]}
        assert listed == ({world.own, world.foreign} if word == "any" else {world.own})


@pytest.mark.parametrize("name", [name for name, row in table().routes.items() if not row.is_open])
def test_what_is_private_is_not_answered_to_who_does_not_sign(world: World, name: str) -> None:
    answer = world.ask(name, world.path(name, own=True), sign=False)
    if table().routes[name].of == "view":
        assert (answer.status_code, "issuer" in answer.json()) == (200, False)
    else:
        assert code_of(answer) == (401, "caller-unsigned")


@pytest.mark.parametrize("name", [name for name, row in table().routes.items() if row.is_open])
def test_what_is_open_is_answered_to_who_does_not_sign(world: World, name: str) -> None:
    assert is_let_through(world.ask(name, world.path(name, own=True), sign=False))


@pytest.mark.parametrize("part", ["also", "certificate", "for"])
def test_a_statement_named_beside_ones_own_must_be_ones_own_too(world: World, part: str) -> None:
    world.as_("exporter")
    path = f"/v1/statements/{world.own}/bundle?allowUnanchored=true&also={world.foreign}"
    if part != "also":
        named = {"certificate": world.own, "for": world.own, part: world.foreign}
        path = "/v1/recognition?" + "&".join(f"{key}={value}" for key, value in named.items())
    assert code_of(world.ask("GET /", path)) == (403, "access-denied")


def test_a_route_without_a_row_is_nobodys(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    without = {name: row for name, row in table().routes.items() if name != "GET /health"}
    monkeypatch.setattr("api.access.table", lambda: replace_routes(without))
    assert code_of(world.ask("GET /health", "/health", sign=False)) == (403, "access-denied")


def replace_routes(routes_: dict[str, Row]) -> Any:
    return table()._replace(routes=routes_)


def test_a_drawing_which_would_tell_of_every_statement_is_not_for_parties(world: World) -> None:
    world.as_("exporter")
    answer = world.ask("GET /", f"/v1/lineage/{world.own}?format=svg")
    assert code_of(answer) == (403, "access-denied")
    assert world.ask("GET /", f"/v1/lineage/{world.own}").json()["statements"][0]["issuer"] == EXPORTER
