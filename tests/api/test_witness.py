"""The witness and the checkpoints over HTTP: media types, problems, and the log's own proofs of growth."""

from hashlib import sha256

import pytest

from ledger.core.checkpoint import cosign, parse_checkpoint
from ledger.core.merkle import verify_consistency
from ledger.core.note import encode_signature_line, encode_vkey, make_vkey
from ledger.core.receipt import parse_receipt, verify_receipt
from ledger.core.witness import encode_add_checkpoint
from ledger.services.trust.known_logs import KnownLogs
from ledger.store.cosignatures import Cosignature
from tests.api.served import Served
from tests.services.witnessing.noting import PLAIN, PLAIN_VKEY, plain
from tests.simulator import key
from tests.trees import tree_consistency

PATH = "/witness/add-checkpoint"


@pytest.fixture(scope="module")
def witnessing(served: Served) -> Served:
    """The node, which knows the log of XP by its key, and has cosigned three entries of it."""
    home = served.home
    KnownLogs(home.path, served.node.partners, home.settings.origin).add([PLAIN_VKEY])
    answer = served.post(PATH, encode_add_checkpoint(0, [], plain(3)), {})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert answer.text.startswith("— registry.example.xa/witness ")
    return served


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"nonsense", 400, "add-checkpoint-malformed"),
        (encode_add_checkpoint(4, [], plain(3)), 400, "add-checkpoint-malformed"),
        (encode_add_checkpoint(0, [], plain(3).replace(b"/XP/", b"/XQ/")), 404, "log-unknown"),
        (encode_add_checkpoint(3, [], plain(3).replace(b"\n3\n", b"\n4\n")), 403, "line-invalid"),
        (encode_add_checkpoint(3, [bytes(32)], plain(5)), 422, "proof-invalid"),
    ],
)
def test_a_request_that_is_not_cosigned_is_told_why(
    witnessing: Served, body: bytes, status: int, code: str
) -> None:
    answer = witnessing.post(PATH, body, {"content-type": "application/octet-stream"})
    told = answer.json()
    assert (answer.status_code, told["status"], told["type"]) == (status, status, f"/problems/{code}")
    assert answer.headers["content-type"] == "application/problem+json"


def test_another_old_size_is_answered_with_the_last_one(witnessing: Served) -> None:
    answer = witnessing.post(PATH, encode_add_checkpoint(0, [], plain(5)), {})
    assert (answer.status_code, answer.content) == (409, b"3\n")
    assert answer.headers["content-type"] == "text/x.tlog.size"


def test_a_body_without_end_is_not_read_to_its_end(witnessing: Served) -> None:
    assert witnessing.post(PATH, b"x" * 200_000, {}).status_code == 413


def test_the_last_checkpoint_is_read_under_the_hash_of_its_origin(witnessing: Served) -> None:
    name = sha256(PLAIN.origin.encode()).hexdigest()
    signed = parse_checkpoint(witnessing.get(f"/witness/{name}/checkpoint").content)
    assert (signed.checkpoint.origin, signed.checkpoint.size) == (PLAIN.origin, 3)
    assert len(signed.note.signatures) == 2
    assert witnessing.get(f"/witness/{'0' * 64}/checkpoint").status_code == 404
    assert witnessing.get("/witness/x/checkpoint").status_code == 400


def test_the_log_proves_that_it_only_grew(served: Served) -> None:
    sizes = []
    for reference in ("W-1", "W-2"):
        served.post("/v1/statements", served.record(reference).encoded)
        sizes.append(parse_checkpoint(served.get("/log/checkpoint").content).checkpoint.size)
    notes = [parse_checkpoint(served.get(f"/v1/checkpoints/{size}").content).checkpoint for size in sizes]
    told = served.get("/v1/log/consistency", params={"old": sizes[0], "new": sizes[1]}).json()
    assert (told["old"], told["new"], told["origin"]) == (*sizes, notes[0].origin)
    verify_consistency(*sizes, notes[0].root, notes[1].root, [bytes.fromhex(one) for one in told["path"]])


@pytest.mark.parametrize(
    "query", [{"old": 0, "new": 1}, {"old": 1}, {"old": -1, "new": 1}, {"old": 1, "new": "x"}]
)
def test_a_consistency_path_needs_two_sizes(served: Served, query: dict[str, object]) -> None:
    assert served.get("/v1/log/consistency", params=query).status_code == 400


def test_sizes_that_were_not_signed_are_not_found(served: Served) -> None:
    for path, query in (
        ("/v1/log/consistency", {"old": 1, "new": 2**40}),
        ("/v1/log/consistency", {"old": 3, "new": 2}),
        (f"/v1/checkpoints/{2**40}", {}),
    ):
        answer = served.get(path, params=query)
        assert answer.status_code == 404, answer.text


def test_cosignatures_stand_under_the_checkpoint(served: Served) -> None:
    size = parse_checkpoint(served.get("/log/checkpoint").content).checkpoint.size
    line = "— witness.example.xb YWJjZGVmZ2g=".encode()
    served.node.cosignatures.store([Cosignature(size, "witness.example.xb", b"abcd", line, 7, 7)])
    for path in ("/log/checkpoint", f"/v1/checkpoints/{size}"):
        assert served.get(path).content.endswith(line + b"\n")


def test_the_consistency_of_a_plain_log_is_followed(witnessing: Served) -> None:
    path = tree_consistency(3, PLAIN.leaves)
    assert witnessing.post(PATH, encode_add_checkpoint(3, path, plain(5)), {}).status_code == 200
    assert witnessing.get("/health").json()["witness"]["logs"] == 1


def test_a_receipt_carries_cosignatures_where_it_is_asked_to(served: Served) -> None:
    witness = make_vkey("witness.example.xc", 0x04, key("XC witness").public.raw)
    policy = f"witness W {encode_vkey(witness)}\nquorum W\n"
    served.node.witnesses.take(policy.encode())
    record = served.record("W-3")
    served.post("/v1/statements", record.encoded)
    path = f"/v1/statements/{record.digest.hex()}/receipt"
    plainly, early = served.get(path), served.get(path + "?cosigned=true")
    assert (early.status_code, early.json()["type"]) == (409, "/problems/not-cosigned-yet")
    signed = parse_checkpoint(served.get("/log/checkpoint").content)
    line = cosign(signed, witness.name, key("XC witness"), 7)
    row = Cosignature(
        signed.checkpoint.size, line.name, line.key_id, encode_signature_line(line).encode(), 7, 7
    )
    served.node.cosignatures.store([row])
    receipt = parse_receipt(served.get(path + "?cosigned=true").content)
    assert parse_checkpoint(receipt.checkpoint).note.signatures[-1] == line
    signer = served.home.log_signer()
    known = {"origin": signer.origin, "vkeys": signer.vkeys, "head_addresses": [signer.head_address]}
    assert verify_receipt(receipt, record.digest, **known) == signed.checkpoint
    assert served.get(path).content == plainly.content  # and the other stays the same for ever
    served.node.witnesses.forget()
