"""What the API answers about other jurisdictions' logs, as its description tells it.

A test holds every answer against these.
"""

# ruff: noqa: N815 - members are named as on the wire

from typing import Any, Literal

from pydantic import Field

from api.schemas import Health, Trouble, Wire

Grade = Literal["attested", "sealed"]


class Lag(Wire):
    """How far the own chain is behind the log's anchors, by its own node's word."""

    entries: int
    seconds: int


class ForeignLog(Wire):
    """A log that the own chain knows."""

    logId: str
    origin: str
    head: int = Field(description="size of the largest checkpoint that is accepted, finally")
    disputed: bool = Field(description="whether somebody proved that the log showed two histories")
    lag: Lag


class ForeignChain(Wire):
    """The chain that a source is about."""

    chain: str
    genesis: str
    anchor: str


class ForeignSource(Wire):
    """By whose word the own chain takes checkpoints of another chain."""

    chain: str = Field(description="the own chain")
    contract: str
    source: str
    partner: str
    of: ForeignChain
    grade: Grade
    threshold: int
    members: list[str]
    added: str
    logs: list[ForeignLog]


class ForeignSources(Wire):
    """Every source that this node follows."""

    items: list[ForeignSource]


class ForeignCheckpoint(Wire):
    """A checkpoint that the own chain accepted."""

    size: int
    root: str
    chain: str
    contract: str
    source: str
    grade: Grade
    disputed: bool
    finality: Literal["operator", "attested", "sealed"] = Field(
        description="who vouches for the block of the own chain, the strongest word held"
    )
    block: int = Field(description="of the own chain, under which it is proven")
    blockTime: str


class ForeignCheckpoints(Wire):
    """A page of them."""

    logId: str
    origin: str | None = None
    items: list[ForeignCheckpoint]
    lag: Lag
    next: int | None = None


class ForeignProof(ForeignCheckpoint):
    """With what proves it offline."""

    checkpoint: str | None = Field(None, description="the signed note")
    part: dict[str, Any] = Field(description="as under `foreign` in a bundle's section")


class ForeignEvidence(Wire):
    """Proofs of one checkpoint, one for each source."""

    logId: str
    origin: str
    items: list[ForeignProof]


class Through(Wire):
    """The chain through which a statement is known."""

    chain: str
    size: int
    block: int
    contract: str | None = None
    source: str | None = None
    grade: Grade | None = None
    disputed: bool = False


class Place(Wire):
    """Where a statement stands."""

    log: str
    own: bool = Field(description="whether the log is this node's")
    index: int
    answer: Literal["known", "disputed", "not yet known here"]
    through: list[Through]


class Provenance(Wire):
    """What this node itself can show of a statement."""

    digest: str
    answer: Literal["known", "disputed", "not yet known here"] = Field(
        description="`not yet known here` says nothing against the statement"
    )
    places: list[Place]
    checkedAt: str


class Contradiction(Wire):
    """Two histories that the relay or the monitor came upon."""

    at: str
    code: str
    detail: str
    acknowledged: bool
    evidence: dict[str, Any] = Field(description="what proves it; of `log-forked` a file for evidence verify")


class Contradictions(Wire):
    """All of them, oldest first."""

    items: list[Contradiction]


class RelayPartner(Wire):
    """One partner's log, as the relay reads it."""

    partner: str
    origin: str
    unvouched: int = Field(
        description="anchored checkpoints for which nobody but the operator vouches so far"
    )
    trouble: Trouble | None = None


class RelayHealth(Wire):
    """The relay: partners' checkpoints on the own chains."""

    state: Literal["carrying", "off", "standing by", "halted"]
    done: int
    waiting: int
    quarantined: int = Field(description="given up; evidence relay status tells why")
    partners: list[RelayPartner]
    trouble: Trouble | None = None


class WatchedLog(Wire):
    """A partner's log, as this node's monitor saw it last."""

    partner: str
    origin: str | None = None
    size: int = Field(description="of the newest head whose root was recomputed from its entries")
    agree: list[str] = Field(description="who else saw the same history")
    trouble: Trouble | None = None


class WatchAlarm(Wire):
    """What the monitor raised, and nobody has taken note of yet."""

    origin: str
    code: str
    detail: str
    at: str


class MonitorHealth(Wire):
    """The monitor of partners' logs."""

    logs: list[WatchedLog]
    alarms: list[WatchAlarm]
    trouble: Trouble | None = None


class NodeHealth(Health):
    """Whether the node can register, how far it is, and how its relay and its monitor are."""

    succeeds: str | None = None
    relay: RelayHealth | None = None
    monitor: MonitorHealth | None = None
