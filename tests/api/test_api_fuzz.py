"""The application held against its own description by schemathesis: request by request, and in sequences."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final
from zlib import crc32

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, FlakyStrategyDefinition
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.generation.modes import GenerationMode
from schemathesis.python import asgi
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi import checks

from api.app import build_app
from api.problem_types import problem_types
from api.routes.statements import REGISTERING
from ledger.core.statement import Statement
from ledger.listening import Listening
from ledger.services.home.folder import Plan, init_home
from ledger.services.node.assembly import open_node
from tests.api.changing import ask_all, changed
from tests.api.served import EXPORTER, Served, holder
from tests.campaign import count

HERE: Final = "http://127.0.0.1"
CHECKS: Final = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
CASES: Final = 280
"""That are thought of in all: half of them alone, half of them in sequences; of a node that is open, and of one that is
not.  A campaign says how many."""
CHANGED: Final = 36 if count(CASES) == CASES else 3
"""How often each is asked again with something changed: with them the suite has 10,000."""
STEPS: Final = 12
QUIET: Final = settings(
    deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)


def sequences(most: int) -> settings:
    return settings(QUIET, max_examples=max(2, most), stateful_step_count=STEPS)


@schemathesis.serializer(
    "application/x-ndjson",
    "application/vc",
    "application/vnd.evidence-ledger.bundle+json",
    "application/vnd.evidence-ledger.fork+json",
)
def serialized(_: object, value: object) -> bytes:
    """A body of one of our own media types."""
    if isinstance(value, bytes):
        return value
    return (
        value.encode("utf-8", "replace")
        if isinstance(value, str)
        else json.dumps(value, default=str).encode()
    )


class Unlimited:
    """Lets everything through: what is tried here is not how often."""

    def hit(self, *_: object, **__: object) -> bool:
        return True


@dataclass
class World:
    """A node within this process, and statements that it takes or has."""

    app: FastAPI
    served: Served
    schema: BaseSchema
    have: list[Statement] = field(default_factory=list)
    fresh: Iterator[Statement] = field(default_factory=lambda: iter(()))
    seen: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    changed: int = 0

    def fill(self, case: Case, pick: int) -> None:
        """Put what is there in place of what was invented, in some of the cases."""
        one = self.have[pick % len(self.have)]
        if "digest" in case.path_parameters and pick % 2:
            case.path_parameters["digest"] = one.digest.hex()
        if case.method == "POST" and case.path in REGISTERING and pick % 3:
            case.media_type = "application/x-ndjson" if pick % 5 == 1 else "application/json"
            data = one.encoded if pick % 2 else self.served.record(f"F-{pick}").encoded
            case.body = data + b"\n" + self.have[0].encoded if pick % 5 == 1 else data
        for name in ("record", "certificate", "for"):
            if name in case.query and pick % 2:
                case.query[name] = one.digest.hex()

    def check(self, answer: Response, case: Case) -> None:
        """The answer is as described; so are those to the same request with something changed."""
        label = f"{case.method} {case.path}"
        self.seen[label] = self.seen.get(label, 0) + 1
        self.hold(answer, case, label)
        sent = answer.request
        rng = Random(crc32(repr((sent.method, sent.url, sent.body)).encode()))
        bodies = [one.encoded for one in self.have]
        asked = [changed(case, sent, bodies, rng) for _ in range(CHANGED)]
        portal = asgi._get_portal()
        for one, told in portal.call(ask_all, self.app, asked, sent):
            self.changed += 1
            self.hold(told, case, one)

    def hold(self, answer: Response, case: Case, label: object) -> None:
        """The answer is a described one, and where it is an error, a problem of a described type."""
        assert answer.status_code < 500, (label, answer.status_code, answer.text[:500])
        if answer.status_code >= 400 and not _is_size_of_a_witness(case, answer):
            assert answer.headers["content-type"] == ["application/problem+json"], (label, answer.text[:300])
            code = answer.json()["type"].removeprefix("/problems/")
            assert code in problem_types(), (label, code)
        case.validate_response(answer, checks=CHECKS)


def pick_of(case: Case) -> int:
    """A number that follows from the case: the same case is filled in the same way whenever it comes."""
    told = (case.method, case.path, sorted(case.path_parameters.items()), sorted(case.query.items()))
    return crc32(repr(told).encode())


def _is_size_of_a_witness(case: Case, answer: Response) -> bool:
    return case.path == "/witness/add-checkpoint" and answer.status_code == 409


@pytest.fixture(scope="module", params=["open", "parties"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One that answers this machine's users, and one that asks who asks."""
    plan = Plan("XA", "registry.example.xa", registrar="did:web:registrar.example.xa")
    home = init_home(
        tmp_path_factory.mktemp("fuzzed") / "node", plan, now=int(time.time()) - 200_000, random=os.urandom
    )
    given_settings = replace(
        home.settings, chain=replace(home.settings.chain, period=1), listening=Listening(request.param)
    )
    app = build_app(lambda: open_node(replace(home, settings=given_settings), clock=time.time))
    served = Served(home, app, HERE, holder(EXPORTER))
    with asgi.get_client(app) as client:
        app.state.limiter = Unlimited()
        schema = schemathesis.openapi.from_asgi("/openapi.json", app)
        have = [served.enrolment(served.exporter, "exporter"), *(served.record(f"H-{n}") for n in range(8))]
        for one in have:
            made = client.post(
                HERE + "/v1/statements", data=one.encoded, headers={"content-type": "application/json"}
            )
            assert made.status_code == 201, made.text
        found = World(app, served, schema, have)
        yield found
    asgi.shutdown_lifespans()


