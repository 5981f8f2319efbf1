"""Key files: the secrets of parties and authorities (`evidence-key/1`) and of nodes (`evidence-node-key/1`).

Each is canonical JSON of mode 0600, written once and never overwritten.  The public half is written beside the
secret so that people can see whose key it is; reading derives it again and refuses a file whose halves differ.  In the
place of the secret of a holder's key or of a head key, a command may stand: of a program that holds it.

Source: docs/spec/key-file.md.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeVar, get_args

from ledger.core.canonical import Json, decode, encode
from ledger.core.secp256k1 import ORDER, Account, address_of
from ledger.core.signer import Signer
from ledger.core.suites import (
    RANDOM_SIZE,
    PrivateKey,
    PublicKey,
    Suite,
    encode_multikey,
    generate,
    parse_multikey,
)
from ledger.errors import LedgerError, MalformedError, SetupError
from ledger.services.files import read_private, write_new
from ledger.services.keys.external import External, external_account, external_key

_Key = TypeVar("_Key")

FORMAT: Final = "evidence-key/1"
NODE_FORMAT: Final = "evidence-node-key/1"
LIMIT: Final = 16 * 1024
"""Most bytes read of a key file."""
SECRET_SIZE: Final = 32
LOG_SECRET_SIZE: Final = 64
"""An Ed25519 seed and an ML-DSA-44 seed, 32 bytes each."""

Kind = Literal["log", "head", "finality", "sender", "witness", "attester", "relay"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

ARGUMENTS: Final = 32
"""Most words of a command."""

_MEMBERS: Final = frozenset({"format", "holder", "id", "publicKeyMultibase"})
_NODE_MEMBERS: Final = frozenset({"format", "kind", "public"})
_SECRET: Final = "secret"  # noqa: S105 - the name of a member
_COMMAND: Final = "command"
_ADDRESS_SIZE: Final = 20
_HEX: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class HolderKey:
    """The key of a party, an authority or a publisher.

    Attributes:
        holder: DID of whoever signs with it.
        id: Fragment that names the key, with its `#`.
    """

    holder: str
    id: str
    private: Signer[PublicKey]

    @property
    def verification_method(self) -> str:
        """The DID URL that names this key in proofs."""
        return self.holder + self.id

    @property
    def multikey(self) -> str:
        """The public half, as documents write it."""
        return encode_multikey(self.private.public)


@dataclass(frozen=True, slots=True)
class NodeKey:
    """A key that only a node uses.

    Attributes:
        kind: What it signs: the log's checkpoints, heads for contracts, finality of the own chain, transactions of
            anchors, partners' checkpoints, finality of partners' chains, transactions of the relay.
        secret: 32 bytes, a secp256k1 scalar; for `witness` an Ed25519 seed; for `log` an Ed25519 and an ML-DSA-44
            seed, 64 bytes.
    """

    kind: Kind
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        size = LOG_SECRET_SIZE if self.kind == "log" else SECRET_SIZE
        if self.kind not in KINDS or len(self.secret) != size:
            raise MalformedError(
                f"a node key of kind {self.kind} has {size} secret bytes", code="key-malformed"
            )

    @property
    def public(self) -> str:
        """The address, `0x` and lower-case hex; for `log` and `witness` the Ed25519 key as Multikey."""
        if self.kind in {"log", "witness"}:
            return encode_multikey(PrivateKey("eddsa-jcs-2022", self.secret[:SECRET_SIZE]).public)
        return "0x" + address_of(self.secret).hex()

    @property
    def signer(self) -> Signer[bytes]:
        """What signs digests with it; of no kind but those of accounts."""
        return Account(self.secret)


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A head key whose secret another program holds."""

    kind: Kind
    signer: External[bytes]

    @property
    def public(self) -> str:
        """The address, `0x` and lower-case hex."""
        return "0x" + self.signer.public.hex()


