"""What an attester takes seals for, and what it has written down before it signs."""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest

from ledger.core.attestation import parse_request
from ledger.core.evm.header import parse_header
from ledger.core.note import NoteSignature, encode_signature_line
from ledger.core.secp256k1 import recover
from ledger.errors import LedgerError
from ledger.services.finality.attesting import WAITING, Known
from ledger.store.attested import MOST_CONTRADICTIONS, Attested
from tests.blocks import hexed
from tests.sealing import addresses, seal, secrets
from tests.services.finality.attesting import ADDRESSES, XB, Scene, nodes
from tests.simulator import seed
from tests.trees import tree_root


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(LedgerError) as refused:
        action()
    return refused.value.code


def refusal(scene: Scene, **options: Any) -> str:
    return code_of(lambda: scene.attest(**options))


def chain_size(scene: Scene) -> int:
    return len(scene.world.xa.entries)


# Seals


def sealed_scene(scene: Scene, count: int = 4, **how: Any) -> tuple[Scene, dict[str, Any]]:
    keys = secrets(count)
    part = scene.part()
    header = seal(bytes.fromhex(part["header"][2:]), keys, **how)
    validators = [{"epoch": 1, "from": 0, "members": [hexed(one) for one in addresses(keys)]}]
    scene.believe(consensus="qbft", validators=validators)
    scene.seen = None  # no JSON-RPC node is needed
    return scene, {**part, "header": hexed(header)}


@pytest.mark.parametrize("round_", [0, 5])
def test_a_sealed_block_is_attested_by_its_seals_alone(scene: Scene, round_: int) -> None:
    made, part = sealed_scene(scene, round=round_)
    given = made.attester(observed=lambda _: None).attest(made.request(part=part))
    from ledger.core.evm.seals import parse_sealed

    header = parse_header(bytes.fromhex(part["header"][2:]))
    digest = made.digest(block_hash=parse_sealed(header).block_hash)
    assert recover(digest, given.signature) == ADDRESSES[XB]


def test_a_block_that_too_few_validators_sealed_is_not_attested(scene: Scene) -> None:
    made, part = sealed_scene(scene, signers=secrets(4)[:2])
    assert refusal(made, part=part) == "seal-quorum"


def test_seals_of_a_set_that_the_header_declares_itself_are_not_enough(scene: Scene) -> None:
    outsiders = secrets(4, "outsider")
    made, part = sealed_scene(scene, signers=outsiders, declared=addresses(outsiders))
    assert refusal(made, part=part) == "seal-quorum"


def test_a_sealed_block_without_seals_is_not_attested(scene: Scene) -> None:
    made, _ = sealed_scene(scene)
    assert refusal(made, part=made.part()) == "header-difficulty"


def own_word(scene: Scene, **chain: Any) -> list[Known]:
    """What XA's own entry says of XA's chain, beside the trust list that XB believes."""
    trust = scene.trust
    assert trust is not None
    listed = trust.chains[scene.world.xa.chain]
    own = {listed.id: listed._replace(**chain)}
    return [
        Known(trust.logs, trust.chains, "the trust list"),
        Known(trust.logs, own, "the entry of XA", "XA"),
    ]


def test_an_operator_does_not_name_the_validators_that_it_is_believed_by(scene: Scene) -> None:
    # XA's entry repeats the attesters of its chain under another number, beside validators of its own making.
    made, _ = sealed_scene(scene)
    outsiders = secrets(4, "outsider")
    trust = made.trust
    assert trust is not None
    (signers,) = trust.chains[made.world.xa.chain].attesters
    (validators,) = trust.chains[made.world.xa.chain].validators
    known = own_word(
        made,
        attesters=(signers._replace(epoch=99),),
        validators=(validators._replace(members=tuple(addresses(outsiders))),),
    )
    forged = seal(bytes.fromhex(made.part(time=5)["header"][2:]), outsiders)
    part = {**made.part(), "header": hexed(forged)}
    attester = made.attester(known=lambda: known)
    assert code_of(lambda: attester.attest(made.request(part=part, epoch=99))) == "seal-quorum"


def test_validators_that_the_operator_alone_names_are_not_believed(scene: Scene) -> None:
    made, part = sealed_scene(scene)
    own = own_word(made)[1]
    attester = made.attester(known=lambda: [own])
    assert code_of(lambda: attester.attest(made.request(part=part))) == "validators-unlisted"


