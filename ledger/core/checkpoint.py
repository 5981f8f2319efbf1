"""Checkpoints: a log's size and root in a signed note, with the log's three lines and witnesses' cosignatures.

    registry.example.xa/XA/2026
    97
    gLoim8F1l3M4wHlZhD4+...

    — registry.example.xa/XA/2026 …      0x01  Ed25519 over the note text
    — registry.example.xa/XA/2026 …      0x06  ML-DSA-44 cosignature by the log itself
    — registry.example.xa/XA/2026 …      0xff  head signature: secp256k1 over the EIP-712 struct Head
    — witness.example.xb …               0x04 or 0x06

Exactly three body lines.  The head signature's key material is 0xff, ASCII `evidence-ledger/head/v1` and the
20-byte address; its payload is 65 bytes r || s || v.

Source: C2SP tlog-checkpoint and tlog-cosignature.
"""

from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core import mldsa, secp256k1
from ledger.core.evm.anchor import head_digest, log_id
from ledger.core.merkle import HASH_SIZE
from ledger.core.note import (
    ED25519,
    ED25519_COSIGNATURE,
    EXPERIMENTAL,
    MLDSA44_COSIGNATURE,
    Note,
    NoteSignature,
    VKey,
    decode_base64,
    encode_note,
    make_vkey,
    parse_note,
)
from ledger.core.suites import EDDSA, PrivateKey, PublicKey, sign, verify
from ledger.errors import MalformedError, SignatureError

if TYPE_CHECKING:
    from ledger.core.signer import Signer

SIZE_LIMIT: Final = 2**63 - 1
ORIGIN_LIMIT: Final = 255
HEAD_MATERIAL: Final = b"evidence-ledger/head/v1"

_ORIGIN_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./-")
_BODY_LINES = 3
_TIME_SIZE = 8
_TIME_LIMIT = 2**63 - 1
_ADDRESS_SIZE = 20
_LINE_NAMES = {
    ED25519: "Ed25519 (0x01)",
    MLDSA44_COSIGNATURE: "ML-DSA-44 (0x06)",
    EXPERIMENTAL: "head signature (0xff)",
}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself at one moment.

    Attributes:
        origin: Name of the log, `<authority>/<jurisdiction>/<shard>`.
        size: Number of entries, 0 to 2**63 - 1.
        root: RFC 6962 root hash of them, 32 bytes.
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not is_origin(self.origin):
            raise _malformed("origin is 1 to 255 characters A-Z a-z 0-9 . / -")
        if not 0 <= self.size <= SIZE_LIMIT:
            raise _malformed("size is from 0 to 2^63 - 1")
        if len(self.root) != HASH_SIZE:
            raise _malformed(f"root has {HASH_SIZE} bytes, not {len(self.root)}")

    @property
    def text(self) -> str:
        """The note text: three lines, each with its newline."""
        return f"{self.origin}\n{self.size}\n{b2a_base64(self.root).decode()}"


class SignedCheckpoint(NamedTuple):
    """A checkpoint and its signature lines, none of them verified.

    Attributes:
        checkpoint: What the text says.
        note: Text and lines.
        encoded: The note's bytes.
    """

    checkpoint: Checkpoint
    note: Note
    encoded: bytes


class LogLines(NamedTuple):
    """What the three lines of a log, all valid, say beside the checkpoint.

    Attributes:
        head_address: 20-byte address of the head key that signed.
        mldsa_time: POSIX second of signing, by the log's own clock.
    """

    head_address: bytes
    mldsa_time: int


@dataclass(frozen=True, slots=True)
class LogSigner:
    """The three keys of a log.

    Attributes:
        origin: Name of the log and of its keys.
        ed25519_secret: 32-byte seed.
        mldsa_seed: 32-byte seed.
        head: What signs heads, known by its address.
    """

    origin: str
    ed25519_secret: bytes = field(repr=False)
    mldsa_seed: bytes = field(repr=False)
    head: "Signer[bytes]" = field(repr=False)

    @property
    def head_address(self) -> bytes:
        """20-byte address of the head key."""
        return self.head.public

    @property
    def vkeys(self) -> tuple[VKey, VKey, VKey]:
        """The verifier keys: Ed25519, ML-DSA-44, head."""
        public = PrivateKey(EDDSA, self.ed25519_secret).public.raw
        return (
            make_vkey(self.origin, ED25519, public),
            make_vkey(self.origin, MLDSA44_COSIGNATURE, mldsa.public_of(self.mldsa_seed)),
            head_vkey(self.origin, self.head_address),
        )


def is_origin(text: str) -> bool:
    """Whether a log may have this name."""
    return 0 < len(text) <= ORIGIN_LIMIT and _ORIGIN_CHARACTERS.issuperset(text)


@lru_cache(maxsize=256)
def head_vkey(origin: str, address: bytes) -> VKey:
    """The verifier key of a log's head signature."""
    if len(address) != _ADDRESS_SIZE:
        raise MalformedError(
            f"an address has {_ADDRESS_SIZE} bytes, not {len(address)}", code="vkey-malformed"
        )
    return make_vkey(origin, EXPERIMENTAL, HEAD_MATERIAL + address)


