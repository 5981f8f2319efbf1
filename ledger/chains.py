"""The chains that a node's settings name: those its log is anchored on, and partners' that it reads itself.

    [chain]
    kind = "rpc"
    urls = ["http://127.0.0.1:8545", "http://127.0.0.1:8546"]
    id = 31001
    anchor = "0x…"
    foreign = "0x…"
    period = 10
    confirmations = 12
    consensus = "attested"

    [[chain.attesters]]
    epoch = 1
    from = 0
    threshold = 2
    members = [{address = "0x…", organisation = "did:web:registry.example.xb"}, …]

    [[chain.validators]]
    epoch = 1
    from = 0
    members = ["0x…", …]

    [[observed]]
    partner = "XA"
    chain = 31001
    urls = ["http://127.0.0.1:8547", "http://127.0.0.1:8548"]

Further chains stand in `[[chains]]`, with the members of `[chain]`.

Source: docs/operations.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, Literal

from ledger.errors import SetupError
from ledger.statements.fields import COUNTRY, DID, Code, Integer, Text
from ledger.statements.shape import Array, Object, Shape, problems

DEFAULT_PERIOD: Final = 10
"""Seconds between anchors while the log grows."""
MOST_URLS: Final = 8
MOST_CHAINS: Final = 8
_LONGEST_NAME: Final = 80
FEWEST_ORGANISATIONS: Final = 2
"""Organisations that must at least attest a block: one that lies, or is lied to, must not be enough."""

Consensus = Literal["operator", "attested", "qbft"]

_PERIODS: Final = Integer(1, 86_400)
_CHAIN_IDS: Final = Integer(1, 2**53 - 1)
_CONFIRMATIONS: Final = Integer(0, 10_000)
_BLOCKS: Final = Integer(0, 2**53 - 1)
_URL: Final = Text("an address, http://… or https://…", r"https?://[!-~]{1,2000}", 2048, screened=False)
_URLS: Final = Array(_URL, 1, MOST_URLS)
_ADDRESS: Final = Text("an address, 0x and 40 lower-case hex digits", r"0x[0-9a-f]{40}", 42, screened=False)
_ATTESTERS: Final = Array(
    Object(
        {
            "epoch": Integer(1, 2**31),
            "from": _BLOCKS,
            "threshold": Integer(1, 64),
            "members": Array(Object({"address": _ADDRESS, "organisation": DID}), 1, 64, unique="address"),
        }
    ),
    0,
    256,
)
_VALIDATORS: Final = Array(
    Object({"epoch": Integer(1, 2**31), "from": _BLOCKS, "members": Array(_ADDRESS, 1, 64)}), 0, 256
)
_OPTIONAL: Final[Mapping[str, Shape]] = {"period": _PERIODS, "attesters": _ATTESTERS}
_EMBEDDED: Final = Object({"kind": Code("kinds", frozenset({"embedded"})), "id": _CHAIN_IDS}, _OPTIONAL)
_RPC: Final = Object(
    {"kind": Code("kinds", frozenset({"rpc"})), "urls": _URLS, "id": _CHAIN_IDS},
    {
        **_OPTIONAL,
        "anchor": _ADDRESS,
        "foreign": _ADDRESS,
        "confirmations": _CONFIRMATIONS,
        "consensus": Code("kinds of consensus", frozenset({"operator", "attested", "qbft"})),
        "validators": _VALIDATORS,
    },
)
_OBSERVED: Final = Object(
    {"partner": COUNTRY, "chain": _CHAIN_IDS, "urls": _URLS}, {"confirmations": _CONFIRMATIONS}
)


@dataclass(frozen=True, slots=True)
class AttesterMember:
    """Who attests: an address, `0x…`, and the organisation it counts for."""

    address: str
    organisation: str


@dataclass(frozen=True, slots=True)
class AttesterSet:
    """Those whose word on a block counts from block `start` on, `threshold` organisations of them."""

    epoch: int
    start: int
    threshold: int
    members: tuple[AttesterMember, ...]


@dataclass(frozen=True, slots=True)
class ValidatorSet:
    """Those who seal blocks from block `start` on, by their addresses, `0x…`."""

    epoch: int
    start: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EmbeddedSettings:
    """A development chain inside the node's process, run by the operator: adds no independence."""

    id: int
    period: int = DEFAULT_PERIOD
    attesters: tuple[AttesterSet, ...] = ()

    def __post_init__(self) -> None:
        _require(_EMBEDDED, _table(self), "chain")
        _require_attesters(self.attesters)

    @property
    def consensus(self) -> Consensus:
        """Who vouches for its blocks."""
        return "attested" if self.attesters else "operator"


