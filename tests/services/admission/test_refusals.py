"""What a node refuses at registration although its signer may sign: one statement a refusal, and its lawful twin."""

from collections.abc import Iterator

import pytest

from ledger.core.statement import Statement
from ledger.errors import LedgerError
from tests.services.recognising import BODY_LIST, Recognising, party, recognising
from tests.services.sides import Side, holder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recognising]:
    with recognising(tmp_path_factory.mktemp("sides")) as found:
        yield found


def refusal(side: Side, statement: Statement) -> str:
    size = side.node.log.head.size
    with pytest.raises(LedgerError) as refused:
        side.register(statement)
    assert side.node.log.head.size == size
    return refused.value.code


def test_nobody_accredits_itself(made: Recognising) -> None:
    own = made.accreditation(body=party(made.accreditor))
    assert refusal(made.sides.xa, own) == "self-accreditation"
    made.sides.xa.register(made.accreditation())


def test_a_place_in_a_status_list_is_given_once(made: Recognising) -> None:
    first = made.certificate(None)
    made.sides.xa.register(first)
    again = made.certificate(None, statusReference=first.subject["statusReference"])
    assert refusal(made.sides.xa, again) == "status-index-reused"
    made.sides.xa.register(made.certificate(None))


def test_only_the_issuer_changes_a_status(made: Recognising) -> None:
    target = made.sides.xa.register(made.certificate(None))
    assert refusal(made.sides.xa, made.change(made.accreditor, target)) == "status-of-another"
    made.sides.xa.register(made.change(made.body, target))
    # What another log holds cannot be told here.
    made.sides.xa.register(made.change(made.accreditor, b"\x07" * 32))


def test_only_its_publisher_goes_on_with_a_status_list(made: Recognising) -> None:
    first = made.status_list(made.body, BODY_LIST)
    made.sides.xa.register(first)
    taken_over = made.status_list(
        made.accreditor, "https://accreditor.example.xa/status/9", supersedes=first.digest.hex()
    )
    assert refusal(made.sides.xa, taken_over) == "status-of-another"
    made.sides.xa.register(made.status_list(made.body, BODY_LIST, supersedes=first.digest.hex()))


def test_a_stranger_who_is_first_with_the_name_of_a_list_keeps_its_owner_out_of_nothing(
    made: Recognising,
) -> None:
    name = "did:web:body.example.xa#status-of-mine"
    squatted = made.sides.xa.register(made.status_list(made.accreditor, name))
    own = made.status_list(made.body, name)
    made.sides.xa.register(own)
    statements = made.sides.xa.node.statements
    for issuer, digest in ((made.body, own.digest), (made.accreditor, squatted)):
        found = statements.status_list(issuer.holder, name)
        assert found is not None
        assert found.digest == digest


def test_a_certificate_is_not_recognised_at_home(made: Recognising) -> None:
    domestic = holder("body", "XB")
    made.sides.xb.enrol(domestic, "body")
    at_home = made.sides.xb.register(made.certificate(None, domestic, body=party(domestic, "XB")))
    assert refusal(made.sides.xb, made.recognition(at_home, b"\x01" * 32)) == "recognition-by-wrong-side"
    abroad = made.certificate(None)
    made.sides.xb.register(made.recognition(abroad.digest, b"\x01" * 32))


def test_each_side_recognises_for_itself(made: Recognising) -> None:
    abroad = made.certificate(None)
    for_the_other = made.recognition(abroad.digest, b"\x01" * 32, made.of_xa, jurisdiction="XB")
    assert refusal(made.sides.xa, for_the_other) == "recognition-by-wrong-side"


def test_a_party_is_endorsed_by_the_authority_that_the_text_names(made: Recognising) -> None:
    text = made.sides.xa.register(made.arrangement())
    other = made.sides.xa.register(
        made.arrangement(
            parties=[
                {**side, "authority": f"did:web:another.example.{side['jurisdiction'].lower()}"}
                if side["jurisdiction"] == "XB"
                else side
                for side in made.arrangement().subject["parties"]
            ]
        )
    )
    made.sides.xa.register(made.endorsement(made.of_xa, "XA", text))
    made.sides.xa.register(made.endorsement(made.of_xa, "XA", other))
    assert refusal(made.sides.xa, made.endorsement(made.of_xa, "XB", text)) == "endorsement-by-another"
    # The text is in XA's log: XB's node cannot look into it.
    made.sides.xb.register(made.endorsement(made.of_xb, "XB", other))


def test_an_endorsement_by_another_authority_of_the_side_is_refused(made: Recognising) -> None:
    sides = [
        {**side, "authority": "did:web:another.example.xa"} if side["jurisdiction"] == "XA" else side
        for side in made.arrangement().subject["parties"]
    ]
    text = made.arrangement(parties=[*sides[:1], {**sides[1], "authority": made.of_xa.holder}])
    held = made.sides.xa.register(text)
    assert refusal(made.sides.xa, made.endorsement(made.of_xa, "XA", held)) == "endorsement-by-another"
    accession = made.endorsement(made.of_xa, "XA", held, "accession")
    made.sides.xa.register(accession)


def test_what_is_registered_answers_though_it_would_be_refused_now(made: Recognising) -> None:
    target = made.certificate(None)
    early = made.change(made.accreditor, target.digest)
    made.sides.xa.register(early)
    made.sides.xa.register(target)
    assert made.sides.xa.register(early) == early.digest
    assert refusal(made.sides.xa, made.change(made.accreditor, target.digest)) == "status-of-another"


def test_the_refusals_hold_in_a_stream_too(made: Recognising) -> None:
    from ledger.services.registration.register import register_many

    node = made.sides.xa.node
    documents = [made.accreditation(body=party(made.accreditor)).encoded, made.accreditation().encoded]
    answers = list(
        register_many(
            documents, parties=node.parties, sequencer=node.sequencer, clock=lambda: made.sides.clock.now
        )
    )
    assert getattr(answers[0], "code", "") == "self-accreditation"
    assert getattr(answers[1], "first", False)
