"""Our encoded lists are read by an independent implementation of Bitstring Status List, and its lists by ours."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from ledger.statements import bitstring, catalogue

HERE = Path(__file__).parent
LENGTHS = (131_072, 131_080, 1_048_576)
EXAMPLE = {
    one["statusPurpose"]: one["encodedList"]
    for one in catalogue.example("StatusList")["credentialSubject"]["lists"]
}


def theirs(**requests: list[dict]) -> dict:
    """What the other implementation answers; see bitstring.js."""
    if shutil.which("node") is None:
        pytest.skip("node is missing; install it: apt-get install nodejs npm")
    if not (HERE / "node_modules").is_dir():
        pytest.skip("the other implementation is missing; install it: npm ci --prefix tests/interop")
    run = subprocess.run(
        ["node", HERE / "bitstring.js"],
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def some(length: int) -> list[int]:
    """Both ends, and one in a hundred of the rest."""
    return sorted({0, 7, 8, length - 1, *random.Random(length).sample(range(length), length // 100)})


def test_our_lists_are_read_bit_by_bit_by_the_other_implementation() -> None:
    requests = [
        {"encodedList": bitstring.encode(bitstring.of(length, some(length))), "indexes": list(range(length))}
        for length in LENGTHS
    ]
    assert theirs(read=requests)["read"] == [{"length": length, "set": some(length)} for length in LENGTHS]


def test_the_lists_of_our_example_are_read_by_the_other_implementation() -> None:
    every = list(range(131_072))
    answer = theirs(read=[{"encodedList": text, "indexes": every} for text in EXAMPLE.values()])
    assert dict(zip(EXAMPLE, (found["set"] for found in answer["read"]), strict=True)) == {
        "revocation": [42, 94_567],
        "suspension": [1001],
        "refresh": [],
    }


def test_lists_of_the_other_implementation_are_read_by_ours() -> None:
    written = theirs(write=[{"length": length, "set": some(length)} for length in LENGTHS])["written"]
    for length, encoded in zip(LENGTHS, written, strict=True):
        assert list(bitstring.indexes(bitstring.decode(encoded, length))) == some(length)
