"""Bringing a bundle up to date: what is newer comes in, nothing goes, and what a node makes up is refused."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from ledger.core.canonical import BUNDLE_LIMIT, decode, encode
from ledger.core.times import parse_time
from ledger.errors import LedgerError, NotFoundError, RemoteError, VerificationError
from ledger.remote.node import NodeClient
from ledger.services.bundles.joining import disclose, join
from ledger.services.bundles.refresh import Refreshed, refresh
from ledger.verify.bundle import encode_bundle, parse_bundle
from tests.remote.transports import client
from tests.services.homes import DAY
from tests.services.recognising import AUTHORITY_LIST, BODY_LIST, Recognising, recognising
from tests.services.sides import Side

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recognising]:
    with recognising(tmp_path_factory.mktemp("sides")) as found:
        yield found


def serving(side: Side, change: Change | None = None) -> NodeClient:
    """The node of a side, as its API answers; `change` tampers with the bundles it gives."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/.well-known/evidence-ledger":
            return httpx2.Response(200, json={"origin": side.node.log.origin})
        if request.url.path.startswith("/v1/foreign/"):
            return httpx2.Response(404, json={"type": "/problems/not-yet-known-here", "detail": "not held"})
        digest = bytes.fromhex(request.url.path.split("/")[3])
        at = request.url.params.get("at")
        also = [bytes.fromhex(one) for one in request.url.params.get_list("also")]
        try:
            data = side.bundle(digest, at=None if at is None else parse_time(at), also=also)
        except LedgerError as error:
            status = 404 if isinstance(error, NotFoundError) else 409
            return httpx2.Response(status, json={"type": f"/problems/{error.code}", "detail": str(error)})
        if change is not None:
            document: Any = decode(data, limit=BUNDLE_LIMIT, what="bundle")
            data = encode(change(document) or document)
        return httpx2.Response(200, content=data)

    return client(answer)


def run(made: Recognising, bundle: bytes, node: NodeClient, at: int | None = None) -> Refreshed:
    return refresh(bundle, node, trust=made.sides.trust, now=made.sides.clock.now, at=at)


def roles(data: bytes) -> dict[bytes, str]:
    return {item.statement.digest: item.role for _, item in parse_bundle(data).items}


def anchored(made: Recognising) -> None:
    made.sides.xa.anchor()
    made.sides.xb.anchor()


def recognised(made: Recognising) -> tuple[bytes, bytes, bytes]:
    """A certificate and its recognition, with lists, and both sides' bundles joined."""
    xa, xb = made.sides.xa, made.sides.xb
    text, certificate = made.arrangement(), made.certificate(None)
    recognition = made.recognition(certificate.digest, text.digest)
    for statement in (text, certificate, made.endorsement(made.of_xa, "XA", text.digest)):
        xa.register(statement)
    xb.register(made.endorsement(made.of_xb, "XB", text.digest))
    xb.register(recognition)
    xa.register(made.status_list(made.body, BODY_LIST))
    xb.register(made.status_list(made.of_xb, AUTHORITY_LIST))
    anchored(made)
    data = join(xa.bundle(certificate.digest), xb.bundle(recognition.digest))
    return certificate.digest, recognition.digest, data


def test_a_newer_list_and_a_withdrawal_come_in_and_the_other_log_stays_as_it_is(made: Recognising) -> None:
    xa = made.sides.xa
    certificate, recognition, old = recognised(made)
    made.sides.clock.now += DAY
    withdrawal = xa.register(made.change(made.body, certificate))
    edition = xa.register(made.status_list(made.body, BODY_LIST))
    anchored(made)
    result = run(made, old, serving(xa))
    assert {withdrawal, edition} <= set(result.added)
    assert result.kept is None
    assert set(roles(old)) <= set(roles(result.bundle))
    assert parse_bundle(result.bundle).subject == certificate
    assert roles(result.bundle)[recognition] == "recognition"

    def of_xb(data: bytes) -> list[Any]:
        document: Any = decode(data, limit=BUNDLE_LIMIT, what="bundle")
        return [one for one in document["sections"] if one["origin"] == made.sides.xb.node.log.origin]

    assert of_xb(result.bundle) == of_xb(old)
    assert run(made, result.bundle, serving(xa)).bundle == result.bundle


