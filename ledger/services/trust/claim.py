"""A node's claim: the trust list in which it names itself, for others to compose their own lists from.

It names the node's registrar and authorities, its log and chain, says what the jurisdiction asks of evidence, and is
signed by the operator.  It proves nothing about the operator: whoever takes it up compares its fingerprint first.

Source: docs/spec/trust-list.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.authorities import Authority
from ledger.chains import AttesterSet, ChainSettings, RpcSettings
from ledger.core.canonical import TRUST_LIMIT, Json, decode
from ledger.core.note import EXPERIMENTAL, encode_vkey
from ledger.core.times import format_time
from ledger.core.trust import parse_trust_list, sign_trust_list
from ledger.core.trust.values import ForeignSource
from ledger.errors import LedgerError, SetupError
from ledger.services.files import exists, read_bounded
from ledger.services.home.folder import Home

LIFE: Final = 90 * 86_400
"""Seconds from `issued` to `nextUpdate`."""
RENEWAL: Final = 30 * 86_400
"""A claim with fewer seconds left is issued anew."""
REQUIRE: Final[Mapping[str, Json]] = {
    "Accreditation": {},
    "ConformityCertificate": {},
    "DatasetRegistration": {},
    "Decision": {},
    "Endorsement": {},
    "IdentityRecognition": {},
    "JurisdictionEntry": {},
    "LogSuccession": {},
    "MeasureReview": {},
    "Observation": {},
    "PolicyMeasure": {},
    "Recognition": {},
    "RecognitionArrangement": {},
    "StatusChange": {},
    "StatusList": {},
    "TransferRecord": {"steps": [1, 3, 4, 5, 6, 7, 9]},
}
"""What is asked of each type of subject unless a publisher says otherwise."""

_OF_ITS_VERSION: Final = frozenset({"version", "prev", "issued", "nextUpdate", "signatures"})


@dataclass(frozen=True, slots=True)
class ChainIdentity:
    """The chain a node anchors to, as everybody can check it.

    Attributes:
        id: EIP-155 chain id.
        genesis: Hash of its first block, 32 bytes.
        anchor: Address of the contract, 20 bytes.
        code_hash: Keccak-256 of the contract's runtime code, 32 bytes.
    """

    id: int
    genesis: bytes
    anchor: bytes
    code_hash: bytes


def claim_of(
    home: Home,
    *chains: ChainIdentity | None,
    now: int,
    previous: bytes | None = None,
    foreign: Sequence[ForeignSource] = (),
) -> bytes:
    """The node's claim, valid now.

    Args:
        home: Whose settings and keys it states.
        chains: Each as it was found on the chain itself; none, or None, while the node has no anchor contract yet.
        now: POSIX seconds.
        previous: The claim issued last, if there is one.
        foreign: Sources whose checkpoints contracts on these chains hold.

    Returns:
        `previous` itself while it says the same and has `RENEWAL` seconds left; else its next version.

    Raises:
        SetupError: `claim-invalid`: the last claim is not one, is another publisher's, or is signed by a key this
            home no longer has.
    """
    body = _body(home, [one for one in chains if one is not None], foreign)
    if previous is None:
        return _issue(body, home, version=1, prev=None, now=now)
    try:
        last = parse_trust_list(previous)
    except LedgerError as error:
        raise SetupError(f"the claim issued last does not load: {error}", code="claim-invalid") from None
    key = last.publisher.keys.get(home.keys.publisher.id)
    if last.publisher.id != home.settings.operator or key != home.keys.publisher.private.public:
        raise SetupError(
            f"the claim issued last is of {last.publisher.id}, or of a key that this home does not have",
            code="claim-invalid",
        )
    if _content(previous) == body and last.issued <= now < last.next_update - RENEWAL:
        return previous
    return _issue(body, home, version=last.version + 1, prev=last.list_hash, now=now)


def _issue(body: Mapping[str, Json], home: Home, *, version: int, prev: bytes | None, now: int) -> bytes:
    document: dict[str, Json] = {
        **body,
        "version": version,
        "issued": format_time(now),
        "nextUpdate": format_time(now + LIFE),
    }
    if prev is not None:
        document["prev"] = prev.hex()
    key = home.keys.publisher
    return sign_trust_list(document, {key.id: key.private})


def _content(claim: bytes) -> dict[str, Any]:
    """What a list says, without what every version changes."""
    document = decode(claim, limit=TRUST_LIMIT, what="claim")
    assert isinstance(document, dict)  # it loaded as a trust list
    return {name: value for name, value in document.items() if name not in _OF_ITS_VERSION}


def _body(home: Home, chains: Sequence[ChainIdentity], foreign: Sequence[ForeignSource]) -> dict[str, Json]:
    settings, keys = home.settings, home.keys
    told = {one.id: one for one in (settings.chain, *settings.chains)}
    # Head keys have a list of their own; the note's third line is known by the address.
    vkeys = [encode_vkey(vkey) for vkey in home.log_signer().vkeys if vkey.type != EXPERIMENTAL]
    earlier = _earlier(home)
    own = {f"eip155:{one.id}" for one in chains}
    return {
        "format": "evidence-trust/1",
        "publisher": {
            "id": settings.operator,
            "threshold": 1,
            "keys": [{"id": keys.publisher.id, "publicKeyMultibase": keys.publisher.multikey}],
        },
        "authorities": [
            {
                "id": settings.registrar,
                "jurisdiction": settings.jurisdiction,
                "roles": ["registrar"],
                "keys": [
                    {
                        "id": keys.registrar.id,
                        "publicKeyMultibase": keys.registrar.multikey,
                        "from": format_time(settings.founded),
                        "until": format_time(settings.registrar_key_until),
                    }
                ],
            },
            *(_authority(one, settings.jurisdiction) for one in settings.authorities),
        ],
        "logs": [
            {
                "origin": settings.origin,
                "jurisdiction": settings.jurisdiction,
                "operator": settings.operator,
                "vkeys": list(vkeys),
                "headKeys": [{"address": keys.head.public}],
            },
            *(one for one in earlier["logs"] if one["origin"] != settings.origin),
        ],
        "witnesses": [{"vkey": encode_vkey(home.witness_vkey()), "organisation": settings.operator}],
        "chains": [
            *(_chain(one, told.get(one.id, settings.chain), home) for one in chains),
            *(one for one in earlier["chains"] if one["chain"] not in own),
        ],
        "foreign": [_foreign(one) for one in foreign],
        "entries": [],
        "require": dict(REQUIRE),
    }


def _earlier(home: Home) -> Mapping[str, Any]:
    """Logs and chains that the claim goes on naming: what they showed is evidence still."""
    if not exists(home.predecessor):
        return {"logs": (), "chains": ()}
    claim = read_bounded(home.predecessor, limit=TRUST_LIMIT, what="claim")
    parse_trust_list(claim)
    return _content(claim)


def _authority(authority: Authority, jurisdiction: str) -> dict[str, Json]:
    keys: list[Json] = []
    for key in authority.keys:
        listed: dict[str, Json] = {
            "id": key.id,
            "publicKeyMultibase": key.multikey,
            "from": format_time(key.begins),
            "until": format_time(key.ends),
        }
        if key.revoked_at is not None:
            listed["revoked"] = {"at": format_time(key.revoked_at), "reason": str(key.revoked_reason)}
        keys.append(listed)
    return {"id": authority.id, "jurisdiction": jurisdiction, "roles": list(authority.roles), "keys": keys}


def _chain(chain: ChainIdentity, settings: ChainSettings, home: Home) -> dict[str, Json]:
    validators = settings.validators if isinstance(settings, RpcSettings) else ()
    return {
        "chain": f"eip155:{chain.id}",
        "genesis": "0x" + chain.genesis.hex(),
        "anchor": "0x" + chain.anchor.hex(),
        "codeHash": "0x" + chain.code_hash.hex(),
        "consensus": settings.consensus,
        "operator": {"key": home.keys.finality.public, "organisation": home.settings.operator},
        "attesters": [_attesters(one) for one in settings.attesters],
        "validators": [
            {"epoch": one.epoch, "from": one.start, "members": list(one.members)} for one in validators
        ],
    }


def _foreign(source: ForeignSource) -> dict[str, Json]:
    return {
        "chain": source.chain,
        "contract": "0x" + source.contract.hex(),
        "codeHash": "0x" + source.code_hash.hex(),
        "sourceId": "0x" + source.source_id.hex(),
    }


def _attesters(one: AttesterSet) -> dict[str, Json]:
    members: list[Json] = [
        {"address": each.address, "organisation": each.organisation} for each in one.members
    ]
    return {"epoch": one.epoch, "from": one.start, "threshold": one.threshold, "members": members}
