"""A witness in a process of its own that answers over a pipe until it is killed."""

import time
from multiprocessing.connection import Connection
from pathlib import Path

from ledger.core.checkpoint import Checkpoint, parse_checkpoint
from ledger.core.note import Note, NoteSignature, VKey, encode_note, encode_vkey, make_vkey
from ledger.core.suites import PrivateKey, sign
from ledger.services.trust.known_logs import KnownLog
from ledger.services.witnessing.witnessing import Witness
from ledger.store.witness import WitnessStore
from tests.simulator import key

NAME = "registry.example.xb/witness"
LOG_KEY: PrivateKey = key("plain log")


def vkey_of(origin: str) -> VKey:
    """The key of a plain C2SP log of this origin."""
    return make_vkey(origin, 0x01, LOG_KEY.public.raw)


def plain_note(origin: str, size: int, root: bytes) -> bytes:
    """A checkpoint as C2SP has it and no more: one line of type 0x01."""
    text = Checkpoint(origin, size, root).text
    line = NoteSignature(origin, vkey_of(origin).key_id, sign(LOG_KEY, text.encode()))
    return encode_note(Note(text, (line,)))


class AnyLog(dict[str, KnownLog]):
    """Knows every log by the one key."""

    def get(self, origin: str, default: object = None) -> KnownLog:  # type: ignore[override]
        return KnownLog(origin, None, None, (vkey_of(origin),))


# Loads what signatures need once, in the server from which the processes are forked.
AnyLog().get("first.example").verified(parse_checkpoint(plain_note("first.example", 1, bytes(32))))


def opened(folder: Path) -> Witness:
    """A witness of every such log, with its state in `folder`."""
    store = WitnessStore(folder / "witness.sqlite")
    witness = Witness(store, name=NAME, key=key("XB witness"), logs=AnyLog, clock=time.time)
    store.begin(encode_vkey(witness.vkey))
    return witness


def answering(folder: Path, requests: Connection) -> None:
    """Answer requests for ever."""
    witness = opened(folder)
    requests.send("ready")
    while True:
        answer = witness.add_checkpoint(requests.recv_bytes())
        requests.send((answer.status, answer.body))
