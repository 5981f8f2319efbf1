"""Statements of each type, and the same with one thing changed: the same number gives the same changes."""

import copy
import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from ledger.core.times import format_time, parse_time
from ledger.statements import catalogue
from tests.web.variants import MORE, WRONG

TEXTS = [
    "",
    " ",
    "x",
    "true",
    "!true",
    "line.grade",
    "line.persons.count < 9007199254740992",
    "(" * 16 + "true" + ")" * 16,
    "(" * 17 + "true" + ")" * 17,
    "true" + " && true" * 100,
    "true" + " && true" * 101,
    "a" * 64,
    "a" * 65,
    "a" * 120,
    "a" * 121,
    "a" * 256,
    "A label",
    " label",
    "label ",
    "a\u200bb",
    "a\u00a0b",
    "\u3000",
    "é",
    "e\u0301",
    "𝄞" * 120,
    "𝄞" * 121,
    "line\nfeed",
    "\u007f",
    "\u2029",
    "\ufeff",
    "__proto__",
    "constructor",
    "length",
    "XA",
    "XB",
    "FR",
    "ZZ",
    "xa",
    "XB-01",
    "XA-ABC+zone-1",
    "XA+-",
    "XA-ABCD",
    "13800138000",
    "somebody@example.com",
    "+8613800138000",
    "2026-02-29T00:00:00Z",
    "2028-02-29T00:00:00Z",
    "2026-11-22T24:00:00Z",
    "2026-11-22T23:59:60Z",
    "2026-11-22T04:03:04Z",
    "2026-11-22T04:03:04z",
    "2026-11-22 04:03:04Z",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2026-11-21",
    "2026-11-22",
    "2026-11-23",
    "2026-11-24",
    "2026-13-01",
    "did:web:exporter.example.xa",
    "did:web:Exporter.example.xa",
    "did:web:exporter.example%3A8443:a:b%2F",
    "did:web:exporter.example%3a8443",
    "did:key:z6MkjsuSPUAywtMAS9FYWYwVm3XWe4EZ6iMbT4M458HMBnEh",
    "z6MkjsuSPUAywtMAS9FYWYwVm3XWe4EZ6iMbT4M458HMBnEh",
    "zDnaejjLrfgMZeGteND7HbQDj8afJdUKiwRQJXuDyYHcJwJ5p",
    "z1",
    "5493001KJTIIGC8Y1R12",
    "5493001KJTIIGC8Y1R13",
    "91110000600037341L",
    "91110000600037341M",
    "9A110000600037341L",
    "FR40303265045",
    "4006381333931",
    "4006381333932",
    "TEST00B0D1CE27A1F300",
    "TEST00B0D1CE27A1",
    "LEI",
    "USCC",
    "VAT",
    "GLN",
    "DID",
    "urn:example:list",
    "urn:evidence-ledger:scenario:v1",
    "https://example.com/a[b]",
    "https://example.com/a b",
    "text/csv",
    "Text/csv",
    "a/" + "b" * 127,
    "a/" + "b" * 128,
    "ab" * 32,
    "AB" * 32,
    "ab" * 31 + "a",
    "0x" + "ab" * 20,
    "other",
    "document",
    "personal",
    "sensitivePersonal",
    "nonPersonal",
    "onward",
    "certification",
    "derogation",
    "treaty",
    "mou",
    "full",
    "partial",
    "conditional",
    "party",
    "accession",
    "denunciation",
    "suspend",
    "withdraw",
    "dpv:SensitivePersonalData",
    "dpv:AnonymisedData",
    "dpv:PersonalData",
    "revocation",
    "refresh",
    "u",
    "uH4sIAAAAAAACAwMAAAAAAAAAAAA",
]
NUMBERS = [-1, 0, 1, 2, 7, 8, 9, 10, 60, 61, 3660, 3661, 100_001, 131_072, 131_073, 1_048_576, 2**53 - 1]
OTHERS: list[Any] = [True, False, [], {}, [[]], ["x"], [{}], {"a": 1}, ["x", "x"], [1, 1, True]]
NAMES = ["x", "0", "10", "9", "__proto__", "a/b", "a~b", "toString", "commitment", "n" * 128, "n" * 129]
Place = tuple[Any, Any]
"""What holds a value, and its name or index there."""


