"""Composing one's own trust list from what several nodes claim about themselves.

Whoever composes has compared the fingerprint of each claim with its publisher first; nothing here can.  A claim
is taken at its word about one jurisdiction only, and never about witnesses: a node that could name those itself
could also make up the quorum that is to watch it.

Source: docs/spec/trust-list.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.core.canonical import TRUST_LIMIT, Json, decode
from ledger.core.note import encode_vkey
from ledger.core.pinning import succeed
from ledger.core.suites import encode_multikey
from ledger.core.times import format_time
from ledger.core.trust import TrustList, WitnessKey, parse_trust_list, sign_trust_list
from ledger.errors import LedgerError, MalformedError, RefusedError
from ledger.services.claim import LIFE, REQUIRE
from ledger.services.keyfile import HolderKey

_UNITED: Final = {"authorities": "id", "logs": "origin", "chains": "chain"}
"""Members of claims that are united, and what names an item in each."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the publisher decides, whatever the claims say.

    Attributes:
        witnesses: Keys of witnesses and the organisations they count for.
        require: By statement type, what a bundle must show.
        threshold: How many of the publisher's keys must sign.
        life: Seconds until the list asks to be renewed.
    """

    witnesses: Sequence[WitnessKey] = ()
    require: Mapping[str, Json] | None = None
    threshold: int = 1
    life: int = LIFE


def compose(
    claims: Sequence[bytes],
    *,
    keys: Sequence[HolderKey],
    policy: Policy,
    now: int,
    previous: bytes | None = None,
    retired: Sequence[HolderKey] = (),
) -> bytes:
    """A trust list that believes every claim, signed by its publisher.

    Args:
        claims: Trust lists, each about one jurisdiction, the same item only where they agree.
        keys: The publisher's keys, all of one holder; all of them sign.
        policy: What the publisher adds.
        now: POSIX seconds.
        previous: The publisher's last list, which the new one succeeds; None for a first version.
        retired: Keys of `previous` that the new list no longer has, where their signatures are needed.

    Raises:
        MalformedError: A claim does not load (its place is in the message), or the result would not.
        VerificationError: A claim is not signed by its publisher.
        RefusedError: `claims-missing`; `claim-stale`; `claim-jurisdictions`: a claim about several jurisdictions;
            `claims-conflict`: two claims that say different things of one item; `publisher-keys`: keys of several
            holders, or of another than `previous` has.  Or as `ledger.core.pinning.succeed`.
    """
    publisher = _holder_of([*keys, *retired])
    united: dict[str, dict[str, tuple[str, Json]]] = {member: {} for member in _UNITED}
    for number, claim in enumerate(claims, 1):
        _unite(united, *_read_claim(claim, number, now))
    if not claims:
        raise RefusedError(
            "no claim is given; a trust list that believes nobody verifies nothing", code="claims-missing"
        )
    last = None if previous is None else parse_trust_list(previous)
    document: dict[str, Json] = {
        "format": "evidence-trust/1",
        "version": 1 if last is None else last.version + 1,
        "issued": format_time(now),
        "nextUpdate": format_time(now + policy.life),
        "publisher": {
            "id": publisher,
            "threshold": policy.threshold,
            "keys": [
                {"id": key.id, "publicKeyMultibase": encode_multikey(key.private.public)} for key in keys
            ],
        },
        "witnesses": [
            {"vkey": encode_vkey(witness.vkey), "organisation": witness.organisation}
            for witness in policy.witnesses
        ],
        "foreign": [],
        "entries": [],
        "require": dict(REQUIRE if policy.require is None else policy.require),
    }
    for member, items in united.items():
        document[member] = [item for _, (_, item) in sorted(items.items())]
    if last is not None:
        document["prev"] = last.list_hash.hex()
    signed = sign_trust_list(document, {key.id: key.private for key in [*keys, *retired]})
    made = parse_trust_list(signed)
    if last is not None:
        # The same rule by which those who pinned the last list will judge this one.
        succeed(last, made)
    return signed


def _holder_of(keys: Sequence[HolderKey]) -> str:
    holders = {key.holder for key in keys}
    if len(holders) != 1:
        raise RefusedError(
            f"a trust list has one publisher; the keys given have {len(holders)} holders",
            code="publisher-keys",
        )
    ids = [key.id for key in keys]
    if len(set(ids)) != len(ids):
        raise RefusedError("two of the publisher's keys have one key id", code="publisher-keys")
    return holders.pop()


def _read_claim(claim: bytes, number: int, now: int) -> tuple[TrustList, Json]:
    try:
        listed = parse_trust_list(claim)
    except LedgerError as error:
        error.args = (f"claim {number}: {error}",)
        raise
    about = {authority.jurisdiction for authority in listed.authorities.values()}
    about |= {log.jurisdiction for log in listed.logs.values()}
    if len(about) != 1:
        raise RefusedError(
            f"claim {number}, by {listed.publisher.id}, speaks of {len(about)} jurisdictions"
            f" ({', '.join(sorted(about)) or 'none'}); a node may speak of its own alone",
            code="claim-jurisdictions",
        )
    if now >= listed.next_update:
        raise RefusedError(
            f"claim {number}, by {listed.publisher.id}, asked to be renewed by {format_time(listed.next_update)}",
            code="claim-stale",
        )
    return listed, decode(claim, limit=TRUST_LIMIT, what="claim")


def _unite(united: dict[str, dict[str, tuple[str, Json]]], listed: TrustList, document: Json) -> None:
    """Add a claim's items; the same item from two claims must be the same to the last member."""
    publisher = listed.publisher.id
    for member, naming in _UNITED.items():
        for item in _items(document, member):
            name = item[naming]
            assert isinstance(name, str)  # it loaded as a trust list
            first, known = united[member].setdefault(name, (publisher, item))
            if known != item:
                raise RefusedError(
                    f"{first} and {publisher} say different things of {name}, under {member}",
                    code="claims-conflict",
                )


def _items(document: Json, member: str) -> list[dict[str, Json]]:
    assert isinstance(document, dict)
    items = document[member]
    if not isinstance(items, list):
        raise MalformedError(f"claim has no list of {member}")
    return [item for item in items if isinstance(item, dict)]
