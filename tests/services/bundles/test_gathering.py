"""Room for the parts of several logs in one bundle."""

import pytest

from ledger.services.bundles.gathering import shares


@pytest.mark.parametrize(
    ("counts", "given"),
    [
        ([3, 4], [3, 4]),
        ([12, 12], [8, 8]),
        ([12, 2], [12, 2]),
        ([1, 12, 12], [2, 7, 7]),
        ([12, 5, 12], [6, 5, 5]),
        ([12] * 8, [2] * 8),
    ],
)
def test_who_wants_little_leaves_room_for_the_others(counts: list[int], given: list[int]) -> None:
    made = shares(counts, 16)
    assert sorted(made) == sorted(given)
    assert sum(made) <= 16
