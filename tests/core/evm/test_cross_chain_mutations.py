"""Headers, proofs and attestations, changed at random: none is accepted, and two verifiers agree on each header.

A change that leaves what is proven as it was is no forgery: seals may stand in another order, or with v 27 for 0, or
one be missing where enough are left.  Anything else that is accepted is.
"""

import json
import random
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import pytest

from ledger.core.evm.anchor import root_at_slot
from ledger.core.evm.header import parse_header
from ledger.core.evm.seals import parse_sealed, verify_seals
from ledger.errors import LedgerError
from ledger.verify.storage import prove_contract
from tests.campaign import count
from tests.core.evm import cross_chain, naive_seals
from tests.core.evm.test_attesters import ROWS as ATTESTED
from tests.core.evm.test_attesters import attest

TRIES = count(20_000)
"""Of all three kinds together."""
HEADERS, PROOFS, CLAIMS = TRIES * 2 // 5, TRIES * 2 // 5, TRIES // 5

pytestmark = pytest.mark.exhaustive


def rows(name: str) -> list[dict[str, Any]]:
    return json.loads((cross_chain.VECTORS / f"{name}.json").read_text())["rows"]  # type: ignore[no-any-return]


SEALED, STATE = rows("sealed"), rows("state")


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def mutated(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """`data` with one to three changes: of a bit, a byte, a run of bytes, or a part taken over from elsewhere."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        at = chance.randrange(len(made) + 1)
        kind = chance.randrange(8)
        if kind == 0 and at < len(made):
            made[at] ^= 1 << chance.randrange(8)
        elif kind == 1 and at < len(made):
            made[at] = chance.choice(
                (0, 1, 27, 28, 0x7F, 0x80, 0x81, 0xB8, 0xC0, 0xF8, 0xFF, chance.randrange(256))
            )
        elif kind == 2:
            made[at:at] = chance.choice((b"\0", b"\x80", b"\xc0", chance.randbytes(chance.randrange(1, 40))))
        elif kind == 3:
            del made[at : at + chance.choice((1, 1, 20, 21, 32, 33, 65, 67))]
        elif kind == 4:
            length = chance.choice((1, 20, 32, 65, 67))
            to = chance.randrange(len(made) + 1)
            made[to : to + length] = made[at : at + length]
        elif kind == 5:
            other = chance.choice(others)
            length = chance.choice((1, 20, 32, 65, 67, len(other)))
            made[at : at + length] = other[at : at + length]
        elif kind == 6:
            length = chance.choice((20, 21, 32, 33, 65, 67))
            first, second = made[at : at + length], made[at + length : at + 2 * length]
            made[at : at + 2 * length] = second + first
        else:
            made = made[:at] + made[max(0, at - chance.randrange(70)) :]
        made = made or bytearray(b"\0")
    return bytes(made)


def changed_headers(chance: random.Random) -> Iterator[tuple[bytes, list[bytes]]]:
    """Header and trusted validators."""
    good = [row for row in SEALED if row["valid"]]
    headers = [unhex(row["header"]) for row in SEALED]
    while True:
        row = chance.choice(good)
        header = unhex(row["header"])
        yield mutated(chance, header, headers), [unhex(one) for one in row["trusted"]]


def test_no_changed_header_is_accepted_and_two_verifiers_agree() -> None:
    accepted = refused = 0
    true = {unhex(row["sealHash"]) for row in SEALED if row["valid"]}
    for header, trusted in islice(changed_headers(random.Random(20_261_122)), HEADERS):
        try:
            sealed = parse_sealed(parse_header(header))
            signers: list[bytes] | None = list(verify_seals(sealed, trusted))
        except LedgerError:
            refused, signers = refused + 1, None
        else:
            accepted += 1
            assert sealed.seal_hash in true, header.hex()
        assert signers == naive_seals.sealed_by(header, trusted), header.hex()
    assert refused > HEADERS * 0.9
    assert accepted, "nothing was left as it was: the changes are too coarse to reach the seals"


def test_no_changed_proof_is_accepted() -> None:
    chance = random.Random(31_001)
    good = [row for row in STATE if row["valid"]]
    nodes = [unhex(node) for row in STATE for node in (*row["account"], *row["storage"])]
    refused = 0
    for _ in range(PROOFS):
        row = chance.choice(good)
        parts = {what: [unhex(node) for node in row[what]] for what in ("account", "storage")}
        part = parts[chance.choice(("account", "storage"))]
        place = chance.randrange(len(part))
        kind = chance.randrange(5)
        if kind == 0:
            del part[place]
        elif kind == 1:
            part.insert(place, chance.choice(nodes))
        elif kind == 2:
            part[place] = chance.choice(nodes)
        else:
            part[place] = mutated(chance, part[place], nodes)
        size = row["size"] + chance.choice((0, 0, 0, 1, -1, 3))
        told = {what: [unhex(node) for node in row[what]] for what in ("account", "storage")}
        if (parts, size) == (told, row["size"]):
            continue
        try:
            held = prove_contract(
                unhex(row["header"]), unhex(row["anchor"]), unhex(row["codeHash"]), parts["account"]
            )
            found = held.written(root_at_slot(unhex(row["logId"]), size), parts["storage"], size)
        except LedgerError:
            refused += 1
            continue
        true = {unhex(one["root"]) for one in good if one["header"] == row["header"] and one["size"] == size}
        assert found in true, (row["name"], kind)
    assert refused > PROOFS * 0.9


def test_no_changed_attestation_is_accepted() -> None:
    chance = random.Random(31_002)
    good = [row for row in ATTESTED if row["valid"]]
    signatures = [unhex(one) for row in ATTESTED for one in row["signatures"]]
    refused = 0
    for _ in range(CLAIMS):
        row = json.loads(json.dumps(chance.choice(good)))
        claim = dict(row["claim"])
        name = chance.choice([*(one for one in claim if one != "setId"), *["signatures"] * 6])
        if name == "signatures":
            place = chance.randrange(len(row["signatures"]))
            kind = chance.randrange(4)
            given = [unhex(one) for one in row["signatures"]]
            if kind == 0:
                given.insert(place, chance.choice(signatures))
            elif kind == 1:
                given[place] = chance.choice(signatures)
            elif kind == 2:
                chance.shuffle(given)
            else:
                given[place] = mutated(chance, given[place], signatures)
            row["signatures"] = ["0x" + one.hex() for one in given]
        elif isinstance(claim[name], int):
            claim[name] ^= 1 << chance.randrange(63)
        else:
            data = bytearray(unhex(claim[name]))
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            claim[name] = "0x" + data.hex()
        row["claim"] = claim
        try:
            attest(row)
        except LedgerError:
            refused += 1
            continue
        assert name == "signatures", row
        signers = [naive_seals.signer_of(unhex(row["digest"]), unhex(one)) for one in row["signatures"]]
        listed = [unhex(one) for one in row["set"]["members"]]
        assert all(one in listed for one in signers), row
        counted = {row["set"]["organisations"][listed.index(one)] for one in signers if one is not None}
        assert len(counted) >= row["set"]["threshold"], row
    assert refused > CLAIMS * 0.8
