"""The signature rule: own vectors, Wycheproof, 914 Ed25519 edge cases, and a naive verifier."""

import json
from hashlib import sha512
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core import ed25519, suites
from ledger.core.suites import ECDSA, EDDSA, P256_ORDER, PrivateKey, PublicKey
from ledger.errors import LedgerError, MalformedError, SignatureError
from tests.campaign import count
from tests.core.vectors import KEYS, load, secret
from tests.outside import outside

VERDICTS = load("signature-verdicts.json")
ED = PrivateKey(EDDSA, secret("ed25519", "exporter"))
P256 = PrivateKey(ECDSA, secret("p256", "exporter p256"))
RANDOM = st.binary(min_size=suites.RANDOM_SIZE, max_size=suites.RANDOM_SIZE)
REFUSED_FLAGS = {"low_order_A", "low_order_R", "non_canonical_A", "non_canonical_R", "low_order_residue"}


def accepts(key: PublicKey, message: bytes, signature: bytes) -> bool:
    try:
        suites.verify(key, message, signature)
    except SignatureError:
        return False
    return True


def enrols(key: PublicKey) -> bool:
    try:
        suites.check_enrolment_key(key)
    except SignatureError as refused:
        assert refused.code == "key-refused"  # noqa: PT017
        return False
    return True


# --- keys


@pytest.mark.parametrize("key", KEYS["ed25519"] + KEYS["p256"], ids=lambda key: key["name"])
def test_public_keys_and_multikeys_are_those_of_the_vectors(key: dict[str, str]) -> None:
    suite = EDDSA if "seed" in key else ECDSA
    public = PrivateKey(suite, bytes.fromhex(key.get("seed") or key["scalar"])).public
    assert public.raw.hex() == key["public"]
    assert suites.encode_multikey(public) == key["multikey"]
    assert suites.parse_multikey(key["multikey"]) == public
    assert enrols(public)


@pytest.mark.parametrize("key", KEYS["refusedAtEnrolment"], ids=lambda key: key["why"])
def test_a_key_that_the_rule_forbids_is_refused_at_enrolment(key: dict[str, str]) -> None:
    public = suites.parse_multikey(key["multikey"])
    assert public.raw.hex() == key["public"]
    assert not enrols(public)


def test_a_key_outside_the_subgroup_may_still_satisfy_the_equation() -> None:
    # Which is why enrolment asks for more than a signature does.
    key = KEYS["refusedAtEnrolment"][0]
    signature = bytes.fromhex(key["signatureThatTheCofactorlessEquationAccepts"])
    suites.verify(suites.parse_multikey(key["multikey"]), bytes.fromhex(key["message"]), signature)


@pytest.mark.parametrize(
    "raw",
    [b"\2" + bytes(32), b"\2" + b"\xff" * 32, b"\3" + bytes(31) + b"\1"],
    ids=["zero", "beyond p", "no root"],
)
def test_a_p256_key_that_is_no_point_is_refused(raw: bytes) -> None:
    key = PublicKey(ECDSA, raw)
    if enrols(key):  # x = 0 has a square root on this curve
        assert raw[1:] == bytes(32)
    assert not accepts(key, b"", suites.sign(P256, b""))


@given(RANDOM, st.sampled_from([EDDSA, ECDSA]), st.binary(max_size=100))
def test_a_generated_key_enrols_signs_and_survives_its_text(
    random: bytes, suite: suites.Suite, message: bytes
) -> None:
    key = suites.generate(suite, random)
    assert suites.parse_multikey(suites.encode_multikey(key.public)) == key.public
    signature = suites.sign(key, message)
    suites.verify(key.public, message, signature)
    assert signature == suites.sign(key, message)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z",
        "z6Mk",
        suites.encode_multikey(ED.public)[:-1],
        suites.encode_multikey(ED.public) + "1",
        "u" + suites.encode_multikey(ED.public)[1:],
        "z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc",  # X25519
        "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",  # secp256k1
    ],
)
def test_another_kind_or_length_of_key_is_refused(text: str) -> None:
    with pytest.raises(MalformedError) as refused:
        suites.parse_multikey(text)
    assert refused.value.code in {"multikey-malformed", "multibase-malformed"}


@pytest.mark.parametrize(
    ("suite", "raw"), [(EDDSA, bytes(31)), (EDDSA, bytes(33)), (ECDSA, b"\4" + bytes(32)), (ECDSA, bytes(32))]
)
def test_a_key_exists_only_in_its_own_form(suite: suites.Suite, raw: bytes) -> None:
    with pytest.raises(MalformedError):
        PublicKey(suite, raw)


