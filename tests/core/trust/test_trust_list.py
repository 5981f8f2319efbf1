"""What makes a trust list load, and each thing that makes it not load."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core import canonical
from ledger.core.suites import ECDSA, PrivateKey, encode_multikey, parse_multikey
from ledger.core.trust import list_hash, parse_trust_list, sign_trust_list
from ledger.errors import LedgerError, MalformedError, QuorumError, SignatureError
from tests.campaign import count
from tests.core.trust.faults import (
    ADDRESS,
    FAULTS,
    FOREIGN,
    HEADS,
    ORGANISATION,
    ORIGIN,
    OTHER_ADDRESS,
    TWO,
    Change,
    Fault,
    at,
    attesters,
    drop,
    put,
    validators,
)
from tests.core.trust.lists import (
    INDEX,
    KEYS,
    V1_BYTES,
    V2_BYTES,
    VECTORS,
    body,
    chosen,
    signed_anyhow,
)

VKEYS = json.loads((VECTORS / "keys.json").read_text())


def refusal(data: bytes) -> LedgerError:
    with pytest.raises(LedgerError) as refused:
        parse_trust_list(data)
    return refused.value


def changed(change: Change) -> bytes:
    document = body()
    change(document)
    return signed_anyhow(document, chosen("#1", "#2"))


@pytest.mark.parametrize("row", INDEX, ids=lambda row: row["file"])
def test_a_vector_loads_with_its_hash_publisher_and_signatures(row: dict[str, Any]) -> None:
    data = (VECTORS / row["file"]).read_bytes()
    trust = parse_trust_list(data)
    assert trust.encoded == data
    assert trust.list_hash.hex() == row["listHash"]
    assert list_hash(json.loads(data)) == trust.list_hash
    assert list(trust.publisher.keys) == row["publisherKeys"]
    assert trust.publisher.threshold == row["threshold"]
    assert [key for key, _ in trust.signatures] == row["signedBy"]


def test_the_parts_of_a_list_are_read_to_values() -> None:
    trust = parse_trust_list(V2_BYTES)
    assert trust.version == 2
    assert trust.previous is not None
    assert trust.previous.hex() == INDEX[0]["listHash"]
    authority = trust.authority("did:web:registrar.example.xb")
    assert authority is not None
    assert (authority.jurisdiction, authority.roles) == ("XB", {"registrar"})
    assert authority.keys["#1"].valid_from < authority.keys["#1"].valid_until
    log = trust.log("registry.example.xa/XA/2026")
    assert log is not None
    assert {vkey.type for vkey in log.vkeys} == {1, 6}
    first, second = log.head_keys
    assert first.start is None
    assert second.start is not None
    assert (second.start.size, second.start.last) == (7, 2)
    chain = trust.chain("eip155:31001")
    assert chain is not None
    assert (chain.number, chain.consensus) == (31001, "operator")
    eip712 = json.loads((VECTORS / "eip712.json").read_text())
    assert chain.operator is not None
    assert "0x" + chain.operator.set_id.hex() == eip712["setIds"][0]["setId"]
    assert {witness.vkey.type for witness in trust.witnesses} == {4, 6}
    for name in ("log", "chain", "authority", "requirement"):
        assert getattr(trust, name)("nobody") is None


def test_what_is_not_required_has_its_default() -> None:
    trust = parse_trust_list(V2_BYTES)
    default = trust.requirement("ConformityCertificate")
    assert default == ((1, 3, 4, 5, 6, 7), 0, "operator", None)
    asked = trust.requirement("TransferRecord")
    assert asked is not None
    assert asked.steps == (1, 3, 4, 5, 6, 7, 9)


def test_signing_again_gives_the_bytes_of_the_vector() -> None:
    assert sign_trust_list(body(), chosen("#1", "#2")) == V1_BYTES
    assert sign_trust_list(body(V2_BYTES), chosen("#1", "#2", "#3")) == V2_BYTES


def test_publishers_may_sign_one_after_the_other() -> None:
    once = sign_trust_list(body(), chosen("#2"))
    assert refusal(once).code == "publisher-threshold"
    assert sign_trust_list(json.loads(once), chosen("#1")) == V1_BYTES


def test_a_p256_publisher_key_counts_as_an_ed25519_one() -> None:
    private = PrivateKey(ECDSA, bytes(31) + b"\7")
    document = body()
    document["publisher"]["keys"].append({"id": "#p", "publicKeyMultibase": encode_multikey(private.public)})
    data = sign_trust_list(document, {"#p": private, "#1": KEYS["#1"]})
    assert parse_trust_list(data).publisher.keys["#p"] == private.public


def test_attesters_validators_foreign_sources_and_entries_are_read_to_values() -> None:
    def change(document: Any) -> None:
        chain = document["chains"][0]
        del chain["operator"]
        chain["consensus"] = "attested"
        chain["attesters"] = [attesters(*TWO, threshold=2), attesters(*TWO, epoch=2, start=9)]
        chain["validators"] = [validators(ADDRESS, OTHER_ADDRESS, "0x" + "44" * 20, "0x" + "55" * 20)]
        document["foreign"] = [FOREIGN]
        document["entries"] = [{"any": "statement"}]

    trust = parse_trust_list(changed(change))
    chain = trust.chain("eip155:31001")
    assert chain is not None
    assert chain.operator is None
    first, second = chain.attesters
    assert (first.threshold, len(first.set_id), second.start) == (2, 32, 9)
    assert first.organisations == (ORGANISATION, "529900T8BM49AURSDO55")
    assert (chain.validators[0].threshold, chain.validators[0].organisations) == (3, ())
    assert trust.foreign[0].chain == "eip155:31002"
    assert trust.entries == (b'{"any":"statement"}',)


def test_required_chains_are_read_with_their_jurisdictions() -> None:
    def change(document: Any) -> None:
        document["chains"][0]["jurisdiction"], document["chains"][1]["jurisdiction"] = "XA", "XB"
        among = ["eip155:31002", "eip155:31001"]
        document["require"]["TransferRecord"] = {"chains": {"threshold": 2, "among": among}}

    trust = parse_trust_list(changed(change))
    required = trust.require["TransferRecord"].chains
    assert required == (2, ("eip155:31002", "eip155:31001"))
    assert [chain.jurisdiction for chain in trust.chains.values()] == ["XA", "XB"]
    assert trust.require["TransferRecord"].steps == (1, 3, 4, 5, 6, 7)


def objects(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found: list[tuple[str | int, ...]] = [path] if isinstance(value, dict) else []
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [each for name, item in below for each in objects(item, (*path, name))]


FULL = body(V2_BYTES)
FULL["authorities"][0]["keys"][0]["revoked"] = {"at": "2026-11-01T00:00:00Z", "reason": "lost"}
FULL["chains"][0]["attesters"] = [attesters(*TWO)]
FULL["chains"][0]["validators"] = [validators(ADDRESS)]
FULL["foreign"] = [FOREIGN]
FREE = ("require",)
FULL["chains"][0]["jurisdiction"], FULL["chains"][1]["jurisdiction"] = "XA", "XB"
FULL["require"]["TransferRecord"]["chains"] = {"threshold": 1, "among": [FULL["chains"][0]["chain"]]}
OPTIONAL = {
    ("chains", 0, "operator"),
    ("chains", 1, "operator"),
    ("chains", 1, "jurisdiction"),
    ("require", "TransferRecord", "chains"),
}


def full_with(change: Change) -> bytes:
    document = json.loads(json.dumps(FULL))
    change(document)
    return signed_anyhow(document, chosen("#2", "#3"))


def test_the_full_list_used_below_loads() -> None:
    assert parse_trust_list(full_with(lambda _: None)).version == 2


@pytest.mark.parametrize(
    "path", [p for p in objects(FULL) if p != FREE], ids=lambda p: "/".join(map(str, p)) or "top"
)
def test_an_unknown_member_anywhere_is_refused(path: tuple[str | int, ...]) -> None:
    error = refusal(full_with(put(*path, "extra", value=1)))
    assert (error.code, error.pointer) == ("member-unknown", "/".join(["", *map(str, path), "extra"]))


@pytest.mark.parametrize(
    "path",
    [
        (*p, name)
        for p in objects(FULL)
        if p != FREE
        for name in at(FULL, p)
        if name != "prev" and (*p, name) != ("chains", 0, "jurisdiction")
    ],
    ids=lambda p: "/".join(map(str, p)),
)
def test_a_member_left_out_is_refused_unless_it_is_optional(path: tuple[str | int, ...]) -> None:
    name = str(path[-1])
    data = full_with(drop(*path))
    if name in {"revoked", "steps"} or path in OPTIONAL:
        parse_trust_list(data)
        return
    error = refusal(data)
    assert error.pointer == "/" + "/".join(map(str, path))
    assert error.code == ("member-value" if path[-1] == "from" and "headKeys" in path else "member-missing")


MAY_BE_EMPTY = {"roles", "authorities", "keys", "logs", "witnesses", "chains", "foreign", "entries"}
MAY_BE_EMPTY |= {"attesters", "validators", "require", "TransferRecord", "ConformityCertificate"}
ACCEPTED: list[tuple[object, set[str]]] = [
    (None, set()),
    (0, {"epoch", "from", "last"}),
    (1.5, set()),
    (True, set()),
    ("", set()),
    ("text", {"reason"}),
    ([], MAY_BE_EMPTY),
    ({}, MAY_BE_EMPTY),
    ([1], {"steps"}),
]


@pytest.mark.parametrize(
    "path", [(*p, name) for p in objects(FULL) for name in at(FULL, p)], ids=lambda p: "/".join(map(str, p))
)
def test_a_member_of_another_kind_is_refused_with_an_error_of_ours(path: tuple[str | int, ...]) -> None:
    for value, accepting in ACCEPTED:
        try:
            parse_trust_list(full_with(put(*path, value=value)))
        except (MalformedError, SignatureError, QuorumError):
            continue
        assert path[-1] in accepting


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_list_with_this_fault_does_not_load(fault: Fault) -> None:
    error = refusal(changed(fault.change))
    assert isinstance(error, MalformedError)
    assert (error.code, error.pointer) == (fault.code, fault.pointer)
    assert "\n" not in str(error)


def test_three_head_keys_in_order_load() -> None:
    trust = parse_trust_list(changed(put("logs", 0, "headKeys", value=HEADS)))
    assert [key.start and key.start.size for key in trust.logs[ORIGIN].head_keys] == [None, 7, 9]


# Signatures


def with_signatures(signatures: list[dict[str, str]], data: bytes = V1_BYTES) -> bytes:
    return canonical.encode_decoded({**body(data), "signatures": signatures})


SIGNED: list[dict[str, str]] = json.loads(V1_BYTES)["signatures"]
OTHERS: list[dict[str, str]] = json.loads(V2_BYTES)["signatures"]


@pytest.mark.parametrize(
    ("signatures", "kind", "code"),
    [
        ([], QuorumError, "publisher-threshold"),
        (SIGNED[:1], QuorumError, "publisher-threshold"),
        (SIGNED[1:], QuorumError, "publisher-threshold"),
        (SIGNED[::-1], MalformedError, "member-value"),
        ([SIGNED[0], SIGNED[0]], MalformedError, "member-value"),
        ([SIGNED[0], OTHERS[1]], SignatureError, "signature-invalid"),
        ([SIGNED[0], {**SIGNED[1], "value": SIGNED[0]["value"]}], SignatureError, "signature-invalid"),
        ([SIGNED[0], {**SIGNED[1], "value": SIGNED[1]["value"][:-1]}], SignatureError, "signature-invalid"),
        ([SIGNED[0], {**SIGNED[1], "value": "m" + SIGNED[1]["value"]}], SignatureError, "signature-invalid"),
        ([SIGNED[0], {**SIGNED[1], "key": "#9"}], QuorumError, "publisher-threshold"),
        ([SIGNED[0], {**SIGNED[1], "key": "2"}], MalformedError, "member-value"),
    ],
)
def test_too_few_wrong_or_unordered_signatures_do_not_load(
    signatures: list[dict[str, str]], kind: type[LedgerError], code: str
) -> None:
    error = refusal(with_signatures(signatures))
    assert (type(error), error.code) == (kind, code)


def test_a_signature_of_an_unknown_key_is_ignored() -> None:
    data = with_signatures([*SIGNED, {"key": "#9", "value": "nonsense"}])
    assert parse_trust_list(data).signatures[-1] == ("#9", "nonsense")


def test_a_known_key_that_rejects_its_signature_spoils_a_met_threshold() -> None:
    document = body()
    document["publisher"]["threshold"] = 1
    data = signed_anyhow(document, chosen("#1"))
    assert parse_trust_list(data).publisher.threshold == 1
    spoiled = json.loads(data)["signatures"] + [SIGNED[1]]
    error = refusal(canonical.encode_decoded({**document, "signatures": spoiled}))
    assert isinstance(error, SignatureError)


def test_a_signature_without_the_prefix_does_not_count() -> None:
    from ledger.core.multibase import base58btc_encode
    from ledger.core.suites import sign

    bare = [
        {"key": name, "value": base58btc_encode(sign(key, list_hash(body())))}
        for name, key in chosen("#1", "#2").items()
    ]
    assert isinstance(refusal(with_signatures(bare)), SignatureError)


def test_every_changed_byte_of_a_list_is_refused() -> None:
    unsigned_end = len(V1_BYTES)
    for place in [*range(0, unsigned_end, 97), *range(unsigned_end - 500, unsigned_end)]:
        spoiled = bytearray(V1_BYTES)
        spoiled[place] ^= 1
        with pytest.raises((MalformedError, SignatureError, QuorumError)):
            parse_trust_list(bytes(spoiled))


@settings(max_examples=count(200))
@given(st.integers(0, len(V1_BYTES) - 1), st.binary(max_size=6), st.integers(0, 6))
def test_any_splice_of_a_list_is_refused_with_an_error_of_ours(place: int, patch: bytes, cut: int) -> None:
    spoiled = V1_BYTES[:place] + patch + V1_BYTES[place + cut :]
    if spoiled == V1_BYTES:
        return
    with pytest.raises((MalformedError, SignatureError, QuorumError)):
        parse_trust_list(spoiled)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not-canonical"),
        (b"[]", "member-value"),
        (V1_BYTES + b"\n", "not-canonical"),
        (b" " * (canonical.TRUST_LIMIT + 1), "too-large"),
    ],
)
def test_what_is_no_list_is_refused(data: bytes, code: str) -> None:
    assert refusal(data).code == code


# Signing


def test_a_key_under_the_id_of_another_is_not_signed_with() -> None:
    with pytest.raises(MalformedError) as refused:
        sign_trust_list(body(), {"#1": KEYS["#3"]})
    assert refused.value.code == "key-mismatch"


def test_a_list_that_would_not_load_is_not_signed() -> None:
    for change in (drop("logs"), put("extra", value=1), put("version", value=1.5)):
        document = body()
        change(document)
        with pytest.raises(MalformedError):
            sign_trust_list(document, chosen("#1", "#2"))
    with pytest.raises(MalformedError):
        sign_trust_list(body(), {"1": KEYS["#1"]})


def test_an_unsound_key_of_an_authority_is_not_signed() -> None:
    document = body()
    unsound = VKEYS["refusedAtEnrolment"][0]["multikey"]
    parse_multikey(unsound)
    document["authorities"][0]["keys"][0]["publicKeyMultibase"] = unsound
    with pytest.raises(SignatureError) as refused:
        sign_trust_list(document, chosen("#1", "#2"))
    assert refused.value.code == "key-refused"


def test_a_refusal_says_what_was_found_and_what_is_required() -> None:
    error = refusal(changed(put("chains", 0, "consensus", value="clique")))
    assert (
        str(error)
        == 'trust list has "clique" at "/chains/0/consensus"; one of operator, attested, qbft is required'
    )
