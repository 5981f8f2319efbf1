"""Rows of `attested.json`: claims that a block is final, and attesters' signatures.

Digests are made here from EIP-712 itself (eth_account, eth_abi), not by the code under test.
"""

from collections.abc import Callable, Sequence
from typing import Any

from eth_abi import encode
from eth_account.messages import encode_typed_data
from eth_utils import keccak, to_checksum_address

from tests.core.evm.forging import address, keys, sealed_again, sealed_by, with_high_s

FIVE = keys(5, "attester")
STRANGER = keys(1, "stranger")[0]
ORGANISATIONS = [f"did:web:attester.example.x{letter}" for letter in "bcdef"]
FIELDS = {
    "originChainId": "uint256", "genesisHash": "bytes32", "anchor": "address", "logId": "bytes32", "size": "uint64",
    "root": "bytes32", "blockHash": "bytes32", "blockNumber": "uint64", "blockTime": "uint64", "setId": "bytes32",
}  # fmt: skip
CLAIM: dict[str, Any] = {
    "originChainId": 31001,
    "genesisHash": "0x" + keccak(b"genesis").hex(),
    "anchor": "0x" + "a1" * 20,
    "logId": "0x" + keccak(b"log").hex(),
    "size": 1000,
    "root": "0x" + keccak(b"root").hex(),
    "blockHash": "0x" + keccak(b"block").hex(),
    "blockNumber": 1204,
    "blockTime": 1_795_305_612,
}


def digest_of(claim: dict[str, Any]) -> bytes:
    message = {**claim, "anchor": to_checksum_address(claim["anchor"])}
    types = {
        "EIP712Domain": [{"name": "name", "type": "string"}, {"name": "version", "type": "string"}],
        "Checkpoint": [{"name": name, "type": kind} for name, kind in FIELDS.items()],
    }
    domain = {"name": "evidence-ledger", "version": "1"}
    full = {"types": types, "primaryType": "Checkpoint", "domain": domain, "message": message}
    signable = encode_typed_data(full_message=full)
    return bytes(keccak(b"\x19\x01" + signable.header + signable.body))


def set_id(members: Sequence[bytes], organisations: Sequence[str], threshold: int) -> str:
    listed = [to_checksum_address(one) for one in members]
    return (
        "0x"
        + keccak(encode(["address[]", "string[]", "uint256"], [listed, list(organisations), threshold])).hex()
    )


def signed(secret: bytes, digest: bytes) -> bytes:
    made = sealed_by(secret, digest)
    return made[:64] + bytes([made[64] + 27])


def row(
    name: str,
    error: str | None,
    *,
    signers: Sequence[bytes] = tuple(FIVE[:4]),
    organisations: Sequence[str] = tuple(ORGANISATIONS),
    threshold: int = 4,
    claim: dict[str, Any] | None = None,
    meant: dict[str, Any] | None = None,
    shaped: Callable[[list[bytes], bytes], Sequence[bytes]] = lambda made, _: made,
    **more: Any,
) -> dict[str, Any]:
    """A claim as it is handed in, and the signatures under it; `meant` is what was signed in its place."""
    members = [address(one) for one in FIVE]
    whole = {**CLAIM, "setId": set_id(members, organisations, threshold), **(claim or {})}
    digest = digest_of({**whole, **(meant or {})})
    signatures = shaped([signed(one, digest) for one in signers], digest)
    told = {
        "name": name,
        "claim": whole,
        "set": {
            "members": ["0x" + one.hex() for one in members],
            "organisations": list(organisations),
            "threshold": threshold,
        },
        "signatures": ["0x" + one.hex() for one in signatures],
        "valid": error is None,
    }
    if error is None:
        counted = {organisations[FIVE.index(one)] for one in signers}
        told |= {"digest": "0x" + digest.hex(), "organisations": len(counted)}
    else:
        told["error"] = error
    return {**told, **more}


def good() -> list[dict[str, Any]]:
    twins = [ORGANISATIONS[0], ORGANISATIONS[0], *ORGANISATIONS[1:4]]
    return [
        row("four of five", None),
        row("five of five", None, signers=FIVE),
        row("the last four of five", None, signers=FIVE[1:]),
        row("two keys of one organisation and two more, threshold 3", None, organisations=twins, threshold=3),
        row(
            "the largest numbers there are",
            None,
            claim={"size": 2**64 - 1, "blockNumber": 2**64 - 1, "blockTime": 2**64 - 1},
        ),
    ]