def test_the_other_log_is_refreshed_about_what_the_bundle_has_of_it(made: Recognising) -> None:
    xb = made.sides.xb
    _, recognition, old = recognised(made)
    made.sides.clock.now += DAY
    suspension = xb.register(made.change(made.of_xb, recognition, "suspend"))
    anchored(made)
    result = run(made, old, serving(xb))
    assert suspension in result.added
    assert set(roles(old)) <= set(roles(result.bundle))
    assert result.report.recognition is not None


def test_nothing_newer_leaves_the_bundle_as_it_is(made: Recognising) -> None:
    _, _, old = recognised(made)
    for side in (made.sides.xa, made.sides.xb):
        result = run(made, old, serving(side))
        assert (result.bundle, result.added, result.kept) == (old, (), None)


def test_a_node_that_does_not_know_the_subject_adds_nothing(made: Recognising) -> None:
    record = made.sides.xa.register(made.sides.record())
    anchored(made)
    old = made.sides.xa.bundle(record)
    result = run(made, old, serving(made.sides.xb))
    assert (result.bundle, result.added) == (old, ())


def test_lists_of_the_moment_asked_about_come_in(made: Recognising) -> None:
    xa = made.sides.xa
    certificate = xa.register(made.certificate(None))
    first = xa.register(made.status_list(made.body, BODY_LIST))
    then = made.sides.clock.now
    made.sides.clock.now += 30 * DAY
    middle = xa.register(made.status_list(made.body, BODY_LIST))
    at = made.sides.clock.now
    made.sides.clock.now += 30 * DAY
    xa.register(made.status_list(made.body, BODY_LIST))
    anchored(made)
    old = xa.bundle(certificate, at=then)
    assert first in roles(old)
    assert middle not in roles(old)
    result = run(made, old, serving(xa), at)
    assert middle in result.added
    assert first in roles(result.bundle)


def test_what_is_not_anchored_yet_waits(made: Recognising) -> None:
    xa = made.sides.xa
    certificate, _, old = recognised(made)
    withdrawal = xa.register(made.change(made.body, certificate))
    assert run(made, old, serving(xa)).bundle == old
    anchored(made)
    assert withdrawal in run(made, old, serving(xa)).added


def test_what_was_disclosed_stays_disclosed(made: Recognising) -> None:
    import os

    from ledger.core.commitment import SALT_SIZE, Opening, Openings, commitment
    from ledger.core.statement import sign_statement

    xa, key = made.sides.xa, made.sides.exporter
    salt, pointer, draft = os.urandom(SALT_SIZE), "/credentialSubject/volume/commitment", made.sides.record()
    fixed = commitment(draft.id, pointer, salt, encode("17 containers"))
    document = {name: part for name, part in draft.document.items() if name != "proof"}
    document["credentialSubject"] = {**document["credentialSubject"], "volume": {"commitment": fixed.hex()}}  # type: ignore[dict-item]
    signed = sign_statement(document, key.private, key.verification_method, made.sides.clock.now)
    record = xa.register(signed)
    anchored(made)
    opened = disclose(
        xa.bundle(record), Openings(signed.id, {pointer: Opening(salt, "17 containers", None)}), ["volume"]
    )
    result = run(made, opened, serving(xa))
    assert result.bundle == opened


