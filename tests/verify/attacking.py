"""What the tests of attacks share: bundles of a changed world, judged; witnesses and their cosignatures."""

from typing import Any

from ledger.core.checkpoint import cosign, parse_checkpoint
from ledger.core.note import Note, encode_note, encode_vkey, make_vkey
from ledger.core.statement import Statement
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle
from tests.simulator import NOW, World, key, seed


def judge(
    made: World, sections: list[dict[str, Any]] | None = None, *, now: int = NOW, **trust: Any
) -> Report:
    return verify_bundle(made.bundle(sections), made.trust(**trust), now=now)


def rebuilt(
    made: World, xa: list[tuple[str, Statement]], xb: list[tuple[str, Statement]] | None = None
) -> list[dict[str, Any]]:
    """Sections after a test added entries: both logs are anchored again as they now stand."""
    made.xa.anchor()
    made.xb.anchor()
    theirs = xb if xb is not None else [("acknowledgement", made.ack), ("enrolment", made.importer_enrolment)]
    return [made.xa.section(xa), made.xb.section(theirs)]


def witness(name: str, organisation: str) -> tuple[dict[str, Any], bytes]:
    vkey = make_vkey(name, 4, key(name).public.raw)
    return {"vkey": encode_vkey(vkey), "organisation": organisation}, seed(name)


def cosigned(made: World, section: dict[str, Any], lines: list[tuple[str, int]]) -> dict[str, Any]:
    """A section whose checkpoint carries cosignatures of the named witnesses at the given times."""
    signed = parse_checkpoint(section["checkpoint"].encode())
    added = tuple(cosign(signed, name, key(name), time) for name, time in lines)
    note = encode_note(Note(signed.note.text, signed.note.signatures + added))
    return {**section, "checkpoint": note.decode()}


QUORUM = {"TransferRecord": {"steps": [1, 3, 4, 5, 6, 7, 9], "quorum": 2, "finality": "operator"}}
WITNESSES = [
    ("witness-c", "did:web:org-c.example"),
    ("witness-d", "did:web:org-d.example"),
    ("witness-c2", "did:web:org-c.example"),
]


def with_witnesses(made: World, lines: list[tuple[str, int]], **trust: Any) -> Report:
    listed = [witness(name, organisation)[0] for name, organisation in WITNESSES]
    sections = [cosigned(made, section, lines) for section in made.sections()]
    return judge(made, sections, **{"witnesses": listed, "require": QUORUM, **trust})