def test_each_request_alone_is_answered_as_described(world: World) -> None:
    strategy = st.one_of(
        *(
            world.schema.as_strategy(generation_mode=mode)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        )
    )

    @settings(QUIET, max_examples=count(CASES) // 4, derandomize=True)
    @given(case=strategy, pick=st.integers(0, 10_000))
    def ask(case: Case, pick: int) -> None:
        world.fill(case, pick)
        world.check(case.call(base_url=HERE), case)

    ask()
    assert world.changed >= CHANGED * (count(CASES) // 4)


def test_requests_that_follow_from_each_other_are_answered_as_described(world: World) -> None:
    wanted = count(CASES) // 4

    class Following(world.schema.as_state_machine()):  # type: ignore[misc]  # made at run time
        def before_call(self, case: Case) -> None:
            world.fill(case, pick_of(case))

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return {"base_url": HERE}

        def validate_response(self, response: Response, case: Case, **_: object) -> None:
            try:
                world.check(response, case)
            except Exception as fault:
                world.faults.append(str(fault))
                raise

    for number in range(1, 1_000_000):
        begun = sum(world.seen.values())
        # What may follow depends on what this node, whose log grows, has answered; faults stand in `faults`.
        with suppress(Flaky, FlakyStrategyDefinition):
            seed(number)(Following).run(settings=sequences(min(wanted, 600) // STEPS))
        assert not world.faults
        wanted -= sum(world.seen.values()) - begun
        if wanted <= 0:
            break
    assert number < 1_000_000


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (500, b"{}"),
        (418, b'{"type":"/problems/not-found","title":"","status":418,"detail":""}'),
        (404, b'{"type":"/problems/never-heard-of","title":"","status":404,"detail":""}'),
        (404, b'{"type":"/problems/not-found"}'),
        (200, b'{"status":1}'),
    ],
)
def test_an_answer_that_is_not_described_is_found(world: World, status: int, content: bytes) -> None:
    case = world.schema["/v1/statements/{digest}"]["GET"].Case(path_parameters={"digest": "0" * 64})
    described = case.call(base_url=HERE)
    world.hold(described, case, "described")
    other = Response(status, described.headers, content, described.request, 0.0, verify=False)
    with pytest.raises((AssertionError, BaseExceptionGroup)):
        world.hold(other, case, "not described")
