"""Composing one's own trust list from what several nodes claim about themselves, and jurisdictions in their entries.

Whoever composes has compared the fingerprint of each with its publisher first; nothing here can.  A claim or entry
is taken at its word about one jurisdiction only, and never about witnesses: a node that could name those itself
could also make up the quorum that is to watch it.  What a contract on its chain holds of another's log counts only
where it was taken by the word of attesters or validators whom the list names for that other chain.  Attesters are
compared with what their own organisations state, where that is at hand.  Entries are kept verbatim in the list, which
then says of their jurisdictions nothing beyond them.

Source: docs/spec/trust-list.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ledger.chain.artifact import load_artifact
from ledger.core.canonical import TRUST_LIMIT, Json, decode
from ledger.core.note import encode_vkey
from ledger.core.pinning import succeed
from ledger.core.suites import encode_multikey
from ledger.core.times import format_time
from ledger.core.trust import TrustList, WitnessKey, parse_trust_list, sign_trust_list
from ledger.errors import LedgerError, MalformedError, RefusedError
from ledger.services.keys.keyfile import HolderKey
from ledger.services.trust.claim import LIFE, REQUIRE
from ledger.services.trust.stated_attesters import StatedAttester, compare_attesters
from ledger.statements.entries import Entry, read_entry, require_within_entries
from ledger.verify.foreign import sources_of

_UNITED: Final = {"authorities": "id", "logs": "origin", "chains": "chain"}
"""Members of claims that are united, and what names an item in each."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the publisher decides, whatever the claims say.

    Attributes:
        witnesses: Keys of witnesses and the organisations they count for.
        require: By statement type, what a bundle must show.
        jurisdictions: Of chains, by CAIP-2 id: whose they are, for requirements of several chains.
        threshold: How many of the publisher's keys must sign.
        life: Seconds until the list asks to be renewed.
        attesters: As their organisations stated them by another way than an entry.
    """

    witnesses: Sequence[WitnessKey] = ()
    require: Mapping[str, Json] | None = None
    jurisdictions: Mapping[str, str] = field(default_factory=dict)
    threshold: int = 1
    life: int = LIFE
    attesters: Sequence[StatedAttester] = ()


def compose(
    claims: Sequence[bytes],
    *,
    keys: Sequence[HolderKey],
    policy: Policy,
    now: int,
    entries: Sequence[bytes] = (),
    previous: bytes | None = None,
    retired: Sequence[HolderKey] = (),
) -> bytes:
    """A trust list that believes every claim and entry, signed by its publisher.

    Args:
        claims: Trust lists, each about one jurisdiction, the same item only where they agree.
        keys: The publisher's keys, all of one holder; all of them sign.
        policy: What the publisher adds.
        now: POSIX seconds.
        entries: JurisdictionEntries, one for each jurisdiction at most.
        previous: The publisher's last list, which the new one succeeds; None for a first version.
        retired: Keys of `previous` that the new list no longer has, where their signatures are needed.

    Raises:
        MalformedError: A claim or entry does not load (its place is in the message), or the result would not;
            `entry-twice`: two entries are of one jurisdiction.
        VerificationError: A claim is not signed by its publisher, or an entry not by a registrar of its own.
        RefusedError: `claims-missing`; `claim-stale`; `claim-jurisdictions`: a claim about several jurisdictions;
            `claims-conflict`: two that say different things of one item; `entry-exceeded`: a claim says more of a
            jurisdiction than its entry; `attester-other`: as `compare_attesters`; `chain-unknown`: a chain of the
            policy that nobody names; `publisher-keys`: keys of several holders, or of another than `previous` has.
            Or as `ledger.core.pinning.succeed`.
    """
    publisher = _holder_of([*keys, *retired])
    united: dict[str, dict[str, tuple[str, Json]]] = {member: {} for member in _UNITED}
    foreign: dict[tuple[str, ...], Json] = {}
    read: list[TrustList] = []
    for number, claim in enumerate(claims, 1):
        listed, claimed = _read_claim(claim, number, now)
        _unite(united, listed.publisher.id, claimed)
        read.append(listed)
        foreign |= _foreign(claimed, listed)
    kept = sorted((_read_entry(data, number) for number, data in enumerate(entries, 1)), key=_jurisdiction)
    for entry in kept:
        _unite(united, f"the entry of {entry.jurisdiction}", dict(entry.statement.subject))
    known = _known_sources(read, kept)
    if not claims and not entries:
        raise RefusedError(
            "no claim is given; a trust list that believes nobody verifies nothing", code="claims-missing"
        )
    last = None if previous is None else parse_trust_list(previous)
    document: dict[str, Json] = {
        **_decided(publisher, keys, policy, now, last),
        "foreign": [item for (*_, source), item in sorted(foreign.items()) if source in known],
        "entries": [entry.statement.document for entry in kept],
    }
    for member, items in united.items():
        document[member] = [item for _, (_, item) in sorted(items.items())]
    document["chains"] = _of_jurisdictions(document["chains"], policy.jurisdictions)
    signed = sign_trust_list(document, {key.id: key.private for key in [*keys, *retired]})
    made = parse_trust_list(signed)
    require_within_entries(made)
    compare_attesters(made, policy.attesters)
    if last is not None:
        # The same rule by which those who pinned the last list will judge this one.
        succeed(last, made)
    return signed


def _decided(
    publisher: str, keys: Sequence[HolderKey], policy: Policy, now: int, last: TrustList | None
) -> dict[str, Json]:
    """The members in which nobody but the publisher has a say."""
    decided: dict[str, Json] = {
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
        "require": dict(REQUIRE if policy.require is None else policy.require),
    }
    return decided if last is None else {**decided, "prev": last.list_hash.hex()}


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


def _read_entry(data: bytes, number: int) -> Entry:
    try:
        return read_entry(data)
    except LedgerError as error:
        error.args = (f"entry {number}: {error}",)
        raise


def _jurisdiction(entry: Entry) -> str:
    return entry.jurisdiction


def _unite(united: dict[str, dict[str, tuple[str, Json]]], publisher: str, document: Json) -> None:
    """Add what `publisher` names; the same item from two of them must be the same to the last member."""
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


def _foreign(document: Json, listed: TrustList) -> dict[tuple[str, ...], Json]:
    """What a claim says that its own chains hold of others; of another chain than its own it has no say.

    Only of the one contract that keeps to its rules: by other code anything can be held.
    """
    code = "0x" + load_artifact("ForeignCheckpoints").runtime_code_hash.hex()
    return {
        tuple(str(item[name]) for name in ("chain", "contract", "sourceId")): item
        for item in _items(document, "foreign")
        if item["chain"] in listed.chains and item["codeHash"] == code
    }


def _known_sources(claims: Sequence[TrustList], entries: Sequence[Entry]) -> set[str]:
    """Sources whose chain and first set, of attesters or validators, are listed: others are nobody's the list knows."""
    listed = [*(one.chains for one in claims), *(one.listed.chains for one in entries)]
    return {"0x" + source.hex() for chains in listed for one in chains.values() for source in sources_of(one)}


def _of_jurisdictions(chains: Json, jurisdictions: Mapping[str, str]) -> list[Json]:
    """The chains, with the jurisdictions that the publisher gives them."""
    listed = _items({"chains": chains}, "chains")
    unknown = sorted({*jurisdictions} - {str(one["chain"]) for one in listed})
    if unknown:
        raise RefusedError(f"no claim and no entry names the chain {unknown[0]}", code="chain-unknown")
    return [
        {**one, "jurisdiction": jurisdictions[name]} if (name := str(one["chain"])) in jurisdictions else one
        for one in listed
    ]


def _items(document: Json, member: str) -> list[dict[str, Json]]:
    assert isinstance(document, dict)
    items = document[member]
    if not isinstance(items, list):
        raise MalformedError(f"claim has no list of {member}")
    return [item for item in items if isinstance(item, dict)]