def parse_checkpoint(data: bytes) -> SignedCheckpoint:
    """Read a signed checkpoint.  Verifies no signature.

    Raises:
        MalformedError: As `parse_note`, and `checkpoint-malformed`.
    """
    note = parse_note(data)
    lines = note.text.split("\n")
    if len(lines) != _BODY_LINES + 1:
        raise _malformed(f"has {len(lines) - 1} lines before its signatures; three are required")
    origin, size, root = lines[0], lines[1], decode_base64(lines[2])
    if not (size.isascii() and size.isdigit()) or len(size) > len(str(SIZE_LIMIT)) or str(int(size)) != size:
        raise _malformed("size is a decimal number without leading zeros")
    if root is None:
        raise _malformed("root is base64 of 32 bytes")
    return SignedCheckpoint(Checkpoint(origin, int(size), root), note, data)


def sign_checkpoint(checkpoint: Checkpoint, signer: LogSigner, now: int) -> bytes:
    """The note of a checkpoint with the log's three lines.

    Not repeatable: the ML-DSA line differs each time, so the bytes are to be stored, and never made again.

    Args:
        checkpoint: Of the signer's own log; already durable.
        signer: The log's keys.
        now: POSIX seconds, > 0.
    """
    if checkpoint.origin != signer.origin:
        raise MalformedError(f"checkpoint is of {checkpoint.origin}; the keys are of {signer.origin}")
    ed25519, _, head = signer.vkeys
    digest = head_digest(log_id(signer.origin, signer.head_address), checkpoint.size, checkpoint.root)
    signed = sign(PrivateKey(EDDSA, signer.ed25519_secret), checkpoint.text.encode())
    lines = (
        NoteSignature(signer.origin, ed25519.key_id, signed),
        cosign_mldsa(checkpoint, signer.origin, signer.mldsa_seed, now),
        NoteSignature(signer.origin, head.key_id, signer.head.sign(digest)),
    )
    return encode_note(Note(checkpoint.text, lines))


def verify_log_lines(
    signed: SignedCheckpoint, origin: str, vkeys: Sequence[VKey], head_addresses: Sequence[bytes]
) -> LogLines:
    """Check that the log signed the checkpoint: exactly one valid line of each of its three types.

    Lines of keys not given here are passed over; see `uncounted_lines`.

    Args:
        signed: The checkpoint.
        origin: Name of the log; the checkpoint's and each key's.
        vkeys: The log's keys of types 0x01 and 0x06 that are believed, at least one each.
        head_addresses: Its head keys that are believed, 20 bytes each, at least one.

    Raises:
        SignatureError: `line-invalid`: a line of a known key does not verify; `line-twice`: a known key, or a
            second known key of the same type, has another line; `line-missing`: no line of one type;
            `origin-mismatch`: the checkpoint is of another log.

    Cost: three signature checks, together three times an Ed25519 check.
    """
    if signed.checkpoint.origin != origin:
        raise SignatureError(
            f"checkpoint is of {signed.checkpoint.origin}; {origin} is required", code="origin-mismatch"
        )
    known = _known(origin, vkeys, head_addresses)
    found: dict[int, VKey] = {}
    time = 0
    for line in signed.note.signatures:
        vkey = known.get((line.name, line.key_id))
        if vkey is None:
            continue
        if vkey.type in found:
            raise SignatureError(
                f"checkpoint of {origin} has two lines of {_LINE_NAMES[vkey.type]}", code="line-twice"
            )
        found[vkey.type] = vkey
        time = max(time, _verify_log_line(signed, line, vkey))
    for kind, name in _LINE_NAMES.items():
        if kind not in found:
            raise SignatureError(
                f"checkpoint of {origin} has no line of {name} by a known key", code="line-missing"
            )
    return LogLines(found[EXPERIMENTAL].key[len(HEAD_MATERIAL) :], time)


def head_signature(signed: SignedCheckpoint, address: bytes) -> bytes:
    """The 65-byte head signature of the head key `address`, as the anchor contract takes it; not verified.

    Raises:
        SignatureError: `line-missing`: that key has no line.
    """
    wanted = head_vkey(signed.checkpoint.origin, address)
    for line in signed.note.signatures:
        if (line.name, line.key_id) == (wanted.name, wanted.key_id):
            return line.payload
    raise SignatureError(
        f"checkpoint of {signed.checkpoint.origin} has no line of head key 0x{address.hex()}",
        code="line-missing",
    )


def uncounted_lines(signed: SignedCheckpoint, vkeys: Sequence[VKey]) -> tuple[NoteSignature, ...]:
    """The lines whose (name, key id) is none of `vkeys`: not looked at, and to be reported as not counted."""
    known = {(vkey.name, vkey.key_id) for vkey in vkeys}
    return tuple(line for line in signed.note.signatures if (line.name, line.key_id) not in known)


