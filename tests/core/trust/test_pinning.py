"""How a list comes to be believed, and each way to slip another one in."""

from collections.abc import Callable

import pytest

from ledger.core import pinning
from ledger.core.suites import encode_multikey
from ledger.core.trust import TrustList, parse_trust_list, sign_trust_list
from ledger.errors import LedgerError, QuorumError, RefusedError, SignatureError
from tests.core.trust.lists import KEYS, V1_BYTES, V2_BYTES, body, chosen, publisher_keys, version

V1, V2 = parse_trust_list(V1_BYTES), parse_trust_list(V2_BYTES)


def refusal(attempt: Callable[[], TrustList]) -> LedgerError:
    with pytest.raises(LedgerError) as refused:
        attempt()
    return refused.value


def test_the_first_list_is_believed_under_the_fingerprint_given() -> None:
    assert pinning.first(V1, V1.list_hash) is V1
    assert pinning.first(V2, V2.list_hash) is V2


def test_another_list_than_the_fingerprints_is_refused() -> None:
    error = refusal(lambda: pinning.first(V1, V2.list_hash))
    assert (type(error), error.code) == (RefusedError, "fingerprint-mismatch")
    assert refusal(lambda: pinning.first(V1, V1.list_hash[:31])).code == "fingerprint-mismatch"


def test_the_successor_of_the_vectors_is_believed() -> None:
    assert pinning.succeed(V1, V2) is V2


def test_the_same_list_again_changes_nothing() -> None:
    assert pinning.succeed(V1, parse_trust_list(V1_BYTES)) is V1
    assert pinning.succeed(V2, V2, between=(V1,)) is V2


def test_the_version_never_goes_back() -> None:
    error = refusal(lambda: pinning.succeed(V2, V1))
    assert (type(error), error.code) == (RefusedError, "version-back")


def test_another_list_of_the_pinned_version_is_refused() -> None:
    other = version(2, V1, listed=("#2", "#3"), signed=("#1", "#2", "#3"))
    error = refusal(lambda: pinning.succeed(V2, other))
    assert (type(error), error.code) == (RefusedError, "version-fork")


def test_another_publisher_is_refused() -> None:
    publisher = {**body()["publisher"], "id": "did:web:other.example.xa"}
    other = version(2, V1, publisher=publisher)
    error = refusal(lambda: pinning.succeed(V1, other))
    assert (type(error), error.code) == (RefusedError, "publisher-changed")


def test_a_publisher_that_changes_between_and_comes_back_is_refused() -> None:
    publisher = {**body()["publisher"], "id": "did:web:other.example.xa"}
    second = version(2, V1, publisher=publisher)
    third = version(3, second)
    assert refusal(lambda: pinning.succeed(V1, third, between=(second,))).code == "publisher-changed"


def test_a_list_that_follows_another_one_is_refused() -> None:
    other = version(2, V2)
    error = refusal(lambda: pinning.succeed(V1, other))
    assert (type(error), error.code) == (RefusedError, "previous-mismatch")


@pytest.mark.parametrize("signed", [("#2", "#3"), ("#1", "#3", "#4"), ("#3", "#4", "#5")])
def test_too_few_keys_of_the_version_before_are_refused(signed: tuple[str, ...]) -> None:
    listed = tuple(name for name in signed if name != "#1")
    other = version(2, V1, listed=listed, signed=signed)
    error = refusal(lambda: pinning.succeed(V1, other))
    assert (type(error), error.code) == (QuorumError, "previous-threshold")


def test_too_few_keys_of_its_own_are_refused_before_succession() -> None:
    with pytest.raises(QuorumError) as refused:
        version(2, V1, listed=("#2", "#3"), signed=("#1", "#2"))
    assert refused.value.code == "publisher-threshold"


def test_a_key_of_the_version_before_that_rejects_its_signature_is_refused() -> None:
    document = body()
    document.update(version=2, prev=V1.list_hash.hex())
    document["publisher"].update(threshold=1, keys=publisher_keys("#3"))
    impostor = {**chosen("#3", "#2"), "#1": KEYS["#5"]}  # signs as #1, which version 2 no longer lists
    other = parse_trust_list(sign_trust_list(document, impostor))
    error = refusal(lambda: pinning.succeed(V1, other))
    assert (type(error), error.code) == (SignatureError, "signature-invalid")


def test_a_key_id_of_the_version_before_stays_with_its_key() -> None:
    document = body()
    document.update(version=2, prev=V1.list_hash.hex())
    document["publisher"]["keys"][1]["publicKeyMultibase"] = encode_multikey(KEYS["#5"].public)
    other = parse_trust_list(sign_trust_list(document, {"#1": KEYS["#1"], "#2": KEYS["#5"]}))
    error = refusal(lambda: pinning.succeed(V1, other))
    assert (type(error), error.code) == (RefusedError, "key-id-reused")


def reused_after_a_rest() -> TrustList:
    """Version 3 gives `#1`, which version 2 does not list, to another key."""
    document = body()
    document.update(version=3, prev=V2.list_hash.hex())
    document["publisher"]["keys"] = [
        {"id": "#1", "publicKeyMultibase": encode_multikey(KEYS["#5"].public)},
        *publisher_keys("#2", "#3"),
    ]
    return parse_trust_list(sign_trust_list(document, chosen("#2", "#3")))


def test_a_key_id_stays_taken_after_a_version_without_it() -> None:
    third = reused_after_a_rest()
    assert refusal(lambda: pinning.succeed(V1, third, between=(V2,))).code == "key-id-reused"
    assert refusal(lambda: pinning.succeed(V2, third, history=(V1,))).code == "key-id-reused"


def chain() -> list[TrustList]:
    second = version(2, V1, listed=("#2", "#3"), signed=("#1", "#2", "#3"))
    third = version(3, second, listed=("#3", "#4"), signed=("#2", "#3", "#4"))
    fourth = version(4, third, listed=("#4", "#5"), signed=("#3", "#4", "#5"))
    return [V1, second, third, fourth]


def test_versions_may_be_skipped_when_those_between_are_supplied() -> None:
    first, second, third, fourth = chain()
    assert pinning.succeed(first, fourth, between=(second, third)) is fourth
    assert pinning.succeed(first, fourth, between=(third, second)) is fourth
    assert pinning.succeed(second, third) is third


@pytest.mark.parametrize("between", [(), (1,), (2,), (1, 1, 2), (0, 1, 2), (1, 2, 3)])
def test_a_missing_doubled_or_stray_version_between_is_refused(between: tuple[int, ...]) -> None:
    versions = chain()
    error = refusal(lambda: pinning.succeed(V1, versions[3], between=[versions[n] for n in between]))
    assert (type(error), error.code) == (RefusedError, "version-gap")


def test_a_version_between_that_the_keys_before_did_not_sign_is_refused() -> None:
    # Signed well by its own keys, so that only the walk from the pinned list can tell.
    second = version(2, V1, listed=("#5", "#6"), signed=("#5", "#6"))
    third = version(3, second, listed=("#5", "#6"), signed=("#1", "#2", "#5", "#6"))
    error = refusal(lambda: pinning.succeed(V1, third, between=(second,)))
    assert (type(error), error.code) == (QuorumError, "previous-threshold")


def test_another_publisher_is_named_before_its_version_is_looked_at() -> None:
    publisher = body()["publisher"]
    other = version(1, None, publisher={**publisher, "id": "did:web:other.example.xb"})
    assert refusal(lambda: pinning.succeed(V2, other)).code == "publisher-changed"
