"""Trust lists: whom a verifier believes, and what it requires (format `evidence-trust/1`).

A trust list is canonical JSON, signed by its publisher's keys, and names the version it follows:

    list hash = SHA-256(RFC 8785 of the list without `signatures`)
    signature = over ASCII "evidence-ledger/trust-list/v1" || 0x0A || list hash

The list hash is the list's fingerprint and the `prev` of the next version.  `parse_trust_list` checks all
that one list can show by itself.  That its publisher may be believed it cannot know: see
`ledger.core.pinning`.
"""

from collections.abc import Mapping
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from ledger.core.canonical import TRUST_LIMIT, Json, decode, encode, encode_decoded
from ledger.core.did import is_key_id
from ledger.core.members import Members
from ledger.core.multibase import base58btc_decode, base58btc_encode
from ledger.core.suites import (
    PublicKey,
    check_enrolment_key,
    verify,
)
from ledger.core.trust.chains import read_entries, read_foreign, read_requirements
from ledger.core.trust.listed import read_listed
from ledger.core.trust.names import key_id
from ledger.core.trust.parties import read_publisher
from ledger.core.trust.values import (
    DEFAULT_STEPS,
    Authority,
    AuthorityKey,
    Chain,
    ChainQuorum,
    Consensus,
    Finality,
    ForeignSource,
    HeadKey,
    HeadStart,
    LogKeys,
    Publisher,
    Requirement,
    Signers,
    TrustList,
    WitnessKey,
)
from ledger.errors import MalformedError, QuorumError, SignatureError

if TYPE_CHECKING:
    from ledger.core.signer import Signer

__all__ = [
    "DEFAULT_STEPS",
    "FORMAT",
    "Authority",
    "AuthorityKey",
    "Chain",
    "ChainQuorum",
    "Consensus",
    "Finality",
    "ForeignSource",
    "HeadKey",
    "HeadStart",
    "LogKeys",
    "Publisher",
    "Requirement",
    "Signers",
    "TrustList",
    "WitnessKey",
    "list_hash",
    "parse_trust_list",
    "require_publisher_signatures",
    "sign_trust_list",
]

FORMAT: Final = "evidence-trust/1"

_WHAT = "trust list"
_SIGNED_PREFIX = b"evidence-ledger/trust-list/v1\n"
_REQUIRED = (
    "format",
    "version",
    "issued",
    "nextUpdate",
    "publisher",
    "authorities",
    "logs",
    "witnesses",
    "chains",
    "foreign",
    "entries",
    "require",
    "signatures",
)


def parse_trust_list(data: bytes) -> TrustList:
    """Read a trust list and check that its own publisher's keys signed it.

    Says nothing about whether the publisher is to be believed, nor whether the list is still current.

    Raises:
        MalformedError: Not canonical JSON, or not of the format; with the JSON pointer of the fault.
        SignatureError: A signature by one of the publisher's keys does not verify.
        QuorumError: Fewer of the publisher's keys signed than its threshold asks for.

    Cost: linear in `data`, and a signature check for each of the publisher's keys that signed.
    """
    document = decode(data, limit=TRUST_LIMIT, what=_WHAT)
    trust = _read(document, data)
    require_publisher_signatures(trust, trust.publisher)
    return trust


def _read(document: Json, encoded: bytes) -> TrustList:
    members = Members(document, what=_WHAT, pointer="", required=_REQUIRED, optional=("prev",))
    members.choice("format", (FORMAT,))
    version = members.integer("version", 1)
    if ("prev" in members) != (version > 1):
        raise members.fault("prev", "the list hash of the version before, and none in version 1,")
    issued, next_update = members.time("issued"), members.time("nextUpdate")
    if issued >= next_update:
        raise members.fault("nextUpdate", "a time after that of the member issued")
    assert isinstance(document, dict)
    listed = read_listed(members)
    return TrustList(
        encoded=encoded,
        list_hash=list_hash(document),
        version=version,
        previous=members.digest("prev") if "prev" in members else None,
        issued=issued,
        next_update=next_update,
        publisher=read_publisher(members.below("publisher", ("id", "threshold", "keys"))),
        authorities=listed.authorities,
        logs=listed.logs,
        witnesses=listed.witnesses,
        chains=listed.chains,
        foreign=read_foreign(members.each("foreign", ("chain", "contract", "codeHash", "sourceId"))),
        entries=read_entries(members),
        require=read_requirements(members, listed.chains),
        signatures=_read_signatures(members),
    )


