"""Ways to change a file: bits of its bytes, parts of its document, lines of its notes, what a verifier is asked.

Each takes good inputs and a source of randomness and gives one changed case; what comes of it, the test asks both
verifiers.
"""

import copy
import json
import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from random import Random
from typing import Any

from ledger.core.canonical import decode, encode
from ledger.core.multibase import base58btc_encode
from ledger.core.suites import sign
from ledger.core.times import format_time, parse_time
from ledger.errors import LedgerError
from tests.differential.inputs import Good
from tests.differential.process import Case
from tests.simulator import DAY, START, key

Place = tuple[str | int, ...]
MOMENTS = (
    0,
    1,
    299,
    300,
    301,
    3_600,
    86_399,
    86_400,
    86_401,
    2 * DAY,
    7 * DAY,
    30 * DAY,
    365 * DAY,
    366 * DAY,
)
CODES = ("XA", "XB", "XC", "FR", "xa", "XAA", "")
KINDS = tuple(
    re.compile(pattern)
    for pattern in (
        r"[A-Z]{2}",
        r"did:.*",
        r"[0-9a-f]{64}",
        r"#.{1,20}",
        r"z[1-9A-Za-z]{30,}",
        r"[a-z][A-Za-z-]{2,20}",
    )
)
"""Texts that may stand in each other's place: countries, who speaks, digests, key ids, keys, words of lists."""
ODD: tuple[Any, ...] = (
    0,
    1,
    -1,
    2**53 - 1,
    True,
    False,
    "",
    "x",
    [],
    {},
    [[]],
    {"a": 1},
    ["x"],
    "0x",
    "é",
    "\u2028",
)
RAW: tuple[tuple[bytes, bytes], ...] = (
    (b":1,", b":1.0,"),
    (b":1,", b":1e0,"),
    (b":0,", b":-0,"),
    (b",", b", "),
    (b'":', b'" :'),
    (b"{", b'{"a":1,"a":1,'),
    (b"a", b"\\u0061"),
    (b'"', b"'"),
    (b"}", b"},"),
    (b":[]", b":null"),
    (b"}", b"}\n"),
    (b"e", b"\xc3\x28"),
    (b"e", b"\xed\xa0\x80"),
    (b"/", b"\\/"),
)


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Every place in a JSON value, those in members of members included."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, below in inner:
        yield (*at, name)
        yield from places(below, (*at, name))


def value_at(document: Any, at: Place) -> Any:
    """What stands at a place."""
    for step in at:
        document = document[step]
    return document


def some_place(document: Any, random: Random) -> Place:
    """A place at random: a way down from the top, so that what is long is not chosen more often than what is short."""
    at: Place = ()
    value = document
    while isinstance(value, (dict, list)) and value and (not at or random.random() < 0.85):
        step = random.choice(list(value) if isinstance(value, dict) else range(len(value)))
        at, value = (*at, step), value[step]
    return at


def encoded(document: Any) -> bytes:
    """The canonical bytes; of what has none, bytes that are nearly so."""
    try:
        return encode(document)
    except (LedgerError, RecursionError):
        return json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )


def changed_text(text: str, random: Random) -> Any:
    """Another text in place of one."""
    if "\n\n\N{EM DASH} " in text and random.random() < 0.9:
        return changed_note(text, random)
    if len(text) == len("2026-11-22T00:00:00Z") and text.endswith("Z") and text[4] == "-":
        try:
            moved = parse_time(text) + random.choice((-1, 1)) * random.choice(MOMENTS)
        except LedgerError:
            moved = START
        return random.choice((format_time(moved), text[:-1] + "z", text.replace("T", " "), text[:17] + "60Z"))
    if text in CODES:
        return random.choice(CODES)
    spot = random.randrange(len(text) + 1)
    digit = random.choice("0123456789abcdefABCxZ-_/+=.: ")
    return random.choice(
        (
            text[:spot] + digit + text[spot + 1 :],
            text[:spot] + digit + text[spot + 1 :],
            text[:spot] + text[spot + 1 :],
            text[:spot] + digit + text[spot:],
            text[:spot],
            text + text[:2],
            text.upper(),
            text[:2] + text[4:],
            text[:-2] + "00",
        )
    )


