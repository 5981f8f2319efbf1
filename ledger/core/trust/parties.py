"""Reads who is believed: the publisher, authorities, logs and witnesses of a trust list."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ledger.core.evm.anchor import ADDRESS_LENGTH
from ledger.core.members import Members
from ledger.core.note import ED25519, ED25519_COSIGNATURE, MLDSA44_COSIGNATURE, VKey, parse_vkey
from ledger.core.suites import PublicKey, parse_multikey
from ledger.core.trust import names
from ledger.core.trust.values import (
    Authority,
    AuthorityKey,
    HeadKey,
    HeadStart,
    LogKeys,
    Publisher,
    WitnessKey,
)
from ledger.errors import MalformedError


def read_publisher(members: Members) -> Publisher:
    """The member `publisher`.  The threshold counts keys, so no key may stand under two ids."""
    keys: dict[str, PublicKey] = {}
    for each in members.each("keys", ("id", "publicKeyMultibase")):
        key_id, key = names.key_id(each), _public_key(each)
        if key_id in keys:
            raise each.fault("id", "an id that is not listed twice")
        if key in keys.values():
            raise each.fault("publicKeyMultibase", "a key that is not listed twice")
        keys[key_id] = key
    if not keys:
        raise members.fault("keys", "at least one key")
    return Publisher(
        id=names.did(members, "id"),
        threshold=members.integer("threshold", 1, len(keys)),
        keys=MappingProxyType(keys),
    )


def read_authorities(listed: Iterable[Members]) -> Mapping[str, Authority]:
    """The member `authorities`, by id."""
    found: dict[str, Authority] = {}
    for members in listed:
        authority = Authority(
            id=names.did(members, "id"),
            jurisdiction=names.jurisdiction(members, "jurisdiction"),
            roles=_read_roles(members),
            keys=_read_authority_keys(members),
        )
        if authority.id in found:
            raise members.fault("id", "an authority that is not listed twice")
        found[authority.id] = authority
    return MappingProxyType(found)


def _read_roles(members: Members) -> frozenset[str]:
    roles = members.texts("roles")
    if any(role.strip(names.SMALL_LETTERS + "-") for role in roles):
        raise members.fault("roles", "an array of roles in lower-case letters")
    return frozenset(roles)


def _read_authority_keys(members: Members) -> Mapping[str, AuthorityKey]:
    keys: dict[str, AuthorityKey] = {}
    for each in members.each("keys", ("id", "publicKeyMultibase", "from", "until"), ("revoked",)):
        revoked = each.below("revoked", ("at", "reason")) if "revoked" in each else None
        key = AuthorityKey(
            id=names.key_id(each),
            key=_public_key(each),
            valid_from=each.time("from"),
            valid_until=each.time("until"),
            revoked_at=revoked.time("at") if revoked else None,
            revoked_reason=revoked.text("reason") if revoked else None,
        )
        if key.valid_from >= key.valid_until:
            raise each.fault("until", "a time after that of the member from")
        if key.id in keys:
            raise each.fault("id", "an id that is not listed twice")
        keys[key.id] = key
    return MappingProxyType(keys)


def read_logs(listed: Iterable[Members]) -> Mapping[str, LogKeys]:
    """The member `logs`, by origin."""
    found: dict[str, LogKeys] = {}
    for members in listed:
        origin, jurisdiction = names.origin(members, "origin")
        if names.jurisdiction(members, "jurisdiction") != jurisdiction:
            raise members.fault("jurisdiction", "the jurisdiction that the origin names")
        if origin in found:
            raise members.fault("origin", "a log that is not listed twice")
        found[origin] = LogKeys(
            origin=origin,
            jurisdiction=jurisdiction,
            operator=names.organisation(members, "operator"),
            vkeys=_read_log_vkeys(members, origin),
            head_keys=_read_head_keys(members),
        )
    return MappingProxyType(found)


def _read_log_vkeys(members: Members, origin: str) -> tuple[VKey, ...]:
    vkeys = tuple(_vkey(text, members, "vkeys") for text in members.texts("vkeys"))
    if any(vkey.name != origin for vkey in vkeys):
        raise members.fault("vkeys", "an array of keys whose name is the origin of the log")
    if {vkey.type for vkey in vkeys} != {ED25519, MLDSA44_COSIGNATURE}:
        raise members.fault("vkeys", "at least one key of each of the types 0x01 and 0x06, and of no other,")
    if len({vkey.key_id for vkey in vkeys}) != len(vkeys):
        raise members.fault("vkeys", "an array of keys that differ in their key ids")
    return vkeys


def _read_head_keys(members: Members) -> tuple[HeadKey, ...]:
    """All but the first say from which size they count; sizes ascend, and no address comes back."""
    keys: list[HeadKey] = []
    for each in members.each("headKeys", ("address",), ("from",)):
        if ("from" in each) != bool(keys):
            raise each.fault("from", "such a member in each head key but the first")
        start = _read_head_start(each.below("from", ("size", "root", "last"))) if keys else None
        before = keys[-1].start if keys else None
        if start and before and start.size <= before.size:
            raise each.fault("from", "a size above that of the head key before")
        key = HeadKey(each.evm("address", ADDRESS_LENGTH), start)
        if any(key.address == other.address for other in keys):
            raise each.fault("address", "an address that is not listed twice")
        keys.append(key)
    if not keys:
        raise members.fault("headKeys", "at least one head key")
    return tuple(keys)


def _read_head_start(members: Members) -> HeadStart:
    size = members.integer("size", 1)
    return HeadStart(size=size, root=members.digest("root"), last=members.integer("last", 0, size - 1))


def read_witnesses(listed: Iterable[Members]) -> tuple[WitnessKey, ...]:
    """The member `witnesses`.  A quorum counts organisations, so a key stands for one of them only."""
    found: dict[bytes, WitnessKey] = {}
    seen: set[tuple[str, bytes]] = set()
    for members in listed:
        vkey = _vkey(members.text("vkey"), members, "vkey")
        if vkey.type not in {ED25519_COSIGNATURE, MLDSA44_COSIGNATURE}:
            raise members.fault("vkey", "a key of type 0x04 or 0x06")
        if vkey.key in found or (vkey.name, vkey.key_id) in seen:
            raise members.fault("vkey", "a key that is not listed twice")
        seen.add((vkey.name, vkey.key_id))
        found[vkey.key] = WitnessKey(vkey, names.organisation(members, "organisation"))
    return tuple(found.values())


def _vkey(text: str, members: Members, name: str) -> VKey:
    try:
        return parse_vkey(text)
    except MalformedError as error:
        raise members.fault(name, f"a verifier key ({error})", code=error.code) from None


def _public_key(members: Members) -> PublicKey:
    try:
        return parse_multikey(members.text("publicKeyMultibase"))
    except MalformedError as error:
        raise members.fault("publicKeyMultibase", f"a Multikey ({error})", code=error.code) from None
