"""Changes behind which every signature holds again: what deep checks are for.

A statement is changed and signed by its own signer, what refers to it is changed after it, the log is made again with
both, and its checkpoints and anchors are signed again.  Now and then the log or the chain lies as well.
"""

import copy
from random import Random
from typing import Any

from ledger.core.checkpoint import parse_checkpoint
from ledger.core.evm.header import parse_header
from ledger.core.statement import sign_statement, statement_of
from ledger.core.times import parse_time
from ledger.errors import LedgerError
from ledger.statements.deciding.decide import decide, ready
from ledger.statements.measure import measure_of
from tests.differential.changing import change_document, encoded, likely, places, value_at
from tests.differential.inputs import SIGNERS, Good
from tests.differential.process import Case
from tests.simulator import START, Jurisdiction, World
from tests.trees import tree_consistency, tree_path
from tests.verify.attacking import WITNESSES, cosigned

NAMES = tuple(name for name, _ in WITNESSES)


def resigned(good: Good, random: Random, other: Good) -> Case:
    """A bundle with a changed statement, all of which is signed again."""
    document = good.document
    items = [item for section in document["sections"] for item in section["items"]]
    renamed: dict[str, str] = {}
    if random.random() < 0.85:
        item = random.choice(items)
        old = statement_of(item["statement"]).digest.hex()
        _change(item["statement"], random, random.choice(_statements(other)))
        _sign(item, random)
        renamed[old] = _digest(item)
        for _ in range(4):
            _follow(items, renamed)
        if random.random() < 0.7:
            _decide_again(items, renamed)
    subject = document["subject"]
    document["subject"] = renamed.get(subject, subject)
    lying = random.random() < 0.35
    try:
        sections = _logged(document["sections"], good.places, renamed, random if lying else None)
    except (LedgerError, ValueError, OverflowError, AssertionError):
        sections = document["sections"]
    made = {**document, "sections": sections}
    return Case(f"signed again: {good.name}", encoded(made), good.trust, good.asked)


def _statements(good: Good) -> list[dict[str, Any]]:
    return [item["statement"] for section in good.document["sections"] for item in section["items"]]


def _digest(item: dict[str, Any]) -> str:
    try:
        return statement_of(item["statement"]).digest.hex()
    except LedgerError:
        return "0" * 64


def _change(statement: dict[str, Any], random: Random, other: dict[str, Any]) -> None:
    """The subject, or what stands around it."""
    how = random.random()
    if how < 0.6:
        likely(statement["credentialSubject"], random, other["credentialSubject"])
        return
    if how < 0.85:
        change_document(statement["credentialSubject"], random, other["credentialSubject"])
        return
    name = random.choice(("issuer", "id", "validFrom", "type", "created", "verificationMethod", "proofValue"))
    if name in statement:
        statement[name] = copy.deepcopy(other[name])
    else:
        statement["proof"][name] = other["proof"][name]


def _sign(item: dict[str, Any], random: Random | None) -> None:
    """Sign a statement again, as the one whom its verification method names, at its own time or another."""
    statement = item["statement"]
    document = {name: value for name, value in statement.items() if name != "proof"}
    proof = statement["proof"]
    try:
        created = parse_time(proof["created"])
    except LedgerError:
        return
    if random is not None and random.random() < 0.2:
        created += random.choice((-86_401, -301, -1, 1, 100, 301, 86_401))
    method = proof["verificationMethod"]
    signer = SIGNERS.get(method)
    if random is not None and random.random() < 0.08:
        method, signer = random.choice(list(SIGNERS.items()))
    if signer is None:
        return
    try:
        item["statement"] = sign_statement(document, signer, method, created).document
    except (LedgerError, TypeError, KeyError, AttributeError, ValueError):
        return


def _follow(items: list[dict[str, Any]], renamed: dict[str, str]) -> None:
    """Put new digests in the place of old ones, in statements that refer to them, and sign those again."""
    for item in items:
        subject = item["statement"].get("credentialSubject")
        found = [
            at
            for at in places(subject)
            if isinstance(value_at(subject, at), str) and value_at(subject, at) in renamed
        ]
        if not found:
            continue
        old = _digest(item)
        for at in found:
            value_at(subject, at[:-1])[at[-1]] = renamed[value_at(subject, at)]
        _sign(item, None)
        renamed[old] = _digest(item)


