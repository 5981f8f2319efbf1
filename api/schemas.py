"""What the API answers with, as its description tells it: the wire's own models, made from no other kind.

Routes build plain members, and a test holds every answer against these.
"""

# ruff: noqa: N815 - members are named as on the wire

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

DIGEST = "e799fc866ea78f6660feb126c82533e21429fdee23773844d1365e6e4905d56b"
URL = f"/v1/statements/{DIGEST}"
TIME = "2026-11-22T04:00:00Z"


class Wire(BaseModel):
    """Says nothing beyond its members."""

    model_config = ConfigDict(extra="forbid")


class Fault(Wire):
    """One error in a document or in the parameters of a request."""

    pointer: str = Field(description="JSON pointer; of a parameter `/query/NAME` or `/path/NAME`")
    code: str
    detail: str


class Problem(Wire):
    """A problem (RFC 9457)."""

    type: str = Field(pattern="^/problems/[a-z0-9-]+$", description="stable code; see docs/spec/errors.md")
    title: str
    status: int
    detail: str
    instance: str | None = None
    pointer: str | None = Field(None, description="JSON pointer of the member at fault")
    offset: int | None = Field(None, description="first byte at fault")
    errors: list[Fault] | None = Field(None, description="every fault, where there are several")


class Strictest(Wire):
    """A line of a record, as one direction's measures see it."""

    direction: Literal["outbound", "inbound"]
    line: int


class Decided(Wire):
    """What the measures in force say of a record, in short, where the node asks them."""

    at: str
    outcome: str = Field(description="code of `decision-outcomes`")
    strictest: Strictest | None = None
    mechanisms: list[str] | None = Field(None, description="by which it may cross")
    declared: bool | None = Field(None, description="whether the record names one of them")
    conditions: list[str] | None = Field(None, description="on which, codes of `measure-conditions`")
    missing: list[str] | None = Field(None, description="facts that the record does not say")
    code: str | None = Field(None, description="why nothing could be decided")


class Registered(Wire):
    """Where a statement stands."""

    digest: str = Field(pattern="^[0-9a-f]{64}$", examples=[DIGEST])
    index: int
    url: str
    receipt: str
    checkpointSize: int | None = Field(
        None, description="size of the earliest signed checkpoint that covers it"
    )
    decision: Decided | None = None


class Line(Wire):
    """The answer to one line of a stream: where the statement stands, or the problem."""

    line: int
    status: int
    digest: str | None = None
    index: int | None = None
    url: str | None = None
    receipt: str | None = None
    decision: Decided | None = None
    problem: Problem | None = None


class Anchored(Wire):
    """The earliest anchor that covers a statement."""

    chain: str
    size: int
    block: int
    blockTime: str


class Acknowledged(Wire):
    """The importer's first acknowledgement in this log."""

    digest: str
    outcome: Literal["accepted", "reservation", "rejected"]


class Standing(Wire):
    """A registered statement and what became of it."""

    digest: str
    index: int
    type: str
    issuer: str | None = Field(None, description="DID; absent for who may not see the statement")
    url: str
    state: Literal["registered", "anchored", "acknowledged"]
    created: str
    reference: str | None = None
    anchored: Anchored | None = None
    acknowledgement: Acknowledged | None = None


class Standings(Wire):
    """A page of registered statements."""

    items: list[Standing]
    next: int | None = Field(None, description="`after` of the following page; absent on the last")


Status = Literal["valid", "suspended", "withdrawn", "superseded", "expired", "notYetValid", "unknown"]


class Certificate(Standing):
    """A certificate; `status` is what this log alone tells at present."""

    number: str
    holder: str = Field(description="DID")
    validFrom: str
    validUntil: str
    status: Status


class PartnersCertificate(Wire):
    """A certificate in a partner's log."""

    digest: str
    issuer: str = Field(description="DID of the body")
    number: str
    holder: str = Field(description="DID")
    origin: str = Field(description="the log")
    index: int


class Certificates(Wire):
    """A page of certificates."""

    items: list[Certificate]
    next: int | None = Field(None, description="`after` of the following page; absent on the last")
    partners: list[PartnersCertificate] | None = Field(
        None, description="of partners, on the first page about a number; absent where there are none"
    )


class Change(Wire):
    """An attestation whose place in a status list an edition changed."""

    digest: str
    type: str
    issuer: str = Field(description="DID")
    index: int = Field(description="its place in the list")
    status: Status


class Changes(Wire):
    """What one edition of a status list changed."""

    items: list[Change]


class NamedParty(Wire):
    """A party that a statement names."""

    role: str
    did: str


class Traced(Wire):
    """One statement of a lineage."""

    digest: str
    depth: int = Field(description="steps from the statement asked for")
    held: bool = Field(
        description="false where it is referred to and not in this log: the lineage is incomplete"
    )
    type: str | None = None
    issuer: str | None = None
    created: str | None = None
    parties: list[NamedParty] | None = None


class Reference(Wire):
    """One statement refers to another."""

    source: str
    relation: str
    target: str


