"""Ids, slots and call data of the contract for foreign checkpoints, against an independent ABI encoder."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from eth_abi import encode as abi_encode
from eth_account.messages import encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.evm import abi, anchor, foreign, foreign_calls
from ledger.core.keccak import keccak256
from ledger.errors import LedgerError, MalformedError

ARTIFACT = Path(__file__).parents[3] / "ledger" / "chain" / "artifacts" / "ForeignCheckpoints.json"
PAGE = Path(__file__).parents[3] / "docs" / "spec" / "foreign-checkpoints.md"
SOURCE_ID, LOG_ID, ROOT, BLOCK = (bytes([n]) * 32 for n in (1, 2, 3, 4))
SIGNATURES = [bytes([n]) * 65 for n in (7, 8, 9)]
PATH = [bytes([n]) * 32 for n in (5, 6)]
MEMBERS = (b"\x03" * 20, b"\x01" * 20, b"\x02" * 20)
ORGANISATIONS = ("did:web:c.example", "did:web:a.example", "did:web:b.example")
ASCENDING = sorted(MEMBERS)
NAMES = ["did:web:a.example", "did:web:b.example", "did:web:c.example"]
ATTESTED = foreign.Source(
    31001, b"\x11" * 32, b"\x12" * 20, b"\x13" * 32, foreign.ATTESTED, MEMBERS, ORGANISATIONS, 2
)
SEALED = ATTESTED._replace(kind=foreign.SEALED, organisations=())


def selector(signature: str) -> bytes:
    return keccak256(signature.encode())[:4]


def call(name: str, types: list[str], values: list[Any]) -> bytes:
    return selector(f"{name}({','.join(types)})") + abi_encode(types, values)


@pytest.mark.parametrize("source", [ATTESTED, SEALED], ids=["attested", "sealed"])
def test_source_and_set_ids_match_an_independent_abi_encoder(source: foreign.Source) -> None:
    names = NAMES if source.organisations else []
    expected = keccak256(abi_encode(["address[]", "string[]", "uint256"], [ASCENDING, names, 2]))
    assert foreign.set_hash(source.members, source.organisations, 2) == expected
    values = [source.chain_id, source.genesis, source.anchor, source.code_hash, source.kind, expected, 2]
    types = ["uint64", "bytes32", "address", "bytes32", "uint8", "bytes32", "uint256"]
    assert foreign.source_id(source) == keccak256(abi_encode(types, values))
    assert foreign_calls.encode_add_source(source) == call(
        "addSource",
        ["uint64", "bytes32", "address", "bytes32", "uint8", "address[]", "string[]", "uint256"],
        [31001, source.genesis, source.anchor, source.code_hash, source.kind, ASCENDING, names, 2],
    )


def test_the_set_of_attesters_has_the_id_that_they_sign() -> None:
    assert foreign.set_hash(MEMBERS, ORGANISATIONS, 2) == anchor.set_id(MEMBERS, ORGANISATIONS, 2)
    assert foreign.validator_set_hash(MEMBERS) == foreign.set_hash(MEMBERS, (), 2)


def test_every_member_of_a_source_changes_its_id() -> None:
    other = {
        "chain_id": 31002,
        "members": (*MEMBERS[:2], b"\x04" * 20),
        "organisations": (*ORGANISATIONS[:2], "did:web:d.example"),
        "threshold": 3,
    }
    for name in ("genesis", "anchor", "code_hash"):
        other[name] = bytes([9]) * len(getattr(ATTESTED, name))
    ids = {foreign.source_id(ATTESTED._replace(**{name: value})) for name, value in other.items()}  # type: ignore[arg-type]
    assert len({*ids, foreign.source_id(ATTESTED), foreign.source_id(SEALED)}) == len(other) + 2


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": 1},
        {"threshold": 4},
        {"organisations": (ORGANISATIONS[0],) * 3},
        {"organisations": ORGANISATIONS[:2]},
        {"members": (), "organisations": ()},
        {"members": (MEMBERS[0],) * 3},
        {"members": (*MEMBERS[:2], bytes(20))},
        {"kind": 0},
        {"kind": foreign.SEALED},
        {"kind": foreign.SEALED, "organisations": (), "threshold": 3},
        {"kind": foreign.SEALED, "organisations": (), "threshold": 1},
    ],
)
def test_a_set_whose_word_would_be_nobodys_makes_no_source(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedError) as refused:
        foreign.source_id(ATTESTED._replace(**change))
    assert refused.value.code == "signer-set"
    with pytest.raises(MalformedError):
        foreign_calls.encode_add_source(ATTESTED._replace(**change))


def test_half_of_the_organisations_are_not_enough() -> None:
    members = tuple(bytes([n]) * 20 for n in range(1, 5))
    names = tuple(f"did:web:{n}.example" for n in range(4))
    with pytest.raises(MalformedError):
        foreign.check_set(foreign.ATTESTED, members, names, 2)
    foreign.check_set(foreign.ATTESTED, members, names, 3)
    # Two keys of one organisation are one voice.
    foreign.check_set(foreign.ATTESTED, members, (*names[:3], names[2]), 2)


def test_slots_are_those_of_nested_mappings() -> None:
    def mapping(key: bytes, slot: bytes) -> bytes:
        return keccak256(key + slot)

    zero, one, two = (n.to_bytes(32, "big") for n in range(3))
    roots = mapping(LOG_ID, mapping(SOURCE_ID, zero))
    assert foreign.accepted_root_slot(SOURCE_ID, LOG_ID, 7) == mapping((7).to_bytes(32, "big"), roots)
    assert foreign.foreign_head_slot(SOURCE_ID, LOG_ID) == mapping(LOG_ID, mapping(SOURCE_ID, one))
    assert foreign.disputed_slot(LOG_ID) == mapping(LOG_ID, two)


def test_the_rotation_digest_is_that_of_an_independent_eip_712_encoder() -> None:
    message = encode_typed_data(
        {"name": "evidence-ledger", "version": "1"},
        {
            "Rotation": [
                {"name": "sourceId", "type": "bytes32"},
                {"name": "epoch", "type": "uint64"},
                {"name": "setId", "type": "bytes32"},
            ]
        },
        {"sourceId": SOURCE_ID, "epoch": 5, "setId": ROOT},
    )
    expected = keccak256(b"\x19" + message.version + message.header + message.body)
    assert foreign.rotation_digest(SOURCE_ID, 5, ROOT) == expected


def test_calls_that_submit_match_an_independent_abi_encoder() -> None:
    nodes, storage = [b"\xaa" * 33, b"", b"\xbb" * 64], [b"\xcc"]
    assert foreign_calls.encode_submit_sealed(
        SOURCE_ID, LOG_ID, 9, header=b"\xf9" * 70, account=nodes, storage=storage, consistency=PATH
    ) == call(
        "submitSealed",
        ["bytes32", "bytes32", "uint64", "bytes", "bytes[]", "bytes[]", "bytes32[]"],
        [SOURCE_ID, LOG_ID, 9, b"\xf9" * 70, nodes, storage, PATH],
    )
    assert foreign_calls.encode_submit_attested(
        SOURCE_ID,
        LOG_ID,
        9,
        ROOT,
        block_hash=BLOCK,
        block_number=12,
        block_time=1_764_000_000,
        signatures=SIGNATURES,
        consistency=[],
    ) == call(
        "submitAttested",
        ["bytes32", "bytes32", "uint64", "bytes32", "bytes32", "uint64", "uint64", "bytes", "bytes32[]"],
        [SOURCE_ID, LOG_ID, 9, ROOT, BLOCK, 12, 1_764_000_000, b"".join(SIGNATURES), []],
    )


def test_calls_that_rotate_match_an_independent_abi_encoder() -> None:
    assert foreign_calls.encode_rotate_sealed(SOURCE_ID, b"\xf9" * 3, MEMBERS) == call(
        "rotateSealed", ["bytes32", "bytes", "address[]"], [SOURCE_ID, b"\xf9" * 3, ASCENDING]
    )
    assert foreign_calls.encode_rotate_attested(
        SOURCE_ID, MEMBERS, ORGANISATIONS, 2, old_signatures=SIGNATURES[:1], new_signatures=SIGNATURES[1:]
    ) == call(
        "rotateAttested",
        ["bytes32", "address[]", "string[]", "uint256", "bytes", "bytes"],
        [SOURCE_ID, ASCENDING, NAMES, 2, SIGNATURES[0], b"".join(SIGNATURES[1:])],
    )


def test_calls_that_ask_match_an_independent_abi_encoder() -> None:
    assert foreign_calls.encode_verify_inclusion(SOURCE_ID, LOG_ID, 9, ROOT, 3, PATH) == call(
        "verifyInclusion",
        ["bytes32", "bytes32", "uint64", "bytes32", "uint64", "bytes32[]"],
        [SOURCE_ID, LOG_ID, 9, ROOT, 3, PATH],
    )
    assert foreign_calls.encode_verify_consistency(SOURCE_ID, LOG_ID, 9, 11, ROOT, PATH) == call(
        "verifyConsistency",
        ["bytes32", "bytes32", "uint64", "uint64", "bytes32", "bytes32[]"],
        [SOURCE_ID, LOG_ID, 9, 11, ROOT, PATH],
    )
    reads = {
        foreign_calls.encode_root_at(SOURCE_ID, LOG_ID, 9): ("rootAt", ["bytes32", "bytes32", "uint64"], [9]),
        foreign_calls.encode_head(SOURCE_ID, LOG_ID): ("head", ["bytes32", "bytes32"], []),
    }
    for encoded, (name, types, further) in reads.items():
        assert encoded == call(name, types, [SOURCE_ID, LOG_ID, *further])
    assert foreign_calls.encode_disputed(LOG_ID) == call("disputed", ["bytes32"], [LOG_ID])
    assert foreign_calls.encode_source(SOURCE_ID) == call("sources", ["bytes32"], [SOURCE_ID])


def test_the_call_that_proves_a_split_matches_an_independent_abi_encoder() -> None:
    heads = (
        foreign_calls.SignedHead(9, ROOT, SIGNATURES[0]),
        foreign_calls.SignedHead(11, BLOCK, SIGNATURES[1]),
    )
    leaves = (foreign_calls.Leaf(b"\x21" * 32, tuple(PATH)), foreign_calls.Leaf(b"\x22" * 32, ()))
    made = foreign_calls.encode_prove_split("registry.example.xa/XA/2026", MEMBERS[0], heads, 4, leaves)
    head = "(uint64,bytes32,bytes)"
    types = ["bytes32", "address", head, head, "uint64", "bytes32", "bytes32[]", "bytes32", "bytes32[]"]
    values = [keccak256(b"registry.example.xa/XA/2026"), MEMBERS[0], *heads, 4]
    assert made == call("proveSplit", types, [*values, b"\x21" * 32, PATH, b"\x22" * 32, []])


def test_an_answer_is_read_strictly() -> None:
    answer = abi_encode(["bool", "uint8", "bool"], [True, foreign.SEALED, False])
    assert foreign_calls.decode_verdict(answer) == (True, foreign.SEALED, False)
    wrong = [b"", answer[:-1], answer + bytes(32), b"\x02".rjust(32, b"\0") + answer[32:], b"\x01" * 96]
    for data in wrong:
        with pytest.raises(MalformedError) as refused:
            foreign_calls.decode_verdict(data)
        assert refused.value.code == "abi-malformed"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=70), max_size=5), st.lists(st.text(max_size=40), max_size=5), st.binary())
def test_the_encoder_writes_any_values_as_the_independent_one(
    parts: list[bytes], texts: list[str], last: bytes
) -> None:
    made = abi.sequence(
        abi.array(map(abi.byte_string, parts)),
        abi.uint(len(last), 64, "n"),
        abi.array(abi.byte_string(text.encode()) for text in texts),
        abi.byte_string(last),
    )
    assert made == abi_encode(["bytes[]", "uint64", "string[]", "bytes"], [parts, len(last), texts, last])


@pytest.mark.parametrize(
    ("name", "value"),
    [("chain_id", 1 << 64), ("chain_id", -1), ("genesis", b""), ("anchor", bytes(32)), ("code_hash", b"\1")],
)
def test_a_source_that_does_not_fit_its_evm_types_is_refused(name: str, value: object) -> None:
    with pytest.raises(LedgerError) as refused:
        foreign.source_id(ATTESTED._replace(**{name: value}))  # type: ignore[arg-type]
    assert refused.value.code == "out-of-range"


def test_errors_are_named_alike_in_both_languages() -> None:
    for name, code in foreign_calls.CODE_OF_ERROR.items():
        assert "".join(part.capitalize() for part in code.split("-")) == name
        assert foreign_calls.ERROR_SELECTORS[selector(f"{name}()")] == name


def signatures_of_the_artifact() -> list[tuple[dict[str, Any], str]]:
    """Every named entry of the compiled contract's interface, with its signature."""

    def parameters(inputs: list[dict[str, Any]]) -> str:
        return ",".join(
            f"({parameters(one['components'])}){one['type'].removeprefix('tuple')}"
            if one["type"].startswith("tuple")
            else one["type"]
            for one in inputs
        )

    listed = json.loads(ARTIFACT.read_text())["abi"]
    return [(entry, f"{entry['name']}({parameters(entry['inputs'])})") for entry in listed if "name" in entry]


