"""An issuer's books beside a log: what is missing and what is strange is named, and no list is believed."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ledger.core.statement import Statement
from ledger.errors import MalformedError, NotFoundError, RemoteError, SetupError
from ledger.services.monitoring.books import digests_in, digests_of
from ledger.services.monitoring.following import Follower
from ledger.services.monitoring.reconcile import Reconciled, reconcile
from ledger.store.followed import FILE, FollowedLogs
from tests.services.monitoring.shown_logs import ShownLog, reading, trusting
from tests.simulator import NOW, Jurisdiction

REGISTRAR = "did:web:registrar.example.xa"
TRUST = trusting()


class Rig:
    """A log of enrolments by XA's registrar, and what its node lists under that name."""

    def __init__(self, folder: Path) -> None:
        self.xa = Jurisdiction("XA", 31_001)
        self.own = [self._enrolment(at) for at in range(4)]
        self.shown = ShownLog(self.xa, 4, [one.encoded for one in self.own])
        self.listed: list[dict[str, Any]] = [self.item(at, one) for at, one in enumerate(self.own)]
        self.logs = FollowedLogs(folder / FILE)
        self.page = 3

    def _enrolment(self, at: int) -> Statement:
        return self.xa.add(
            self.xa.enrol(f"did:web:party{at}.example.xa", ["exporter"], [], created=1_795_305_600 + at)
        )

    def item(self, index: int, statement: Statement) -> dict[str, Any]:
        return {"index": index, "digest": statement.digest.hex(), "id": statement.id}

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path != "/v1/log/statements":
            return self.shown.answer(request)
        query = request.url.params
        assert query["issuer"] == REGISTRAR
        left = [one for one in self.listed if one["id"] > query["after"]] if query["after"] else self.listed
        told: dict[str, Any] = {"size": self.shown.size, "items": left[: self.page]}
        if len(left) > self.page:
            told["next"] = told["items"][-1]["id"]
        return httpx2.Response(200, json=told)

    def reconcile(self, own: list[Statement] | None = None) -> Reconciled:
        bodies = {one.digest.hex(): one.encoded for one in self.own}
        with reading(self.answer) as reader:
            Follower(self.logs, lambda: TRUST, lambda: NOW).follow(reader)
            digests = {one.digest for one in (self.own if own is None else own)}
            return reconcile(
                digests, REGISTRAR, self.logs, self.xa.origin, reader, statement=bodies.__getitem__
            )


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    made = Rig(tmp_path)
    made.listed.sort(key=lambda one: one["id"])
    return made


def test_books_that_agree_agree(rig: Rig) -> None:
    found = rig.reconcile()
    assert found.agrees
    assert found.places == {one.digest.hex(): at for at, one in enumerate(rig.own)}
    assert (found.own, found.listed, found.size) == (4, 4, 4)


def test_a_statement_that_is_no_entry_is_missing(rig: Rig) -> None:
    other = rig.xa.enrol("did:web:other.example.xa", ["exporter"], [])
    found = rig.reconcile([*rig.own, other])
    assert not found.agrees
    assert found.missing == (other.digest.hex(),)


def test_a_statement_that_the_issuer_does_not_know_is_named(rig: Rig) -> None:
    found = rig.reconcile(rig.own[:3])
    assert not found.agrees
    assert [one.digest for one in found.unknown] == [rig.own[3].digest.hex()]


def test_a_listed_statement_of_another_issuer_is_told_apart(rig: Rig) -> None:
    stranger = rig.xa.add(
        rig.xa.enrol("did:web:party9.example.xa", ["exporter"], [], registrar="did:web:other.example.xa")
    )
    rig.own.append(stranger)
    rig.shown.size = 5
    rig.listed.append({**rig.item(4, stranger), "id": "urn:uuid:ffffffff"})
    found = rig.reconcile(rig.own[:4])
    assert (found.unknown, [one.index for one in found.disowned]) == ((), [4])


def test_a_list_is_not_believed(rig: Rig) -> None:
    rig.listed[0] = {**rig.listed[0], "digest": "ab" * 32}
    found = rig.reconcile()
    assert [one.digest for one in found.unproven] == ["ab" * 32]
    assert (found.listed, found.unknown) == (3, ())


def test_what_is_withheld_from_the_list_is_not_seen(rig: Rig) -> None:
    rig.listed = [one for one in rig.listed if one["index"] != 3]
    assert rig.reconcile(rig.own[:3]).agrees


def test_what_came_after_the_head_waits_for_the_next_run(rig: Rig) -> None:
    rig.listed.append({"index": 4, "digest": "cd" * 32, "id": "urn:uuid:ffffffff"})
    assert rig.reconcile().agrees


@pytest.mark.parametrize(
    "item",
    [{}, {"index": -1, "digest": "ab" * 32, "id": "x"}, {"index": 1, "digest": "AB" * 32, "id": "x"}, 7],
)
def test_a_list_that_is_none_is_refused(rig: Rig, item: Any) -> None:
    rig.listed[0] = {"id": "", **item} if isinstance(item, dict) else item
    rig.page = 9
    with pytest.raises(RemoteError) as refused:
        rig.reconcile()
    assert refused.value.code == "remote-answer-invalid"


def test_pages_never_go_on_for_ever(rig: Rig) -> None:
    answer = rig.answer

    def again(request: httpx2.Request) -> httpx2.Response:
        if request.url.path != "/v1/log/statements":
            return answer(request)
        return httpx2.Response(200, json={"items": rig.listed[:1], "next": "urn:x:1"})

    rig.answer = again  # type: ignore[method-assign]  # a stand-in
    with pytest.raises(RemoteError):
        rig.reconcile()


def test_a_list_that_names_a_place_twice_is_no_list(rig: Rig) -> None:
    asked: list[httpx2.Request] = []
    answer = rig.answer

    def round_about(request: httpx2.Request) -> httpx2.Response:
        if request.url.path != "/v1/log/statements":
            return answer(request)
        asked.append(request)
        assert len(asked) < 9
        return httpx2.Response(200, json={"items": rig.listed[:1], "next": f"urn:x:{len(asked)}"})

    rig.answer = round_about  # type: ignore[method-assign]  # a stand-in
    with pytest.raises(RemoteError) as refused:
        rig.reconcile()
    assert refused.value.code == "remote-answer-invalid"


def test_nothing_is_reconciled_before_a_head_was_followed(rig: Rig) -> None:
    with reading(rig.answer) as reader, pytest.raises(NotFoundError) as refused:
        reconcile([], REGISTRAR, rig.logs, rig.xa.origin, reader, statement=lambda _: b"")
    assert refused.value.code == "not-followed"


def test_books_are_read_from_lists_and_from_statements(rig: Rig, tmp_path: Path) -> None:
    digests = {one.digest for one in rig.own}
    listed = tmp_path / "digests.txt"
    listed.write_text("# mine\n\n" + "".join(f"{one.hex()}  a.json\n" for one in digests))
    assert digests_in(listed) == digests
    folder = tmp_path / "statements"
    folder.mkdir()
    (folder / "one.json").write_bytes(rig.own[0].encoded + b"\n")
    (folder / "rest.ndjson").write_bytes(b"".join(one.encoded + b"\n" for one in rig.own[1:]))
    assert digests_of(folder) == digests
    listed.write_text(json.dumps(["x"]))
    with pytest.raises(MalformedError):
        digests_in(listed)
    with pytest.raises(SetupError):
        digests_of(tmp_path / "nowhere")