def cosign(signed: SignedCheckpoint, name: str, key: PrivateKey, now: int) -> NoteSignature:
    """A witness's Ed25519 cosignature (0x04).

    Args:
        signed: A checkpoint whose log lines and consistency the witness has checked.
        name: Name of the witness's key.
        key: An Ed25519 key that is used for this name alone, since the name is not in the message.
        now: POSIX seconds, > 0.
    """
    vkey = make_vkey(name, ED25519_COSIGNATURE, key.public.raw)
    signature = sign(key, _cosignature_message(signed.note.text, now))
    return NoteSignature(name, vkey.key_id, _time_bytes(now) + signature)


def cosign_mldsa(checkpoint: Checkpoint, name: str, seed: bytes, now: int) -> NoteSignature:
    """An ML-DSA-44 cosignature (0x06), by a witness or by the log itself."""
    vkey = make_vkey(name, MLDSA44_COSIGNATURE, mldsa.public_of(seed))
    signature = mldsa.sign(seed, mldsa_message(checkpoint, name, now))
    return NoteSignature(name, vkey.key_id, _time_bytes(now) + signature)


def verify_cosignature(signed: SignedCheckpoint, line: NoteSignature, vkey: VKey) -> int:
    """Check one cosignature and return its time, POSIX seconds.

    A time of 0 or in the future verifies; whether it counts is for the caller.

    Args:
        signed: The checkpoint.
        line: One of its lines, or one that a witness answered with.
        vkey: The witness's key, of type 0x04 or 0x06.

    Raises:
        SignatureError: `line-invalid`: the known key rejects the line.
    """
    if (line.name, line.key_id) != (vkey.name, vkey.key_id):
        raise SignatureError(
            f"line of {line.name} is not by the key {vkey.name} {vkey.key_id.hex()}", code="line-invalid"
        )
    if vkey.type not in {ED25519_COSIGNATURE, MLDSA44_COSIGNATURE}:
        raise _line_invalid(vkey, f"a key of type {vkey.type:#04x} does not cosign")
    time = int.from_bytes(line.payload[:_TIME_SIZE])
    signature = line.payload[_TIME_SIZE:]
    try:
        if vkey.type == ED25519_COSIGNATURE:
            verify(PublicKey(EDDSA, vkey.key), _cosignature_message(signed.note.text, time), signature)
        else:
            mldsa.verify(vkey.key, mldsa_message(signed.checkpoint, vkey.name, time), signature)
    except SignatureError as error:
        raise _line_invalid(vkey, error) from None
    return time


def mldsa_message(checkpoint: Checkpoint, name: str, time: int) -> bytes:
    """What an ML-DSA-44 cosignature of the whole tree signs (C2SP tlog-cosignature, start 0)."""
    cosigner, origin = name.encode(), checkpoint.origin.encode()
    if len(cosigner) > ORIGIN_LIMIT:
        raise MalformedError("the name of a cosigner has at most 255 bytes", code="note-malformed")
    return b"".join(
        (
            b"subtree/v1\n\0",
            bytes([len(cosigner)]),
            cosigner,
            _time_bytes(time),
            bytes([len(origin)]),
            origin,
            bytes(8),
            checkpoint.size.to_bytes(8),
            checkpoint.root,
        )
    )


def _known(
    origin: str, vkeys: Sequence[VKey], head_addresses: Sequence[bytes]
) -> dict[tuple[str, bytes], VKey]:
    heads = [head_vkey(origin, address) for address in head_addresses]
    own = [vkey for vkey in vkeys if vkey.name == origin and vkey.type in {ED25519, MLDSA44_COSIGNATURE}]
    return {(vkey.name, vkey.key_id): vkey for vkey in (*own, *heads)}


def _verify_log_line(signed: SignedCheckpoint, line: NoteSignature, vkey: VKey) -> int:
    """The time in the line; 0 where its type has none."""
    if vkey.type == MLDSA44_COSIGNATURE:
        time = verify_cosignature(signed, line, vkey)
        if time == 0:
            raise _line_invalid(vkey, "its time is 0")
        return time
    checkpoint = signed.checkpoint
    try:
        if vkey.type == ED25519:
            verify(PublicKey(EDDSA, vkey.key), signed.note.text.encode(), line.payload)
        else:
            address = vkey.key[len(HEAD_MATERIAL) :]
            digest = head_digest(log_id(checkpoint.origin, address), checkpoint.size, checkpoint.root)
            signer = secp256k1.recover(digest, line.payload)
            if signer != address:
                raise _line_invalid(vkey, f"it is by 0x{signer.hex()}")
    except SignatureError as error:
        raise error if error.code == "line-invalid" else _line_invalid(vkey, error) from None
    return 0


def _cosignature_message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _time_bytes(time: int) -> bytes:
    if not 0 <= time < 1 << 64:
        raise MalformedError(f"time {time} does not fit a cosignature", code="time-malformed")
    return time.to_bytes(_TIME_SIZE)


def _line_invalid(vkey: VKey, reason: object) -> SignatureError:
    return SignatureError(
        f"line of {vkey.name} ({vkey.key_id.hex()}) does not verify: {reason}", code="line-invalid"
    )


def _malformed(fault: str) -> MalformedError:
    return MalformedError(f"checkpoint: {fault}", code="checkpoint-malformed")
