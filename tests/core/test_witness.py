"""The body of add-checkpoint and its answers: the worked example of the format, round trips, and one fault a test."""

import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.checkpoint import parse_checkpoint
from ledger.core.merkle import verify_consistency
from ledger.core.note import parse_vkey
from ledger.core.witness import (
    BODY_LIMIT,
    encode_add_checkpoint,
    encode_cosignatures,
    encode_size,
    parse_add_checkpoint,
    parse_cosignatures,
    parse_size,
    verify_plain_lines,
)
from ledger.errors import LedgerError, MalformedError, SignatureError
from tests.outside import outside
from tests.simulator import Jurisdiction

XA = Jurisdiction("XA", 31_001, entries=[bytes([n]) * 32 for n in range(7)])
NOTE = XA.checkpoint()
HASH = b64encode(bytes(32)).decode()
HEAD = f"old 3\n{HASH}\n\n".encode()


def test_the_worked_example_is_read_and_written_and_holds() -> None:
    example = json.loads((outside("c2sp-examples") / "selfmade.json").read_text())
    body = example["add_checkpoint_body_old3"].encode()
    read = parse_add_checkpoint(body)
    assert (read.old, len(read.path), read.signed.checkpoint.size) == (3, 4, 5)
    assert encode_add_checkpoint(read.old, read.path, read.signed.encoded) == body
    verify_plain_lines(read.signed, [parse_vkey(example["vkey"])])


def test_what_the_example_proves_is_what_its_tree_says() -> None:
    from tests.trees import tree_consistency, tree_root

    leaves = XA.leaves
    path = tree_consistency(3, leaves)
    read = parse_add_checkpoint(encode_add_checkpoint(3, path, NOTE))
    verify_consistency(3, 7, tree_root(leaves[:3]), read.signed.checkpoint.root, read.path)


@given(st.integers(0, 2**63 - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_every_body_is_read_as_it_was_written(old: int, path: list[bytes]) -> None:
    read = parse_add_checkpoint(encode_add_checkpoint(old, path, NOTE))
    assert (read.old, list(read.path), read.signed.encoded) == (old, path, NOTE)


@pytest.mark.parametrize(
    "head",
    [
        "old 03\n\n",
        "old -1\n\n",
        "old\n\n",
        "old 3 \n\n",
        "Old 3\n\n",
        " old 3\n\n",
        f"old {2**63}\n\n",
        "old \u0663\n\n",
        "old 3",
        "",
        "\n",
        f"{HASH}\n\n",
        f"old 3\n{HASH}",
        f"old 3\n{HASH[:-4]}\n\n",
        f"old 3\n{HASH} \n\n",
        f"old 3\r\n{HASH}\n\n",
        "old 3\nAAAA\n\n",
        "old 3\n" + "A" * 43 + "B=\n\n",
        "old 3\n" + f"{HASH}\n" * 64 + "\n",
    ],
)
def test_another_head_is_refused(head: str) -> None:
    with pytest.raises(MalformedError):
        parse_add_checkpoint(head.encode() + NOTE)


def test_sixty_three_hashes_are_read() -> None:
    assert len(parse_add_checkpoint(b"old 3\n" + f"{HASH}\n".encode() * 63 + b"\n" + NOTE).path) == 63


def test_a_checkpoint_that_is_none_is_refused() -> None:
    with pytest.raises(MalformedError) as refused:
        parse_add_checkpoint(HEAD + NOTE.replace(b"\n7\n", b"\n07\n"))
    assert refused.value.code == "checkpoint-malformed"


def test_a_body_beyond_the_limit_is_not_read() -> None:
    with pytest.raises(MalformedError) as refused:
        parse_add_checkpoint(HEAD + NOTE + b"x" * BODY_LIMIT)
    assert refused.value.code == "too-large"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for read in (parse_add_checkpoint, parse_size, lambda body: parse_cosignatures(body, SIGNED)):
        try:
            read(data)
        except LedgerError:
            continue


SIGNED = parse_checkpoint(NOTE)
LINES = SIGNED.note.signatures


def test_the_lines_of_an_answer_are_read_as_they_were_written() -> None:
    assert parse_cosignatures(encode_cosignatures(LINES), SIGNED) == LINES


@pytest.mark.parametrize(
    "answer",
    [b"", b"\n", b"nonsense\n", b"\n" + encode_cosignatures(LINES), encode_cosignatures(LINES)[:-1]],
)
def test_an_answer_of_something_else_is_refused(answer: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_cosignatures(answer, SIGNED)


def test_an_answer_cannot_bring_another_text() -> None:
    with pytest.raises(MalformedError):
        parse_cosignatures(encode_cosignatures(LINES) + b"\n" + encode_cosignatures(LINES), SIGNED)


def test_a_size_is_read_as_it_was_written() -> None:
    for size in (0, 7, 2**63 - 1):
        assert parse_size(encode_size(size)) == size


@pytest.mark.parametrize("answer", [b"", b"7", b"07\n", b"-7\n", b" 7\n", b"7\n\n", b"9223372036854775808\n"])
def test_another_size_is_refused(answer: bytes) -> None:
    with pytest.raises(MalformedError) as refused:
        parse_size(answer)
    assert refused.value.code == "witness-size"


def test_one_line_of_a_plain_log_is_enough() -> None:
    ed25519, mldsa, _ = XA.signer.vkeys
    for vkeys in ([ed25519], [mldsa], [ed25519, mldsa]):
        verify_plain_lines(SIGNED, vkeys)


def test_a_plain_log_without_a_line_of_a_known_key_is_refused() -> None:
    with pytest.raises(SignatureError) as refused:
        verify_plain_lines(SIGNED, [Jurisdiction("XB", 1).signer.vkeys[0]])
    assert refused.value.code == "line-missing"


@pytest.mark.parametrize("kind", [0, 1])
def test_a_line_of_a_plain_log_that_does_not_hold_is_refused_beside_one_that_does(kind: int) -> None:
    lines = list(LINES)
    lines[kind] = lines[kind]._replace(payload=bytes(len(lines[kind].payload)))
    broken = SIGNED._replace(note=SIGNED.note._replace(signatures=tuple(lines)))
    with pytest.raises(SignatureError) as refused:
        verify_plain_lines(broken, XA.signer.vkeys[:2])
    assert refused.value.code == "line-invalid"


def test_two_lines_of_one_key_of_a_plain_log_are_refused() -> None:
    twice = SIGNED._replace(note=SIGNED.note._replace(signatures=(*LINES, LINES[0])))
    with pytest.raises(SignatureError) as refused:
        verify_plain_lines(twice, XA.signer.vkeys[:2])
    assert refused.value.code == "line-twice"