def make_holder_key(holder: str, key_id: str, suite: Suite, random: bytes) -> HolderKey:
    """A new key of `RANDOM_SIZE` (48) random bytes.

    Raises:
        MalformedError: `key-malformed`: holder or key id is not of its form.
    """
    _require_names(holder, key_id)
    return HolderKey(holder, key_id, generate(suite, random))


def make_node_key(kind: Kind, random: bytes) -> NodeKey:
    """A new node key of `random_size(kind)` random bytes."""
    if kind in {"log", "witness"}:
        return NodeKey(kind, random)
    # As for P-256 keys: the extra bits make the bias of the remainder negligible.
    scalar = int.from_bytes(random) % (ORDER - 1) + 1
    return NodeKey(kind, scalar.to_bytes(SECRET_SIZE))


def random_size(kind: Kind) -> int:
    """How many random bytes `make_node_key` takes."""
    return {"log": LOG_SECRET_SIZE, "witness": SECRET_SIZE}.get(kind, RANDOM_SIZE)


def encode_holder_key(key: HolderKey) -> bytes:
    """The bytes of a key file.  They hold the secret, or who holds it."""
    where: dict[str, Json]
    if isinstance(key.private, External):
        where = {_COMMAND: list(key.private.command)}
    elif isinstance(key.private, PrivateKey):
        where = {_SECRET: key.private.secret.hex()}
    else:
        raise MalformedError("there is no key file of a key like this", code="key-malformed")
    return encode(
        {
            "format": FORMAT,
            "holder": key.holder,
            "id": key.id,
            "publicKeyMultibase": key.multikey,
            **where,
        },
        what="key file",
    )


def parse_holder_key(data: bytes) -> HolderKey:
    """Read a key file; the inverse of `encode_holder_key`.

    Raises:
        MalformedError: `key-file-malformed`; `key-file-mismatch` where the secret has another public half; or a
            fault of its JSON.  No message repeats a value.
    """
    members, command = _members(data, FORMAT, _MEMBERS)
    holder, key_id, public = members["holder"], members["id"], members["publicKeyMultibase"]
    _require_names(holder, key_id)
    if command is not None:
        try:
            return HolderKey(holder, key_id, external_key(parse_multikey(public), command))
        except LedgerError:
            raise _malformed("has a public key that is none") from None
    secret = _secret(members[_SECRET], SECRET_SIZE)
    try:
        stated = parse_multikey(public)
        private = PrivateKey(stated.suite, secret)
        derived = private.public
    except (LedgerError, ValueError):
        raise _malformed("has a public key or a secret that is none") from None
    if derived != stated:
        raise MalformedError(
            f"key file of {holder}{key_id} has a secret that does not belong to its public key",
            code="key-file-mismatch",
        )
    return HolderKey(holder, key_id, private)


def encode_node_key(key: NodeKey) -> bytes:
    """The bytes of a node key file.  They hold the secret."""
    return encode(
        {"format": NODE_FORMAT, "kind": key.kind, "public": key.public, "secret": key.secret.hex()},
        what="key file",
    )


def parse_node_key(data: bytes, kind: Kind) -> NodeKey:
    """Read a node key file with a secret; the inverse of `encode_node_key`.

    Args:
        data: The whole file.
        kind: The kind it must be of, so that no key is ever used in another's place.

    Raises:
        MalformedError: As `parse_holder_key`.
    """
    members, command = _members(data, NODE_FORMAT, _NODE_MEMBERS)
    if members["kind"] != kind:
        raise _malformed(f"is not of the kind {kind}")
    if command is not None:
        raise _malformed(f"names a command; a key of kind {kind} has its secret there")
    secret = _secret(members[_SECRET], LOG_SECRET_SIZE if kind == "log" else SECRET_SIZE)
    try:
        key = NodeKey(kind, secret)
        public = key.public
    except (LedgerError, ValueError):
        raise _malformed("has a secret that is none") from None
    if public != members["public"]:
        raise MalformedError(
            f"key file of the node's {kind} key has a secret that does not belong to its public key",
            code="key-file-mismatch",
        )
    return key