class Fork(Wire):
    """Several statements of one issuer supersede the same one."""

    superseded: str
    by: list[str]


class Lineage(Wire):
    """What a statement rests on and what rests on it."""

    root: str
    statements: list[Traced]
    links: list[Reference]
    incomplete: list[str] = Field(description="digests that are referred to and not in this log")
    conflicts: list[Fork]
    more: bool = Field(description="whether there is more than `depth` and `count` let in")


class Concern(Wire):
    """A statement of this log that concerns the jurisdiction asked for."""

    index: int
    digest: str
    type: str


class Concerning(Wire):
    """A part of the log, looked through."""

    items: list[Concern]
    after: int = Field(description="index of the last statement looked at; the next page's `after`")
    more: bool = Field(description="whether the log goes on")


class SchemaEntry(Wire):
    """A type of statement."""

    type: str
    roles: list[str]
    url: str


class Schemas(Wire):
    """The types of statement."""

    items: list[SchemaEntry]


class Believed(Wire):
    """The trust list that an answer rests on."""

    publisher: str
    version: int
    listHash: str


class Verified(Wire):
    """What verification found."""

    report: dict[str, Any] = Field(
        description="evidence-report/1 or evidence-fork-report/1, as the command line prints it with --json"
    )
    text: str
    exitStatus: int = Field(description="what `evidence verify` would exit with")
    trust: Believed
    checkedAt: str


class Step(Wire):
    """One step of verification: the weakest of its checks."""

    step: int
    name: str
    outcome: Literal["passed", "failed", "absent"]
    code: str
    detail: str


class Recognised(Wire):
    """Whether a certificate counts, by the evidence that this node holds."""

    certificate: str
    into: str | None = Field(None, description="the jurisdiction that was judged; absent: its own")
    verdict: Literal["VALID", "VALID_THEN_NOT_NOW", "NOT_VALID_THEN", "UNKNOWN"] = Field(
        description="of the rule; UNKNOWN too where the rule had nothing to judge"
    )
    recognition: dict[str, Any] | None = Field(
        description="the rule's own report, premise by premise; null where it had nothing to judge"
    )
    steps: list[Step]
    statusNow: str
    outcome: str = Field(description="verdict of the verification as a whole")
    exitStatus: int = Field(description="what `evidence certificate verify` would exit with")
    notices: list[str]
    notCounted: list[str]
    notChecked: list[str]
    trust: Believed
    checkedAt: str


class Trouble(Wire):
    """Why something does not work at present."""

    code: str
    detail: str


class AttesterHealth(Wire):
    """The node as an attester of others' chains."""

    address: str
    attested: int = Field(description="claims signed")
    splits: int = Field(description="logs that showed two roots for one size")
    blocks: int = Field(description="chains that showed two final blocks of one number")


class WitnessHealth(Wire):
    """The node as a witness of others."""

    logs: int = Field(description="logs of which something was cosigned")
    splits: int = Field(description="two roots of one size, signed by one log: evidence against that log")
    unproven: int = Field(
        description="larger trees, signed by their log, that were not shown to extend the last one"
    )


class AskedWitness(Wire):
    """A witness of this log."""

    name: str
    organisation: str
    size: int = Field(description="of the checkpoint it cosigned last; 0 for none")
    time: str | None = None
    trouble: Trouble | None = None


class ChainHealth(Wire):
    """How far anchoring is on one chain."""

    chain: str
    state: Literal["none", "pending", "included", "final"] = Field(
        description="of the newest anchor: in no block, in one that is not final, in one that is"
    )
    size: int = Field(description="of the tree that the newest anchor covers; 0 before the first")
    anchoredSize: int
    pendingAnchors: int
    trouble: Trouble | None = None


class Health(Wire):
    """Whether the node can register, and how far it is."""

    status: Literal["ok", "cannot register"]
    size: int
    signedSize: int
    anchoredSize: int
    pendingAnchors: int
    chains: list[ChainHealth]
    trouble: Trouble | None = None
    anchorTrouble: Trouble | None = None
    finalityTrouble: Trouble | None = None
    ruleTrouble: Trouble | None = Field(None, description="why a measure of the log could not be read")
    reviewTrouble: Trouble | None = None
    reviewsWaiting: int | None = Field(None, description="reviews of measures that could not be made yet")
    attester: AttesterHealth | None = None
    witness: WitnessHealth | None = None
    witnesses: list[AskedWitness] | None = None


class NodeChain(Wire):
    """The chain that a node anchors on."""

    id: str
    description: str
    rpc: str | None = None


class Node(Wire):
    """Who a node is, by its operator's word."""

    jurisdiction: str
    origin: str
    operator: str
    registrar: str
    vkeys: list[str]
    chain: NodeChain
    api: dict[str, str]
    claim: dict[str, Any] | None = Field(None, description="the node's own signed trust list")
    fingerprint: str | None = Field(
        None, description="SHA-256 of that list, to compare with what is known elsewhere"
    )
