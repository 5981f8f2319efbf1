"""Which process runs which tests: files as wholes, so that no two of them start the same nodes; the longest first."""

from collections.abc import Sequence

import pytest
from xdist.scheduler import LoadFileScheduling

TOGETHER = ("tests/cli/recognition/", "tests/cli/")
"""Folders that share nodes among their files."""
FIRST = (
    "tests/contracts/test_sources.py",
    "tests/journeys/test_demo.py",
    "tests/cli/",
    "tests/differential/",
    "tests/journeys/test_across_chains.py",
    "tests/web/test_page.py",
    "tests/journeys/test_mutual_recognition.py",
    "tests/journeys/",
    "tests/faults/",
    "tests/web/",
    "tests/services/anchoring/",
    "tests/statements/recognition/",
    "tests/api/",
    "tests/verify/test_splices.py",
    "tests/contracts/",
    "tests/test_",
    "tests/services/",
)
"""What takes long, or waits, begins first; what is short fills up the end."""


def rank(nodeid: str) -> int:
    return next((place for place, start in enumerate(FIRST) if nodeid.startswith(start)), len(FIRST))


class ByNodes(LoadFileScheduling):
    """Gives out the tests of one file, or of one folder that shares nodes, to one process."""

    def _split_scope(self, nodeid: str) -> str:
        return next((start for start in TOGETHER if nodeid.startswith(start)), super()._split_scope(nodeid))


def in_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    return sorted(items, key=lambda item: rank(item.nodeid))