def changed_note(note: str, random: Random) -> str:
    """A note with a line changed, left out, repeated, or moved."""
    lines = note.split("\n")
    signatures = [n for n, line in enumerate(lines) if line.startswith("\N{EM DASH} ")]
    one, other = random.choice(signatures), random.choice(signatures)
    body = random.randrange(3)
    spot = random.randrange(1, max(2, len(lines[one])))
    how = random.randrange(10)
    if how == 0:
        del lines[one]
    elif how == 1:
        lines.insert(other, lines[one])
    elif how == 2:
        lines[one], lines[other] = lines[other], lines[one]
    elif how == 3:
        lines[one] = lines[one][:spot] + random.choice("AQgw019+/=") + lines[one][spot + 1 :]
    elif how == 4:
        lines[body] = changed_text(lines[body], random)
    elif how == 5:
        lines[1] = str(random.choice((0, 1, 7, 2**53, 2**63 - 1, 2**63, -1)))
    elif how == 6:
        lines.insert(3, "an extension line")
    elif how == 7:
        lines.insert(other, "\N{EM DASH} somebody.example AAAAAGFhYWE=")
    elif how == 8:
        name, _, rest = lines[one][2:].partition(" ")
        lines[one] = f"\N{EM DASH} {name}x {rest}"
    else:
        return note[: random.randrange(len(note))]
    return "\n".join(lines)


def changed_value(value: Any, others: Callable[[type], list[Any]], random: Random) -> Any:
    """Another value in place of one: near it, of the same kind from elsewhere, or of another kind."""
    how = random.random()
    if how < 0.12:
        return copy.deepcopy(random.choice(ODD))
    if how < 0.4:
        alike = others(type(value))
        return copy.deepcopy(random.choice(alike)) if alike else None
    if isinstance(value, str):
        return changed_text(value, random)
    if isinstance(value, list):
        return _changed_list(value, random)
    if isinstance(value, dict) and value:
        name = random.choice(list(value))
        rest = {one: inner for one, inner in value.items() if one != name}
        return random.choice((rest, {**value, "more": 1}, {**rest, f"{name}x": value[name]}))
    number = int(value) if isinstance(value, int) else 0
    return random.choice((number + 1, number - 1, 0, -number, number * 2, 2**53 - 1, str(number), not number))


def _changed_list(value: list[Any], random: Random) -> list[Any]:
    if not value:
        return [random.choice(ODD)]
    spot, other = random.randrange(len(value)), random.randrange(len(value))
    swapped = list(value)
    swapped[spot], swapped[other] = swapped[other], swapped[spot]
    return random.choice(
        (
            value[:spot] + value[spot + 1 :],
            [*value, copy.deepcopy(value[spot])],
            value[::-1],
            swapped,
            [],
            value * 9,
        )
    )


def likely(document: Any, random: Random, elsewhere: Any) -> None:
    """Change one value to another that could stand there: a time near it, somebody else, another country or word."""
    found = [at for at in places(document) if not isinstance(value_at(document, at), (dict, list))]
    if not found:
        return
    at = random.choice(found)
    old = value_at(document, at)
    new: Any = None
    if isinstance(old, str):
        for kind in KINDS:
            if kind.fullmatch(old):
                pool = [value_at(elsewhere, one) for one in places(elsewhere)]
                pool += [value_at(document, one) for one in places(document)]
                alike = sorted({one for one in pool if isinstance(one, str) and kind.fullmatch(one)})
                new = random.choice([*alike, *(CODES[:4] if kind is KINDS[0] else ())])
                break
        if old.endswith("Z") and old[:2] == "20":
            moved = parse_time(old) + random.choice((-1, 1)) * random.choice(MOMENTS)
            new = format_time(moved)
    elif isinstance(old, bool):
        new = not old
    elif isinstance(old, int):
        new = max(0, old + random.choice((-1, 1, 10)))
    if new is not None:
        value_at(document, at[:-1])[at[-1]] = new


def change_document(document: Any, random: Random, elsewhere: Any = None) -> None:
    """Change one place of a document."""
    at = some_place(document, random)
    if not at:
        return
    holder = value_at(document, at[:-1])
    if random.random() < 0.1:
        del holder[at[-1]]
        return
    source = document if elsewhere is None or random.random() < 0.5 else elsewhere

    def others(kind: type) -> list[Any]:
        drawn = (value_at(source, some_place(source, random)) for _ in range(12))
        return [one for one in drawn if type(one) is kind]

    twin = None
    if random.random() < 0.25 and elsewhere is not None:
        try:
            twin = copy.deepcopy(value_at(elsewhere, at))
        except (LookupError, TypeError):
            twin = None
    holder[at[-1]] = changed_value(holder[at[-1]], others, random) if twin is None else twin