def bad_signers() -> list[dict[str, Any]]:
    twins = [ORGANISATIONS[0], ORGANISATIONS[0], *ORGANISATIONS[1:4]]

    def without(place: int) -> Any:
        return lambda made, _: [*made[:place], *made[place + 1 :]]

    def last(change: Callable[[bytes], bytes]) -> Any:
        return lambda made, _: [*made[:3], change(made[3])]

    with_stranger = sorted([*FIVE[:3], STRANGER], key=address)
    beside = sorted([*FIVE[:4], STRANGER], key=address)
    return [
        row("no signature", "attestation-quorum", signers=[]),
        row("three of five where four are needed", "attestation-quorum", shaped=without(1)),
        row("four keys of three organisations", "attestation-quorum", organisations=twins, signers=FIVE[:4]),
        row("one signature twice", "attestation-order", shaped=lambda made, _: [*made[:3], made[2]]),
        row(
            "two signatures of one key",
            "attestation-order",
            shaped=lambda made, it: [
                *made[:3],
                (again := sealed_again(FIVE[2], it))[:64] + bytes([again[64] + 27]),
            ],
        ),
        row("signatures in descending order", "attestation-order", shaped=lambda made, _: made[::-1]),
        row(
            "two signatures in the wrong order",
            "attestation-order",
            shaped=lambda made, _: [made[1], made[0], *made[2:]],
        ),
        row("an outsider in place of a member", "attestation-outsider", signers=with_stranger),
        row("an outsider beside enough members", "attestation-outsider", signers=beside),
        row(
            "high s",
            "high-s",
            shaped=last(
                lambda one: (
                    (high := with_high_s(one[:64] + bytes([one[64] - 27])))[:64] + bytes([high[64] + 27])
                )
            ),
        ),
        row("v 0 or 1", "bad-signature", shaped=last(lambda one: one[:64] + bytes([one[64] - 27]))),
        row("v 29", "bad-signature", shaped=last(lambda one: one[:64] + b"\x1d")),
        row("r is zero", "bad-signature", shaped=last(lambda one: bytes(32) + one[32:])),
        row("s is zero", "bad-signature", shaped=last(lambda one: one[:32] + bytes(32) + one[64:])),
        row(
            "no point has this r",
            "bad-signature",
            shaped=last(lambda one: (5).to_bytes(32, "big") + one[32:]),
        ),
        row("64 bytes", "bad-signature", shaped=last(lambda one: one[:64])),
        row("66 bytes", "bad-signature", shaped=last(lambda one: one + b"\0")),
    ]


def bad_claims() -> list[dict[str, Any]]:
    """True signatures of all five under something else than what they signed."""
    members = [address(one) for one in FIVE]
    replayed = {
        "to another chain": {"originChainId": 31003},
        "to a chain of another genesis": {"genesisHash": "0x" + "11" * 32},
        "to another contract": {"anchor": "0x" + "a2" * 20},
        "to another log": {"logId": "0x" + "12" * 32},
        "to another size": {"size": 999},
        "to another root": {"root": "0x" + "13" * 32},
        "to another block": {"blockHash": "0x" + "14" * 32},
        "to another height": {"blockNumber": 1205},
        "to a set with a lower threshold": {"setId": set_id(members, ORGANISATIONS, 3)},
        "to the set of another epoch": {"setId": set_id(members[:3], ORGANISATIONS[:3], 2)},
    }
    made = [
        row(f"true signatures carried over {name}", "attestation-outsider", signers=FIVE, meant=meant)
        for name, meant in replayed.items()
    ]
    forged = {"blockTime": CLAIM["blockTime"] - 86_400}
    made.append(
        row(
            "a forged block time under true signatures",
            "attestation-outsider",
            signers=FIVE,
            claim=forged,
            meant={"blockTime": CLAIM["blockTime"]},
        )
    )
    return made


def rows() -> list[dict[str, Any]]:
    return [*good(), *bad_signers(), *bad_claims()]
