"""The lists a user has pinned."""

import errno
from pathlib import Path
from typing import Any

import pytest

from ledger.core.canonical import TRUST_LIMIT, decode
from ledger.core.trust import parse_trust_list, sign_trust_list
from ledger.errors import LedgerError, NotFoundError, RefusedError, SetupError
from ledger.services import files
from ledger.services.node.jurisdiction import entry_of
from ledger.services.trust.claim import LIFE
from ledger.services.trust.compose import Policy, compose
from ledger.services.trust.pinned import PinnedLists, fingerprint_of
from tests.services.homes import DAY, NOW, chance, claim, home, publisher_key


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Four versions of one publisher's list."""
    folder = tmp_path_factory.mktemp("homes")
    claims = [claim(home(folder, "XA"), 31_001), claim(home(folder, "XB"), 31_002)]
    made: list[bytes] = []
    for number in range(4):
        previous = made[-1] if made else None
        made.append(
            compose(
                claims, keys=[publisher_key()], policy=Policy(), now=NOW + number * DAY, previous=previous
            )
        )
    return made


@pytest.fixture
def pinned(tmp_path: Path) -> PinnedLists:
    return PinnedLists(tmp_path / "trust")


def fingerprint(data: bytes) -> str:
    return fingerprint_of(parse_trust_list(data))


def test_the_first_list_needs_its_fingerprint(pinned: PinnedLists, versions: list[bytes]) -> None:
    with pytest.raises(RefusedError, match=fingerprint(versions[0])) as refused:
        pinned.add(versions[0])
    assert refused.value.code == "fingerprint-missing"
    with pytest.raises(RefusedError) as differs:
        pinned.add(versions[0], fingerprint=fingerprint(versions[1]))
    assert differs.value.code == "fingerprint-mismatch"
    assert pinned.show() == []
    assert pinned.add(versions[0], fingerprint=fingerprint(versions[0])).version == 1
    assert [listed.version for listed in pinned.show()] == [1]


@pytest.mark.parametrize("written", ["upper", "prefixed", "spaced"])
def test_a_fingerprint_may_be_written_as_people_do(
    pinned: PinnedLists, versions: list[bytes], written: str
) -> None:
    hexed = fingerprint(versions[0])
    form = {"upper": hexed.upper(), "prefixed": "sha256:" + hexed, "spaced": f" {hexed}\n"}[written]
    assert pinned.add(versions[0], fingerprint=form).version == 1


@pytest.mark.parametrize("text", ["", "ab", "z" * 64])
def test_a_fingerprint_that_is_none_is_refused(pinned: PinnedLists, versions: list[bytes], text: str) -> None:
    with pytest.raises(RefusedError) as refused:
        pinned.add(versions[0], fingerprint=text)
    assert refused.value.code == "fingerprint-mismatch"


def test_a_successor_replaces_the_pinned_list(pinned: PinnedLists, versions: list[bytes]) -> None:
    pinned.add(versions[0], fingerprint=fingerprint(versions[0]))
    assert pinned.add(versions[1]).version == 2
    assert pinned.of("did:web:trust.example.xb").encoded == versions[1]
    assert len(pinned.show()) == 1


def test_adding_the_pinned_list_again_changes_nothing(pinned: PinnedLists, versions: list[bytes]) -> None:
    pinned.add(versions[0], fingerprint=fingerprint(versions[0]))
    (path,) = pinned.folder.glob("did*.json")
    before = path.stat().st_mtime_ns
    assert pinned.add(versions[0]).version == 1
    assert path.stat().st_mtime_ns == before


def test_versions_never_go_back_and_are_skipped_only_with_those_between(
    pinned: PinnedLists, versions: list[bytes]
) -> None:
    pinned.add(versions[1], fingerprint=fingerprint(versions[1]))
    with pytest.raises(RefusedError) as back:
        pinned.add(versions[0], fingerprint=fingerprint(versions[0]))
    assert back.value.code == "version-back"
    with pytest.raises(RefusedError) as gap:
        pinned.add(versions[3])
    assert gap.value.code == "version-gap"
    assert pinned.of("did:web:trust.example.xb").version == 2
    assert pinned.add(versions[3], between=[versions[2]]).version == 4


def test_a_list_for_one_run_must_be_the_pinned_one_or_its_successor(
    pinned: PinnedLists, versions: list[bytes], tmp_path: Path
) -> None:
    assert pinned.check(versions[0]).version == 1
    assert not pinned.folder.exists()
    pinned.add(versions[1], fingerprint=fingerprint(versions[1]))
    assert pinned.check(versions[1]).version == 2
    assert pinned.check(versions[2]).version == 3
    with pytest.raises(RefusedError):
        pinned.check(versions[0])
    other = claim(home(tmp_path, "XA"))
    assert pinned.check(other).publisher.id == "did:web:registry.example.xa"
    assert pinned.of("did:web:trust.example.xb").version == 2


