"""The commands that redo a verification by hand: POSIX shell, coreutils and openssl, and nothing of ours.

A bundle is canonical, so the signed bytes of each statement stand in it as they are: they are cut out of the file by
place and length.  What these tools cannot do (ML-DSA, keccak, secp256k1, the rules) is said at the end.
"""

import os
from base64 import b64encode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Final, NamedTuple

from ledger.core.canonical import encode
from ledger.core.checkpoint import parse_checkpoint
from ledger.core.note import ED25519, ED25519_COSIGNATURE, NoteSignature, VKey, encode_vkey
from ledger.core.statement import Statement, message_to_sign
from ledger.core.suites import EDDSA, PublicKey, encode_multikey, verify
from ledger.core.trust import TrustList
from ledger.errors import LedgerError
from ledger.statements.catalogue import read
from ledger.statements.enrolment import Enrolment
from ledger.verify.bundle import Bundle, Item, Section, parse_bundle

_TIME_SIZE: Final = 8
_PREAMBLE: Final = r"""
say()    { if [ "$2" = "$3" ]; then printf 'ok       %s\n' "$1"; else printf 'DIFFERS  %s\n' "$1"; fi; }
piece()  { tail -c +$(($1 + 1)) "$E" | head -c "$2"; }
hex()    { sha256sum | head -c 64; }
raw()    { openssl dgst -sha256 -binary; }
text()   { openssl base64 -A; }
bytes()  { printf '%s' "$1" | openssl base64 -d -A; }
named()  { if grep -qF -- "$2" "$3"; then printf 'ok       %s\n' "$1"; else printf 'MISSING  %s\n' "$1"; fi; }
pem()    { printf '%s\n' '-----BEGIN PUBLIC KEY-----' "$1" '-----END PUBLIC KEY-----' >"$W/key.pem"; }
ed25519(){ openssl pkeyutl -verify -pubin -inkey "$W/key.pem" -rawin -in "$W/message" -sigfile "$W/signature"; }
p256()   { openssl dgst -sha256 -verify "$W/key.pem" -signature "$W/signature" "$W/message"; }
signed() { if "$2" >/dev/null 2>&1; then printf 'ok       %s\n' "$1"; else printf 'FAILED   %s\n' "$1"; fi; }
leaf()   { { printf '\000'; bytes "$1"; } | raw | text; }
left()   { { printf '\001'; bytes "$2"; bytes "$1"; } | raw | text; }
right()  { { printf '\001'; bytes "$1"; bytes "$2"; } | raw | text; }
W=$(mktemp -d); trap 'rm -rf "$W"' EXIT
""".strip()


class Cut(NamedTuple):
    """A part of the file: where it begins, counted from 0, and how long it is."""

    start: int
    size: int


def commands(data: bytes, trust: TrustList, *, file: str, trust_file: str) -> str:
    """A script for `sh` that redoes what can be redone of a bundle's verification; it prints a line for each thing.

    Args:
        data: The bundle's bytes.
        trust: The trust list that was believed.
        file: What the bundle is called on disk.
        trust_file: What the trust list is called there.

    Raises:
        MalformedError: It is no bundle.
    """
    bundle = parse_bundle(data)
    keys = _keys_of(bundle, trust)
    lines = [f"E={_file(file)}", f"T={_file(trust_file)}", _PREAMBLE, ""]
    lines.append("# The file is the one that the report is about.")
    lines.append(f'say "the file" "$(hex <"$E")" {sha256(data).hexdigest()}')
    for number, section in enumerate(bundle.sections, 1):
        lines += ["", *_checkpoint(number, section, trust)]
        for item in section.items:
            lines += ["", *_item(number, section, item, data, keys)]
    lines += ["", *_LEFT]
    return "\n".join(lines) + "\n"


_LEFT: Final = (
    "# Not by these tools: signatures in ML-DSA-44 (openssl 3.5 has them), the chains' block headers, tries and",
    "# secp256k1 signatures (keccak-256), and the rules of who may sign what, of custody and of recognition.  The page",
    "# verify.html is a second implementation of all of it; docs/spec says each step in words.",
)


