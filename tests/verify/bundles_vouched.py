"""Bundles whose blocks attesters or validators vouch for, and trust lists that believe them: for tests of step 7."""

from collections.abc import Callable
from typing import Any

from ledger.verify.report import Report
from tests.sealing import secrets
from tests.simulator import START, Jurisdiction, World, world
from tests.verify.attacking import judge
from tests.vouching import attested, attester_set, sealed, validator_set

BLOCK = START + 110
"""Time of the blocks, which have number 7."""
FIVE = secrets(5)
Part = dict[str, Any]


def require(finality: str, **members: Any) -> dict[str, Any]:
    return {"TransferRecord": {"steps": [1, 3, 4, 5, 6, 7, 9], "finality": finality, **members}}


def chains(made: World, consensus: str = "qbft", **members: Any) -> list[dict[str, Any]]:
    """Both chains as the trust list has them."""
    sets: dict[str, Any] = {"validators": [validator_set()], "attesters": [attester_set()]}
    return [
        {**place.trusted_chain(), "consensus": consensus, **sets, **members} for place in (made.xa, made.xb)
    ]


def vouched(made: World, change: Callable[[Jurisdiction, Part], Part]) -> list[dict[str, Any]]:
    """The sections, with what vouches for both their blocks exchanged."""
    sections = made.sections()
    for place, section in zip((made.xa, made.xb), sections, strict=True):
        section["anchors"] = [change(place, part) for part in section["anchors"]]
    return sections


def under_seals(finality: str = "sealed", *, trust: dict[str, Any] | None = None, **how: Any) -> Report:
    made = world()
    sections = vouched(made, lambda _, part: sealed(part, **how))
    return judge(made, sections, **{"chains": chains(made), "require": require(finality), **(trust or {})})


def under_attesters(finality: str = "attested", *, trust: dict[str, Any] | None = None, **how: Any) -> Report:
    made = world()
    sections = vouched(made, lambda place, part: attested(place, part, **how))
    listed = chains(made, "attested", validators=[])
    return judge(made, sections, **{"chains": listed, "require": require(finality), **(trust or {})})


def said(report: Report) -> tuple[str, str]:
    return report.step(7).outcome, report.step(7).code