@dataclass(frozen=True, slots=True)
class RpcSettings:
    """A chain reached over JSON-RPC.

    Attributes:
        urls: Where, one or more nodes of it; may hold access tokens, so they are never shown.
        id: EIP-155 chain id that the nodes there must have.
        anchor: Address of the deployed anchor contract; None until `evidence chain deploy`.
        confirmations: Blocks on top that make one final, for a chain that knows no `finalized` block; None asks it.
        consensus: Who vouches for its blocks.
        foreign: Address of the contract there that holds other jurisdictions' checkpoints; None where there is none.
    """

    urls: tuple[str, ...] = field(repr=False)
    id: int
    anchor: str | None = None
    period: int = DEFAULT_PERIOD
    confirmations: int | None = None
    consensus: Consensus = "operator"
    attesters: tuple[AttesterSet, ...] = ()
    validators: tuple[ValidatorSet, ...] = ()
    foreign: str | None = None

    def __post_init__(self) -> None:
        _require(_RPC, _table(self), "chain")
        _require_attesters(self.attesters)
        _require_ascending(self.validators, "chain.validators")
        for one in self.validators:
            if len(set(one.members)) != len(one.members):
                raise invalid_setting("chain.validators", "has a member twice")
        wanted = {"attested": self.attesters, "qbft": self.validators}
        if not wanted.get(self.consensus, (None,)):
            raise invalid_setting("chain.consensus", f'is "{self.consensus}" and nobody is named who vouches')


@dataclass(frozen=True, slots=True)
class Observed:
    """A partner's chain that this node reads itself: to attest its blocks, and to relay from it.

    Attributes:
        partner: Its jurisdiction.
        chain: EIP-155 chain id.
        urls: Of its JSON-RPC; never shown.
        confirmations: As of `RpcSettings`.
    """

    partner: str
    chain: int
    urls: tuple[str, ...] = field(repr=False)
    confirmations: int | None = None

    def __post_init__(self) -> None:
        _require(_OBSERVED, _observed_table(self), "observed")


ChainSettings = EmbeddedSettings | RpcSettings


def read_chain(value: object, name: str) -> ChainSettings:
    """One chain of a settings file.

    Args:
        value: The table as TOML has it.
        name: Of the member, for messages.

    Raises:
        SetupError: `settings-invalid`, naming the member.
    """
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind not in {"embedded", "rpc"}:
        raise invalid_setting(f"{name}.kind", 'must be "embedded" or "rpc"')
    assert isinstance(value, dict)
    _require(_EMBEDDED if kind == "embedded" else _RPC, value, name)
    attesters = tuple(map(_attester_set, value.get("attesters", ())))
    period = value.get("period", DEFAULT_PERIOD)
    if kind == "embedded":
        return EmbeddedSettings(value["id"], period, attesters)
    return RpcSettings(
        tuple(value["urls"]),
        value["id"],
        value.get("anchor"),
        period,
        value.get("confirmations"),
        value.get("consensus", "operator"),
        attesters,
        tuple(
            ValidatorSet(one["epoch"], one["from"], tuple(one["members"]))
            for one in value.get("validators", ())
        ),
        value.get("foreign"),
    )


def read_further(value: object) -> tuple[RpcSettings, ...]:
    """The member `chains` of a settings file."""
    assert isinstance(value, list)
    found = tuple(read_chain(one, f"chains.{number}") for number, one in enumerate(value))
    if any(isinstance(one, EmbeddedSettings) for one in found):
        raise invalid_setting(
            "chains", 'has one of kind "embedded", of which a node has one at most, its first'
        )
    return tuple(one for one in found if isinstance(one, RpcSettings))


def read_observed(value: object) -> tuple[Observed, ...]:
    """The member `observed` of a settings file."""
    _require(Array(_OBSERVED, 0, 64), value, "observed")
    assert isinstance(value, list)
    return tuple(
        Observed(one["partner"], one["chain"], tuple(one["urls"]), one.get("confirmations")) for one in value
    )


def check_chains(operator: str, first: ChainSettings, further: Sequence[ChainSettings]) -> None:
    """What concerns the chains of one node together.

    Raises:
        SetupError: `settings-invalid`: a chain stands twice, there are too many, or the operator attests itself.
    """
    ids = [one.id for one in (first, *further)]
    if len(ids) > MOST_CHAINS:
        raise invalid_setting("chains", f"are {len(ids)} with the first; at most {MOST_CHAINS}")
    if len(set(ids)) != len(ids):
        raise invalid_setting("chains", "has a chain twice")
    for chain in (first, *further):
        for one in chain.attesters:
            if operator in {member.organisation for member in one.members}:
                raise invalid_setting(
                    "chain.attesters", "names the operator, whose own word is no attestation"
                )


