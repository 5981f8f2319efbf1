"""How a trust list comes to be believed: the first on the user's word, each later one on that of the one before.

Version n + 1 follows version n when it names n's list hash, keeps n's publisher, and is signed by the threshold
of n's publisher keys and of its own.  Versions never go back.  To skip versions, those between are supplied, and
each must follow the one before it.  Key ids are never given to another key.

No state is kept here: the caller stores what is returned, and hands it in again.
"""

from collections.abc import Sequence

from ledger.core.suites import PublicKey
from ledger.core.trust import TrustList, require_publisher_signatures
from ledger.errors import QuorumError, RefusedError


def first(offered: TrustList, fingerprint: bytes) -> TrustList:
    """The list to pin for a publisher that none is pinned of.

    Args:
        offered: Out of `parse_trust_list`.
        fingerprint: The list hash that the user learned from the publisher by another way, 32 bytes.

    Raises:
        RefusedError: `fingerprint-mismatch`: it is another list.
    """
    if offered.list_hash != fingerprint:
        raise RefusedError(
            f"trust list has fingerprint {offered.list_hash.hex()}; the one given is {fingerprint.hex()}",
            code="fingerprint-mismatch",
        )
    return offered


def succeed(
    pinned: TrustList,
    offered: TrustList,
    between: Sequence[TrustList] = (),
    history: Sequence[TrustList] = (),
) -> TrustList:
    """The list to pin instead of `pinned`: `offered`, or `pinned` itself where they are the same list.

    Args:
        pinned: Believed.
        offered: Out of `parse_trust_list`, which has checked its own keys' threshold.
        between: The versions after `pinned` and before `offered`, in any order.
        history: Versions before `pinned`, as far as they are at hand; their key ids stay taken.

    Raises:
        RefusedError: `publisher-changed`, `version-back`, `version-fork` (another list of the pinned version),
            `version-gap` (a version between is not supplied), `previous-mismatch` or `key-id-reused`.
        SignatureError: A key of the version before rejects its signature.
        QuorumError: `previous-threshold`: too few keys of the version before signed.
    """
    if offered.list_hash == pinned.list_hash:
        return pinned
    _require_publisher(pinned, offered)
    if offered.version < pinned.version:
        raise RefusedError(
            f"trust list has version {offered.version}; version {pinned.version} is pinned",
            code="version-back",
        )
    if offered.version == pinned.version:
        raise RefusedError(
            f"trust list is another one of the pinned version {pinned.version}: {offered.list_hash.hex()} "
            f"and {pinned.list_hash.hex()}",
            code="version-fork",
        )
    keys: dict[str, PublicKey] = {}
    for earlier in (*history, pinned):
        keys |= earlier.publisher.keys
    current = pinned
    for following in (*sorted(between, key=lambda trust: trust.version), offered):
        _require_follows(current, following, keys)
        keys |= following.publisher.keys
        current = following
    return offered


def _require_follows(current: TrustList, following: TrustList, keys: dict[str, PublicKey]) -> None:
    if following.version != current.version + 1:
        raise RefusedError(
            f"trust list version {following.version} does not follow version {current.version}; "
            "the versions between are required",
            code="version-gap",
        )
    if following.previous != current.list_hash:
        raise RefusedError(
            f"trust list version {following.version} follows another list than version {current.version}, "
            f"whose list hash is {current.list_hash.hex()}",
            code="previous-mismatch",
        )
    _require_publisher(current, following)
    for name, key in following.publisher.keys.items():
        if keys.get(name, key) != key:
            raise RefusedError(
                f"trust list version {following.version} gives the key id {name} to another key",
                code="key-id-reused",
            )
    try:
        require_publisher_signatures(following, current.publisher)
    except QuorumError as error:
        raise QuorumError(
            f"{error} by the list before, version {current.version}", code="previous-threshold"
        ) from None


def _require_publisher(current: TrustList, following: TrustList) -> None:
    if following.publisher.id != current.publisher.id:
        raise RefusedError(
            f"trust list version {following.version} is published by {following.publisher.id}; "
            f"version {current.version} was by {current.publisher.id}",
            code="publisher-changed",
        )
