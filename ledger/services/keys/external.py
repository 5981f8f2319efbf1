"""Keys whose secret another program holds, such as one that speaks to a hardware module.

    message → standard input of the program     its standard output → 64 bytes, the signature

The program is started for each signature.  What it answers is verified before it is used, so that whatever it does
it cannot make this node or party sign for somebody else; and it has neither for ever nor any amount of memory.  What it
writes on its standard error is nobody's here: it may quote what it should not.  It is started only where nobody else
may change it, and told of this process's environment no more than `KEPT`.

Source: docs/spec/key-file.md.
"""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from tempfile import TemporaryFile
from typing import Final, Generic, TypeVar

from ledger.core import secp256k1
from ledger.core.suites import ECDSA, SIGNATURE_SIZE, PublicKey, encode_multikey, normalise_p256, verify
from ledger.errors import LedgerError, SetupError
from ledger.services.keys.own_program import require_own

PATIENCE: Final = 10.0
"""Seconds that a signature may take."""
ANSWER_LIMIT: Final = secp256k1.SIGNATURE_SIZE
"""Most bytes of an answer."""
KEPT: Final = frozenset({"HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "TZ", "USER", "XDG_RUNTIME_DIR"})
"""The variables that a program is told, beside those that begin with `OWN`."""
OWN: Final = "EVIDENCE_SIGNER_"
TRIAL: Final = b"evidence-ledger/signer-trial/v1"
"""What is signed to see whether a program signs; of an account's key, its SHA-256.  Nothing takes it for anything."""

Public = TypeVar("Public")


@dataclass(frozen=True, slots=True)
class External(Generic[Public]):
    """A `Signer` that asks a program.

    Attributes:
        name: Its public half, as people know it.
        command: The program, by its whole path, and what it is given.
        suite: How it signs, by name.
        public: What its signatures are verified with.
        accept: Makes of a message and an answer the signature, and verifies it; raises where it is none.
        patience: Seconds that a signature may take.
    """

    name: str
    command: tuple[str, ...]
    suite: str
    public: Public
    accept: Callable[[bytes, bytes], bytes] = field(repr=False, compare=False)
    patience: float = PATIENCE

    def sign(self, message: bytes) -> bytes:
        """See `Signer.sign`."""
        try:
            answer = _asked(self.command, message, self.patience)
        except _FailedError as error:
            raise SetupError(
                f"the program that holds the key {self.name} {error}", code="signer-failed"
            ) from None
        try:
            return self.accept(message, answer)
        except LedgerError as error:
            raise SetupError(
                f"the program that holds the key {self.name} answered {len(answer)} bytes that are no signature by it:"
                f" {error}",
                code="signer-answer",
            ) from None


def require_signs(signer: object) -> None:
    """Have a program sign `TRIAL`, so that one that does not is found out now; a secret in a file is not asked.

    Raises:
        SetupError: As of `External.sign`.
    """
    if isinstance(signer, External):
        is_account = signer.suite == secp256k1.SUITE
        signer.sign(sha256(TRIAL).digest() if is_account else TRIAL)


class _FailedError(Exception):
    """Why there is no answer, in words that go on after the program."""


def external_key(public: PublicKey, command: Sequence[str]) -> External[PublicKey]:
    """A key of a suite of statements; P-256 may be signed with an s of either half."""

    def accept(message: bytes, answer: bytes) -> bytes:
        halved = public.suite == ECDSA and len(answer) == SIGNATURE_SIZE
        signature = normalise_p256(answer) if halved else answer
        verify(public, message, signature)
        return signature

    return External(encode_multikey(public), tuple(command), public.suite, public, accept)


def external_account(address: bytes, command: Sequence[str]) -> External[bytes]:
    """An account of a chain: r and s come from the program, with an s of either half, and v is found here."""

    def accept(digest: bytes, answer: bytes) -> bytes:
        return secp256k1.completed(answer, digest, address)

    return External("0x" + address.hex(), tuple(command), secp256k1.SUITE, address, accept)


def _asked(command: tuple[str, ...], message: bytes, patience: float) -> bytes:
    ends = time.monotonic() + patience
    with TemporaryFile() as given:  # a pipe would wait for a program that reads nothing
        given.write(message)
        given.seek(0)
        try:
            require_own(command[0])
            # A group of its own, so that nothing that it starts outlives it.
            running = subprocess.Popen(  # noqa: S603 - the program that the key file of this user names, no shell
                command,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_told(),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            says = (getattr(error, "strerror", None) or "its name is none").lower()
            raise _FailedError(f"could not be started: {says}") from None
    with running:
        try:
            answer = _answer(running, ends)
            status = running.wait(max(0.0, ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise _FailedError(f"did not end within {patience:g} s") from None
        finally:
            # Also where it ended by itself: its number stays the group's while anything of the group is left.
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
    if status != 0:
        raise _FailedError(f"ended with status {status}")
    return answer


def _told() -> dict[str, str]:
    """The environment of a program: no password of this process's, and nothing that says what to load."""
    return {name: value for name, value in os.environ.items() if name in KEPT or name.startswith(OWN)}


def _answer(running: "subprocess.Popen[bytes]", ends: float) -> bytes:
    """All that it writes, up to one byte more than is allowed."""
    assert running.stdout is not None
    place, read = running.stdout.fileno(), b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(place, selectors.EVENT_READ)
        while len(read) <= ANSWER_LIMIT:
            if not waiting.select(max(0.0, ends - time.monotonic())):
                raise subprocess.TimeoutExpired(running.args, 0)
            piece = os.read(place, ANSWER_LIMIT + 1 - len(read))
            if not piece:
                return read
            read += piece
    raise _FailedError(f"answered more than {ANSWER_LIMIT} bytes")
