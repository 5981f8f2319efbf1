"""Joining bundles: what belongs together, once each, and nothing else."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ledger.core.canonical import BUNDLE_LIMIT, decode
from ledger.errors import LedgerError, MalformedError
from ledger.services.bundles.joining import join
from ledger.verify.bundle import encode_bundle, parse_bundle
from tests.services.recognising import Recognising, recognising


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recognising]:
    with recognising(tmp_path_factory.mktemp("sides")) as found:
        yield found


def anchored(made: Recognising) -> None:
    made.sides.xa.anchor()
    made.sides.xb.anchor()


def roles(data: bytes) -> dict[bytes, str]:
    return {item.statement.digest: item.role for _, item in parse_bundle(data).items}


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(LedgerError) as refused:
        action()
    assert isinstance(refused.value, MalformedError)
    return refused.value.code


def test_a_transfer_is_joined_with_its_acknowledgement_and_its_foreign_certificate(
    made: Recognising,
) -> None:
    xa, xb = made.sides.xa, made.sides.xb
    certificate = made.certificate(None)
    xa.register(certificate)
    record = made.sides.record(mechanism={"type": "certification", "certificate": certificate.digest.hex()})
    xa.register(record)
    given = xb.register(made.sides.acknowledge(record.digest))
    text = made.arrangement()
    recognition = xb.register(made.recognition(certificate.digest, text.digest))
    anchored(made)
    data = join(xa.bundle(record.digest), xb.bundle(given))
    assert roles(data)[given] == "acknowledgement"
    assert roles(join(xa.bundle(record.digest), xb.bundle(recognition)))[recognition] == "recognition"
    # Two of XB's log cannot be joined without a proof that one goes on from the other; the node gives both at once.
    assert (
        code_of(lambda: join(xa.bundle(record.digest), xb.bundle(given), xb.bundle(recognition)))
        == "join-same-log"
    )
    whole = roles(join(xa.bundle(record.digest), xb.bundle(given, also=[recognition])))
    assert (whole[record.digest], whole[given], whole[recognition]) == (
        "subject",
        "acknowledgement",
        "recognition",
    )


def test_an_edition_of_a_list_is_joined_with_what_names_the_list(made: Recognising) -> None:
    xa, xb = made.sides.xa, made.sides.xb
    name = "https://body.example.xa/status/joined"
    place = {"statusListCredential": name, "statusListIndex": 1}
    certificate = xa.register(made.certificate(None, statusReference=place))
    unlisted = xa.register(made.certificate(None))
    domestic = made.body  # enrolled in XB as well
    xb.enrol(domestic, "body")
    edition = xb.register(made.status_list(domestic, name))
    anchored(made)
    assert roles(join(xa.bundle(certificate), xb.bundle(edition)))[edition] == "statusList"
    assert code_of(lambda: join(xa.bundle(unlisted), xb.bundle(edition))) == "join-mismatch"


def test_what_refers_to_nothing_of_the_first_is_not_joined(made: Recognising) -> None:
    xa, xb = made.sides.xa, made.sides.xb
    certificate = xa.register(made.certificate(None))
    recognition = xb.register(made.recognition(b"\x01" * 32, b"\x02" * 32))
    record = xa.register(made.sides.record())
    of_another = xb.register(made.sides.acknowledge(b"\x03" * 32))
    anchored(made)
    for first, second in (
        (xa.bundle(certificate), xb.bundle(recognition)),
        (xa.bundle(record), xb.bundle(of_another)),
        (xb.bundle(of_another), xa.bundle(record)),
        (xb.bundle(recognition), xa.bundle(certificate)),
    ):
        assert code_of(lambda first=first, second=second: join(first, second)) == "join-mismatch"  # type: ignore[misc]


def test_an_enrolment_is_no_part_of_another_matter(made: Recognising) -> None:
    xa, xb = made.sides.xa, made.sides.xb
    certificate = xa.register(made.certificate(None))
    anchored(made)
    enrolment = next(one for one in xb.node.statements.of_type("Enrolment"))
    assert code_of(lambda: join(xa.bundle(certificate), xb.bundle(enrolment.digest))) == "join-mismatch"


def twice(made: Recognising, *, fill: bool) -> tuple[bytes, bytes, bytes]:
    """A text that stands in both logs, and the bundles about it: XA's, and XB's of a recognition that names it."""
    xa, xb = made.sides.xa, made.sides.xb
    text = made.arrangement()
    certificate = made.certificate(None)
    recognition = made.recognition(certificate.digest, text.digest)
    xa.register(text)
    xa.register(certificate)
    xb.node.sequencer.submit([_row(text)]).result(20)
    if fill:
        xb.register(recognition)
    anchored(made)
    xb.register(recognition)
    anchored(made)
    return text.digest, xa.bundle(certificate.digest, also=[text.digest]), xb.bundle(recognition.digest)


def _row(statement: Any) -> Any:
    from ledger.store.rows import row_of

    return row_of(statement)


@pytest.mark.parametrize("fill", [True, False])
def test_a_statement_of_two_logs_is_kept_where_it_comes_first(made: Recognising, fill: bool) -> None:
    text, first, second = twice(made, fill=fill)
    assert text in roles(second)
    data = join(first, second)
    bundle = parse_bundle(data)
    (at,) = [section.origin for section, item in bundle.items if item.statement.digest == text]
    assert at == made.sides.xa.node.log.origin
    later = [section for section in bundle.sections if section.origin != at]
    assert [section.extends is None for section in later] == [index == 0 for index in range(len(later))]
    report = made.sides.verify(data)
    assert {check.outcome for check in report.checks if check.step in (4, 5, 6, 7)} == {"passed"}


def test_a_section_that_others_go_on_from_is_not_left_out(made: Recognising) -> None:
    text, first, second = twice(made, fill=False)
    document: Any = decode(second, limit=BUNDLE_LIMIT, what="bundle")
    sections = document["sections"]
    # An earlier section of the same log before it: what goes on from the emptied one has no other to go on from.
    place = next(n for n, one in enumerate(sections) if text in _digests(one, second))
    assert sections[place + 1 :]
    xb = made.sides.xb
    early = next(one for one in xb.node.statements.of_type("Enrolment"))
    before: Any = decode(xb.bundle(early.digest), limit=BUNDLE_LIMIT, what="bundle")["sections"][0]  # type: ignore[index,call-overload]
    before["items"][0]["role"] = "enrolment"
    size = int(before["checkpoint"].split("\n")[1])
    own = int(sections[place]["checkpoint"].split("\n")[1])
    sections[place]["extends"] = [one.hex() for one in xb.node.log.consistency_path(size, own)]
    made_up = encode_bundle(parse_bundle(second).subject, [before, *sections[place:]])
    assert code_of(lambda: join(first, made_up)) == "join-twice"


def _digests(section: Any, data: bytes) -> set[bytes]:
    bundle = parse_bundle(data)
    return {
        item.statement.digest
        for found, item in bundle.items
        if found.checkpoint.decode() == section["checkpoint"]
    }


def test_one_bundle_joined_with_none_is_itself(made: Recognising) -> None:
    certificate = made.sides.xa.register(made.certificate(None))
    anchored(made)
    data = made.sides.xa.bundle(certificate)
    assert join(data) == data