def _word(name: str) -> str:
    """A name as one word of the shell."""
    return "'" + name.replace("'", "'\\''") + "'"


def _file(name: str) -> str:
    """A file's name as one word of the shell: no option, and with nothing in it that is not seen."""
    named = name if name.startswith("/") else f"./{name}"
    if named.isprintable():
        return _word(named)
    octal = "".join(f"\\{byte:03o}" for byte in os.fsencode(named))
    return f"\"$(printf '{octal}')\""


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _keys_of(bundle: Bundle, trust: TrustList) -> dict[tuple[str, str], list[PublicKey]]:
    """The keys that are a signer's, by DID and `#fragment`; that one verifies says which was meant.

    Those of the trust list, and those that an authority of it enrolled: an Enrolment can give anybody's name a key.
    """
    listed = {
        (authority.id, held.id): [held.key]
        for authority in trust.authorities.values()
        for held in authority.keys.values()
    }
    found = dict(listed)
    for _, item in bundle.items:
        statement = item.statement
        subject = read(statement, screened=False) if statement.type == "Enrolment" else None
        if not isinstance(subject, Enrolment):
            continue
        if _signer(statement, message_to_sign(statement.document), listed) is None:
            continue
        for key in subject.keys:
            place = (subject.party, key.id)
            if place not in listed:
                found[place] = [*found.get(place, ()), key.key]
    return found


def _checkpoint(number: int, section: Section, trust: TrustList) -> Iterator[str]:
    """The note stands in the file; its lines by Ed25519 hold under keys that the trust list names."""
    signed = parse_checkpoint(section.checkpoint)
    text = signed.note.text
    words = text.splitlines()
    yield f"# Section {number}: log {section.origin}, {signed.checkpoint.size} entries."
    escaped = encode(text).decode()[1:-1]
    yield f'named "checkpoint {number} stands in the file" {_word(escaped)} "$E"'
    yield f"R{number}={words[2]}"
    log = next((one for one in trust.logs.values() if one.origin == section.origin), None)
    known = [] if log is None else [(key, f"log {section.origin}") for key in log.vkeys]
    known += [(one.vkey, f"witness {one.vkey.name}") for one in trust.witnesses]
    for line in signed.note.signatures:
        for vkey, who in known:
            if (vkey.name, vkey.key_id) == (line.name, line.key_id):
                yield from _line(number, words, line, vkey, who)


def _line(number: int, words: list[str], line: NoteSignature, vkey: VKey, who: str) -> Iterator[str]:
    told = " ".join(_word(word) for word in words)
    if vkey.type == ED25519:
        signature, message = line.payload, f"printf '%s\\n' {told}"
    elif vkey.type == ED25519_COSIGNATURE:
        time, signature = int.from_bytes(line.payload[:_TIME_SIZE]), line.payload[_TIME_SIZE:]
        message = f"printf '%s\\n' cosignature/v1 'time {time}' {told}"
        who += f" at {time} (seconds since 1970)"
    else:
        return
    yield f'named {_word(f"key of {who} is in the trust list")} {_word(encode_vkey(vkey))} "$T"'
    yield f'{message} >"$W/message"; bytes {_base64(signature)} >"$W/signature"; pem {_spki_ed25519(vkey.key)}'
    yield f"signed {_word(f'checkpoint {number} by {who}')} ed25519"


def _item(
    number: int, section: Section, item: Item, data: bytes, keys: dict[tuple[str, str], list[PublicKey]]
) -> Iterator[str]:
    """A statement's digest, signature and place in the log."""
    statement = item.statement
    whole = data.find(statement.encoded)
    short = statement.digest.hex()[:8]
    yield f"# {statement.type} {statement.digest.hex()} by {statement.issuer}"
    place = Cut(whole, len(statement.encoded))
    yield f'say "digest {short}" "$(piece {place.start} {place.size} | hex)" {statement.digest.hex()}'
    yield from _signature(statement, whole, short, keys)
    yield f'H=$(leaf "$(piece {place.start} {place.size} | raw | text)")'
    size = parse_checkpoint(section.checkpoint).checkpoint.size
    for side, sibling in zip(_sides(item.index, size, len(item.path)), item.path, strict=True):
        yield f'H=$({side} "$H" {_base64(sibling)})'
    yield f'say "entry {item.index} of {size} is {short}" "$H" "$R{number}"'


