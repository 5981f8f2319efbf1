"""Statements by the example of their type, changed in one place, and what is found wrong with them."""

from types import SimpleNamespace
from typing import Any

from ledger.core.times import parse_time
from ledger.statements import catalogue

DIGEST = "ab" * 32


def statement(document: Any, *, method: str = "did:web:registrar.example.xa#1"):
    """What a reader of a type sees of a statement; the signature is not its business."""
    proof = document.get("proof", {})
    return SimpleNamespace(
        type=document["type"][1],
        subject=document["credentialSubject"],
        issuer=document["issuer"],
        created=parse_time(proof.get("created", document["validFrom"])),
        verification_method=proof.get("verificationMethod", method),
    )


def changed(name: str, pointer: str, value: Any):
    """The example of a type with one member of its subject set, or removed by `...`."""
    document = catalogue.example(name)
    *path, last = [int(token) if token.isdigit() else token for token in pointer.split("/")[1:]]
    place = document["credentialSubject"]
    for token in path:
        place = place[token]
    if value is ...:
        del place[last]
    elif isinstance(place, list) and last == len(place):
        place.append(value)
    else:
        place[last] = value
    return document


def faults(document: Any):
    return [(p.pointer.removeprefix("/credentialSubject"), p.code) for p in catalogue.check(document)]
