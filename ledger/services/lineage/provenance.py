"""The lineage as PROV-JSON (W3C member submission), in the terms of PROV-DM.

A statement is an Entity, its issuer and the parties it names are Agents.  A transfer, an assessment, an accreditation
and a recognition are Activities: they generated the statement that tells of them, and used the statements it names.
`derivedFrom` is wasDerivedFrom; `revises`, `corrects` and `supersedes` are revisions; every other reference without
a term of its own is wasInfluencedBy with `evidence:relation`.
"""

from typing import Any, Final

import orjson

from ledger.core.times import format_time
from ledger.services.lineage.graph import Entry, Lineage

NAMESPACE: Final = "urn:evidence-ledger:lineage:"
_ACTIVITIES: Final = {
    "TransferRecord": "transfer",
    "ConformityCertificate": "assessment",
    "Accreditation": "accreditation",
    "Recognition": "recognition",
    "IdentityRecognition": "recognition",
    "Decision": "decision",
    "MeasureReview": "review",
}
_REVISIONS: Final = frozenset({"revises", "corrects", "supersedes"})
_USED: Final = frozenset(
    {"certificate", "arrangement", "accreditation", "parent", "onward", "measure", "decision"}
)


def provenance_of(lineage: Lineage) -> bytes:
    """PROV-JSON; the same bytes for the same graph."""
    document = document_of(lineage)
    told = orjson.loads(document.serialize(format="json"))
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def document_of(lineage: Lineage) -> Any:
    """The graph as a `prov.model.ProvDocument`."""
    from prov.model import ProvDocument

    document = ProvDocument()
    document.add_namespace("evidence", NAMESPACE)
    document.add_namespace("did", "did:")
    agents = {
        did for entry in lineage.entries for did in (entry.issuer, *(did for _, did in entry.parties)) if did
    }
    for did in sorted(agents):
        document.agent(did)
    forks = {digest for one in lineage.conflicts for digest in one.by}
    for entry in lineage.entries:
        _add_statement(document, entry, fork=entry.digest in forks)
    kinds = {entry.digest: entry.type for entry in lineage.entries}
    for link in lineage.links:
        _add_link(document, _name(link.source), link.relation, _name(link.target), kinds[link.source])
    return document


def _name(digest: bytes) -> str:
    return f"evidence:statement-{digest.hex()}"


def _activity(name: str, kind: str | None) -> str | None:
    activity = _ACTIVITIES.get(kind or "")
    return None if activity is None else name.replace(":statement-", f":{activity}-")


def _add_statement(document: Any, entry: Entry, *, fork: bool) -> None:
    name = _name(entry.digest)
    if entry.type is None or entry.created is None:
        document.entity(name, {"evidence:state": "incomplete"})
        return
    told = {"prov:type": f"evidence:{entry.type}", "evidence:created": format_time(entry.created)}
    document.entity(name, told | ({"evidence:state": "conflict"} if fork else {}))
    document.wasAttributedTo(name, entry.issuer)
    activity = _activity(name, entry.type)
    if activity is None:
        return
    document.activity(activity, other_attributes={"prov:type": f"evidence:{_ACTIVITIES[entry.type]}"})
    document.wasGeneratedBy(name, activity)
    parties = entry.parties or (("issuer", str(entry.issuer)),)
    for role, did in parties:
        document.wasAssociatedWith(activity, did, other_attributes={"prov:role": role})


def _add_link(document: Any, source: str, relation: str, target: str, kind: str | None) -> None:
    told = {"evidence:relation": relation}
    activity = _activity(source, kind)
    if relation == "derivedFrom":
        document.wasDerivedFrom(source, target, other_attributes=told)
    elif relation in _REVISIONS:
        document.wasDerivedFrom(
            source,
            target,
            other_attributes={**told, "prov:type": document.valid_qualified_name("prov:Revision")},
        )
    elif relation in _USED and activity is not None:
        document.used(activity, target, other_attributes=told)
    else:
        document.wasInfluencedBy(source, target, other_attributes=told)
