"""What the API says of anchors and attestations, as its description tells it; see `api.schemas`."""

# ruff: noqa: N815 - members are named as on the wire

from typing import Any

from pydantic import Field

from api.schemas import Wire


class Anchor(Wire):
    """A checkpoint on a chain."""

    size: int
    chain: str
    contract: str
    block: int
    blockHash: str
    blockTime: str
    finality: dict[str, Any] = Field(description="the strongest that is held, as in a bundle")
    vouched: str = Field(description="who vouches for the block, in words", examples=["attested 2 of 3"])
    ours: bool = Field(description="false where somebody else anchored it")


class Anchors(Wire):
    """A page of anchors."""

    items: list[Anchor]
    next: int | None = None


class AnchorProof(Wire):
    """All that proves an anchor offline, to whoever has the log's and the chain's keys."""

    origin: str
    size: int
    chain: str
    checkpoint: str = Field(description="the anchored note, with the cosignatures that are held")
    anchor: dict[str, Any] = Field(description="as in a bundle")
    vouched: str


class Attestation(Wire):
    """An attester's signature over the claim `Checkpoint`."""

    address: str
    chain: str
    epoch: int
    format: str
    logId: str
    signature: str
    size: int


class AttestedSize(Wire):
    """The largest tree of a log that was attested or cosigned."""

    address: str
    log: str
    size: int