def test_a_third_jurisdiction_neither_names_nor_disputes_a_chain(scene: Scene) -> None:
    trust = scene.trust
    assert trust is not None
    listed = trust.chains[scene.world.xa.chain]
    stranger = Known({}, {listed.id: listed._replace(genesis=bytes(32))}, "the entry of XD", "XD")
    known = [Known(trust.logs, trust.chains, "the trust list"), stranger]
    assert scene.attester(known=lambda: known).attest(scene.request()).epoch == 1
    named = Known({}, {listed.id: listed}, "the entry of XD", "XD")
    known = [Known(trust.logs, {}, "the trust list"), named]
    assert code_of(lambda: scene.attester(known=lambda: known).attest(scene.request())) == "chain-unknown"


# Writing down before signing


def test_nothing_is_signed_that_could_not_be_written_down(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(Attested):
        def record(self, *_: Any, **__: Any) -> None:
            raise OSError(28, "no space left on device")

    signed: list[bytes] = []
    monkeypatch.setattr("ledger.services.finality.attesting.sign", lambda *args: signed.append(args[1]))
    attester = scene.attester(store=Full(scene.folder / "full.sqlite"))
    with pytest.raises(OSError, match="no space"):
        attester.attest(scene.request())
    assert signed == []


def test_what_is_signed_is_in_the_file_first(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    class Crash(BaseException):
        pass

    def crash(*_: Any) -> bytes:
        raise Crash

    monkeypatch.setattr("ledger.services.finality.attesting.sign", crash)
    with pytest.raises(Crash):
        scene.attest()
    assert scene.attester().largest(scene.world.xa.origin) == chain_size(scene)


def test_what_was_written_down_cannot_be_taken_back(scene: Scene) -> None:
    scene.attest()
    with sqlite3.connect(scene.folder / "attester-xb.sqlite") as connection:
        for table in ("root", "block", "claim"):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(f"DELETE FROM {table}")
    connection.close()


def test_what_anybody_adds_to_a_note_does_not_fill_the_disk_or_hide_what_comes_later(scene: Scene) -> None:
    xa = scene.world.xa
    size = chain_size(scene)
    scene.attest()
    note = xa.checkpoint(size, root=b"\x42" * 32)
    junk = encode_signature_line(NoteSignature("registry.example.xq", bytes(4), bytes(64))) + "\n"
    for count in range(3):
        assert refusal(scene, checkpoint=note + junk.encode() * count, old=size) == "split-view"
    (found,) = scene.attester().contradictions
    assert found.offered == note
    for n in range(MOST_CONTRADICTIONS + 2):
        assert refusal(scene, checkpoint=xa.checkpoint(size, root=bytes([n]) * 32), old=size) == "split-view"
    assert scene.attester().count_contradictions() == {"split-view": MOST_CONTRADICTIONS}
    other = scene.part(time=5)
    scene.show(other)
    assert refusal(scene, part=other, old=size) == "two-blocks"
    assert scene.attester().count_contradictions()["two-blocks"] == 1


def test_two_processes_cannot_attest_two_roots(scene: Scene) -> None:
    # The second reads what the first has not written yet; the file decides.
    xa = scene.world.xa
    first, second = scene.attester(), scene.attester()
    second._store.largest = lambda _: None  # type: ignore[method-assign]
    first.attest(scene.request())
    xa.entries += [b"\x15" * 32]
    xa.anchor()
    part = scene.part(number=9)
    scene.show(part)
    assert code_of(lambda: second.attest(scene.request(part=part))) == "attested-meanwhile"


def test_a_chain_that_is_slow_to_answer_takes_up_few_threads(scene: Scene) -> None:
    seen, answering = scene.seen, threading.Event()
    assert seen is not None

    def slow(_: int) -> Any:
        answering.wait(20.0)
        return seen

    attester, data = scene.attester(observed=slow), scene.request()
    with ThreadPoolExecutor(2 * WAITING + 1) as pool:
        given = [pool.submit(attester.attest, data) for _ in range(2 * WAITING + 1)]
        done, _ = wait(given, timeout=10.0, return_when=FIRST_COMPLETED)
        assert {code_of(one.result) for one in done} == {"overloaded"}
        answering.set()
    codes = [error.code for one in given if isinstance(error := one.exception(), LedgerError)]
    assert 0 < codes.count("overloaded") <= WAITING + 1
    assert WAITING == 8  # requests, and as many threads, of those that the node has


def test_a_request_is_read_strictly(scene: Scene) -> None:
    data = scene.request()
    assert parse_request(data).chain == scene.world.xa.chain
    for changed in (data[:-1], data + b"\n", data.replace(b'"epoch":1', b'"epoch":-1'), b"[]", b""):
        assert code_of(lambda changed=changed: scene.attester().attest(changed))  # type: ignore[misc]


def test_the_scene_is_what_it_seems(scene: Scene) -> None:
    # The root that the requests are about is worked out from the entries alone.
    assert tree_root(scene.world.xa.leaves) in scene.world.xa.anchored.values()
    assert nodes(scene.part()["account"])
    assert seed("XB attester") != seed("XC attester")
