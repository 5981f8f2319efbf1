"""The evidence that is measured: of a transfer and of a certificate, each with the list under which it verifies."""

import random
from functools import cache

from ledger.core.times import format_time
from tests.sealing import secrets
from tests.simulator import DAY, NOW, START, world
from tests.verify.mutual import BODY, LENGTH, recognised
from tests.vouching import sealed, validator_set

__all__ = ["NOW", "USED", "certificate_example", "example", "one_percent", "sealed_example"]

USED = START + 260
"""When the certificate was used: before it was suspended."""


@cache
def example() -> tuple[bytes, bytes]:
    """A transfer of XA acknowledged in XB, anchored on both sides; and the trust list, both as bytes."""
    made = world()
    return made.bundle(), made.trust().encoded


@cache
def sealed_example(validators: int) -> tuple[bytes, bytes]:
    """The same transfer, its blocks sealed by a quorum of QBFT validators, under a list that asks for seals."""
    made, keys = world(), secrets(validators)
    sections = made.sections()
    for section in sections:
        section["anchors"] = [sealed(part, keys) for part in section["anchors"]]
    chains = [
        {**place.trusted_chain(), "consensus": "qbft", "validators": [validator_set(keys)]}
        for place in (made.xa, made.xb)
    ]
    require = {"TransferRecord": {"steps": [1, 3, 4, 5, 6, 7, 9], "finality": "sealed"}}
    return made.bundle(sections), made.trust(chains=chains, require=require).encoded


@cache
def certificate_example() -> tuple[bytes, bytes]:
    """A certificate of XA that XB recognises, suspended and reinstated since, in four sections of two logs.

    Of the body's lists one entry in a hundred is withdrawn.
    """
    made = recognised()
    made.period = 500
    for moment, change in ((500, "suspend"), (1_000, "reinstate")):
        subject = {
            "statement": made.said["certificate"][1].digest.hex(),
            "change": change,
            "reason": "incident",
            "effective": format_time(START + moment),
            **({"until": format_time(START + 90 * DAY)} if change == "suspend" else {}),
        }
        made.say(change, "StatusChange", BODY, subject, START + moment)
        suspended = [41] if change == "suspend" else []
        made.list_bits(
            BODY,
            begins=START + moment + 1,
            ends=START + 7 * DAY,
            revocation=one_percent(),
            suspension=suspended,
        )
    return made.bundle(), made.trust().encoded


def one_percent(length: int = LENGTH) -> list[int]:
    """Places that are set in a list of which every hundredth is, the same in every run; never the certificate's own."""
    return random.Random(7).sample([place for place in range(length) if place != 41], length // 100)