@pytest.mark.parametrize("scalar", [0, P256_ORDER, 2**256 - 1])
def test_a_p256_secret_out_of_range_is_refused(scalar: int) -> None:
    with pytest.raises(MalformedError):
        PrivateKey(ECDSA, scalar.to_bytes(32))


@pytest.mark.parametrize("suite", [EDDSA, ECDSA])
def test_secrets_and_randomness_have_one_length(suite: suites.Suite) -> None:
    for size in (0, 31, 33):
        with pytest.raises(MalformedError):
            PrivateKey(suite, b"\1" * size)
    with pytest.raises(MalformedError):
        suites.generate(suite, bytes(32))


def test_a_secret_is_not_in_what_is_printed() -> None:
    assert ED.secret.hex() not in repr(ED)
    assert repr(ED.secret) not in repr(ED)


# --- signatures


@pytest.mark.parametrize("key", [ED, P256], ids=["ed25519", "p256"])
@given(bit=st.integers(0, 511))
def test_every_changed_bit_of_a_signature_is_refused(key: PrivateKey, bit: int) -> None:
    changed = bytearray(suites.sign(key, b"message"))
    changed[bit // 8] ^= 1 << bit % 8
    assert not accepts(key.public, b"message", bytes(changed))


@pytest.mark.parametrize("key", [ED, P256], ids=["ed25519", "p256"])
@pytest.mark.parametrize("size", [0, 63, 65, 128])
def test_another_length_is_refused(key: PrivateKey, size: int) -> None:
    assert not accepts(key.public, b"message", (suites.sign(key, b"message") * 2)[:size])


def test_s_plus_the_order_is_refused() -> None:
    signature = suites.sign(ED, b"message")
    s = int.from_bytes(signature[32:], "little") + ed25519.ORDER
    assert not accepts(ED.public, b"message", signature[:32] + s.to_bytes(32, "little"))


@given(st.binary(max_size=40))
def test_p256_signs_with_low_s_and_the_high_form_is_refused_by_name(message: bytes) -> None:
    signature = suites.sign(P256, message)
    s = int.from_bytes(signature[32:])
    assert s <= P256_ORDER // 2
    high = signature[:32] + (P256_ORDER - s).to_bytes(32)
    with pytest.raises(SignatureError) as refused:
        suites.verify(P256.public, message, high)
    assert refused.value.code == "high-s"
    assert suites.normalise_p256(high) == suites.normalise_p256(signature) == signature


def test_a_high_s_that_is_also_wrong_is_called_wrong() -> None:
    signature = suites.sign(P256, b"message")
    high = signature[:32] + (P256_ORDER - int.from_bytes(signature[32:])).to_bytes(32)
    with pytest.raises(SignatureError) as refused:
        suites.verify(P256.public, b"another", high)
    assert refused.value.code == "signature-invalid"


@given(
    st.binary(min_size=64, max_size=64), st.binary(min_size=32, max_size=32), st.sampled_from([EDDSA, ECDSA])
)
@settings(max_examples=count(300))
def test_any_bytes_are_refused_in_our_own_words(signature: bytes, raw: bytes, suite: suites.Suite) -> None:
    key = PublicKey(suite, raw if suite == EDDSA else b"\2" + raw)
    for attempt in (lambda: suites.verify(key, b"", signature), lambda: suites.check_enrolment_key(key)):
        try:
            attempt()
        except LedgerError as error:
            assert isinstance(error, SignatureError)  # noqa: PT017


# --- the rule, against a verifier that only knows the textbook


def naive_verify(raw: bytes, message: bytes, signature: bytes) -> bool:
    """RFC 8032 in affine terms: canonical points, S < L, [8]A and [8]R not the identity, R' == R as bytes."""
    a, r = decompress(raw), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    identity = (0, 1)
    if a is None or r is None or s >= ed25519.ORDER or identity in (times(8, a), times(8, r)):
        return False
    k = int.from_bytes(sha512(signature[:32] + raw + message).digest(), "little") % ed25519.ORDER
    base = decompress((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    assert base is not None
    x, y = times(k, a)
    found = plus(times(s, base), (-x % P, y))
    return (found[1] | (found[0] & 1) << 255).to_bytes(32, "little") == signature[:32]


P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


def plus(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    product = D * one[0] * other[0] * one[1] * other[1] % P
    x = (one[0] * other[1] + one[1] * other[0]) * pow(1 + product, -1, P)
    y = (one[1] * other[1] + one[0] * other[0]) * pow(1 - product, -1, P)
    return x % P, y % P


def times(scalar: int, point: tuple[int, int]) -> tuple[int, int]:
    total = (0, 1)
    while scalar:
        if scalar & 1:
            total = plus(total, point)
        point, scalar = plus(point, point), scalar >> 1
    return total


def decompress(raw: bytes) -> tuple[int, int] | None:
    bits = int.from_bytes(raw, "little")
    y, sign = bits & (2**255 - 1), bits >> 255
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square or (x == 0 and sign):
        return None
    return (x if x & 1 == sign else P - x), y


def cctv() -> list[dict[str, Any]]:
    vectors = json.loads((outside("wycheproof") / "cctv_ed25519" / "ed25519vectors.json").read_text())
    assert len(vectors) == 914
    return vectors


def parts(vector: dict[str, Any]) -> tuple[bytes, bytes, bytes]:
    return bytes.fromhex(vector["key"]), vector["msg"].encode(), bytes.fromhex(vector["sig"])


def test_the_edge_cases_are_accepted_exactly_as_the_committed_table_says() -> None:
    vectors = cctv()
    accepted = []
    for vector in vectors:
        raw, message, signature = parts(vector)
        if accepts(PublicKey(EDDSA, raw), message, signature):
            accepted.append(vector["number"])
    assert accepted == VERDICTS["cctvEd25519"]["accepted"]
    # The explanation: nothing is accepted that has one of these flags, and nothing else is refused.
    unflagged = [vector["number"] for vector in vectors if not REFUSED_FLAGS & set(vector["flags"] or ())]
    assert accepted == unflagged
    assert set(VERDICTS["cctvEd25519"]["refusedFlags"]) == REFUSED_FLAGS


def test_the_edge_cases_have_the_verdicts_of_the_textbook() -> None:
    for vector in cctv()[::7]:
        raw, message, signature = parts(vector)
        assert accepts(PublicKey(EDDSA, raw), message, signature) == naive_verify(raw, message, signature)


def test_of_the_keys_in_the_edge_cases_one_may_be_enrolled() -> None:
    keys = {bytes.fromhex(vector["key"]) for vector in cctv()}
    enrolled = sorted(raw.hex() for raw in keys if enrols(PublicKey(EDDSA, raw)))
    assert enrolled == VERDICTS["cctvEd25519"]["enrolled"]
    prime = [
        raw.hex() for raw in keys if (point := decompress(raw)) and times(ed25519.ORDER, point) == (0, 1)
    ]
    assert enrolled == sorted(raw for raw in prime if raw != (1).to_bytes(32, "little").hex())


def wycheproof(name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    groups = json.loads((outside("wycheproof") / name).read_text())["testGroups"]
    found = [(group["publicKey"], test) for group in groups for test in group["tests"]]
    assert {test["result"] for _, test in found} == {"valid", "invalid"}
    return found


def test_wycheproof_ed25519_verdicts_hold() -> None:
    for key, test in wycheproof("ed25519_test.json"):
        public = PublicKey(EDDSA, bytes.fromhex(key["pk"]))
        verdict = accepts(public, bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"]))
        assert verdict == (test["result"] == "valid"), test["tcId"]


def test_wycheproof_p256_verdicts_hold_except_for_the_high_s_of_the_committed_table() -> None:
    high_s = []
    for key, test in wycheproof("ecdsa_secp256r1_sha256_p1363_test.json"):
        point = bytes.fromhex(key["uncompressed"])
        public = PublicKey(ECDSA, bytes([2 + point[-1] % 2]) + point[1:33])
        message, signature = bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"])
        try:
            suites.verify(public, message, signature)
        except SignatureError as refused:
            if test["result"] == "valid":
                assert refused.code == "high-s", test["tcId"]  # noqa: PT017
                high_s.append(test["tcId"])
                suites.verify(public, message, suites.normalise_p256(signature))
        else:
            assert test["result"] == "valid", test["tcId"]
    assert high_s == VERDICTS["wycheproofP256"]["validButHighS"]


def test_p256_signatures_are_those_of_rfc_6979() -> None:
    # Appendix A.2.5, SHA-256, messages "sample" and "test"; the first s is above half the order.
    key = PrivateKey(ECDSA, bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"))
    sample = int("f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8", 16)
    assert suites.sign(key, b"sample").hex() == (
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        + min(sample, P256_ORDER - sample).to_bytes(32).hex()
    )
    assert suites.sign(key, b"test").hex() == (
        "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
        "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"
    )
