"""What an issuer says of its statements' status, through a served node: once, in order, and by nobody else."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.core.statement import Statement, parse_statement
from ledger.core.times import format_time
from ledger.errors import LedgerError, RefusedError
from ledger.remote.node import NodeClient, RemoteRefusedError
from ledger.services.drafting import status
from ledger.services.drafting.status import Issuer
from ledger.services.lineage.reach import reach_of, referring
from ledger.statements import bitstring
from ledger.statements.catalogue import example
from ledger.statements.status_list import SMALLEST, StatusList
from ledger.testing_nodes import RunningNode, serving

DAY = 86_400
IMPORTER = "did:web:importer.example.xb"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    with serving(tmp_path_factory.mktemp("node")) as found:
        yield found


@pytest.fixture(scope="module")
def client(node: RunningNode) -> Iterator[NodeClient]:
    with node.client() as found:
        yield found


@pytest.fixture
def body(node: RunningNode, client: NodeClient, request: pytest.FixtureRequest) -> Issuer:
    """A body of its own for each test, so that each begins its own list."""
    name = "b" + str(abs(hash(request.node.name)))[:12]
    return Issuer(node.enrol(name, "body").key, client, time.time, os.urandom)


def draft(by: Issuer, **members: Any) -> dict[str, Any]:
    now = int(time.time())
    party = {"did": by.key.holder, "id": by.key.holder, "jurisdiction": "XA", "scheme": "DID"}
    subject = {
        **example("ConformityCertificate")["credentialSubject"],
        "certificateNumber": f"S-{os.urandom(4).hex()}",
        "body": party,
        "holder": party,
        "validFrom": format_time(now),
        "validUntil": format_time(now + 300 * DAY),
    }
    for name in ("accreditation", "statusReference"):
        subject.pop(name, None)
    return by.draft("ConformityCertificate", {**subject, **members})


def newest(by: Issuer) -> tuple[Statement, StatusList]:
    found = status.current(by.node, by.key.holder, status.list_name(by.key.holder))
    assert found is not None
    return found


def place(statement: Statement) -> int:
    reference: Any = statement.subject["statusReference"]
    return int(reference["statusListIndex"])


def test_the_first_certificate_makes_a_list_and_the_next_ones_use_it(body: Issuer) -> None:
    first, second = status.issue(body, draft(body)), status.issue(body, draft(body))
    listed, edition = newest(body)
    assert edition.supersedes is None
    assert edition.valid_until - edition.valid_from == status.LIFE
    assert place(first) != place(second)
    assert max(place(first), place(second)) < edition.length
    assert status.renew(body, edition.id)[0].digest == listed.digest


def test_a_place_that_is_taken_is_drawn_again_and_one_that_is_asked_for_is_not(body: Issuer) -> None:
    drawn = iter([(5).to_bytes(8), (5).to_bytes(8), (6).to_bytes(8)])
    by = Issuer(body.key, body.node, time.time, lambda size: next(drawn) if size == 8 else os.urandom(size))
    assert place(status.issue(by, draft(by))) == 5
    assert place(status.issue(by, draft(by))) == 6
    asked = {"statusListCredential": status.list_name(by.key.holder), "statusListIndex": 5}
    with pytest.raises(RemoteRefusedError) as refused:
        status.issue(by, draft(by, statusReference=asked))
    assert refused.value.problem == "status-index-reused"


def test_a_template_s_questions_about_the_place_are_answered(body: Issuer) -> None:
    asked = {"statusListCredential": "<URI of a list>", "statusListIndex": "<index>"}
    issued = status.issue(body, draft(body, statusReference=asked))
    assert place(issued) < SMALLEST
    named = {"statusListCredential": f"{body.key.holder}#other", "statusListIndex": "<index>"}
    issued = status.issue(body, draft(body, statusReference=named))
    assert issued.subject["statusReference"]["statusListCredential"].endswith("#other")  # type: ignore[index, call-overload, union-attr]
    with pytest.raises(RefusedError) as refused:
        status.issue(body, draft(body, statusReference=named), name=f"{body.key.holder}#third")
    assert refused.value.code == "status-list-of-another"


def test_a_draft_with_an_error_makes_no_list(body: Issuer) -> None:
    with pytest.raises(LedgerError) as refused:
        status.issue(body, draft(body, certificateNumber="<number>"))
    assert refused.value.code == "statement-invalid"
    assert status.current(body.node, body.key.holder, status.list_name(body.key.holder)) is None


def test_each_change_sets_its_bit_and_names_the_edition_before(body: Issuer) -> None:
    issued = status.issue(body, draft(body))
    index, before = place(issued), newest(body)[0]
    for kind, more, purpose, is_set in (
        ("suspend", {"until": int(time.time()) + DAY}, "suspension", True),
        ("reinstate", {}, "suspension", False),
        ("reduceScope", {"scope": issued.subject["scope"]}, "refresh", True),
        ("withdraw", {}, "revocation", True),
    ):
        made = status.change(body, issued, kind, reason="nonConformity", **more)  # type: ignore[arg-type]
        assert made.change is not None
        assert made.edition is not None
        listed, edition = newest(body)
        assert listed.digest == made.edition.digest
        assert edition.supersedes == before.digest
        bits: bytes = getattr(edition, purpose)
        assert bitstring.indexes(bits) == ((index,) if is_set else ())
        assert made.change.subject["effective"] == format_time(edition.valid_from)
        before = listed
    said = [one.subject["change"] for one in referring(issued.digest, body.node, "StatusChange")]
    assert sorted(map(str, said)) == ["reduceScope", "reinstate", "suspend", "withdraw"]


def test_what_the_list_says_already_is_not_said_again(body: Issuer) -> None:
    issued = status.issue(body, draft(body))
    assert status.change(body, issued, "reinstate", reason="resolved") == (None, None)
    assert status.change(body, issued, "withdraw", reason="error").change is not None
    listed = newest(body)[0]
    assert status.change(body, issued, "withdraw", reason="error") == (None, None)
    assert newest(body)[0].digest == listed.digest
    for kind in ("suspend", "reinstate", "reduceScope"):
        with pytest.raises(RefusedError) as refused:
            status.change(body, issued, kind, reason="error", until=int(time.time()) + DAY)  # type: ignore[arg-type]
        assert refused.value.code == "withdrawn-already"


def test_only_the_issuer_changes_a_status(body: Issuer, node: RunningNode) -> None:
    issued = status.issue(body, draft(body))
    other = Issuer(node.enrol("other", "body").key, body.node, time.time, os.urandom)
    with pytest.raises(RefusedError) as refused:
        status.change(other, issued, "withdraw", reason="error")
    assert refused.value.code == "status-of-another"


def test_a_certificate_without_a_list_is_changed_by_word_alone(body: Issuer) -> None:
    signed = body.sign("ConformityCertificate", draft(body)["credentialSubject"], now=int(time.time()))
    body.register([signed])
    made = status.change(body, signed, "withdraw", reason="error")
    assert (made.change is not None, made.edition) == (True, None)


def test_an_edition_that_begins_in_this_second_is_waited_for_and_one_far_ahead_is_not(body: Issuer) -> None:
    issued = status.issue(body, draft(body))
    begins = newest(body)[1].valid_from
    now, waited = [float(begins)], []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        now[0] += 0.5

    stopped = Issuer(body.key, body.node, lambda: now[0], os.urandom, wait)
    made = status.change(stopped, issued, "withdraw", reason="error")
    assert len(waited) == 2
    assert made.change is not None
    assert made.change.subject["effective"] == format_time(begins + 1)
    now[0] = begins - DAY
    with pytest.raises(RefusedError) as refused:
        status.renew(stopped, status.list_name(body.key.holder), always=True)
    assert refused.value.code == "status-list-ahead"


def test_an_edition_that_another_clerk_published_meanwhile_loses_no_bit(body: Issuer) -> None:
    one, two = status.issue(body, draft(body)), status.issue(body, draft(body))
    stale = newest(body)
    status.change(body, one, "withdraw", reason="error")
    late = status.edition(body, stale[1].id, stale, now=newest(body)[1].valid_from + 1)
    time.sleep(1.1)
    body.register([late])  # made from the edition before, so without the bit
    assert bitstring.indexes(newest(body)[1].revocation) == ()
    settled = status._settled(body, stale[1].id, late, {"revocation": (place(one), True)}, status.LIFE)
    assert bitstring.indexes(newest(body)[1].revocation) == (place(one),)
    assert settled.digest == newest(body)[0].digest
    status.change(body, two, "withdraw", reason="error")
    assert set(bitstring.indexes(newest(body)[1].revocation)) == {place(one), place(two)}


def test_what_rests_on_a_certificate_is_counted_while_it_lives(body: Issuer, node: RunningNode) -> None:
    issued = status.issue(body, draft(body))
    exporter = node.enrol("reach", "exporter")
    records = []
    now = int(time.time())
    for retained in ("2099-01-01", format_time(now + 2 * DAY)[:10], None):
        subject: dict[str, Any] = {
            "exporter": {"did": exporter.did, "id": exporter.did, "jurisdiction": "XA", "scheme": "DID"},
            "importer": {"did": IMPORTER, "id": IMPORTER, "jurisdiction": "XB", "scheme": "DID"},
            "flow": "outbound",
            "payload": {"commitment": os.urandom(32).hex(), "mediaType": "text/csv"},
            "mechanism": {"type": "certification", "certificate": issued.digest.hex()},
        }
        if retained is not None:
            subject["retentionUntil"] = retained
        records.append(exporter.sign("TransferRecord", subject))
        node.register(records[-1])
    assert len(reach_of(issued.digest, [body.node], now=now).resting) == 3
    reach = reach_of(issued.digest, [body.node], now=now + 9 * DAY)
    assert {one.statement.digest for one in reach.resting} == {records[0].digest, records[2].digest}
    assert not reach.more
    assert reach_of(bytes(32), [body.node], now=now) == ((), False)


def test_who_answers_with_the_list_of_another_is_refused(body: Issuer, tmp_path: Path) -> None:
    status.issue(body, draft(body))
    listed = newest(body)[0]

    class Lying:
        def status_list(self, issuer: str, name: str) -> bytes:
            return listed.encoded

    with pytest.raises(RefusedError) as refused:
        status.current(Lying(), "did:web:victim.example.xa", "did:web:victim.example.xa#status-1")  # type: ignore[arg-type]
    assert refused.value.code == "status-list-of-another"
    assert parse_statement(listed.encoded).issuer == body.key.holder
