"""A node's partners: whose word about themselves it has compared, and where their nodes are.

One file a partner, in the home's folder `partners`, named by the jurisdiction: canonical JSON,

    {"added": TIME, "entry": {the JurisdictionEntry, verbatim}, "format": "evidence-partner/1", "node": URL?}

An entry is taken up because somebody compared its digest with its registrar, never because it is signed or was the
first to come.  Being a partner lends no belief: what a partner's node gives is verified by the trust list.

Source: docs/spec/exchange.md.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ledger.core.canonical import STATEMENT_LIMIT, Json, decode, encode
from ledger.core.times import format_time, parse_time
from ledger.core.trust import TrustList
from ledger.errors import LedgerError, MalformedError, NotFoundError, RefusedError, SetupError
from ledger.services.files import exists, read_bounded, replace, reported
from ledger.statements.entries import Entry, read_entry
from ledger.statements.fields import COUNTRY
from ledger.statements.shape import problems

FORMAT: Final = "evidence-partner/1"
FOLDER: Final = "partners"
MIRROR: Final = "partners.sqlite"
_LIMIT: Final = STATEMENT_LIMIT + 8192
_SUFFIX: Final = ".json"
_FOLDER_MODE: Final = 0o700
_READABLE: Final = 0o644
_DIGITS: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Partner:
    """Another jurisdiction, and its node.

    Attributes:
        entry: Its own signed word, whose digest was compared.
        node: Where its node is; None where it is asked only by files.
        added: POSIX seconds.
    """

    entry: Entry
    node: str | None
    added: int

    @property
    def name(self) -> str:
        """Its jurisdiction."""
        return self.entry.jurisdiction

    @property
    def fingerprint(self) -> str:
        """Digest of the entry, 64 lower-case hex digits."""
        return self.entry.statement.digest.hex()

    def believed_logs(self, trust: TrustList) -> frozenset[str]:
        """Origins of its logs that a trust list names too."""
        return frozenset(self.entry.listed.logs) & frozenset(trust.logs)


class PartnerBook:
    """The partners kept in one folder.

    Args:
        folder: Made when the first is added.
        own: The node's own jurisdiction, which is no partner.
    """

    def __init__(self, folder: Path, own: str) -> None:
        self.folder = folder
        self.own = own

    def add(self, data: bytes, *, fingerprint: str | None, node: str | None = None, now: int) -> Partner:
        """Take up a partner, or a later entry of one.

        Args:
            data: The JurisdictionEntry.
            fingerprint: Its digest in hex, as its registrar told it by another way.
            node: Where its node is, where that is another place than the entry says.
            now: POSIX seconds.

        Raises:
            MalformedError, SignatureError, VerificationError: As `read_entry`.
            RefusedError: `address-private`: the entry alone says so, and the operator did not;
                `fingerprint-missing`, `fingerprint-mismatch`; `partner-own`: it is of this node's own
                jurisdiction; `entry-older`: a later entry of the partner is held.
            SetupError: The folder cannot be written.
        """
        entry = read_entry(data)
        _require_fingerprint(entry, fingerprint)
        if entry.jurisdiction == self.own:
            raise RefusedError(
                f"the entry is of {self.own}, this node's own jurisdiction", code="partner-own"
            )
        held = self._held(entry.jurisdiction)
        if held is not None and held.entry.statement.created > entry.statement.created:
            raise RefusedError(
                f"a later entry of {entry.jurisdiction} is held, of {format_time(held.entry.statement.created)};"
                " remove the partner first to go back",
                code="entry-older",
            )
        document: dict[str, Json] = {
            "format": FORMAT,
            "added": format_time(now),
            "entry": entry.statement.document,
        }
        where = node if node is not None else entry.node
        if node is None and where is not None:
            _require_public(where)
        if where is not None:
            document["node"] = where
        with reported("make folder of partners", self.folder):
            self.folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        replace(
            self._path(entry.jurisdiction), encode(document, what="partner"), what="partner", mode=_READABLE
        )
        return Partner(entry, where, now)

    def remove(self, name: str) -> Partner:
        """Forget a partner; the one that it was.

        Raises:
            NotFoundError: `partner-unknown`.
        """
        found = self.of(name)
        with reported("remove partner", self._path(name)):
            self._path(name).unlink()
        return found

    def of(self, name: str) -> Partner:
        """The partner of this jurisdiction.

        Raises:
            NotFoundError: `partner-unknown`.
            SetupError: `partner-damaged`.
        """
        found = None if problems(COUNTRY, name) else self._held(name)
        if found is None:
            known = ", ".join(one.name for one in self.list()) or "none"
            raise NotFoundError(
                f"no partner of that name is held; there are: {known}", code="partner-unknown"
            )
        return found

    def list(self) -> "list[Partner]":
        """Every partner, by name.

        Raises:
            SetupError: `partner-damaged`: a file there is not what was written.
        """
        if not exists(self.folder):
            return []
        with reported("read folder of partners", self.folder):
            names = [path.stem for path in self.folder.iterdir() if path.suffix == _SUFFIX]
        found = (self._held(name) for name in sorted(names) if not problems(COUNTRY, name))
        return [one for one in found if one is not None]

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{_SUFFIX}"

    def _held(self, name: str) -> Partner | None:
        path = self._path(name)
        if not exists(path):
            return None
        data = read_bounded(path, limit=_LIMIT, what="partner")
        try:
            return _parsed(data, name)
        except LedgerError as error:
            raise SetupError(f"partner {path} does not load: {error}", code="partner-damaged") from None


@lru_cache(maxsize=64)
def _parsed(data: bytes, name: str) -> Partner:
    """What a file says, by its bytes: a serving node reads it several times a second, and it hardly ever changes."""
    document: Any = decode(data, limit=_LIMIT, what="partner")
    members = document if isinstance(document, dict) else {}
    if members.get("format") != FORMAT or not {"added", "entry"} <= members.keys():
        raise MalformedError(f"it is not of the format {FORMAT}")
    entry = read_entry(encode(members["entry"], what="entry"))
    if entry.jurisdiction != name:
        raise MalformedError(f"it holds an entry of {entry.jurisdiction}")
    node = members.get("node")
    return Partner(entry, node if isinstance(node, str) else None, parse_time(str(members["added"])))


def _require_public(url: str) -> None:
    """Refuse an address of this machine or its network that only an entry gives, which a stranger wrote."""
    from ledger.remote.guarded import names_private  # loads the client

    if names_private(url):
        raise RefusedError(
            f"the entry says that its node is at {url}, which is this machine or in its network; where that is so, give"
            " the address yourself with --node",
            code="address-private",
        )


def _require_fingerprint(entry: Entry, fingerprint: str | None) -> None:
    digest = entry.statement.digest.hex()
    if fingerprint is None:
        raise RefusedError(
            f"compare the fingerprint {digest} with the registrar of {entry.jurisdiction}, and give it",
            code="fingerprint-missing",
        )
    given = fingerprint.strip().lower().removeprefix("sha256:")
    if given != digest or not set(given) <= _DIGITS:
        raise RefusedError(
            f"the entry of {entry.jurisdiction} has fingerprint {digest}, not the one given",
            code="fingerprint-mismatch",
        )
