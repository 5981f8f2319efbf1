"""What a trust list says, read and checked.

Times are POSIX seconds; addresses are 20 bytes, hashes and roots 32.  The parts are named tuples rather than
dataclasses because making a dozen dataclasses takes a seventh of the verifier's whole start.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from ledger.core.evm.anchor import set_id
from ledger.core.note import VKey
from ledger.core.suites import PublicKey

Consensus = Literal["operator", "attested", "qbft"]
Finality = Literal["operator", "attested", "sealed"]

DEFAULT_STEPS: Final = (1, 3, 4, 5, 6, 7)


class Publisher(NamedTuple):
    """Who signs the list.

    Attributes:
        id: Never changes from version to version.
        threshold: How many of the keys must sign, at least 1.
        keys: By key id (`#…`); no two are the same key.
    """

    id: str
    threshold: int
    keys: Mapping[str, PublicKey]


class AuthorityKey(NamedTuple):
    """A key of an authority, for statements with `valid_from` <= created < `valid_until`.

    Attributes:
        revoked_at: Only statements proven earlier than this count; None where the key is not revoked.
        revoked_reason: As the publisher words it.
    """

    id: str
    key: PublicKey
    valid_from: int
    valid_until: int
    revoked_at: int | None = None
    revoked_reason: str | None = None


class Authority(NamedTuple):
    """Somebody whose word counts in one jurisdiction, for some roles."""

    id: str
    jurisdiction: str
    roles: frozenset[str]
    keys: Mapping[str, AuthorityKey]


class HeadStart(NamedTuple):
    """Where a later head key takes over.

    Attributes:
        size: From here on the new key counts.
        root: Root of the log at `size`.
        last: Last size anchored under the key before, which counts up to here only.
    """

    size: int
    root: bytes
    last: int


class HeadKey(NamedTuple):
    """One key of a log for `Head` signatures, by its address; the first of a log has no `start`."""

    address: bytes
    start: HeadStart | None = None


class LogKeys(NamedTuple):
    """A log and the keys it signs checkpoints with.

    Attributes:
        operator: Organisation id; its witnesses do not count for this log.
        vkeys: Ed25519 (0x01) and ML-DSA-44 (0x06), at least one of each, all named by the origin.
        head_keys: In the order they came into use, at least one.
    """

    origin: str
    jurisdiction: str
    operator: str
    vkeys: tuple[VKey, ...]
    head_keys: tuple[HeadKey, ...]


class WitnessKey(NamedTuple):
    """A witness's key (type 0x04 or 0x06) and the organisation it counts for."""

    vkey: VKey
    organisation: str


_set_id = lru_cache(maxsize=256)(set_id)
"""Ids of sets as they stand in trust lists, asked for again with every anchor."""


class Signers(NamedTuple):
    """A set of addresses that vouch for a chain's blocks.

    Attributes:
        epoch: Number of the set; 0 for the operator.
        start: First block it vouches for.
        threshold: How many must sign.
        members: Distinct addresses.
        organisations: Organisation id of each member; none for validators.
    """

    epoch: int
    start: int
    threshold: int
    members: tuple[bytes, ...]
    organisations: tuple[str, ...]

    @property
    def set_id(self) -> bytes:
        """The `setId` of the claims they sign; not for validators, who sign headers."""
        return _set_id(self.members, self.organisations, self.threshold)


class Chain(NamedTuple):
    """A chain, the anchor contract on it, and who vouches for its blocks.

    Attributes:
        id: CAIP-2, such as `eip155:31001`; `number` is the part after the colon.
        genesis: Hash of its first block.
        code_hash: Keccak-256 of the anchor's runtime code.
        operator: One member with threshold 1, where the list names one.
        attesters: By epoch, ascending.
        validators: By epoch, ascending.
        jurisdiction: Whose chain it is, where the list's publisher says so; counted where several chains are required.
    """

    id: str
    number: int
    genesis: bytes
    anchor: bytes
    code_hash: bytes
    consensus: Consensus
    operator: Signers | None
    attesters: tuple[Signers, ...]
    validators: tuple[Signers, ...]
    jurisdiction: str | None = None


class ForeignSource(NamedTuple):
    """A contract on another jurisdiction's chain that holds checkpoints of the source `source_id`."""

    chain: str
    contract: bytes
    code_hash: bytes
    source_id: bytes


class ChainQuorum(NamedTuple):
    """On how many chains a section must be anchored, each in another jurisdiction.

    Attributes:
        threshold: Distinct jurisdictions, at least 1 and no more than `among` has.
        among: CAIP-2 ids of listed chains; no other chain counts.
    """

    threshold: int
    among: tuple[str, ...]


class Requirement(NamedTuple):
    """What the list asks of a bundle whose subject has one type.

    Attributes:
        steps: Numbers of the steps that must pass, ascending.
        quorum: Witness organisations that must have cosigned; 0 asks for none.
        finality: The least that must vouch for the anchor's block.
        chains: On which chains a section must be anchored; None where one that is listed will do.
    """

    steps: tuple[int, ...] = DEFAULT_STEPS
    quorum: int = 0
    finality: Finality = "operator"
    chains: ChainQuorum | None = None


class TrustList(NamedTuple):
    """Whom a verifier believes, and what it requires.

    Attributes:
        encoded: The canonical bytes it was read from.
        list_hash: SHA-256 of them without the signatures: the fingerprint, `previous` of the next version.
        previous: `list_hash` of the version before; None in version 1.
        authorities: By id.
        logs: By origin.
        chains: By CAIP-2 id.
        entries: Canonical bytes of each JurisdictionEntry statement, not verified.
        require: By statement type.
        signatures: (key id, `z…` text) in the order they stand, those of unknown keys included.
    """

    encoded: bytes
    list_hash: bytes
    version: int
    previous: bytes | None
    issued: int
    next_update: int
    publisher: Publisher
    authorities: Mapping[str, Authority]
    logs: Mapping[str, LogKeys]
    witnesses: tuple[WitnessKey, ...]
    chains: Mapping[str, Chain]
    foreign: tuple[ForeignSource, ...]
    entries: tuple[bytes, ...]
    require: Mapping[str, Requirement]
    signatures: tuple[tuple[str, str], ...]

    def log(self, origin: str) -> LogKeys | None:
        """The log of this origin, None where the list does not name it."""
        return self.logs.get(origin)

    def chain(self, caip2: str) -> Chain | None:
        """The chain of this CAIP-2 id, None where the list does not name it."""
        return self.chains.get(caip2)

    def authority(self, id: str) -> Authority | None:  # noqa: A002
        """The authority of this id, None where the list does not name it."""
        return self.authorities.get(id)

    def requirement(self, type: str) -> Requirement | None:  # noqa: A002
        """What is required of a subject of this type; None where the list requires nothing of it."""
        return self.require.get(type)
