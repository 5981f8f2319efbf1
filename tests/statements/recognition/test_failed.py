"""One thing wrong at a time: each fails by its own code, and the certificate did not count."""

from typing import Any

import pytest

from ledger.statements.arrangement import Equivalence
from ledger.statements.designation import AccreditorEntry, Designation
from ledger.statements.premises.purpose import Purpose
from tests.statements.recognition.cases import Change, case, list_of, scheme
from tests.statements.recognition.world import (
    ACCREDITOR,
    BODY,
    OTHER_SCENARIO,
    SCOPE,
    SMALLER,
    STRANGER,
    USE,
    against,
    day,
    digest,
    mutual,
    party,
)

FAILED = [
    case("before its first day", lambda w: None, "NOT_YET_VALID", at=day(9)),
    case(
        "proven long after it claims to be signed",
        lambda w: w.resign("certificate", proven=day(35)),
        "BACK_DATED",
    ),
    case("after its last day", lambda w: w.change("certificate", valid_until=day(30)), "EXPIRED"),
    case(
        "replaced",
        lambda w: w.certificate("next", created=day(29), supersedes=digest("certificate"), status=None),
        "SUPERSEDED",
    ),
    case("withdrawn by a change", lambda w: w.status_change("c", "certificate", "withdraw"), "WITHDRAWN"),
    case("withdrawn by a list", lambda w: list_of(w, "list-body", withdrawn=[42]), "WITHDRAWN"),
    case("suspended by a change", lambda w: w.status_change("c", "certificate", "suspend"), "SUSPENDED"),
    case("suspended by a list", lambda w: list_of(w, "list-body", suspended=[42]), "SUSPENDED"),
    case(
        "a suspension does not end by itself",
        lambda w: w.status_change("c", "certificate", "suspend", until=day(27)),
        "SUSPENDED",
    ),
    case("reused index", lambda w: w.certificate("twin", created=day(12)), "STATUS_INDEX_REUSED"),
    case(
        "an accreditation of its own",
        lambda w: w.accreditation(
            by=BODY, status=mutual().held["accreditation"].value.status._replace(index=99)
        ),
        "SELF_ACCREDITATION",
    ),
    case(
        "accredited until yesterday",
        lambda w: w.change("accreditation", valid_until=day(29)),
        "ACCREDITATION_LAPSED",
    ),
    case(
        "accredited only after it certified",
        lambda w: w.change("accreditation", valid_from=day(15)),
        "ACCREDITATION_LAPSED",
    ),
    case(
        "accreditation withdrawn",
        lambda w: w.status_change("c", "accreditation", "withdraw"),
        "ACCREDITATION_WITHDRAWN",
    ),
    case(
        "accreditation suspended",
        lambda w: list_of(w, "list-accreditor", suspended=[7], created=day(20)),
        "ACCREDITATION_SUSPENDED",
    ),
    case(
        "accreditation suspended when it certified",
        lambda w: (
            w.status_change("c", "accreditation", "suspend", created=day(9)),
            w.status_change("d", "accreditation", "reinstate", created=day(11)),
        ),
        "ACCREDITATION_SUSPENDED",
    ),
    case(
        "accredited for another scheme",
        lambda w: w.change("accreditation", schemes=scheme(id="urn:example:other")),
        "ACCREDITATION_SCOPE",
    ),
    case(
        "accredited for another version",
        lambda w: w.change("accreditation", schemes=scheme(versions=frozenset({"1.0"}))),
        "ACCREDITATION_SCOPE",
    ),
    case(
        "accredited for a lower level",
        lambda w: (w.change("accreditation", schemes=scheme(level=1)), w.change("certificate", level=2)),
        "ACCREDITATION_SCOPE",
    ),
    case(
        "accredited for other data",
        lambda w: w.change("accreditation", data_categories=frozenset({"personal"})),
        "ACCREDITATION_SCOPE",
    ),
    case(
        "valid for longer than the scheme allows",
        lambda w: w.change("accreditation", schemes=scheme(maximum_days=1094)),
        "VALIDITY_TOO_LONG",
    ),
    case(
        "an accreditor the arrangement does not know, whom the certificate names",
        lambda w: (
            w.change("arrangement", accreditors=(AccreditorEntry("XA", "did:web:other.example.xa"),)),
            w.change("certificate", accreditation=(ACCREDITOR[0], digest("accreditation"))),
        ),
        "ACCREDITOR_NOT_RECOGNISED",
    ),
    case(
        "it names the accreditation of somebody else",
        lambda w: (
            w.change("accreditation", body=party(STRANGER)),
            w.change("certificate", accreditation=(ACCREDITOR[0], digest("accreditation"))),
        ),
        "ACCREDITATION_OF_ANOTHER",
    ),
    case(
        "recognition withdrawn",
        lambda w: w.status_change("c", "recognition", "withdraw"),
        "RECOGNITION_WITHDRAWN",
    ),
    case(
        "recognition suspended",
        lambda w: w.status_change("c", "recognition", "suspend"),
        "RECOGNITION_SUSPENDED",
    ),
    case("recognition ended", lambda w: w.change("recognition", valid_until=day(30)), "RECOGNITION_EXPIRED"),
    case("recognition of later", lambda w: None, "RECOGNITION_NOT_YET", at=day(19)),
    case(
        "recognitions that differ",
        lambda w: w.recognition("other", index=4, effect="conditional", conditions=("report each month",)),
        "RECOGNITIONS_CONTRADICT",
    ),
    case(
        "recognised for more than is certified",
        lambda w: w.change("recognition", effect="partial", scope=SCOPE._replace(persons=100_001)),
        "RECOGNITION_SCOPE_EXCEEDS",
    ),
    case("a memorandum", lambda w: w.change("arrangement", kind="mou", binding=False), "NO_LEGAL_BASIS"),
    case("not binding", lambda w: w.change("arrangement", binding=False), "NO_LEGAL_BASIS"),
    case(
        "the side is no party",
        lambda w: w.change("arrangement", parties=w.held["arrangement"].value.parties[:1]),
        "NOT_A_PARTY",
    ),
    case(
        "in force only later",
        lambda w: w.resign("endorsement-xb", created=day(31)),
        "ARRANGEMENT_NOT_IN_FORCE",
    ),
    case(
        "left by one side",
        lambda w: w.endorsement("d", "XA", role="denunciation", created=day(28)),
        "ARRANGEMENT_DENOUNCED",
    ),
    case(
        "left toward this side",
        lambda w: w.endorsement("d", "XA", role="denunciation", created=day(28), toward=frozenset({"XB"})),
        "ARRANGEMENT_DENOUNCED",
    ),
    case(
        "ended by its own date",
        lambda w: w.change(
            "arrangement",
            parties=tuple(side._replace(until=day(30)) for side in w.held["arrangement"].value.parties),
        ),
        "ARRANGEMENT_NOT_IN_FORCE",
    ),
    case(
        "an arrangement about other schemes",
        lambda w: w.change("arrangement", families=frozenset({"product"})),
        "ARRANGEMENT_SCOPE",
    ),
    case(
        "an arrangement about other data",
        lambda w: w.change("arrangement", data_categories=frozenset({"sensitivePersonal"})),
        "ARRANGEMENT_SCOPE",
    ),
    case(
        "the body is not designated", lambda w: w.change("arrangement", designated=()), "BODY_NOT_DESIGNATED"
    ),
    case(
        "designated until yesterday",
        lambda w: w.change("arrangement", designated=(Designation("XA", BODY[0], day(5), day(29), None),)),
        "BODY_NOT_DESIGNATED",
    ),
    case(
        "designated only after it certified",
        lambda w: w.change("arrangement", designated=(Designation("XA", BODY[0], day(11), None, None),)),
        "BODY_NOT_DESIGNATED",
    ),
    case(
        "designated for other schemes",
        lambda w: w.change(
            "arrangement", designated=(Designation("XA", BODY[0], day(5), None, frozenset({"product"})),)
        ),
        "BODY_NOT_DESIGNATED",
    ),
    case(
        "designated for another side",
        lambda w: w.change("arrangement", designated=(Designation("XB", BODY[0], day(5), None, None),)),
        "BODY_NOT_DESIGNATED",
    ),
    case(
        "no equivalent standard",
        lambda w: w.change(
            "arrangement", equivalences=(Equivalence("ISO/IEC 27001:2022", "XB-PIMS 3", "both", None, ()),)
        ),
        "STANDARD_NOT_EQUIVALENT",
    ),
    case(
        "equivalent the other way only",
        lambda w: w.change(
            "arrangement", equivalences=(Equivalence("XB-PIMS 3", "ISO/IEC 27701:2025", "aToB", None, ()),)
        ),
        "STANDARD_NOT_EQUIVALENT",
    ),
    case(
        "another standard is asked for",
        lambda w: None,
        "STANDARD_NOT_EQUIVALENT",
        purpose=USE._replace(standard="XB-PIMS 4"),
    ),
    case(
        "equivalent at a higher level",
        lambda w: w.change(
            "arrangement", equivalences=(Equivalence("ISO/IEC 27701:2025", "XB-PIMS 3", "both", 2, ()),)
        ),
        "INSUFFICIENT_LEVEL",
    ),
    case(
        "a higher level is asked for",
        lambda w: w.change("certificate", level=2),
        "INSUFFICIENT_LEVEL",
        purpose=USE._replace(level=3),
    ),
    case(
        "another scenario",
        lambda w: w.change("certificate", scope=SMALLER),
        "OUT_OF_SCOPE",
        purpose=Purpose(scenarios=frozenset({OTHER_SCENARIO})),
    ),
    case(
        "other data",
        lambda w: None,
        "OUT_OF_SCOPE",
        purpose=Purpose(data_categories=frozenset({"sensitivePersonal"})),
    ),
    case("another destination", lambda w: None, "OUT_OF_SCOPE", purpose=Purpose(destination="XE")),
    case("too many persons", lambda w: None, "OUT_OF_SCOPE", purpose=Purpose(persons=100_001)),
    case(
        "too many persons with sensitive data",
        lambda w: None,
        "OUT_OF_SCOPE",
        purpose=Purpose(sensitive_persons=100_001),
    ),
    case(
        "a kind of document",
        lambda w: None,
        "OUT_OF_SCOPE",
        purpose=Purpose(document_type="einvoice/UBL-2.1"),
    ),
    case("another family", lambda w: None, "OUT_OF_SCOPE", purpose=Purpose(family="product")),
    case(
        "reduced",
        lambda w: w.status_change("c", "certificate", "reduceScope", scope=SMALLER),
        "OUT_OF_SCOPE",
        purpose=USE._replace(persons=1_001),
    ),
    case(
        "recognised in part",
        lambda w: w.change("recognition", effect="partial", scope=SMALLER),
        "OUT_OF_SCOPE",
        purpose=USE._replace(persons=1_001),
    ),
    case(
        "the recognition was reduced",
        lambda w: w.status_change("c", "recognition", "reduceScope", scope=SMALLER),
        "OUT_OF_SCOPE",
        purpose=USE._replace(persons=1_001),
    ),
    case(
        "nothing is left",
        lambda w: w.status_change(
            "c", "certificate", "reduceScope", scope=SMALLER._replace(destinations=frozenset({"XE"}))
        ),
        "OUT_OF_SCOPE",
        purpose=None,
    ),
    case(
        "the certificate of somebody else",
        lambda w: None,
        "HOLDER_NOT_A_PARTY",
        purpose=USE._replace(parties=frozenset({STRANGER})),
    ),
]


@pytest.mark.parametrize(("change", "code", "question"), FAILED)
def test_what_is_shown_to_be_wrong_fails_by_its_code(
    change: Change, code: str, question: dict[str, Any]
) -> None:
    world = mutual()
    change(world)
    report = world.ask(**question)
    assert against(report) == (code, "failed")
    assert report.verdict == "NOT_VALID_THEN"
    assert report.at.outcome == "invalid"
