"""The formats as both implementations read them: the same verdict, by the same code, at the same place.

Judged are the vectors, every fault of a trust list, and whatever comes of changing either: bytes, members, and values.
"""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.core import canonical, did, multibase, note, suites, times
from ledger.core.checkpoint import parse_checkpoint
from ledger.core.commitment import parse_openings
from ledger.core.evm import receipt as transaction
from ledger.core.evm import rlp
from ledger.core.evm.header import parse_header
from ledger.core.evm.seals import parse_sealed
from ledger.core.receipt import parse_receipt
from ledger.core.statement import parse_statement
from ledger.core.trust import parse_trust_list
from ledger.errors import LedgerError
from tests.campaign import count
from tests.core.trust.faults import FAULTS
from tests.core.trust.lists import body, chosen, signed_anyhow
from tests.web.judging import Verdict, judge

VECTORS = Path(__file__).parents[1] / "vectors"
CHANGES = count(2_500)
SEED = 20261122

Input = tuple[str, bytes]

READERS: dict[str, Callable[[bytes], object]] = {
    "checkpoint": parse_checkpoint,
    "did": lambda data: did.split_did_url(data.decode()),
    "header": parse_header,
    "json": lambda data: canonical.decode(data, limit=canonical.STATEMENT_LIMIT, what="document"),
    "multikey": lambda data: suites.parse_multikey(data.decode()),
    "note": note.parse_note,
    "openings": parse_openings,
    "receipt": parse_receipt,
    "rlp": rlp.decode,
    "sealed": lambda data: parse_sealed(parse_header(data)),
    "statement": parse_statement,
    "time": lambda data: times.parse_time(data.decode()),
    "transaction receipt": transaction.parse_receipt,
    "trust": parse_trust_list,
    "vkey": lambda data: note.parse_vkey(data.decode()),
}


def ours(kind: str, data: bytes) -> Verdict:
    try:
        READERS[kind](data)
    except LedgerError as error:
        return (error.code, error.pointer)
    return None


def placed(verdict: Verdict) -> Verdict:
    """The verdict, without its place where the bytes are not canonical: readers without floats see 1 in 1.0."""
    return (verdict[0], None) if verdict is not None and verdict[0] == "not-canonical" else verdict


def require_agreement(inputs: list[Input]) -> list[Verdict]:
    """Both verdicts of all inputs, after checking that they are the same."""
    verdicts = [placed(ours(kind, data)) for kind, data in inputs]
    theirs = map(placed, judge(inputs))
    differing = [
        (kind, mine, other, data[:2_000])
        for (kind, data), mine, other in zip(inputs, verdicts, theirs, strict=True)
        if mine != other
    ]
    assert differing[:3] == []
    return verdicts


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def table(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


def files(folder: str, kind: str) -> Iterator[Input]:
    for path in sorted((VECTORS / folder).iterdir()):
        yield kind, path.read_bytes()


def originals() -> list[Input]:
    """One of everything that is read, all of it accepted."""
    keys, chain, log = table("keys.json"), table("evm.json"), table("log.json")
    sealed = [row for row in table("cross_chain/sealed.json")["rows"] if row["valid"]]
    found = [
        *files("statements", "statement"),
        *files("trust", "trust"),
        *files("openings", "openings"),
        *(("vkey", text.encode()) for text in log["vkeys"]),
        *(("multikey", key["multikey"].encode()) for key in (*keys["ed25519"][:3], *keys["p256"])),
        ("header", unhex(chain["header"])),
        ("rlp", unhex(chain["account"][-1])),
        ("rlp", b"\xc8\xc1\x80\x83abc\x81\x80"),
        *(("sealed", unhex(row["header"])) for row in sealed[:6]),
        *(("transaction receipt", unhex(row["bytes"])) for row in chain["receipts"][:5]),
        *(("time", text) for text in (b"2026-11-22T04:03:04Z", b"2000-02-29T23:59:59Z")),
        *(("did", text) for text in (b"did:web:a.example%3A80:b:%2Fc#1", b"did:key:z6Mk#a.b-c_")),
        *(("json", row) for row in (b'{"a":[1,-2,{"b":"\xc3\xbc\\n"}],"c":true}', b"[]", b'"\\u001f"', b"0")),
    ]
    for path in sorted((VECTORS / "log").iterdir()):
        data = path.read_bytes()
        found += (
            [("receipt", data)] if path.suffix == ".tlog-proof" else [("checkpoint", data), ("note", data)]
        )
    return [(kind, data) for kind, data in found if ours(kind, data) is None]


def test_every_vector_has_one_verdict() -> None:
    inputs = [
        *originals(),
        *files("statements", "statement"),
        *(("json", bytes.fromhex(row["hex"])) for row in table("json.json")["refused"] if "hex" in row),
        *(("multikey", row["multikey"].encode()) for row in table("keys.json")["refusedAtEnrolment"]),
        *(("sealed", unhex(row["header"])) for row in table("cross_chain/sealed.json")["rows"]),
    ]
    verdicts = require_agreement(inputs)
    assert {verdict is None for verdict in verdicts} == {True, False}


@pytest.mark.parametrize("keys", [("#1", "#2"), ("#1",), ()], ids=["signed", "by one", "unsigned"])
def test_every_fault_of_a_trust_list_has_one_verdict(keys: tuple[str, ...]) -> None:
    inputs: list[Input] = []
    for fault in FAULTS.values():
        document = body()
        fault.change(document)
        inputs.append(("trust", signed_anyhow(document, chosen(*keys))))
    verdicts = require_agreement(inputs)
    assert None not in verdicts


def changed_bytes(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data) + 1)
    piece = chance.choice(
        (b"", b"\0", b"0", b'"', b"\n", b" ", b"\xff", b"+", data[:7], data[place : place + 9])
    )
    kind = chance.randrange(3)
    if kind == 0 and place < len(data):
        return data[:place] + bytes((data[place] ^ 1 << chance.randrange(8),)) + data[place + 1 :]
    if kind == 1:
        return data[:place] + data[place + chance.randrange(1, 5) :]
    return data[:place] + piece + data[place:]


