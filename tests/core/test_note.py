"""Signed notes and verifier keys: bytes in, the same bytes out, one spelling only."""

import json
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.note import (
    ED25519,
    EXPERIMENTAL,
    KEY_SIZES,
    NOTE_LIMIT,
    SIGNATURE_LINES_LIMIT,
    Note,
    NoteSignature,
    decode_base64,
    encode_note,
    encode_vkey,
    key_id_of,
    make_vkey,
    parse_note,
    parse_vkey,
)
from ledger.core.suites import EDDSA, PublicKey, verify
from ledger.errors import LedgerError, MalformedError
from tests.core.vectors import KEYS, LOG, read
from tests.outside import outside

LINE = "— a.example " + b64encode(bytes(20)).decode()
GOOD = f"text\n\n{LINE}\n"

key_names = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="+"), min_size=1, max_size=30
)
lines = st.text(st.characters(exclude_categories=["Cs"], min_codepoint=32), max_size=30)
notes = st.builds(
    Note,
    st.lists(lines, min_size=1, max_size=5).map(lambda found: "\n".join(found) + "\n"),
    st.lists(
        st.builds(
            NoteSignature, key_names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80)
        ),
        min_size=1,
        max_size=4,
    ).map(tuple),
)


def code_of(data: str | bytes) -> str:
    with pytest.raises(MalformedError) as refused:
        parse_note(data.encode() if isinstance(data, str) else data)
    return refused.value.code


@given(st.binary(max_size=12).map(b64encode).map(bytes.decode), st.data())
def test_base64_is_read_in_the_one_spelling_that_would_be_written(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text)))
    text = (
        text[:place]
        + data.draw(st.text("AQgw/+=-_ \n\xe9", max_size=3))
        + text[place + data.draw(st.integers(0, 3)) :]
    )
    found = decode_base64(text)
    try:
        loosely = a2b_base64(text.encode())
    except Base64Error:
        assert found is None
    else:
        assert found == (loosely if b64encode(loosely).decode() == text else None)


@given(notes)
def test_what_is_written_is_read_back(note: Note) -> None:
    assert parse_note(encode_note(note)) == note


@given(notes, st.data())
def test_a_changed_byte_is_refused_or_written_back_as_changed(note: Note, data: st.DataObject) -> None:
    changed = bytearray(encode_note(note))
    changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert encode_note(parse_note(bytes(changed))) == changed
    except LedgerError as error:
        assert error.code == "note-malformed"  # noqa: PT017


@pytest.mark.parametrize("size", [1, 2, 7])
def test_the_checkpoints_of_the_vectors_are_written_back(size: int) -> None:
    data = read(f"log/checkpoint-{size}.txt")
    assert encode_note(parse_note(data)) == data


def test_the_examples_of_the_specifications_are_written_back_and_verify() -> None:
    folder = outside("c2sp-examples")
    examples, own = (json.loads((folder / name).read_text()) for name in ("vectors.json", "selfmade.json"))
    example = examples["signed_note"]
    note, vkey = parse_note(example["note"].encode()), parse_vkey(example["vkey"])
    assert encode_vkey(vkey) == example["vkey"]
    assert (note.signatures[0].name, note.signatures[0].key_id) == (vkey.name, vkey.key_id)
    verify(PublicKey(EDDSA, vkey.key), note.text.encode(), note.signatures[0].payload)
    for text in (example["note"], examples["checkpoint_syntax_only"], own["checkpoint"]):
        assert encode_note(parse_note(text.encode())).decode() == text
    for text in (own["vkey"], own["witness_vkey"]):
        assert encode_vkey(parse_vkey(text)) == text


def test_the_text_ends_at_the_last_empty_line() -> None:
    note = parse_note(f"a\n\nb\n\n\n{LINE}\n".encode())
    assert note.text == "a\n\nb\n\n"
    assert len(note.signatures) == 1