def whole(name: str) -> list[dict[str, Any]]:
    """Statements of a type in order: its example, and that with further members."""
    example = catalogue.example(name)
    found = [example]
    for members in MORE.get(name, ()):
        document = copy.deepcopy(example)
        subject = {**document["credentialSubject"], **copy.deepcopy(members)}
        document["credentialSubject"] = {key: item for key, item in subject.items() if item is not ...}
        found.append(document)
    return [json.loads(json.dumps(document, sort_keys=True)) for document in found]


def mutations(name: str, number: int) -> Iterator[dict[str, Any]]:
    """That many statements of a type with one thing changed, and those that they were made of."""
    chance = Random(name)
    every = whole(name)
    yield from every
    for members in WRONG.get(name, ()):
        document = copy.deepcopy(every[0])
        document["credentialSubject"].update(copy.deepcopy(members))
        yield json.loads(json.dumps(document, sort_keys=True))
    for _ in range(number):
        document = copy.deepcopy(chance.choice(every))
        _change(chance, document)
        # Members in the order of canonical JSON.
        yield json.loads(json.dumps(document, sort_keys=True))


def _change(chance: Random, document: dict[str, Any]) -> None:
    drawn = chance.random()
    if drawn < 0.03:
        document["issuer"] = "did:web:somebody.example.xa"
    elif drawn < 0.06:
        days = chance.choice([-400, -2, -1, 1, 2, 400]) * 86_400 + chance.choice([0, 300, 301, -301])
        document["validFrom"] = format_time(parse_time(document["validFrom"]) + days)
    else:
        subject = document["credentialSubject"]
        holder, key = chance.choice(list(_places(subject)))
        chance.choice(_CHANGES)(chance, subject, (holder, key))


def _places(value: Any) -> Iterator[Place]:
    """Every member and item below a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield value, key
        yield from _places(item)


def _replace(chance: Random, _: Any, place: Place) -> None:
    """By a value of the same kind, mostly."""
    holder, key = place
    old = holder[key]
    pools: dict[type, list[Any]] = {str: TEXTS, int: NUMBERS, bool: [not old]}
    pool = pools.get(type(old), OTHERS) if chance.random() < 0.8 else [*TEXTS, *NUMBERS, *OTHERS]
    holder[key] = copy.deepcopy(chance.choice(pool))


def _edit(chance: Random, subject: Any, place: Place) -> None:
    """One character of a text, or the next number."""
    holder, key = place
    old = holder[key]
    if type(old) is int:
        holder[key] = old + chance.choice([-1, 1])
    elif type(old) is str and old:
        at = chance.randrange(len(old))
        new = chance.choice("0aA9zZ.-_+/: é") if chance.random() < 0.8 else ""
        holder[key] = old[:at] + new + old[at + chance.choice([0, 1]) :]
    else:
        _remove(chance, subject, place)


def _remove(_: Random, __: Any, place: Place) -> None:
    holder, key = place
    del holder[key]


def _add(chance: Random, subject: Any, place: Place) -> None:
    """A member that is not known, or an item once more."""
    holder, key = place
    if isinstance(holder, list):
        holder.insert(chance.randrange(len(holder) + 1), copy.deepcopy(holder[key]))
        if chance.random() < 0.1:
            holder *= 40
    else:
        holder[chance.choice(NAMES)] = copy.deepcopy(holder[key])


def _take(chance: Random, subject: Any, place: Place) -> None:
    """The value of another place."""
    holder, key = place
    other, there = chance.choice(list(_places(subject)))
    holder[key] = copy.deepcopy(other[there])


def _swap(chance: Random, subject: Any, place: Place) -> None:
    """The items of a list in another order, or its last one gone."""
    holder, key = place
    value = holder[key]
    if isinstance(value, list) and value:
        if chance.random() < 0.5:
            value.reverse()
        else:
            value.pop()
    else:
        _take(chance, subject, place)


_CHANGES: list[Callable[[Random, Any, Place], None]] = [
    _replace,
    _replace,
    _edit,
    _remove,
    _add,
    _take,
    _swap,
]
