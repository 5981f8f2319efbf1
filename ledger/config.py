"""Settings of a node: `node.toml`, and the few that the environment may override.

Read by the composition roots alone; everything below them takes values as parameters.

    format = "evidence-node/1"
    jurisdiction = "XA"
    origin = "registry.example.xa/XA/2026"
    operator = "did:web:registry.example.xa"
    registrar = "did:web:registrar.example.xa"
    founded = "2026-11-22T04:00:00Z"
    registrar-key-until = "2031-11-21T04:00:00Z"
    port = 8151
    workers = 2
    address = "https://registry.example.xa"
    partner-period = 60
    quorum = 2
    relay = true
    database = "postgresql+psycopg://evidence@db.example.xa/ledger"

    [chain]
    kind = "embedded"
    id = 1500000001
    period = 10

How it listens, chains, authorities and rules follow, see `ledger.listening`, `ledger.chains`, `ledger.authorities` and
`ledger.ruling`.  The
environment: `EVIDENCE_PORT`, `EVIDENCE_WORKERS`, `EVIDENCE_RPC_URL` (with `kind = "rpc"`; several, with spaces),
`EVIDENCE_ANCHOR_PERIOD`, `EVIDENCE_PARTNER_PERIOD` and `DATABASE_URL`
(`postgresql+psycopg://user:password@host/database`), which is better than the member `database` where a password is in
it.

Source: docs/operations.md.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

from ledger.authorities import Authority, authority_lines, read_authorities
from ledger.chains import (
    ChainSettings,
    Observed,
    RpcSettings,
    chain_lines,
    check_chains,
    invalid_setting,
    observed_lines,
    read_chain,
    read_further,
    read_observed,
    toml,
)
from ledger.core.times import format_time, parse_time
from ledger.errors import MalformedError, SetupError
from ledger.listening import Listening, listening_lines
from ledger.ruling import Ruling, read_ruling, ruling_lines
from ledger.statements.fields import COUNTRY, DID, Text
from ledger.statements.shape import Shape, problems

FORMAT: Final = "evidence-node/1"
LIMIT: Final = 64 * 1024
"""Most bytes read of a settings file."""
DEFAULT_PORT: Final = 8151
DEFAULT_PARTNER_PERIOD: Final = 60
"""Seconds between two times that partners' nodes are asked for what concerns this jurisdiction."""
UNPROVEN: Final = "EVIDENCE_UNPROVEN"
"""Set to 1 by `evidence node serve --unproven`, for its own process."""
ROLE: Final = "EVIDENCE_ROLE"
"""Set by `evidence node serve --role`, for its own process."""
READS: Final = "EVIDENCE_READS"
"""Set by `evidence node serve` to what it found of `reads`, for its own process."""
KEY_LIFE: Final = 5 * 365 * 86_400
"""Seconds for which the registrar's first key is made."""

