"""The trust lists a user has pinned: one file a publisher, changed only forward.

The first list of a publisher is believed because the user compared its fingerprint; every later one because the
rule of succession holds (`ledger.core.pinning`).  A crash leaves the old list or the new one.

Source: docs/spec/trust-list.md.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from ledger.core import pinning
from ledger.core.canonical import TRUST_LIMIT
from ledger.core.trust import TrustList, parse_trust_list
from ledger.errors import LedgerError, MalformedError, NotFoundError, RefusedError, SetupError
from ledger.services.files import exists, read_bounded, replace, reported, sync_folder

SUFFIX = ".json"
READABLE = 0o644
"""Trust lists hold no secret; what matters is that others cannot write them."""
_FOLDER_MODE = 0o700
_NAME_LIMIT = 200


class PinnedLists:
    """The lists pinned in one folder.  Several processes may use it at once.

    Args:
        folder: Made when the first list is added.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, data: bytes, *, fingerprint: str | None = None, between: Sequence[bytes] = ()) -> TrustList:
        """Pin a list, or replace the one pinned of its publisher by a successor.

        Args:
            data: The list.
            fingerprint: Its `listHash` in hex, as the user has it from elsewhere; needed for a publisher's first.
            between: The versions between the pinned list and this one, ascending, where some were missed.

        Returns:
            The list that is pinned now; adding the pinned one again changes nothing.

        Raises:
            MalformedError, VerificationError: The list does not load.
            RefusedError: `fingerprint-missing`; `fingerprint-mismatch`; `entry-exceeded`: it says more of a
                jurisdiction than the entry that it carries; or it is no successor, see `ledger.core.pinning`.
            SetupError: The folder cannot be written; the earlier list then stands.
        """
        offered = _load(data)
        with self._locked():
            pinned = self._pinned(offered.publisher.id)
            if pinned is None or fingerprint is not None:
                _require_fingerprint(offered, fingerprint)
            if pinned is None:
                accepted = offered
            else:
                accepted = _successor(pinned, offered, between, self._history(pinned))
                if accepted.list_hash == pinned.list_hash:
                    return pinned
                # Kept first: a crash in between leaves the pinned list, and its copy, which changes nothing.
                for gone in (pinned, *map(parse_trust_list, between)):
                    replace(self._path_of_earlier(gone), gone.encoded, what="trust list", mode=READABLE)
            replace(self._path(offered.publisher.id), accepted.encoded, what="trust list", mode=READABLE)
        return accepted

    def remove(self, publisher: str) -> TrustList:
        """Believe a publisher no more: its next list counts as its first, by the fingerprint alone.

        A crash leaves the list, without the versions before it; the same call then goes on.

        Returns:
            The list that was pinned.

        Raises:
            NotFoundError: `publisher-not-pinned`.
            SetupError: `pinned-damaged`; or the folder cannot be written.
        """
        with self._locked():
            pinned = self.of(publisher)
            with reported("remove trust list from", self.folder):
                for earlier in self._history(pinned):
                    self._path_of_earlier(earlier).unlink(missing_ok=True)
                self._path(publisher).unlink()
                sync_folder(self.folder)
        return pinned

    def check(self, data: bytes) -> TrustList:
        """A list to believe for one run; where its publisher is pinned, only the pinned list or its successor.

        Raises:
            MalformedError, VerificationError: It does not load.
            RefusedError: It is neither, or `entry-exceeded` as in `add`.
        """
        offered = _load(data)
        pinned = self._pinned(offered.publisher.id)
        return offered if pinned is None else _successor(pinned, offered, (), self._history(pinned))

    def believed(self, given: bytes | None, name: str) -> tuple[TrustList, str]:
        """The list to believe for one run, and what to call it: what is given, else the only one that is pinned.

        Args:
            given: A list that the user named for this run.
            name: Of its file.

        Raises:
            SetupError: `trust-none` or `trust-several`: none is given, and not exactly one is pinned; or the list
                that is given does not load.
            VerificationError, RefusedError: As `check`.
        """
        if given is not None:
            try:
                return self.check(given), name
            except MalformedError as error:
                raise SetupError(f"trust list {name} does not load: {error}", code=error.code) from error
        pinned = self.show()
        if len(pinned) != 1:
            names = ", ".join(one.publisher.id for one in pinned)
            told = (
                f"several trust lists are pinned ({names})"
                if pinned
                else "no trust list is pinned (evidence trust add)"
            )
            raise SetupError(
                f"{told}; say which with --trust FILE", code="trust-several" if pinned else "trust-none"
            )
        return pinned[0], pinned[0].publisher.id

    def show(self) -> list[TrustList]:
        """Every pinned list, by publisher.

        Raises:
            SetupError: `pinned-damaged`: a file there is not the trust list that was written.
        """
        if not exists(self.folder):
            return []
        with reported("read folder of trust lists", self.folder):
            names = [path for path in self.folder.iterdir() if path.suffix == SUFFIX and path.name[0] != "."]
        return sorted(map(_read, names), key=lambda listed: listed.publisher.id)

    def of(self, publisher: str) -> TrustList:
        """The pinned list of `publisher`.

        Raises:
            NotFoundError: `publisher-not-pinned`.
            SetupError: `pinned-damaged`.
        """
        pinned = self._pinned(publisher)
        if pinned is None:
            raise NotFoundError(f"no trust list of {publisher} is pinned", code="publisher-not-pinned")
        return pinned

    def _pinned(self, publisher: str) -> TrustList | None:
        path = self._path(publisher)
        if not exists(path):
            return None
        listed = _read(path)
        if listed.publisher.id != publisher:
            raise SetupError(f"{path} holds a list of {listed.publisher.id}", code="pinned-damaged")
        return listed

    def _history(self, pinned: TrustList) -> list[TrustList]:
        """The versions pinned before: their key ids stay taken."""
        start = f".{_name(pinned.publisher.id)}."
        with reported("read folder of trust lists", self.folder):
            paths = [path for path in self.folder.iterdir() if path.name.startswith(start)]
        return [
            listed
            for listed in map(_read, sorted(path for path in paths if path.suffix == SUFFIX))
            if listed.publisher.id == pinned.publisher.id
        ]

    def _path(self, publisher: str) -> Path:
        return self.folder / f"{_name(publisher)}{SUFFIX}"

    def _path_of_earlier(self, listed: TrustList) -> Path:
        return self.folder / f".{_name(listed.publisher.id)}.{listed.version}{SUFFIX}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One change at a time; the kernel gives the lock back however the process ends."""
        import fcntl

        with reported("open folder of trust lists", self.folder):
            self.folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            descriptor = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _name(publisher: str) -> str:
    return publisher if len(publisher) <= _NAME_LIMIT else sha256(publisher.encode()).hexdigest()