@pytest.mark.parametrize(
    "data",
    [
        "",
        "\n",
        "text\n",
        "text\n\n",
        "text\n\n\n",
        f"text\n{LINE}\n",
        GOOD[:-1],
        GOOD + "\n",
        GOOD + "x",
        GOOD.replace("— ", "- "),
        GOOD.replace("— ", "—"),
        GOOD.replace("— ", "—  "),
        GOOD.replace("a.example", "a+b"),
        GOOD.replace("a.example", ""),
        GOOD.replace("a.example", "a\u00a0b"),
        GOOD.replace("a.example ", "a.example  "),
        GOOD.replace("a.example ", "a.example\t"),
        GOOD.replace("text", "te\rxt"),
        GOOD.replace("text", "te\0xt"),
        GOOD.replace("=", ""),
        GOOD.replace("A=", "B="),
        GOOD.replace("AAA=", "A-A="),
        GOOD.replace("=\n", "==\n"),
        "text\n\n— a.example AAAAAA==\n",
        "text\n\n— a.example\n",
        b"te\xffxt\n\n" + LINE.encode() + b"\n",
        b"\xed\xa0\x80\n\n" + LINE.encode() + b"\n",
    ],
)
def test_another_spelling_is_refused(data: str | bytes) -> None:
    assert code_of(data) == "note-malformed"


def test_size_and_number_of_lines_are_bounded() -> None:
    assert len(parse_note(f"text\n\n{(LINE + chr(10)) * SIGNATURE_LINES_LIMIT}".encode()).signatures) == 64
    assert code_of(f"text\n\n{(LINE + chr(10)) * (SIGNATURE_LINES_LIMIT + 1)}") == "too-large"
    rest = len(GOOD.encode()) - len("text")
    assert parse_note(GOOD.replace("text", "x" * (NOTE_LIMIT - rest)).encode())
    assert code_of(GOOD.replace("text", "x" * (NOTE_LIMIT - rest + 1))) == "too-large"


@given(st.binary(max_size=80) | st.text(alphabet="a\n— +=A", max_size=60).map(str.encode))
def test_any_bytes_are_refused_or_written_back(data: bytes) -> None:
    try:
        assert encode_note(parse_note(data)) == data
    except LedgerError as error:
        assert error.code == "note-malformed"  # noqa: PT017


# --- verifier keys


@given(
    key_names,
    st.sampled_from([*KEY_SIZES, EXPERIMENTAL]).flatmap(
        lambda kind: st.tuples(
            st.just(kind), st.binary(min_size=KEY_SIZES.get(kind, 1), max_size=KEY_SIZES.get(kind, 50))
        )
    ),
)
def test_a_verifier_key_survives_its_text(name: str, typed: tuple[int, bytes]) -> None:
    vkey = make_vkey(name, *typed)
    assert parse_vkey(encode_vkey(vkey)) == vkey
    assert vkey.key_id == key_id_of(name, *typed)


def test_the_verifier_keys_of_the_vectors_have_their_ids() -> None:
    found = [key for log in KEYS["logs"] for key in (log["ed25519"], log["mlDsa44"], *log["headKeys"])]
    for key in (*found, *KEYS["witnesses"]):
        vkey = parse_vkey(key["vkey"])
        assert vkey.key_id.hex() == key["keyId"]
        assert encode_vkey(vkey) == key["vkey"]


VKEY = LOG["vkeys"][0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "++",
        "a+b",
        VKEY[:-1],
        VKEY + "=",
        VKEY + "\n",
        VKEY.upper(),
        "x" + VKEY,
        VKEY.replace("+a2492bf8+", "+A2492BF8+"),
        VKEY.replace("+a2492bf8+", "+a2492bf9+"),
        VKEY.replace("+a2492bf8+", "+ a2492bf8+"),
        VKEY.replace("+a2492bf8+", "++"),
        "\ud800" + VKEY,
        "a b+00000000+" + b64encode(bytes([ED25519]) + bytes(32)).decode(),
    ],
)
def test_another_spelling_of_a_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(MalformedError) as refused:
        parse_vkey(text)
    assert refused.value.code == "vkey-malformed"


@pytest.mark.parametrize(
    ("kind", "size"), [(0x01, 31), (0x04, 33), (0x06, 32), (0xFF, 0), (0x02, 32), (0x00, 32)]
)
def test_a_key_of_an_unknown_type_or_another_size_is_refused(kind: int, size: int) -> None:
    key = bytes(size)
    text = f"a+{key_id_of('a', kind, key).hex()}+{b64encode(bytes([kind]) + key).decode()}"
    with pytest.raises(MalformedError):
        parse_vkey(text)