_PORTS: Final = range(1, 2**16)
_WORKERS: Final = range(65)
_PERIODS: Final = range(1, 86_401)
_QUORUMS: Final = range(65)
_FIRST_EMBEDDED_ID: Final = 2**30
_AUTHORITY: Final = Text(
    "a host name, e.g. registry.example.xa", r"[a-z0-9](?:[a-z0-9.-]{0,198}[a-z0-9])?", 200
)
_ORIGIN: Final = Text(
    "an origin, authority/jurisdiction/shard", r"[a-z0-9.-]{1,200}/[A-Z]{2}/[A-Za-z0-9.-]{1,32}", 255
)
_DATABASE: Final = Text(
    "an address, postgresql+psycopg://user@host/database",
    r"postgresql\+psycopg://[!-~]{1,2000}",
    2048,
    screened=False,
)
_URL: Final = Text("an address, http://… or https://…", r"https?://[!-~]{1,2000}", 2048, screened=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a node is, and where it listens.

    Attributes:
        jurisdiction: ISO 3166-1 alpha-2, or XA to XZ for tests.
        origin: Name of the log, `<authority>/<jurisdiction>/<year>`.
        operator: DID of the organisation that runs the node; also publishes its claim.
        registrar: DID of the authority that enrols parties here.
        founded: POSIX seconds: the registrar's first key counts from here; time of an embedded chain's first block.
        registrar_key_until: POSIX seconds at which that key ends.
        port: TCP port on the loopback interface.
        workers: Processes that check the signatures of streams; 0: none; None: as many as there are processors.
        address: Where others reach the node, as its entry tells them; None: it does not say.
        partner_period: Seconds between two times that partners' nodes are asked.
        authorities: Whom the node's claim names beside the registrar.
        chain: The first chain that the log is anchored on.
        chains: Further ones.
        quorum: Witness organisations that should have cosigned what is exported; 0 asks for none.
        observed: Partners' chains that this node reads itself.
        relay: Whether a serving node carries partners' checkpoints to its own chain.
        database: Address of the database that keeps the log; None: `ledger.sqlite` in the home.
        listening: How it listens, and who may read.
        ruling: What it asks the measures of its log.
    """

    jurisdiction: str
    origin: str
    operator: str
    registrar: str
    founded: int
    registrar_key_until: int
    chain: ChainSettings
    port: int = DEFAULT_PORT
    workers: int | None = None
    address: str | None = None
    partner_period: int = DEFAULT_PARTNER_PERIOD
    authorities: tuple[Authority, ...] = ()
    chains: tuple[RpcSettings, ...] = ()
    quorum: int = 0
    observed: tuple[Observed, ...] = ()
    relay: bool = True
    database: str | None = field(default=None, repr=False)  # may hold a password
    listening: Listening = field(default_factory=Listening)
    ruling: Ruling = field(default_factory=Ruling)

    def __post_init__(self) -> None:
        _require(COUNTRY, self.jurisdiction, "jurisdiction")
        _require(_ORIGIN, self.origin, "origin")
        _require_did_web(self.operator, "operator")
        _require_did_web(self.registrar, "registrar")
        _require_range(self.port, _PORTS, "port")
        if self.workers is not None:
            _require_range(self.workers, _WORKERS, "workers")
        if self.address is not None:
            _require(_URL, self.address, "address")
        _require_range(self.partner_period, _PERIODS, "partner-period")
        if any(one.id == self.registrar for one in self.authorities):
            raise invalid_setting("authorities", "names the registrar, which is none of them")
        _require_range(self.quorum, _QUORUMS, "quorum")
        if self.database is not None:
            _require(_DATABASE, self.database, "database")
        check_chains(self.operator, self.chain, self.chains)
        if any(one.partner == self.jurisdiction for one in self.observed):
            raise invalid_setting(
                "observed", f"names {self.jurisdiction}, this node's own jurisdiction, as a partner"
            )
        if self.origin.split("/")[1] != self.jurisdiction:
            raise invalid_setting("origin", f'names another jurisdiction than "{self.jurisdiction}"')
        if not self.founded < self.registrar_key_until:
            raise invalid_setting("registrar-key-until", "is not after founded")


def origin_of(authority: str, jurisdiction: str, now: int) -> str:
    """The origin of the log that `authority`, a host name, begins in the year of `now`."""
    _require(_AUTHORITY, authority, "authority")
    return f"{authority}/{jurisdiction}/{format_time(now)[:4]}"


def embedded_chain_id(distinct: bytes) -> int:
    """A chain id that no two nodes share but by rare chance, 2^30 to 2^31 - 1.

    Args:
        distinct: What is the node's own, such as an address of one of its keys.
    """
    return _FIRST_EMBEDDED_ID + int.from_bytes(sha256(distinct).digest()[:4]) % _FIRST_EMBEDDED_ID


def encode_settings(settings: Settings) -> str:
    """The text of `node.toml`."""
    lines = [
        "# Settings of this node, read at its start.  Members that are not known are refused.",
        f'format = "{FORMAT}"',
        f'jurisdiction = "{settings.jurisdiction}"',
        f'origin = "{settings.origin}"',
        f'operator = "{settings.operator}"',
        f'registrar = "{settings.registrar}"',
        f'founded = "{format_time(settings.founded)}"',
        f'registrar-key-until = "{format_time(settings.registrar_key_until)}"',
        f"port = {settings.port}",
        *([] if settings.workers is None else [f"workers = {settings.workers}"]),
        *([] if settings.address is None else [f"address = {toml(settings.address)}"]),
        f"partner-period = {settings.partner_period}",
        *([] if settings.quorum == 0 else [f"quorum = {settings.quorum}"]),
        *([] if settings.relay else ["relay = false"]),
        *([] if settings.database is None else [f"database = {toml(settings.database)}"]),
        *listening_lines(settings.listening),
        "",
        "[chain]",
        *chain_lines(settings.chain, "chain"),
    ]
    for one in settings.chains:
        lines += ["", "[[chains]]", *chain_lines(one, "chains")]
    lines += observed_lines(settings.observed)
    lines += authority_lines(settings.authorities)
    lines += ruling_lines(settings.ruling)
    return "\n".join(lines) + "\n"


def parse_settings(data: bytes) -> Settings:
    """Read `node.toml`; the inverse of `encode_settings`.

    Raises:
        SetupError: `settings-invalid`, naming the member.
    """
    try:
        table = tomllib.loads(data.decode())
    except UnicodeDecodeError:
        raise SetupError("node.toml is not UTF-8", code="settings-invalid") from None
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        # The parser's message holds a place and a sentence, never a value.
        raise SetupError(f"node.toml is not TOML: {error}", code="settings-invalid") from None
    members = _Members(table)
    if members.text("format") != FORMAT:
        raise invalid_setting("format", f'must be "{FORMAT}"')
    settings = Settings(
        jurisdiction=members.text("jurisdiction"),
        origin=members.text("origin"),
        operator=members.text("operator"),
        registrar=members.text("registrar"),
        founded=members.time("founded"),
        registrar_key_until=members.time("registrar-key-until"),
        chain=read_chain(members.raw("chain"), "chain"),
        port=members.integer("port", DEFAULT_PORT),
        workers=members.optional_integer("workers"),
        address=members.optional_text("address"),
        partner_period=members.integer("partner-period", DEFAULT_PARTNER_PERIOD),
        authorities=read_authorities(members.tables("authorities")),
        chains=read_further(members.tables("chains")),
        quorum=members.integer("quorum", 0),
        observed=read_observed(members.tables("observed")),
        relay=members.boolean("relay", default=True),
        database=members.optional_text("database"),
        listening=Listening(
            members.optional_text("reads"),
            members.optional_text("certificate"),
            members.optional_text("certificate-key"),
            members.texts("proxy"),
        ),
        ruling=read_ruling(members.raw("rules") if "rules" in members else {}),
    )
    members.require_all_read()
    return settings


def with_environment(settings: Settings, environment: Mapping[str, str]) -> Settings:
    """`settings` with what the environment overrides.

    Args:
        settings: As the file has them.
        environment: Usually `os.environ`.

    Raises:
        SetupError: `settings-invalid`, naming the variable.
    """
    chain = settings.chain
    if (url := environment.get("EVIDENCE_RPC_URL")) is not None:
        if not isinstance(chain, RpcSettings):
            raise SetupError(
                "EVIDENCE_RPC_URL is set, and this node has an embedded chain; unset it",
                code="settings-invalid",
            )
        chain = replace(chain, urls=tuple(url.split()))
    if (period := _integer_of(environment, "EVIDENCE_ANCHOR_PERIOD")) is not None:
        chain = replace(chain, period=period)
    port, workers, partner_period = (
        _integer_of(environment, f"EVIDENCE_{name}") for name in ("PORT", "WORKERS", "PARTNER_PERIOD")
    )
    return replace(
        settings,
        chain=chain,
        port=settings.port if port is None else port,
        workers=settings.workers if workers is None else workers,
        partner_period=settings.partner_period if partner_period is None else partner_period,
        database=environment.get("DATABASE_URL") or settings.database,
        listening=replace(settings.listening, reads=environment.get(READS) or settings.listening.reads),
    )


_KINDS: Final[Mapping[type, str]] = {
    str: "text",
    int: "an integer",
    bool: "true or false",
    dict: "a table",
    list: "tables",
}


class _Members:
    """One table, read member by member, so that what was never asked for can be named."""

    def __init__(self, table: dict[str, Any]) -> None:
        self._table = dict(table)

    def _take(self, name: str, kind: type, default: object = None) -> Any:
        value = self._table.pop(name, default)
        if value is None:
            raise invalid_setting(name, "is missing")
        if type(value) is not kind:
            wanted = _KINDS[kind]
            raise invalid_setting(name, f"must be {wanted}")
        return value

    def __contains__(self, name: str) -> bool:
        return name in self._table

    def text(self, name: str) -> str:
        value: str = self._take(name, str)
        return value

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if name in self._table else None

    def integer(self, name: str, default: int | None = None) -> int:
        value: int = self._take(name, int, default)
        return value

    def optional_integer(self, name: str) -> int | None:
        return self.integer(name) if name in self._table else None

    def time(self, name: str) -> int:
        try:
            return parse_time(self.text(name))
        except MalformedError as error:
            raise invalid_setting(name, str(error)) from None

    def raw(self, name: str) -> dict[str, Any]:
        value: dict[str, Any] = self._take(name, dict)
        return value

    def boolean(self, name: str, *, default: bool) -> bool:
        value: bool = self._take(name, bool, default)
        return value

    def tables(self, name: str) -> list[Any]:
        value: list[Any] = self._take(name, list, [])
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value: list[Any] = self._take(name, list, [])
        if not all(isinstance(one, str) for one in value):
            raise invalid_setting(name, "must be texts")
        return tuple(value)

    def require_all_read(self) -> None:
        for name in self._table:
            raise invalid_setting(name, "is not a setting")


def _integer_of(environment: Mapping[str, str], name: str) -> int | None:
    text = environment.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 10):  # noqa: PLR2004
        raise SetupError(f"{name} must be a whole number", code="settings-invalid")
    return int(text)


def _require(shape: Shape, value: object, name: str) -> None:
    for problem in problems(shape, value, ""):
        raise invalid_setting(name, f"does not fit: {problem.detail}")


def _require_did_web(value: str, name: str) -> None:
    _require(DID, value, name)
    if not value.startswith("did:web:"):
        raise invalid_setting(name, "is not a did:web id")


def _require_range(value: int, allowed: range, name: str) -> None:
    if value not in allowed:
        raise invalid_setting(name, f"is {value}; {allowed.start} to {allowed.stop - 1} is allowed")
