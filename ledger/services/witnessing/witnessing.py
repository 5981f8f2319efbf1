"""This node as a witness of other logs (C2SP tlog-witness): cosigns what extends the last it cosigned, nothing else.

    parse (400) → log known (404) → its signatures (403) → old size (400, 409) → consistency (422) → persist → answer

The last size is compared and the new one persisted in one step, before anybody sees the line.  A log that was never
cosigned is at size 0: nothing is taken for its history because it came first.  What a log signed and could not be
cosigned is kept as evidence.

Source: docs/spec/witness.md.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

from ledger.core.checkpoint import cosign
from ledger.core.merkle import EMPTY_ROOT, verify_consistency
from ledger.core.note import ED25519_COSIGNATURE, VKey, encode_signature_line, encode_vkey, make_vkey
from ledger.core.secp256k1 import address_of
from ledger.core.suites import EDDSA, PrivateKey
from ledger.core.witness import (
    SIZE_TYPE,
    AddCheckpoint,
    encode_size,
    parse_add_checkpoint,
    parse_cosignatures,
)
from ledger.errors import (
    LedgerError,
    MalformedError,
    NotFoundError,
    ProofError,
    StoreError,
    VerificationError,
)
from ledger.services.files import exists, replace
from ledger.services.home.folder import KEYS, Home, open_home
from ledger.services.keys.keyfile import encode_node_key, make_node_key, random_size, write_key
from ledger.services.trust.known_logs import KnownLog, KnownLogs
from ledger.services.trust.partners import PartnerBook
from ledger.store.attested import FILE as ATTESTED
from ledger.store.attested import Attested
from ledger.store.witness import FILE, Fork, ForkKind, Head, WitnessStore

LINES_TYPE: Final = "text/plain; charset=utf-8"
REPEAT: Final = 10
"""Seconds for which a checkpoint that is asked for again gets the line that was made before."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered over HTTP.

    Attributes:
        status: 200, 400, 403, 404, 409, 422 or 503.
        body: The line, or the size that was cosigned last; empty where `error` says why not.
    """

    status: int
    body: bytes = b""
    content_type: str = LINES_TYPE
    error: LedgerError | None = None


class _OldSizeError(VerificationError):
    """The size last cosigned is another than the request says."""

    def __init__(self, last: int) -> None:
        super().__init__(f"size {last} was cosigned last", code="old-size")
        self.last = last


class Witness:
    """Cosigns checkpoints of other logs.  Safe for threads, and for several processes on one store.

    Args:
        store: What was cosigned.
        name: Of the key.
        key: An Ed25519 key that is used for nothing else.
        logs: The logs that are known, by origin; asked for each time.
        clock: POSIX seconds.
    """

    def __init__(
        self,
        store: WitnessStore,
        *,
        name: str,
        key: PrivateKey,
        logs: Callable[[], Mapping[str, KnownLog]],
        clock: Callable[[], float],
    ) -> None:
        self.store = store
        self.vkey: VKey = make_vkey(name, ED25519_COSIGNATURE, key.public.raw)
        self.logs = logs
        self._key = key
        self._clock = clock
        self._turn = threading.Lock()  # this process's requests queue here, where waiting costs nothing

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer one request; the line that it gives is durable already.  Raises nothing of ours."""
        try:
            asked = parse_add_checkpoint(body)
        except MalformedError as error:
            return Answer(400, error=error)
        try:
            return self._judged(asked)
        except LedgerError as error:  # the disk, or the files that name the logs
            return Answer(503, error=error)

    def _judged(self, asked: AddCheckpoint) -> Answer:
        named = asked.signed.checkpoint
        log = self.logs().get(named.origin)
        if log is None:
            unknown = NotFoundError(f"the log {named.origin} is not witnessed here", code="log-unknown")
            return Answer(404, error=unknown)
        try:
            note = log.verified(asked.signed)
        except VerificationError as error:
            return Answer(403, error=error)
        if asked.old > named.size:
            above = f"the old size is {asked.old}, above that of the checkpoint, {named.size}"
            return Answer(400, error=MalformedError(above, code="add-checkpoint-malformed"))
        try:
            with self._turn:
                head = self.store.advance(
                    named.origin, lambda held: self._next(asked, note, held), vkey=encode_vkey(self.vkey)
                )
        except _OldSizeError as conflict:
            self._keep_fork(asked, note)
            return Answer(409, encode_size(conflict.last), SIZE_TYPE)
        except ProofError as error:
            self._keep_fork(asked, note)
            return Answer(422, error=error)
        return Answer(200, head.line + b"\n")

    def _next(self, asked: AddCheckpoint, note: bytes, held: Head | None) -> Head:
        """The head after this request; `held` itself where its line is to be given again.

        Raises:
            VerificationError: The request must not be cosigned.
            StoreError: `clock-behind`.
        """
        named = asked.signed.checkpoint
        last = 0 if held is None else held.size
        if asked.old != last:
            raise _OldSizeError(last)
        if last == 0:
            if asked.path:
                raise ProofError(
                    "a consistency path from size 0 has no hashes: every tree extends the empty one"
                )
            if named.size == 0 and named.root != EMPTY_ROOT:
                raise ProofError(f"the empty tree has root {EMPTY_ROOT.hex()}, not {named.root.hex()}")
        else:
            assert held is not None
            verify_consistency(last, named.size, held.root, named.root, asked.path)
        now = int(self._clock())
        if held is not None and now < held.time:
            raise StoreError(
                f"the clock is at {now}, {held.time - now} s behind the last cosignature of this log",
                code="clock-behind",
            )
        if held is not None and held.size == named.size and self._may_repeat(asked, held, now):
            return held
        line = encode_signature_line(cosign(asked.signed, self.vkey.name, self._key, now))
        return Head(named.origin, named.size, named.root, note, line.encode(), now)

    def _may_repeat(self, asked: AddCheckpoint, held: Head, now: int) -> bool:
        """Whether the line made before still serves: it is recent, and by the present key."""
        (line,) = parse_cosignatures(held.line + b"\n", asked.signed)
        return now - held.time < REPEAT and (line.name, line.key_id) == (self.vkey.name, self.vkey.key_id)

    def _keep_fork(self, asked: AddCheckpoint, note: bytes) -> None:
        """Keep what was refused where it speaks against the log, not against whoever sent it."""
        named = asked.signed.checkpoint
        same = self.store.at(named.origin, named.size)
        held = same or self.store.head(named.origin)
        if held is None or held.size == 0 or (same is not None and same.root == named.root):
            return
        if same is None and asked.old != held.size:
            return  # an old size that is not ours shows nothing: the request is not about our history
        kind: ForkKind = "unproven" if same is None else "split"
        fork = Fork(
            named.origin,
            kind,
            held.size,
            held.root,
            held.note,
            named.size,
            named.root,
            note,
            int(self._clock()),
        )
        with suppress(StoreError):  # a full disk changes no answer: nothing is cosigned
            self.store.keep(fork)

    def latest(self, origin_hash: str) -> bytes:
        """The checkpoint cosigned last of a log, with the log's lines and this witness's.

        Args:
            origin_hash: SHA-256 of the origin, lower-case hex.

        Raises:
            NotFoundError: `log-unknown`, or `not-signed-yet`: nothing of it was cosigned.
        """
        for origin in self.logs():
            if sha256(origin.encode()).hexdigest() == origin_hash:
                head = self.store.head(origin)
                if head is None:
                    raise NotFoundError(
                        f"nothing of the log {origin} was cosigned yet", code="not-signed-yet"
                    )
                return head.note + head.line + b"\n"
        raise NotFoundError("no log of that origin is witnessed here", code="log-unknown")


