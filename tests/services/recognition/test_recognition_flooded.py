"""What strangers say of a certificate, however much, takes no room from what its issuer says of it."""

from collections.abc import Iterator
from hashlib import sha256

import pytest

from ledger.errors import LedgerError
from ledger.services.recognition import answer as recognition
from ledger.store.partners import Kept
from tests.services.both import Both, recognised
from tests.services.homes import DAY
from tests.services.sides import holder

STRANGER = "did:web:stranger.example.xc"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with recognised(tmp_path_factory.mktemp("flooded")) as made:
        yield made


def said_by(issuer: str, both: Both, number: int) -> Kept:
    """A change of the certificate's status as a third state's log has it, of a tree larger than any."""
    digest = sha256(f"{issuer} {number}".encode()).digest()
    return Kept(
        subject=digest,
        origin="registry.example.xc/XC/2026",
        partner="XC",
        index=number,
        size=1_000_000,
        anchored=True,
        type="StatusChange",
        issuer=issuer,
        number=None,
        holder=None,
        stored_at=0,
        bundle=b"{}",
        refers=(both.certificate.digest,),
    )


def test_changes_by_strangers_in_another_log_do_not_keep_a_withdrawal_out(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognition, "BUNDLES", 40)
    made, sides = both.made, both.made.sides
    sides.xb.node.mirror.put("XC", [said_by(STRANGER, both, number) for number in range(60)])
    sides.clock.now += DAY
    sides.xa.register(made.change(made.body, both.certificate.digest))
    both.pull(sides.xb, sides.xa)
    assert both.asked(sides.xb).status_now == "withdrawn"


def test_changes_by_strangers_in_the_own_log_do_not_either(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognition, "LOOKED_AT", 30)
    sides = both.made.sides
    stranger = holder("body", "XB")
    sides.xb.enrol(stranger, "body")
    for _ in range(40):
        sides.xb.register(both.made.change(stranger, both.certificate.digest))
    assert both.asked(sides.xb).step(10).code == "valid-then-not-now"


def test_where_the_issuer_itself_said_too_much_no_answer_is_given(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognition, "BUNDLES", 40)
    sides = both.made.sides
    body = both.made.body.holder
    sides.xb.node.mirror.put("XC", [said_by(body, both, number) for number in range(60)])
    with pytest.raises(LedgerError) as refused:
        both.asked(sides.xb)
    assert refused.value.code == "evidence-too-much"


def test_bundles_too_large_to_be_held_give_no_answer(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognition, "BYTES", 1000)
    with pytest.raises(LedgerError) as refused:
        both.asked(both.made.sides.xb)
    assert refused.value.code == "evidence-too-much"