def _decide_again(items: list[dict[str, Any]], renamed: dict[str, str]) -> None:
    """Put into decisions what follows from the record and the measures as they are by now, and sign those again."""
    subjects = {_digest(item): item["statement"].get("credentialSubject") for item in items}
    for item in items:
        subject = item["statement"].get("credentialSubject")
        if item["role"] != "decision" or not isinstance(subject, dict):
            continue
        old = _digest(item)
        try:
            measures = [
                ready(bytes.fromhex(digest), measure_of(subjects[digest]))
                for digest in (_digest(one) for one in items if one["role"] == "measure")
            ]
            transfer = subject["transfer"]
            answer = decide(subjects[transfer], measures, at=parse_time(subject["at"]))
            item["statement"]["credentialSubject"] = answer.subject(bytes.fromhex(transfer))
        except (
            LedgerError,
            LookupError,
            TypeError,
            ValueError,
            AttributeError,
        ):  # it is not in order any more
            continue
        _sign(item, None)
        renamed[old] = _digest(item)


def _logged(
    sections: list[dict[str, Any]],
    known: dict[str, Jurisdiction],
    renamed: dict[str, str],
    lying: Random | None,
) -> list[dict[str, Any]]:
    """The sections with the log made again."""
    places_ = {origin: copy.deepcopy(place) for origin, place in known.items()}
    for place in places_.values():
        place.anchored.clear()
        place.entries = [bytes.fromhex(renamed.get(one.hex(), one.hex())) for one in place.entries]
    before: dict[str, int] = {}
    made: list[dict[str, Any]] = []
    for section in sections:
        place = places_[section["origin"]]
        if lying is None and place.entries == known[section["origin"]].entries:
            made.append(section)
            continue
        size = parse_checkpoint(section["checkpoint"].encode()).checkpoint.size
        made.append(_section(section, place, size, before.get(place.origin), lying))
        before[place.origin] = size
    return made


def _section(
    section: dict[str, Any], place: Jurisdiction, size: int, before: int | None, lying: Random | None
) -> dict[str, Any]:
    note = parse_checkpoint(section["checkpoint"].encode()).note
    leaves = place.leaves[:size]
    root = bytes(32) if _now_and_then(lying) else None
    found = {
        **section,
        "checkpoint": place.checkpoint(size, root=root).decode(),
        "items": [
            {**item, "path": [one.hex() for one in tree_path(item["index"], leaves)]}
            if item["index"] < size
            else item
            for item in section["items"]
        ],
    }
    names = [line.name for line in note.signatures if line.name in NAMES]
    if names:
        late = lying.choice((-100, 0, 0, 86_400, 10**6)) if lying is not None else 0
        found = cosigned(
            World(), found, [(name, START + 120 + 10 * n + late) for n, name in enumerate(names)]
        )
    if before is not None:
        found["extends"] = [one.hex() for one in tree_consistency(before, leaves)]
    anchors = []
    for anchor in section["anchors"]:
        header = parse_header(bytes.fromhex(anchor["header"][2:]))
        anchored = size - 1 if _now_and_then(lying) and size > 1 else size
        place.anchor(anchored, root=bytes(31) + b"\1" if _now_and_then(lying) else root)
        changes: dict[str, Any] = {"time": header.time, "number": header.number}
        if _now_and_then(lying):
            assert lying is not None
            changes["time"] = lying.choice((0, START - 10, START + 400, START + 400 * 86_400, 2**40, 2**62))
        if _now_and_then(lying):
            changes["finality_key"] = "nobody"
        part = place.anchor_part(anchored, root=root, **changes)
        if anchored != size:
            part["checkpoint"] = place.checkpoint(anchored, root=root).decode()
            part["consistency"] = [one.hex() for one in tree_consistency(anchored, leaves)]
        anchors.append(part)
    return {**found, "anchors": anchors}


def _now_and_then(lying: Random | None) -> bool:
    return lying is not None and lying.random() < 0.15