def begin_witness(home: Home) -> None:
    """Make the states of a new node's witness and attester; before anything else of it is made, and never again."""
    _begin_witness(home)
    _begin_attester(home)


def _begin_witness(home: Home) -> None:
    WitnessStore(home.path / FILE).begin(encode_vkey(home.witness_vkey()))


def _begin_attester(home: Home) -> None:
    Attested(home.path / ATTESTED).begin(address_of(home.keys.attester.secret))


def renew_attester(home: Home, random: Callable[[int], bytes]) -> Home:
    """Give a node's attester a new key, likewise.

    Raises:
        SetupError: The disk's own fault.
    """
    renewed = _with_new_key(home, "attester", home.keys.attester.public, random)
    _begin_attester(renewed)
    return renewed


def renew_witness(home: Home, random: Callable[[int], bytes]) -> Home:
    """Give a node's witness a new key; the old one is kept beside it and signs nothing more.

    What is known of logs stays.  It is needed where the state was lost: the old key would no longer know what it
    cosigned.

    Raises:
        SetupError: The disk's own fault.
    """
    renewed = _with_new_key(home, "witness", home.witness_vkey().key_id.hex(), random)
    _begin_witness(renewed)
    return renewed


def _with_new_key(
    home: Home, kind: Literal["witness", "attester"], name: str, random: Callable[[int], bytes]
) -> Home:
    """The home with another key of a kind; the old one is kept under its name."""
    path = home.path / KEYS / f"{kind}.json"
    kept = path.with_name(f"{kind}-{name}.json")
    if not exists(kept):  # else this was begun before, and interrupted
        write_key(kept, home.keys.witness if kind == "witness" else home.keys.attester)
    replace(path, encode_node_key(make_node_key(kind, random(random_size(kind)))), what="key file")
    return open_home(home.path)


def witness_of(home: Home, partners: PartnerBook, clock: Callable[[], float]) -> Witness:
    """The witness of a node."""
    return Witness(
        WitnessStore(home.path / FILE),
        name=home.witness_name,
        key=PrivateKey(EDDSA, home.keys.witness.secret),
        logs=KnownLogs(home.path, partners, home.settings.origin).all,
        clock=clock,
    )
