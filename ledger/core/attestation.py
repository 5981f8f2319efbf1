"""What an attester is asked, and what it answers: one file or HTTP body each, in canonical JSON.

    {"anchor": {"account": ["0x…"], "header": "0x…", "storage": ["0x…"], "start"?: ["0x…"]},
     "chain": "eip155:31001", "checkpoint": "<signed note>", "consistency": ["…"], "epoch": 1,
     "format": "evidence-attestation-request/1", "old": 41}

    {"address": "0x…", "chain": "eip155:31001", "epoch": 1, "format": "evidence-attestation/1", "logId": "0x…",
     "signature": "0x…", "size": 97}

A request about what the contract for foreign checkpoints holds on another chain has `foreign` in place of `anchor`:

    {"account": ["0x…"], "disputed": ["0x…"], "header": "0x…", "source": "0x…", "storage": ["0x…"]}

The request holds all that the attester checks but what it knows by itself: which keys the log has, which contract
stands on the chain, who its attesters are, and whether the block is final there.

Source: docs/spec/attestation.md.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from ledger.core.canonical import Json, decode, encode
from ledger.core.keccak import HASH_LENGTH
from ledger.core.members import Members, from_hex
from ledger.core.secp256k1 import recover
from ledger.core.trust.names import caip2
from ledger.errors import SignatureError

REQUEST_FORMAT: Final = "evidence-attestation-request/1"
FORMAT: Final = "evidence-attestation/1"
REQUEST_LIMIT: Final = 512 * 1024
ANSWER_LIMIT: Final = 4096
_PATH_LIMIT: Final = 128
_NODE_LIMIT: Final = 65
_ADDRESS: Final = 20
_SIGNATURE: Final = 65
_PROOF: Final = ("account", "header", "storage")


class Accepted(NamedTuple):
    """What makes a request one about the contract for foreign checkpoints.

    Attributes:
        source: Id of the source that the contract took the checkpoint from, 32 bytes.
        disputed: Storage trie from the root to the flag of the log, which must be zero.
    """

    source: bytes
    disputed: tuple[bytes, ...]


class AttestationRequest(NamedTuple):
    """A request to attest that a final block of a chain holds a checkpoint.

    Attributes:
        checkpoint: The anchored note, with its lines.
        chain: CAIP-2 name.
        epoch: Of the chain's attesters in whose name is signed.
        header: RLP of the block's header.
        account: State trie from the root to the contract: the anchor, or the one for foreign checkpoints.
        storage: Storage trie from the root to the checkpoint's slot.
        start: Likewise to the slot of the head key's first size; None where the key is the log's first.
        old: Largest size of this log that the attester holds already; 0 where it holds none.
        consistency: Path between `old` and the checkpoint, from the smaller to the larger; empty where `old` is 0 or
            equal.
        accepted: Where the contract is that for foreign checkpoints; None of an anchor.
    """

    checkpoint: bytes
    chain: str
    epoch: int
    header: bytes
    account: tuple[bytes, ...]
    storage: tuple[bytes, ...]
    start: tuple[bytes, ...] | None
    old: int
    consistency: tuple[bytes, ...]
    accepted: Accepted | None = None


class Attestation(NamedTuple):
    """An attester's signature over the claim `Checkpoint`, and what it is about.

    Attributes:
        address: Whose, 20 bytes.
        signature: 65 bytes, r || s || v.
    """

    address: bytes
    chain: str
    epoch: int
    log_id: bytes
    size: int
    signature: bytes


def encode_request(request: AttestationRequest) -> bytes:
    """The canonical bytes of a request."""
    proof: dict[str, Json] = {
        "account": _hexed(request.account),
        "header": "0x" + request.header.hex(),
        "storage": _hexed(request.storage),
    }
    if request.start is not None:
        proof["start"] = _hexed(request.start)
    if request.accepted is not None:
        proof["disputed"] = _hexed(request.accepted.disputed)
        proof["source"] = "0x" + request.accepted.source.hex()
    return encode(
        {
            "anchor" if request.accepted is None else "foreign": proof,
            "chain": request.chain,
            "checkpoint": request.checkpoint.decode(),
            "consistency": [one.hex() for one in request.consistency],
            "epoch": request.epoch,
            "format": REQUEST_FORMAT,
            "old": request.old,
        },
        what="request",
    )


def parse_request(data: bytes) -> AttestationRequest:
    """Read a request, strictly.

    Raises:
        MalformedError: With the code of the first rule broken and the pointer of the member.
    """
    value = decode(data, limit=REQUEST_LIMIT, what="request")
    about = "foreign" if isinstance(value, dict) and "foreign" in value else "anchor"
    top = Members(
        value,
        what="request",
        pointer="",
        required=(about, "chain", "checkpoint", "consistency", "epoch", "format", "old"),
    )
    if top.json("format") != REQUEST_FORMAT:
        raise top.fault("format", REQUEST_FORMAT, code="format-unknown")
    accepted = None
    if about == "anchor":
        proof = top.below("anchor", _PROOF, ("start",))
    else:
        proof = top.below("foreign", (*_PROOF, "disputed", "source"))
        accepted = Accepted(proof.evm("source", HASH_LENGTH), _nodes(proof, "disputed"))
    path = from_hex(top.array("consistency"))
    if path is None or len(path) > _PATH_LIMIT or not {*map(len, path)} <= {HASH_LENGTH}:
        raise top.fault(
            "consistency", f"at most {_PATH_LIMIT} hashes of {2 * HASH_LENGTH} lower-case hex digits"
        )
    return AttestationRequest(
        checkpoint=top.text("checkpoint").encode(),
        chain=caip2(top, "chain"),
        epoch=top.integer("epoch"),
        header=_bytes(proof, "header"),
        account=_nodes(proof, "account"),
        storage=_nodes(proof, "storage"),
        start=_nodes(proof, "start") if "start" in proof else None,
        old=top.integer("old"),
        consistency=tuple(path),
        accepted=accepted,
    )


def encode_attestation(attestation: Attestation) -> bytes:
    """The canonical bytes of an answer."""
    return encode(
        {
            "address": "0x" + attestation.address.hex(),
            "chain": attestation.chain,
            "epoch": attestation.epoch,
            "format": FORMAT,
            "logId": "0x" + attestation.log_id.hex(),
            "signature": "0x" + attestation.signature.hex(),
            "size": attestation.size,
        },
        what="attestation",
    )


def parse_attestation(data: bytes) -> Attestation:
    """Read an answer, strictly; its signature is not verified.

    Raises:
        MalformedError: As `parse_request`.
    """
    top = Members(
        decode(data, limit=ANSWER_LIMIT, what="attestation"),
        what="attestation",
        pointer="",
        required=("address", "chain", "epoch", "format", "logId", "signature", "size"),
    )
    if top.json("format") != FORMAT:
        raise top.fault("format", FORMAT, code="format-unknown")
    return Attestation(
        address=top.evm("address", _ADDRESS),
        chain=caip2(top, "chain"),
        epoch=top.integer("epoch"),
        log_id=top.evm("logId", HASH_LENGTH),
        size=top.integer("size"),
        signature=top.evm("signature", _SIGNATURE),
    )


def require_signed(attestation: Attestation, digest: bytes) -> None:
    """Check that the address of an answer signed a claim.

    Args:
        digest: Of the claim as whoever asked makes it, see `ledger.core.evm.anchor.checkpoint_digest`.

    Raises:
        SignatureError: `attestation-invalid`, or as `recover`.
    """
    signer = recover(digest, attestation.signature)
    if signer != attestation.address:
        raise SignatureError(
            f"the attestation of 0x{attestation.address.hex()} is signed by 0x{signer.hex()}, or over another claim",
            code="attestation-invalid",
        )


def _hexed(values: Sequence[bytes]) -> list[Json]:
    return ["0x" + value.hex() for value in values]


def _nodes(part: Members, name: str) -> tuple[bytes, ...]:
    nodes = from_hex(part.array(name), prefix="0x")
    if nodes is None or len(nodes) > _NODE_LIMIT:
        raise part.fault(name, f"at most {_NODE_LIMIT} nodes of 0x and pairs of lower-case hex digits")
    return tuple(nodes)


def _bytes(part: Members, name: str) -> bytes:
    found = from_hex([part.text(name)], prefix="0x")
    if found is None:
        raise part.fault(name, "0x and pairs of lower-case hex digits")
    return found[0]