def test_calls_events_and_errors_are_those_of_the_compiled_contract() -> None:
    def of(kind: str) -> set[str]:
        return {signature for entry, signature in signatures_of_the_artifact() if entry["type"] == kind}

    ours = vars(foreign_calls)
    selectors = {value for name, value in ours.items() if name.endswith("_SELECTOR")}
    topics = {value for name, value in ours.items() if name.endswith("_TOPIC")}
    assert selectors == {selector(found) for found in of("function")}
    assert topics == {keccak256(found.encode()) for found in of("event")}
    assert set(foreign_calls.ERROR_SELECTORS) == {selector(found) for found in of("error")}


def test_the_page_lists_every_call_event_and_error_of_the_contract() -> None:
    page = PAGE.read_text("utf-8")
    stated = set(re.findall(r"^\| `(?:function|event) (\w+)\(.*`0x([0-9a-f]+)` \|$", page, re.MULTILINE))
    listed = {
        (entry["name"], keccak256(signature.encode())[: 4 if entry["type"] == "function" else 32].hex())
        for entry, signature in signatures_of_the_artifact()
        if entry["type"] != "error"
    }
    assert stated == listed
    errors = set(re.findall(r"^\| `([a-z0-9-]+)` \| `(\w+)\(\)` \| `0x([0-9a-f]{8})` \|", page, re.MULTILINE))
    assert errors == {
        (foreign_calls.CODE_OF_ERROR[name], name, selector_.hex())
        for selector_, name in foreign_calls.ERROR_SELECTORS.items()
    }
