"""Outside test data: where it is, and what to do when it is not there."""

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("EVIDENCE_VECTORS", Path(__file__).parents[2] / "shared" / "vectors"))


def outside(folder: str) -> Path:
    """The folder of outside vectors.

    Skips where the whole collection is absent (a user's clone has none); fails where a folder is missing or
    empty, since the tests that read it would then pass for nothing.
    """
    if not ROOT.is_dir():
        pytest.skip(f"outside vectors are not here ({ROOT}); set EVIDENCE_VECTORS to a copy")
    place = ROOT / folder
    if not place.is_dir() or not any(place.iterdir()):
        pytest.fail(f"outside vectors at {ROOT} have no {folder}, or it is empty")
    return place
