"""Seals of QBFT headers: outside vectors, our own, a verifier written apart, and headers made at will."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.evm import rlp
from ledger.core.evm.header import parse_header
from ledger.core.evm.seals import (
    SealedHeader,
    parse_sealed,
    quorum_of,
    seal_message,
    verify_seals,
)
from ledger.core.keccak import keccak256
from ledger.errors import LedgerError, MalformedError, QuorumError, SignatureError
from tests.core.evm import cross_chain, naive_seals
from tests.outside import outside
from tests.sealing import addresses, block_hash, extra_of, replaced, seal, secrets

OWN: dict[str, Any] = json.loads((cross_chain.VECTORS / "sealed.json").read_text())
TRUE = bytes.fromhex(json.loads((cross_chain.VECTORS.parent / "evm.json").read_text())["header"][2:])
FOUR = secrets(4)


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def read(header: bytes) -> SealedHeader:
    return parse_sealed(parse_header(header))


def verdict(header: bytes, trusted: list[bytes]) -> tuple[str | None, tuple[bytes, ...]]:
    """The code of the refusal, or the signers."""
    try:
        return None, verify_seals(read(header), trusted)
    except LedgerError as error:
        return error.code, ()


@pytest.mark.parametrize("name", cross_chain.FILES)
def test_the_vectors_are_what_their_generator_makes_today(name: str) -> None:
    assert (cross_chain.VECTORS / f"{name}.json").read_text() == cross_chain.written(name)


def test_the_vectors_hold_both_verdicts_and_every_cause() -> None:
    rows = OWN["rows"]
    assert {row["valid"] for row in rows} == {True, False}
    assert len({row["name"] for row in rows}) == len(rows)
    assert {row["error"] for row in rows if not row["valid"]} == {
        "extra-data", "header-difficulty", "header-fields", "header-mix-hash", "header-ommers", "ibft2-unsupported",
        "rlp-not-canonical", "rlp-shape", "rlp-trailing", "rlp-truncated", "seal-high-s", "seal-invalid",
        "seal-length", "seal-outsider", "seal-quorum", "seal-twice", "validators-absent", "validators-unsorted",
    }  # fmt: skip


@pytest.mark.parametrize("row", OWN["rows"], ids=lambda row: row["name"])
def test_a_header_is_judged_as_the_vector_says(row: dict[str, Any]) -> None:
    header, trusted = unhex(row["header"]), [unhex(one) for one in row["trusted"]]
    found = verdict(header, trusted)
    assert found == (row.get("error"), tuple(unhex(one) for one in row.get("signers", ())))
    assert naive_seals.sealed_by(header, trusted) == (list(found[1]) if row["valid"] else None)
    if row["valid"]:
        sealed = read(header)
        assert (sealed.seal_hash, sealed.block_hash) == (unhex(row["sealHash"]), unhex(row["blockHash"]))
        assert (set(sealed.validators) != set(trusted)) == row["rotation"]


def outside_rows() -> tuple[list[bytes], list[dict[str, Any]]]:
    given = json.loads((outside("cross-chain") / "synthetic_sealed_headers.json").read_text())
    pair = given["equivocation"]
    rows = [
        *given["vectors"],
        {**pair["a"], "name": "a", "valid": True},
        {**pair["b"], "name": "b", "valid": True},
    ]
    return [unhex(one) for one in given["trusted_validators"]], rows


def test_outside_qbft_headers_are_judged_as_they_say() -> None:
    trusted, rows = outside_rows()
    qbft = [row for row in rows if row["kind"] == "qbft"]
    assert {row["valid"] for row in qbft} == {True, False}
    assert len(qbft) >= 13
    for row in qbft:
        header = unhex(row["header_rlp"])
        code, signers = verdict(header, trusted)
        assert (code is None) == row["valid"], (row["name"], code)
        assert naive_seals.sealed_by(header, trusted) == (list(signers) if row["valid"] else None)
        if row["valid"]:
            sealed = read(header)
            assert sealed.block_hash == unhex(row["block_hash"])
            assert sealed.seal_hash == unhex(row["seal_hash"])
            assert (sealed.round, sealed.header.number) == (row["round"], row["number"])
            assert [*sealed.validators] == [unhex(one) for one in row["validators"]]


def test_outside_ibft2_headers_are_refused_by_name_good_or_bad() -> None:
    trusted, rows = outside_rows()
    ibft2 = [row for row in rows if row["kind"] == "ibft2"]
    assert len(ibft2) >= 11
    for row in ibft2:
        spoiled = row["name"] == "ibft2_bad_mixhash"
        assert verdict(unhex(row["header_rlp"]), trusted)[0] == (
            "header-mix-hash" if spoiled else "ibft2-unsupported"
        )


def test_an_equivocating_pair_names_those_who_sealed_both() -> None:
    given = json.loads((outside("cross-chain") / "synthetic_sealed_headers.json").read_text())
    trusted, pair = [unhex(one) for one in given["trusted_validators"]], given["equivocation"]
    a, b = (read(unhex(pair[name]["header_rlp"])) for name in "ab")
    assert a.header.number == b.header.number
    assert a.block_hash != b.block_hash
    both = {*verify_seals(a, trusted)} & {*verify_seals(b, trusted)}
    assert both == {unhex(one) for one in pair["culprits"]}


def test_the_quorum_is_two_thirds_rounded_up() -> None:
    assert [quorum_of(count) for count in range(1, 11)] == [1, 2, 2, 3, 4, 4, 5, 6, 6, 7]
    for count in range(1, 200):
        assert 3 * quorum_of(count) >= 2 * count > 3 * (quorum_of(count) - 1)


def test_at_round_0_the_seals_are_over_the_block_hash_and_at_no_other() -> None:
    first, sixth = read(seal(TRUE, FOUR)), read(seal(TRUE, FOUR, round=5))
    assert first.seal_hash == first.block_hash
    assert sixth.seal_hash != sixth.block_hash
    assert sixth.block_hash == first.block_hash == block_hash(seal(TRUE, FOUR, signers=FOUR))
    assert {first.header.hash, sixth.header.hash}.isdisjoint({first.block_hash, sixth.seal_hash})


def test_what_is_signed_can_be_asked_for_by_whoever_seals() -> None:
    sealed = read(seal(TRUE, FOUR, round=5))
    assert keccak256(seal_message(sealed.header, 5)) == sealed.seal_hash
    assert keccak256(seal_message(sealed.header, 0)) == sealed.block_hash
    with pytest.raises(MalformedError) as refused:
        seal_message(parse_header(TRUE), 0)
    assert refused.value.code == "extra-data"


def test_an_empty_set_is_trusted_with_nothing() -> None:
    with pytest.raises(QuorumError) as refused:
        verify_seals(read(seal(TRUE, FOUR)), [])
    assert refused.value.code == "seal-quorum"


def test_a_header_with_fields_of_another_size_says_where() -> None:
    given = replaced(seal(TRUE, FOUR), {12: extra_of(addresses(FOUR)) + b"\0"})
    with pytest.raises(
        MalformedError, match="extra data of a QBFT header: RLP item ends before byte"
    ) as refused:
        read(given)
    assert (refused.value.code, refused.value.offset) == ("extra-data", len(extra_of(addresses(FOUR))))


def test_a_refused_seal_is_told_in_full() -> None:
    given = read(seal(TRUE, FOUR, shaped=lambda made: [made[0][:64] + b"\2", *made[1:]]))
    with pytest.raises(SignatureError, match=given.seals[0].hex()) as refused:
        verify_seals(given, addresses(FOUR))
    assert refused.value.code == "seal-invalid"


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 9),
    st.integers(0, 2**32 - 1),
    st.sets(st.integers(0, 8)),
    st.sets(st.integers(0, 8), min_size=1),
)
def test_whoever_seals_and_whoever_is_trusted_two_verifiers_agree(
    count: int, round_: int, signing: set[int], trusting: set[int]
) -> None:
    pool = secrets(9)
    header = seal(TRUE, pool[:count], round=round_, signers=[pool[one] for one in sorted(signing)])
    trusted = [addresses(pool)[one] for one in sorted(trusting)]
    code, signers = verdict(header, trusted)
    assert (list(signers) if code is None else None) == naive_seals.sealed_by(header, trusted)
    assert code in (None, "seal-quorum", "seal-outsider")
    declared = {*addresses(pool[:count])}
    enough = [
        3 * len({*map(addresses(pool).__getitem__, signing)} & one) >= 2 * len(one)
        for one in (declared, {*trusted})
    ]
    assert (code is None) <= all(enough)


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(st.binary(max_size=40), lambda below: st.lists(below, max_size=6).map(tuple), max_leaves=12)
)
def test_any_extra_data_is_read_or_refused_and_never_trusted(item: rlp.Item) -> None:
    good = seal(TRUE, FOUR)
    header = replaced(good, {12: rlp.encode(item)})
    code, signers = verdict(header, list(addresses(FOUR)))
    assert code is not None
    assert signers == ()
