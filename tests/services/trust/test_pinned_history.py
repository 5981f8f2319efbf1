"""A publisher's key ids stay taken, though the pinned list no longer has them."""

from pathlib import Path

import pytest

from ledger.core.trust import TrustList
from ledger.errors import RefusedError, SetupError
from ledger.services.trust.pinned import PinnedLists, fingerprint_of
from tests.core.trust.lists import V1_BYTES, V2_BYTES
from tests.core.trust.test_pinning import reused_after_a_rest


@pytest.fixture
def pinned(tmp_path: Path) -> PinnedLists:
    lists = PinnedLists(tmp_path / "trust")
    first = lists.add(
        V1_BYTES, fingerprint="04a857aa216c1545b22176c914f5c73eca9706d28cbea48f96103b4c4cfe152f"
    )
    assert fingerprint_of(first)
    lists.add(V2_BYTES)
    return lists


@pytest.fixture
def third() -> TrustList:
    return reused_after_a_rest()


def test_a_key_id_of_an_earlier_version_is_refused_for_another_key(
    pinned: PinnedLists, third: TrustList
) -> None:
    with pytest.raises(RefusedError) as added:
        pinned.add(third.encoded)
    assert added.value.code == "key-id-reused"
    with pytest.raises(RefusedError) as checked:
        pinned.check(third.encoded)
    assert checked.value.code == "key-id-reused"
    assert [listed.version for listed in pinned.show()] == [2]


def test_versions_that_were_skipped_are_kept_in_mind_too(tmp_path: Path, third: TrustList) -> None:
    lists = PinnedLists(tmp_path / "trust")
    lists.add(V1_BYTES, fingerprint="04a857aa216c1545b22176c914f5c73eca9706d28cbea48f96103b4c4cfe152f")
    with pytest.raises(RefusedError) as added:
        lists.add(third.encoded, between=[V2_BYTES])
    assert added.value.code == "key-id-reused"


def test_a_damaged_earlier_version_is_named(pinned: PinnedLists, third: TrustList) -> None:
    (earlier,) = pinned.folder.glob(".*.json")
    earlier.write_bytes(b"{}")
    with pytest.raises(SetupError) as refused:
        pinned.check(third.encoded)
    assert refused.value.code == "pinned-damaged"