def test_a_part_that_lacks_something_is_not_taken(made: Recognising) -> None:
    xa = made.sides.xa
    certificate, _, old = recognised(made)
    newer = xa.register(made.status_list(made.body, BODY_LIST))
    anchored(made)

    def drop(document: dict[str, Any]) -> None:
        for section in document["sections"]:
            section["items"] = [item for item in section["items"] if item["role"] != "arrangement"] or (
                section["items"]
            )

    result = run(made, old, serving(xa, drop))
    assert result.bundle == old
    assert result.kept is not None
    assert "arrangement" in result.kept
    assert newer in run(made, old, serving(xa)).added
    assert certificate in roles(old)


def test_a_part_without_its_anchor_is_not_taken(made: Recognising) -> None:
    xa = made.sides.xa
    _, _, old = recognised(made)

    def strip(document: dict[str, Any]) -> None:
        for section in document["sections"]:
            section["anchors"] = []

    result = run(made, old, serving(xa, strip))
    assert result.bundle == old
    assert "anchor" in str(result.kept)


def test_a_part_that_does_not_hold_is_refused(made: Recognising) -> None:
    xa = made.sides.xa
    _, _, old = recognised(made)
    xa.register(made.status_list(made.body, BODY_LIST))
    anchored(made)

    def bend(document: dict[str, Any]) -> None:
        document["sections"][-1]["items"][-1]["path"][0] = "00" * 32

    with pytest.raises(VerificationError) as refused:
        run(made, old, serving(xa, bend))
    assert refused.value.code == "refresh-unproven"


def test_an_anchor_on_a_chain_that_nobody_listed_takes_the_place_of_none(made: Recognising) -> None:
    xa = made.sides.xa
    _, _, old = recognised(made)
    xa.register(made.status_list(made.body, BODY_LIST))
    anchored(made)

    def elsewhere(document: dict[str, Any]) -> None:
        for section in document["sections"]:
            for anchor in section["anchors"]:
                anchor["chain"] = "eip155:99"

    with pytest.raises(VerificationError) as refused:
        run(made, old, serving(xa, elsewhere))
    assert refused.value.code == "refresh-unproven"


def test_a_statement_whose_signer_nobody_enrolled_does_not_come_in(made: Recognising) -> None:
    xa = made.sides.xa
    _, _, old = recognised(made)
    record = xa.register(made.sides.record())
    xa.register(made.status_list(made.body, BODY_LIST))
    anchored(made)
    other: Any = decode(xa.bundle(record), limit=BUNDLE_LIMIT, what="bundle")
    places = {section["checkpoint"]: section for section in other["sections"]}

    def slip_in(document: dict[str, Any]) -> None:
        for section in document["sections"]:
            for item in places.get(section["checkpoint"], {"items": ()})["items"]:
                if item["role"] == "subject":
                    section["items"].append({**item, "role": "parent"})

    with pytest.raises(VerificationError) as refused:
        run(made, old, serving(xa, slip_in))
    assert refused.value.code == "refresh-unproven"
    assert "vouches" in str(refused.value)


def test_another_log_of_the_same_name_is_named(made: Recognising) -> None:
    xa = made.sides.xa
    certificate, _, _ = recognised(made)
    old = xa.bundle(certificate)
    document: Any = decode(old, limit=BUNDLE_LIMIT, what="bundle")
    for section in document["sections"]:
        origin, size, _, *rest = section["checkpoint"].split("\n")
        section["checkpoint"] = "\n".join([origin, size, "A" * 43 + "=", *rest])
    forged = encode_bundle(parse_bundle(old).subject, document["sections"])
    with pytest.raises(VerificationError) as refused:
        run(made, forged, serving(xa))
    assert refused.value.code == "log-forked"


def test_a_node_that_refuses_otherwise_is_an_error(made: Recognising) -> None:
    _, _, old = recognised(made)

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/.well-known/evidence-ledger":
            return httpx2.Response(200, json={})
        return httpx2.Response(503, json={"type": "/problems/store-full", "detail": "x"})

    with pytest.raises(RemoteError):
        run(made, old, client(answer))