def parse_head_key(data: bytes) -> NodeKey | HeldKey:
    """Read the file of a head key, whoever holds its secret; raises as `parse_holder_key`."""
    members, command = _members(data, NODE_FORMAT, _NODE_MEMBERS)
    if command is None:
        return parse_node_key(data, "head")
    if members["kind"] != "head":
        raise _malformed("is not of the kind head")
    digits = members["public"].removeprefix("0x")
    if members["public"] == digits or len(digits) != _ADDRESS_SIZE * 2 or not _HEX.issuperset(digits):
        raise _malformed("has a public key that is none")
    return HeldKey("head", external_account(bytes.fromhex(digits), command))


def write_key(path: Path, key: HolderKey | NodeKey) -> None:
    """Write a key file of mode 0600, durably, where no file is yet.

    Raises:
        SetupError: `file-exists`, or the disk's own fault.  Nothing is left behind.
    """
    data = encode_holder_key(key) if isinstance(key, HolderKey) else encode_node_key(key)
    write_new(path, data, what="key file")


def read_holder_key(path: Path) -> HolderKey:
    """Read the key file at `path`.

    Raises:
        SetupError: `key-file-readable` where others than the owner may read it; `file-missing`; …; and for each
            MalformedError of `parse_holder_key` one of the same code, which names the file.
    """
    return _read(path, parse_holder_key)


def read_node_key(path: Path, kind: Kind) -> NodeKey:
    """Read the node key file at `path`; raises as `read_holder_key`."""
    return _read(path, lambda data: parse_node_key(data, kind))


def read_head_key(path: Path) -> NodeKey | HeldKey:
    """Read the file of a head key at `path`; raises as `read_holder_key`."""
    return _read(path, parse_head_key)


def _read(path: Path, parse: Callable[[bytes], _Key]) -> _Key:
    data = read_private(path, limit=LIMIT, what="key file")
    try:
        return parse(data)
    except MalformedError as error:
        raise SetupError(f"{path}: {error}", code=error.code) from None


def _members(
    data: bytes, wanted: str, names: frozenset[str]
) -> tuple[dict[str, str], tuple[str, ...] | None]:
    """The members that are text, the secret among them; or those without it, and the command in its place."""
    value: Json = decode(data, limit=LIMIT, what="key file")
    if not isinstance(value, dict) or value.get("format") != wanted:
        raise _malformed(f"is not of the format {wanted}")
    where = _COMMAND if _COMMAND in value else _SECRET
    members = {name: item for name, item in value.items() if isinstance(item, str)}
    texts = names | {_SECRET} if where == _SECRET else names
    if members.keys() != texts or value.keys() != names | {where}:
        told = ", ".join(sorted(names | {_SECRET}))
        raise _malformed(
            f"must have exactly the members {told}, all of them text, or command in place of secret"
        )
    return members, None if where == _SECRET else _command(value[_COMMAND])


def _command(value: Json) -> tuple[str, ...]:
    words = tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
    if not isinstance(value, list) or len(words) != len(value) or not 1 <= len(words) <= ARGUMENTS:
        raise _malformed(f"must have a command of 1 to {ARGUMENTS} words")
    if not words[0].startswith("/") or any("\0" in word for word in words):
        raise _malformed("must have a command that begins with the whole path of a program, /…")
    return words


def _secret(text: str, size: int) -> bytes:
    # Never quoted, not even when it is wrong: half a secret is a secret.
    if len(text) != size * 2 or not _HEX.issuperset(text):
        raise _malformed(f"must have a secret of {size * 2} lower-case hex digits")
    return bytes.fromhex(text)


def _require_names(holder: str, key_id: str) -> None:
    from ledger.statements.fields import DID, KEY_ID
    from ledger.statements.shape import problems

    if not holder.startswith("did:web:") or problems(DID, holder, "") or problems(KEY_ID, key_id, ""):
        raise MalformedError(
            "a key is named by the DID of its holder and a fragment, as did:web:exporter.example.xa and #2026",
            code="key-malformed",
        )


def _malformed(fault: str) -> MalformedError:
    return MalformedError(f"key file {fault}", code="key-file-malformed")