def chain_lines(chain: ChainSettings, name: str) -> Iterator[str]:
    """The lines of a settings file that `read_chain` reads, under the heading of `name`."""
    table = _table(chain)
    if isinstance(chain, EmbeddedSettings):
        yield "# A development chain, run by the operator: adds no independence."
    for member in ("kind", "urls", "id", "anchor", "foreign", "confirmations", "consensus"):
        if member in table:
            yield f"{member} = {toml(table[member])}"
    yield "# Seconds between anchors while the log grows."
    yield f"period = {chain.period}"
    for part in ("attesters", "validators"):
        for one in table.get(part, ()):
            yield from ("", f"[[{name}.{part}]]")
            yield from (f"{member} = {toml(value)}" for member, value in one.items())


def observed_lines(observed: Sequence[Observed]) -> Iterator[str]:
    """The lines of a settings file that `read_observed` reads."""
    for one in observed:
        yield from ("", "[[observed]]")
        yield from (f"{member} = {toml(value)}" for member, value in _observed_table(one).items())


def _table(chain: ChainSettings) -> dict[str, Any]:
    """A chain as its table in a settings file; members at their defaults are left out."""
    table: dict[str, Any] = {"kind": "embedded", "id": chain.id, "period": chain.period}
    if isinstance(chain, RpcSettings):
        table |= {"kind": "rpc", "urls": list(chain.urls)}
        table |= {} if chain.consensus == "operator" else {"consensus": chain.consensus}
        given = {"anchor": chain.anchor, "foreign": chain.foreign, "confirmations": chain.confirmations}
        table |= {name: value for name, value in given.items() if value is not None}
        if chain.validators:
            table["validators"] = [
                {"epoch": one.epoch, "from": one.start, "members": list(one.members)}
                for one in chain.validators
            ]
    if chain.attesters:
        table["attesters"] = [
            {
                "epoch": one.epoch,
                "from": one.start,
                "threshold": one.threshold,
                "members": [
                    {"address": each.address, "organisation": each.organisation} for each in one.members
                ],
            }
            for one in chain.attesters
        ]
    return table


def _observed_table(one: Observed) -> dict[str, Any]:
    table: dict[str, Any] = {"partner": one.partner, "chain": one.chain, "urls": list(one.urls)}
    return table if one.confirmations is None else {**table, "confirmations": one.confirmations}


def _attester_set(value: dict[str, Any]) -> AttesterSet:
    members = tuple(AttesterMember(one["address"], one["organisation"]) for one in value["members"])
    return AttesterSet(value["epoch"], value["from"], value["threshold"], members)


def _require_attesters(sets: Sequence[AttesterSet]) -> None:
    _require_ascending(sets, "chain.attesters")
    for one in sets:
        organisations = len({member.organisation for member in one.members})
        if organisations < FEWEST_ORGANISATIONS or one.threshold < FEWEST_ORGANISATIONS:
            raise invalid_setting(
                "chain.attesters",
                f"asks {one.threshold} of {organisations} organisations; at least {FEWEST_ORGANISATIONS} must sign,"
                " since one that lies, or is lied to, must not be enough",
            )
        if not organisations < 2 * one.threshold <= 2 * organisations:
            raise invalid_setting(
                "chain.attesters",
                f"asks {one.threshold} of {organisations} organisations; more than half must sign, and not more than"
                " there are",
            )


def _require_ascending(sets: Sequence[AttesterSet | ValidatorSet], name: str) -> None:
    for before, after in pairwise(sets):
        if before.epoch >= after.epoch or before.start >= after.start:
            raise invalid_setting(name, "must have ascending epochs and first blocks")


def _require(shape: Shape, value: object, name: str) -> None:
    for problem in problems(shape, value, ""):
        where = name + problem.pointer.replace("/", ".")
        if problem.code == "member-unknown":
            raise invalid_setting(where, "is not a setting")
        if problem.code == "member-missing":
            raise invalid_setting(where, "is missing")
        raise invalid_setting(where, f"does not fit: {problem.detail}")


def invalid_setting(name: str, fault: str) -> SetupError:
    """The error about a member of a settings file.  Long or odd names come from a file that may be anything."""
    shown = name if len(name) <= _LONGEST_NAME and name.isprintable() else "a member"
    return SetupError(f"setting {shown} {fault}", code="settings-invalid")


def toml(value: object) -> str:
    """A value in TOML; texts here are printable ASCII, so two characters are all that must be escaped."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {toml(item)}" for name, item in value.items()) + "}"
    return str(value)