def test_lists_of_two_publishers_stand_side_by_side(
    pinned: PinnedLists, versions: list[bytes], tmp_path: Path
) -> None:
    other = claim(home(tmp_path, "XA"), now=NOW)
    for data in (versions[0], other):
        pinned.add(data, fingerprint=fingerprint(data))
    assert [listed.publisher.id for listed in pinned.show()] == [
        "did:web:registry.example.xa",
        "did:web:trust.example.xb",
    ]
    assert all(listed.next_update == NOW + LIFE for listed in pinned.show())


def test_a_publisher_that_is_removed_is_a_stranger_again(pinned: PinnedLists, versions: list[bytes]) -> None:
    pinned.add(versions[0], fingerprint=fingerprint(versions[0]))
    pinned.add(versions[1])
    publisher = parse_trust_list(versions[0]).publisher.id
    assert pinned.remove(publisher).version == 2
    assert pinned.show() == []
    assert not list(pinned.folder.glob("*.json")) + list(pinned.folder.glob(".*.json"))
    with pytest.raises(RefusedError) as refused:
        pinned.add(versions[2])
    assert refused.value.code == "fingerprint-missing"
    assert pinned.add(versions[0], fingerprint=fingerprint(versions[0])).version == 1
    with pytest.raises(NotFoundError):
        pinned.remove("did:web:nobody.example.xz")


def test_another_publisher_of_the_same_name_is_refused_until_the_first_is_removed(
    pinned: PinnedLists, versions: list[bytes]
) -> None:
    first = parse_trust_list(versions[0])
    document: Any = decode(versions[0], limit=TRUST_LIMIT, what="list")
    del document["signatures"]
    document["nextUpdate"] = "2026-12-01T00:00:00Z"
    other = sign_trust_list(document, {"#1": publisher_key().private})
    pinned.add(versions[0], fingerprint=fingerprint(versions[0]))
    with pytest.raises(RefusedError) as refused:
        pinned.check(other)
    assert refused.value.code == "version-fork"
    pinned.remove(first.publisher.id)
    assert pinned.check(other).list_hash != first.list_hash


def test_a_publisher_that_is_not_pinned_is_named(pinned: PinnedLists) -> None:
    with pytest.raises(NotFoundError) as refused:
        pinned.of("did:web:nobody.example.xb")
    assert refused.value.code == "publisher-not-pinned"


def test_a_damaged_list_that_was_pinned_is_not_silently_replaced(
    pinned: PinnedLists, versions: list[bytes]
) -> None:
    pinned.add(versions[0], fingerprint=fingerprint(versions[0]))
    (path,) = pinned.folder.glob("did*.json")
    path.write_bytes(versions[0][:-1])
    for attempt in (
        lambda: pinned.add(versions[1], fingerprint=fingerprint(versions[1])),
        lambda: pinned.check(versions[1]),
        pinned.show,
    ):
        with pytest.raises(SetupError) as refused:
            attempt()
        assert refused.value.code == "pinned-damaged"


def test_a_list_under_another_publishers_name_is_refused(pinned: PinnedLists, versions: list[bytes]) -> None:
    pinned.add(versions[0], fingerprint=fingerprint(versions[0]))
    (path,) = pinned.folder.glob("did*.json")
    path.rename(pinned.folder / "did:web:other.example.xb.json")
    with pytest.raises(SetupError) as refused:
        pinned.of("did:web:other.example.xb")
    assert refused.value.code == "pinned-damaged"


def test_a_full_disk_leaves_the_earlier_list(
    pinned: PinnedLists, versions: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned.add(versions[0], fingerprint=fingerprint(versions[0]))

    def fail(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "")

    with monkeypatch.context() as broken:
        broken.setattr(files.os, "fsync", fail)
        with pytest.raises(SetupError) as refused:
            pinned.add(versions[1])
    assert refused.value.code == "disk-full"
    assert pinned.of("did:web:trust.example.xb").version == 1


def test_what_is_no_list_is_refused(pinned: PinnedLists) -> None:
    with pytest.raises(LedgerError):
        pinned.add(b"{}", fingerprint="0" * 64)


def test_a_list_that_exceeds_an_entry_it_carries_is_neither_pinned_nor_believed(
    tmp_path: Path, pinned: PinnedLists
) -> None:
    made = home(tmp_path)
    entry = entry_of(made, claim(made), now=NOW, random=chance("entry"))
    good = compose([], entries=[entry.encoded], keys=[publisher_key()], policy=Policy(), now=NOW)
    assert pinned.check(good).entries == (entry.encoded,)
    document: Any = decode(good, limit=TRUST_LIMIT, what="list")
    document["authorities"][0]["roles"] = ["authority", "registrar"]
    del document["signatures"]
    wider = sign_trust_list(document, {"#1": publisher_key().private})
    for use in (lambda: pinned.check(wider), lambda: pinned.add(wider, fingerprint=fingerprint(wider))):
        with pytest.raises(RefusedError) as refused:
            use()
        assert refused.value.code == "entry-exceeded"
    assert pinned.show() == []
    assert pinned.add(good, fingerprint=fingerprint(good)).entries == (entry.encoded,)
