"""How often a test tries: as often as the suite has time for, or as a campaign says (scripts/campaign)."""

import os


def count(suite: int) -> int:
    """`suite`, or the number in `EVIDENCE_CAMPAIGN` where that is more."""
    return max(suite, int(os.environ.get("EVIDENCE_CAMPAIGN") or 0))