ODD: tuple[Any, ...] = (
    0,
    -1,
    1,
    2**53 - 1,
    True,
    "",
    "0",
    "#1",
    "XB",
    [],
    {},
    [""],
    ["a", "a"],
    {"a": 1},
    "0x",
    "z6Mk",
)


def changed_values(value: Any, chance: random.Random) -> Any:
    """The document with one value exchanged, taken away, doubled or moved, somewhere in it."""
    goes_on = chance.random() < 0.85
    if isinstance(value, dict) and value and goes_on:
        return changed_object(value, chance)
    if isinstance(value, list) and value and goes_on:
        return changed_list(value, chance)
    if isinstance(value, str) and chance.random() < 0.5:
        return changed_bytes(value.encode(), chance).decode(errors="replace")
    if isinstance(value, int) and chance.random() < 0.5:
        return value + chance.choice((-1, 1, 1_000_000))
    return chance.choice(ODD)


def changed_object(value: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    name = chance.choice(sorted(value))
    kind = chance.randrange(8)
    if kind == 0:
        return {other: item for other, item in value.items() if other != name}
    if kind == 1:
        added = chance.choice(("extra", "prev", "from", "revoked", "jurisdiction"))
        return {**value, added: chance.choice(ODD)}
    return {**value, name: changed_values(value[name], chance)}


def changed_list(value: list[Any], chance: random.Random) -> list[Any]:
    place = chance.randrange(len(value))
    kind = chance.randrange(6)
    if kind == 0:
        return [*value, value[place]]
    if kind == 1:
        return value[:place] + value[place + 1 :]
    return [*value[:place], changed_values(value[place], chance), *value[place + 1 :]]


def test_whatever_is_changed_has_one_verdict() -> None:
    chance = random.Random(SEED)
    kinds: dict[str, list[bytes]] = {}
    for kind, data in originals():
        kinds.setdefault(kind, []).append(data)
    inputs: list[Input] = []
    while len(inputs) < CHANGES:
        kind = chance.choice(sorted(kinds))
        data = chance.choice(kinds[kind])
        if kind in {"statement", "trust", "openings", "json"} and chance.random() < 0.7:
            inputs.append((kind, canonical.encode(changed_values(json.loads(data), chance))))
        else:
            inputs.append((kind, changed_bytes(data, chance)))
    readable = [(kind, data) for kind, data in inputs if kind not in TEXTS or is_text(data)]
    verdicts = require_agreement(readable)
    codes = {verdict[0] for verdict in verdicts if verdict is not None}
    assert codes >= {
        "checkpoint-malformed", "did-malformed", "extra-data", "member-missing", "member-unknown", "member-value",
        "multibase-malformed", "not-canonical", "note-malformed", "openings-malformed", "proof-malformed",
        "receipt-malformed", "rlp-not-canonical", "rlp-shape", "rlp-truncated", "statement-malformed",
        "time-malformed", "vkey-malformed",
    }  # fmt: skip


TEXTS = frozenset({"did", "multikey", "time", "vkey"})
"""What is read from texts, so that bytes which are none never come there."""


def is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_a_long_multibase_text_has_one_verdict() -> None:
    lengths = (253, 254, 255, 256, 257, 4_096)
    require_agreement([("multikey", b"z" + b"2" * length) for length in lengths])
    assert multibase.LENGTH_LIMIT == 256
