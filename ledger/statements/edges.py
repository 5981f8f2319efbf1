"""Which other statements a statement refers to: the edges of the lineage graph.

One edge is (relation, digest), the digest being that of the statement referred to.  All relations:

| relation | from | to | member |
|---|---|---|---|
| supersedes | any type that has it | the same type | supersedes |
| derivedFrom, revises, corrects, cites, underArrangement, partOf | TransferRecord | any | parents[].digest, by rel |
| certificate | TransferRecord | ConformityCertificate | mechanism.certificate |
| certificate | Recognition | ConformityCertificate | certificate |
| measure | TransferRecord | PolicyMeasure | mechanism.measure |
| decision | TransferRecord | Decision | decisionRef |
| record | TransferAcknowledgement | TransferRecord | record |
| accreditation | ConformityCertificate | Accreditation | accreditation.statement |
| parent | Accreditation | Accreditation | parent |
| arrangement | Recognition, IdentityRecognition | RecognitionArrangement | arrangement |
| onward | Recognition | Recognition | onward |
| statement | Endorsement | RecognitionArrangement, PolicyMeasure | statement |
| statement | StatusChange, Observation | any | statement |
| record | Decision | TransferRecord | transfer |
| measure | Decision | PolicyMeasure | measures[].digest |
| measure | DatasetRegistration | PolicyMeasure | classification.measure |
| measure | MeasureReview | PolicyMeasure | measure |
| answers | MeasureReview | MeasureReview | answers |

Digests of what is no statement (commitments, content, a foreign credential) are no edges; nor are an Enrolment
and a KeyRevocation tied to anything by digest.
"""

from collections.abc import Iterator, Mapping

from ledger.core.statement import Statement
from ledger.statements.codes import RELATIONS

Edge = tuple[str, bytes]
"""(relation, digest of the statement referred to)."""

_MEMBERS: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "TransferRecord": (
        ("certificate", ("mechanism", "certificate")),
        ("measure", ("mechanism", "measure")),
        ("decision", ("decisionRef",)),
    ),
    "TransferAcknowledgement": (("record", ("record",)),),
    "ConformityCertificate": (("accreditation", ("accreditation", "statement")),),
    "Accreditation": (("parent", ("parent",)),),
    "RecognitionArrangement": (),
    "Endorsement": (("statement", ("statement",)),),
    "Recognition": (
        ("certificate", ("certificate",)),
        ("arrangement", ("arrangement",)),
        ("onward", ("onward",)),
    ),
    "StatusChange": (("statement", ("statement",)),),
    "StatusList": (),
    "IdentityRecognition": (("arrangement", ("arrangement",)),),
    "JurisdictionEntry": (),
    "LogSuccession": (),
    "PolicyMeasure": (),
    "Decision": (("record", ("transfer",)), ("measure", ("measures", "digest"))),
    "DatasetRegistration": (("measure", ("classification", "measure")),),
    "MeasureReview": (("measure", ("measure",)), ("answers", ("answers",))),
    "Observation": (("statement", ("statement",)),),
}
_FIRST = {
    kind: frozenset({"supersedes", "parents", *(path[0] for _, path in members)})
    for kind, members in _MEMBERS.items()
}
"""The members of a subject under which its digests stand."""
_NAMES = frozenset(relation for members in _MEMBERS.values() for relation, _ in members)
NAMED_RELATIONS: frozenset[str] = RELATIONS | _NAMES | {"supersedes"}
"""Every relation that `edges` may name."""


def edges(statement: Statement) -> tuple[Edge, ...]:
    """Every statement that `statement` refers to by digest, in the order of the table, each edge once.

    Never fails: the subject need not be in order, and what is no digest where one belongs is no edge.  A type
    that is not in the table has none.

    Cost: a few look-ups, and one for each parent.
    """
    first = _FIRST.get(statement.type)
    if first is None or first.isdisjoint(statement.subject):
        return ()
    return tuple(dict.fromkeys(_edges(statement.subject, _MEMBERS[statement.type])))


def _edges(subject: Mapping[str, object], members: tuple[tuple[str, tuple[str, ...]], ...]) -> Iterator[Edge]:
    if (digest := _digest(subject.get("supersedes"))) is not None:
        yield "supersedes", digest
    parents = subject.get("parents")
    for parent in parents if isinstance(parents, list) else ():
        if not isinstance(parent, dict):
            continue
        rel, digest = parent.get("rel"), _digest(parent.get("digest"))
        if isinstance(rel, str) and rel in RELATIONS and digest is not None:
            yield rel, digest
    for relation, path in members:
        for value in _values(subject, path):
            if (digest := _digest(value)) is not None:
                yield relation, digest


def _values(value: object, path: tuple[str, ...]) -> Iterator[object]:
    """What stands at a path; of a list on the way, what stands there in each of its items."""
    if not path:
        yield value
    elif isinstance(value, Mapping):
        yield from _values(value.get(path[0]), path[1:])
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, Mapping):
                yield from _values(item, path)


def _digest(value: object) -> bytes | None:
    """The 32 bytes of a digest as it is written: 64 lower-case hexadecimal digits."""
    if not isinstance(value, str) or len(value) != _HEX:
        return None
    try:
        found = bytes.fromhex(value)
    except ValueError:
        return None
    return found if found.hex() == value else None  # capitals and white space are read too, and not written


_HEX = 64
