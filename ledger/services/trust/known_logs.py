"""The logs that this node witnesses: those of its partners, and those that its operator named by their keys.

Partners' logs are taken from their entries each time, so a renewed entry counts at once; all three of their lines
must hold.  Others sign as C2SP tlog-checkpoint has it.  Their keys stand in the home's file `witness/logs.txt`, in
the form of tlog-policy.

Source: docs/spec/witness.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.core.checkpoint import HEAD_MATERIAL, SignedCheckpoint, head_vkey, is_origin
from ledger.core.note import ED25519, MLDSA44_COSIGNATURE, Note, VKey, encode_note, parse_vkey
from ledger.core.policy import POLICY_LIMIT, Policy, PolicyLog, encode_policy, parse_policy
from ledger.core.suites import EDDSA, PublicKey, check_enrolment_key
from ledger.core.trust import LogKeys
from ledger.core.witness import verify_plain_lines
from ledger.errors import ConflictError, MalformedError, NotFoundError, SetupError
from ledger.services.files import exists, read_bounded, replace, reported
from ledger.services.trust.partners import PartnerBook
from ledger.verify.notes import open_note

FOLDER: Final = "witness"
LOGS: Final = "logs.txt"
_FOLDER_MODE: Final = 0o700
_READABLE: Final = 0o644


@dataclass(frozen=True, slots=True)
class KnownLog:
    """A log whose checkpoints are cosigned.

    Attributes:
        partner: Whose it is; None for one that was named by its keys.
        keys: As the partner's entry has them; None for one that was named by its keys.
        vkeys: Of types 0x01 and 0x06.
    """

    origin: str
    partner: str | None
    keys: LogKeys | None
    vkeys: tuple[VKey, ...]

    def verified(self, signed: SignedCheckpoint) -> bytes:
        """The note with the log's own lines alone, once they hold.

        Raises:
            VerificationError: As `ledger.verify.notes.open_note`; for a log without entry `verify_plain_lines`.
        """
        if self.keys is None:
            verify_plain_lines(signed, self.vkeys)
            return _with_lines_of(signed, self.vkeys)
        open_note(signed.encoded, self.origin, self.keys)
        return note_of(signed, self.keys)


def note_of(signed: SignedCheckpoint, keys: LogKeys) -> bytes:
    """The note with the log's own lines alone: others can be added by anybody, and mean nothing."""
    heads = [head_vkey(keys.origin, key.address) for key in keys.head_keys]
    return _with_lines_of(signed, [*keys.vkeys, *heads])


def _with_lines_of(signed: SignedCheckpoint, vkeys: Sequence[VKey]) -> bytes:
    known = {(vkey.name, vkey.key_id) for vkey in vkeys}
    kept = tuple(line for line in signed.note.signatures if (line.name, line.key_id) in known)
    return encode_note(Note(signed.note.text, kept))


class KnownLogs:
    """The logs known to the node of one home.

    Args:
        home: The home's folder.
        partners: Whose logs are witnessed.
        own: Origin of the node's own log, which it does not witness.
    """

    def __init__(self, home: Path, partners: PartnerBook, own: str) -> None:
        self._path = home / FOLDER / LOGS
        self._partners = partners
        self._own = own
        self._seen: tuple[object, Mapping[str, KnownLog]] | None = None

    def all(self) -> Mapping[str, KnownLog]:
        """By origin.  Reads the files again only where one of them is another than the last time.

        Raises:
            SetupError: A file there is not what was written.
        """
        state = (*stamps(self._partners.folder), stamp(self._path))
        if self._seen is None or self._seen[0] != state:
            self._seen = (state, self._read())
        return self._seen[1]

    def add(self, texts: Sequence[str]) -> list[KnownLog]:
        """Witness logs by their verifier keys; further keys of one log are added to it.

        Raises:
            MalformedError: `vkey-malformed`, or `log-key`: of a type with which no log signs checkpoints.
            SignatureError: `key-refused`: signatures under it could be made by others.
            ConflictError: `log-known`: it is a partner's, or this node's own.
        """
        held = self._policy()
        logs = list(held.logs)
        added: list[str] = []
        for text in texts:
            vkey = _sound(parse_vkey(text))
            known = self.all().get(vkey.name)
            if vkey.name == self._own or (known is not None and known.partner is not None):
                whose = "this node's own" if known is None else f"that of partner {known.partner}"
                raise ConflictError(f"the log {vkey.name} is {whose}", code="log-known")
            if all(one.vkey.key != vkey.key for one in logs):
                logs.append(PolicyLog(vkey))
            added.append(vkey.name)
        self._write(logs)
        known_now = self.all()
        return [known_now[origin] for origin in dict.fromkeys(added)]

    def remove(self, origin: str) -> KnownLog:
        """Cosign nothing more of a log that was named by its keys.  What was cosigned of it is not forgotten.

        Raises:
            NotFoundError: `log-unknown`: none such was named.
        """
        known = self.all().get(origin)
        if known is None or known.partner is not None:
            raise NotFoundError(
                "no log of that origin was added; those of partners go with evidence partner remove",
                code="log-unknown",
            )
        self._write([one for one in self._policy().logs if one.vkey.name != origin])
        return known

    def _read(self) -> Mapping[str, KnownLog]:
        found: dict[str, KnownLog] = {}
        for one in self._policy().logs:
            before = found.get(one.vkey.name)
            vkeys = (*(() if before is None else before.vkeys), one.vkey)
            found[one.vkey.name] = KnownLog(one.vkey.name, None, None, vkeys)
        for partner in self._partners.list():
            for origin, keys in partner.entry.listed.logs.items():
                found[origin] = KnownLog(origin, partner.name, keys, keys.vkeys)
        found.pop(self._own, None)
        return found

    def _policy(self) -> Policy:
        if not exists(self._path):
            return Policy()
        try:
            return parse_policy(read_bounded(self._path, limit=POLICY_LIMIT, what="list of logs"))
        except MalformedError as error:
            raise SetupError(f"{self._path} does not load: {error}", code="witness-logs") from None

    def _write(self, logs: Sequence[PolicyLog]) -> None:
        write_policy(self._path, encode_policy(Policy(logs=tuple(logs))), what="list of logs")


def write_policy(path: Path, data: bytes, *, what: str) -> None:
    """Replace a file of the home's folder `witness`, which is made where it is not there."""
    with reported("make folder", path.parent):
        path.parent.mkdir(mode=_FOLDER_MODE, exist_ok=True)
    replace(path, data, what=what, mode=_READABLE)


def stamp(path: Path) -> tuple[int, int, int] | None:
    """What is another once a file was replaced; None where it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def stamps(folder: Path) -> tuple[object, ...]:
    """The stamps of the files in a folder."""
    try:
        return tuple(sorted((path.name, stamp(path)) for path in folder.iterdir()))
    except OSError:
        return ()


def _sound(vkey: VKey) -> VKey:
    if vkey.type not in {ED25519, MLDSA44_COSIGNATURE}:
        ours = " (give the one of type 0x01)" if vkey.key.startswith(HEAD_MATERIAL) else ""
        raise MalformedError(
            f"the key of {vkey.name} has type {vkey.type:#04x}; 0x01 or 0x06 is required{ours}",
            code="log-key",
        )
    if not is_origin(vkey.name):
        raise MalformedError(
            f"the key is of {vkey.name}; an origin is 1 to 255 characters A-Z a-z 0-9 . / -", code="log-key"
        )
    if vkey.type == ED25519:
        check_enrolment_key(PublicKey(EDDSA, vkey.key))
    return vkey
