from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.statements.edges import NAMED_RELATIONS, edges

A, B, C, D = ("a1" * 32, "b2" * 32, "c3" * 32, "d4" * 32)
CASES = [
    (
        "TransferRecord",
        {
            "supersedes": A,
            "parents": [{"digest": B, "rel": "derivedFrom"}, {"digest": C, "rel": "cites"}],
            "mechanism": {"type": "certification", "certificate": D, "measure": A},
            "decisionRef": B,
        },
        [
            ("supersedes", A),
            ("derivedFrom", B),
            ("cites", C),
            ("certificate", D),
            ("measure", A),
            ("decision", B),
        ],
    ),
    ("TransferAcknowledgement", {"record": A, "receivedPayload": B}, [("record", A)]),
    (
        "ConformityCertificate",
        {"accreditation": {"accreditor": "did:web:a.example", "statement": A}, "supersedes": B},
        [("supersedes", B), ("accreditation", A)],
    ),
    ("Accreditation", {"parent": A, "supersedes": B}, [("supersedes", B), ("parent", A)]),
    ("RecognitionArrangement", {"supersedes": A}, [("supersedes", A)]),
    ("Endorsement", {"statement": A, "supersedes": B}, [("supersedes", B), ("statement", A)]),
    (
        "Recognition",
        {"certificate": A, "arrangement": B, "onward": C, "supersedes": D},
        [("supersedes", D), ("certificate", A), ("arrangement", B), ("onward", C)],
    ),
    ("StatusChange", {"statement": A}, [("statement", A)]),
    ("StatusList", {"supersedes": A}, [("supersedes", A)]),
    (
        "IdentityRecognition",
        {"arrangement": A, "credential": {"digest": B}, "supersedes": C},
        [("supersedes", C), ("arrangement", A)],
    ),
    ("JurisdictionEntry", {"supersedes": A}, [("supersedes", A)]),
    ("PolicyMeasure", {"supersedes": A, "proportionality": B}, [("supersedes", A)]),
    (
        "Decision",
        {"transfer": A, "measures": [{"digest": B, "number": "1"}, {"digest": C}, D]},
        [("record", A), ("measure", B), ("measure", C)],
    ),
    (
        "DatasetRegistration",
        {"classification": {"by": "did:web:a.example", "measure": A}, "supersedes": B},
        [("supersedes", B), ("measure", A)],
    ),
    (
        "MeasureReview",
        {"measure": A, "answers": B, "supersedes": C},
        [("supersedes", C), ("measure", A), ("answers", B)],
    ),
    ("Observation", {"statement": A, "evidence": [{"sha256": B}]}, [("statement", A)]),
    ("KeyRevocation", {"supersedes": A}, []),
    ("SomethingLater", {"record": A}, []),
]


def named(kind: str, subject: Any) -> Any:
    return SimpleNamespace(type=kind, subject=subject)


@pytest.mark.parametrize(("kind", "subject", "expected"), CASES, ids=[case[0] for case in CASES])
def test_every_digest_that_a_type_refers_to_is_an_edge(kind: str, subject: Any, expected: Any) -> None:
    assert edges(named(kind, subject)) == tuple((name, bytes.fromhex(digest)) for name, digest in expected)


def test_every_relation_is_named() -> None:
    found = {name for kind, subject, _ in CASES for name, _ in edges(named(kind, subject))}
    assert found | {"revises", "corrects", "underArrangement", "partOf"} == NAMED_RELATIONS


@pytest.mark.parametrize(
    "value", [A.upper(), A[:-2], A + "00", " " + A[1:], 7, None, [A], {"x": A}, "\u0660" * 64]
)
def test_what_is_no_digest_is_no_edge(value: Any) -> None:
    assert edges(named("TransferAcknowledgement", {"record": value})) == ()


def test_a_parent_named_twice_alike_is_one_edge() -> None:
    parents = [{"digest": A, "rel": "cites"}, {"digest": A, "rel": "cites"}, {"digest": A, "rel": "partOf"}]
    assert [name for name, _ in edges(named("TransferRecord", {"parents": parents}))] == ["cites", "partOf"]


def test_an_unknown_relation_is_no_edge() -> None:
    parents = [{"digest": A, "rel": "supersedes"}, {"digest": A, "rel": ["cites"]}, "cites"]
    assert edges(named("TransferRecord", {"parents": parents})) == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.just(A),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["digest", "rel", "parents", "certificate", "supersedes", "mechanism", "statement"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    kind=st.sampled_from([case[0] for case in CASES]),
    subject=st.dictionaries(
        st.sampled_from(sorted({"parents", "mechanism", "accreditation", "record", "supersedes"})), JSON
    ),
)
def test_no_subject_makes_it_fail(kind: str, subject: Any) -> None:
    for name, digest in edges(named(kind, subject)):
        assert name in NAMED_RELATIONS
        assert len(digest) == 32