def fingerprint_of(listed: TrustList) -> str:
    """What people compare: the list's hash, 64 lower-case hex digits."""
    return listed.list_hash.hex()


def _read(path: Path) -> TrustList:
    data = read_bounded(path, limit=TRUST_LIMIT, what="trust list")
    try:
        return _parsed(data)
    except LedgerError as error:
        raise SetupError(f"pinned trust list {path} does not load: {error}", code="pinned-damaged") from None


@lru_cache(maxsize=4)
def _parsed(data: bytes) -> TrustList:
    """By the bytes: a serving node asks several times a second whom it believes, and that hardly ever changes."""
    return parse_trust_list(data)


def _require_fingerprint(offered: TrustList, fingerprint: str | None) -> None:
    if fingerprint is None:
        raise RefusedError(
            f"no list of {offered.publisher.id} is pinned yet; compare the fingerprint {offered.list_hash.hex()} with"
            " the publisher and give it",
            code="fingerprint-missing",
        )
    pinning.first(offered, _digest(fingerprint))


def _digest(fingerprint: str) -> bytes:
    text = fingerprint.strip().lower().removeprefix("sha256:")
    if len(text) != 64 or not set(text) <= set("0123456789abcdef"):  # noqa: PLR2004
        raise RefusedError("a fingerprint is written as 64 hex digits", code="fingerprint-mismatch")
    return bytes.fromhex(text)


def _successor(
    pinned: TrustList, offered: TrustList, between: Sequence[bytes], history: Sequence[TrustList]
) -> TrustList:
    if offered.list_hash == pinned.list_hash:
        return pinned
    pinning.succeed(pinned, offered, [parse_trust_list(data) for data in between], history)
    return offered


def _load(data: bytes) -> TrustList:
    """A list that loads, and keeps to the entries that it carries."""
    listed = parse_trust_list(data)
    if listed.entries:
        from ledger.statements.entries import require_within_entries  # few lists carry any

        require_within_entries(listed)
    return listed


def believed(folder: Path, own: TrustList) -> TrustList:
    """The one trust list that is pinned in a node's folder; `own`, the node's claim, where none is.

    Raises:
        SetupError: `trust-several`: more than one is pinned.
    """
    pinned = PinnedLists(folder).show()
    if len(pinned) > 1:
        names = ", ".join(one.publisher.id for one in pinned)
        raise SetupError(
            f"several trust lists are pinned on this node ({names}); keep one", code="trust-several"
        )
    return pinned[0] if pinned else own


def user_folder(environment: Mapping[str, str]) -> Path:
    """Where the user's own pinned lists are kept: `EVIDENCE_TRUST_DIR`, else under the user's configuration."""
    chosen = environment.get("EVIDENCE_TRUST_DIR")
    if chosen:
        return Path(chosen)
    configuration = environment.get("XDG_CONFIG_HOME")
    base = Path(configuration) if configuration else Path(environment.get("HOME") or "/") / ".config"
    return base / "evidence" / "trust"