def _read_signatures(members: Members) -> tuple[tuple[str, str], ...]:
    found = tuple(
        (key_id(each, "key"), each.text("value")) for each in members.each("signatures", ("key", "value"))
    )
    keys = [key for key, _ in found]
    if any(before >= after for before, after in pairwise(keys)):
        raise members.fault("signatures", "an array sorted by key, with one signature for each,")
    return found


def require_publisher_signatures(trust: TrustList, publisher: Publisher) -> None:
    """Check that enough of the keys of `publisher` signed `trust`.

    Signatures of other keys are ignored: they are those of the version before or after.

    Args:
        trust: The list that is signed.
        publisher: Its own publisher, or that of the version before it.

    Raises:
        SignatureError: A signature by one of the keys does not verify.
        QuorumError: Fewer keys signed than the publisher's threshold.
    """
    signed = 0
    for key, value in trust.signatures:
        public = publisher.keys.get(key)
        if public is not None:
            _verify_signature(trust, key, public, value)
            signed += 1
    if signed < publisher.threshold:
        raise QuorumError(
            f"trust list version {trust.version} is signed by {signed} of the keys of {publisher.id}; "
            f"{publisher.threshold} are required",
            code="publisher-threshold",
        )


def _verify_signature(trust: TrustList, key: str, public: PublicKey, value: str) -> None:
    try:
        signature = base58btc_decode(value)
    except MalformedError as error:
        raise SignatureError(f"trust list signature of {key} is not readable: {error}") from None
    try:
        verify(public, _SIGNED_PREFIX + trust.list_hash, signature)
    except SignatureError as error:
        raise SignatureError(
            f"trust list version {trust.version}: publisher key {key}: {error}", code=error.code
        ) from None


def list_hash(document: Mapping[str, Json]) -> bytes:
    """SHA-256 of the canonical bytes of `document` without its member `signatures`, 32 bytes.

    Args:
        document: A list out of `canonical.decode`, or one that `canonical.encode` accepts.
    """
    return sha256(
        encode_decoded({name: document[name] for name in document if name != "signatures"})
    ).digest()


def sign_trust_list(body: Mapping[str, Json], keys: Mapping[str, "Signer[PublicKey]"]) -> bytes:
    """Canonical bytes of the trust list `body` with the signatures of `keys` added.

    Signatures that `body` already carries by other keys stay, so publishers may sign one after the other; the
    threshold is not asked for here.  A successor is signed by keys of the version before as well, under
    their ids there.

    Args:
        body: The list, with or without `signatures`.
        keys: By key id.

    Raises:
        MalformedError: `body` is not of the format, or `key-mismatch`: a key is not the one that the list
            has under its id.
        SignatureError: `key-refused`: the list names a key of a publisher or authority that is unsound.
    """
    signatures: dict[str, Json] = {}
    existing = body.get("signatures", [])
    for item in existing if isinstance(existing, list) else []:
        if isinstance(item, dict) and isinstance(item.get("key"), str):
            signatures[str(item["key"])] = item.get("value")
    encode(dict(body), what=_WHAT)
    message = _SIGNED_PREFIX + list_hash(body)
    for name, private in keys.items():
        if not is_key_id(name):
            raise MalformedError(f"publisher key id {name} is not written #fragment", code="member-value")
        signatures[name] = base58btc_encode(private.sign(message))
    document: dict[str, Json] = {
        **body,
        "signatures": [{"key": name, "value": signatures[name]} for name in sorted(signatures)],
    }
    encoded = encode(document, what=_WHAT)
    trust = _read(decode(encoded, limit=TRUST_LIMIT, what=_WHAT), encoded)
    _require_sound_keys(trust, keys)
    return encoded


def _require_sound_keys(trust: TrustList, keys: Mapping[str, "Signer[PublicKey]"]) -> None:
    for name, private in keys.items():
        public = trust.publisher.keys.get(name)
        if public is not None and public != private.public:
            raise MalformedError(f"publisher key {name} is another one in the list", code="key-mismatch")
    for public in trust.publisher.keys.values():
        check_enrolment_key(public)
    for authority in trust.authorities.values():
        for key in authority.keys.values():
            check_enrolment_key(key.key)