def _signature(
    statement: Statement, whole: int, short: str, keys: dict[tuple[str, str], list[PublicKey]]
) -> Iterator[str]:
    """The two hashes that are signed, of parts of the file, and the signature over both."""
    message = message_to_sign(statement.document)
    key = _signer(statement, message, keys)
    if key is None:
        yield f'echo "-        no key in hand fits the signature of {short}"'
        return
    options, document = _parts(statement.encoded)
    pieces = [
        "{ " + " ".join(f"piece {whole + cut.start} {cut.size};" for cut in cuts) + " } | raw"
        for cuts in (options, document)
    ]
    yield f'{{ {pieces[0]}; {pieces[1]}; }} >"$W/message"'
    if key.suite == EDDSA:
        yield f'bytes {_base64(statement.signature)} >"$W/signature"; pem {_spki_ed25519(key.raw)}'
    else:
        yield f'bytes {_base64(_der(statement.signature))} >"$W/signature"; pem {_spki_p256(key.raw)}'
    program = "ed25519" if key.suite == EDDSA else "p256"
    told = f"signature of {short} by {statement.verification_method}, key {encode_multikey(key)}"
    yield f"signed {_word(told)} {program}"


def _signer(
    statement: Statement, message: bytes, keys: dict[tuple[str, str], list[PublicKey]]
) -> PublicKey | None:
    for key in keys.get((statement.issuer, statement.key_id), ()):
        try:
            verify(key, message, statement.signature)
        except LedgerError:
            continue
        return key
    return None


def _parts(encoded: bytes) -> tuple[tuple[Cut, ...], tuple[Cut, ...]]:
    """Where, in a statement's bytes, the proof's options and the rest of the document are.

    Members stand in the order of their names, so both are the text around one cut: the options that around
    `"proofValue":"…",`, the document that around `"proof":{…},`.
    """
    start = encoded.rfind(b'"proof":{')
    value = encoded.find(b'"proofValue":"', start)
    after = encoded.find(b'",', value) + len(b'",')
    end = encoded.find(b"},", after) + len(b"},")
    proof = start + len(b'"proof":')
    options = (Cut(proof, value - proof), Cut(after, end - 1 - after))
    document = (Cut(0, start), Cut(end, len(encoded) - end))
    return options, document


def _sides(index: int, size: int, length: int) -> Iterable[str]:
    """On which side of each hash of a path the running hash stands (RFC 9162 section 2.1.3.2)."""
    inner = (index ^ (size - 1)).bit_length()
    for level in range(length):
        yield "right" if level < inner and not (index >> level) & 1 else "left"


def _spki_ed25519(raw: bytes) -> str:
    """An Ed25519 key in the form that openssl reads (RFC 8410)."""
    return _base64(bytes.fromhex("302a300506032b6570032100") + raw)


def _spki_p256(compressed: bytes) -> str:
    """A P-256 key, its point compressed (RFC 5480)."""
    return _base64(bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + compressed)


def _der(signature: bytes) -> bytes:
    """A P-256 signature, r ‖ s, as openssl reads it: a sequence of two integers."""
    half = len(signature) // 2
    numbers = b"".join(_integer(part) for part in (signature[:half], signature[half:]))
    return b"\x30" + bytes([len(numbers)]) + numbers


def _integer(value: bytes) -> bytes:
    short = value.lstrip(b"\0") or b"\0"
    padded = b"\0" + short if short[0] & 0x80 else short
    return b"\x02" + bytes([len(padded)]) + padded