def published(body: Any) -> bytes:
    """A trust list signed by its publisher whatever stands in it; the product's own signer refuses what is unsound."""
    digest = sha256(encoded(body)).digest()
    value = base58btc_encode(sign(key("publisher"), b"evidence-ledger/trust-list/v1\n" + digest))
    return encoded({**body, "signatures": [{"key": "#1", "value": value}]})


def flipped(good: Good, random: Random) -> Case:
    """A bit of the file."""
    spot = random.randrange(len(good.data))
    bit = 1 << random.randrange(8)
    data = good.data[:spot] + bytes((good.data[spot] ^ bit,)) + good.data[spot + 1 :]
    return Case(f"bit of {good.name}", data, good.trust, good.asked)


def rewritten(good: Good, random: Random) -> Case:
    """The same values in other bytes, a byte more or less, half of the file."""
    data = good.data
    old, new = random.choice(RAW)
    n = data.find(old, random.randrange(len(data)))
    if n >= 0:
        data = data[:n] + new + data[n + len(old) :]
    else:
        data = random.choice((data[: random.randrange(len(data))], data + b" ", b"\xef\xbb\xbf" + data, b""))
    return Case(f"bytes of {good.name}", data, good.trust, good.asked)


def parts_changed(good: Good, random: Random, other: Good) -> Case:
    """One part, now and then two or three, of the document."""
    document = good.document
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        change_document(document, random, other.document if random.random() < 0.5 else None)
    return Case(f"parts of {good.name}", encoded(document), good.trust, good.asked)


def spliced(good: Good, random: Random, other: Good) -> Case:
    """Sections, items, anchors or their members of another good bundle in the place of one's own."""
    document, source = good.document, other.document
    mine, theirs = random.choice(document["sections"]), random.choice(source["sections"])
    name = random.choice(
        ("items", "anchors", "foreign", "checkpoint", "extends", "origin", "section", "subject")
    )
    if name == "section":
        document["sections"].insert(random.randrange(3), theirs)
    elif name == "subject":
        document["subject"] = source["subject"]
    elif name in {"items", "anchors", "foreign"} and theirs[name] and random.random() < 0.8:
        one = random.choice(theirs[name])
        if mine[name] and random.random() < 0.6:
            spot = random.randrange(len(mine[name]))
            member = random.choice([*one, None])
            mine[name][spot] = one if member is None else {**mine[name][spot], member: one[member]}
        else:
            mine[name].append(one)
    elif name in theirs:
        mine[name] = theirs[name]
    trust = random.choice((good.trust, other.trust))
    return Case(f"splice of {good.name} and {other.name}", encoded(document), trust, good.asked)


def believed_otherwise(good: Good, random: Random) -> Case:
    """A changed trust list, signed again by its publisher."""
    body = decode(good.trust, limit=len(good.trust), what="list")
    assert isinstance(body, dict)
    old = body.pop("signatures")
    for _ in range(random.choice((1, 1, 2))):
        change_document(body, random)
    trust = encoded({**body, "signatures": old}) if random.random() < 0.05 else published(body)
    return Case(f"trust of {good.name}", good.data, trust, good.asked)


def asked_otherwise(good: Good, random: Random) -> Case:
    """Another clock, moment, place of use, further steps."""
    now = START + random.choice((-1, 1, 1)) * random.choice(MOMENTS) + random.choice((0, 10, 110))
    asked: dict[str, Any] = {**good.asked, "now": now}
    if random.random() < 0.4:
        asked["at"] = START + random.choice(MOMENTS)
    if random.random() < 0.4:
        asked["into"] = random.choice(CODES[:4])
    if random.random() < 0.3:
        asked["require"] = [random.randrange(1, 12)]
    asked["requireNow"] = random.random() < 0.2
    if random.random() < 0.2:
        asked["content"] = {random.choice(("payload", "credential", "x")): bytes(32).hex()}
    return Case(f"question about {good.name}", good.data, good.trust, asked)
