"""Signer keys: the written form of an Ed25519 key that signs notes, as other tools for signed notes keep it.

    PRIVATE+KEY+registry.example.xa/XA/2026+a2492bf9+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f

Name, the verifier key's id, and base64 of the type and the 32-byte seed.  Types are 0x01 and 0x04: there is no such
form of other keys.  It is a secret: errors say nothing of it but its name.

Source: golang.org/x/mod/sumdb/note, `NewSigner`.
"""

from dataclasses import dataclass, field
from typing import Final

from ledger.core.note import ED25519, ED25519_COSIGNATURE, VKey, decode_base64, encode_base64, make_vkey
from ledger.core.suites import EDDSA, PrivateKey
from ledger.errors import MalformedError

PREFIX: Final = "PRIVATE+KEY+"
SEED_SIZE: Final = 32
_PARTS = 3


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A key that signs notes.

    Attributes:
        vkey: What verifies them.
        seed: 32 bytes, secret.
    """

    vkey: VKey
    seed: bytes = field(repr=False)


def make_signer_key(name: str, key_type: int, seed: bytes) -> SignerKey:
    """The signer key of these parts.

    Raises:
        MalformedError: `signer-key-malformed`: another type, or a seed of another length; `vkey-malformed`: the name.
    """
    if key_type not in (ED25519, ED25519_COSIGNATURE) or len(seed) != SEED_SIZE:
        raise MalformedError(
            f"a signer key has type 0x01 or 0x04 and a seed of {SEED_SIZE} bytes", code="signer-key-malformed"
        )
    return SignerKey(make_vkey(name, key_type, PrivateKey(EDDSA, seed).public.raw), seed)


def parse_signer_key(text: str) -> SignerKey:
    """Read a signer key.

    Raises:
        MalformedError: `signer-key-malformed`: wrong form, type or length, or a key id of other parts.
    """
    parts = text.removeprefix(PREFIX).split("+", _PARTS - 1)
    material = decode_base64(parts[-1])
    if not text.startswith(PREFIX) or len(parts) != _PARTS or not material:
        raise MalformedError(
            "a signer key is written PRIVATE+KEY+name+keyid+base64", code="signer-key-malformed"
        )
    key = make_signer_key(parts[0], material[0], material[1:])
    if key.vkey.key_id.hex() != parts[1]:
        raise MalformedError(
            f"signer key of {key.vkey.name} has key id {key.vkey.key_id.hex()}, and states another",
            code="signer-key-malformed",
        )
    return key


def encode_signer_key(key: SignerKey) -> str:
    """Write a signer key; the inverse of `parse_signer_key`."""
    material = encode_base64(bytes([key.vkey.type]) + key.seed)
    return f"{PREFIX}{key.vkey.name}+{key.vkey.key_id.hex()}+{material}"
