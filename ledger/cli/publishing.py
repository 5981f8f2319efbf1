"""What the publisher of a trust list decides: the options of `evidence trust make` that no claim has a say in."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ledger.core.canonical import Json
from ledger.core.policy import POLICY_LIMIT, parse_policy
from ledger.core.secp256k1 import address_of
from ledger.core.trust import Requirement, WitnessKey
from ledger.services.files import read_bounded
from ledger.services.home.folder import open_home
from ledger.services.trust.claim import REQUIRE
from ledger.services.trust.compose import Policy
from ledger.services.trust.stated_attesters import StatedAttester
from ledger.services.witnessing.witnesses import witness_keys

Require = Annotated[
    list[str] | None,
    typer.Option(
        "--require", metavar="TYPE=STEPS", help="E.g. TransferRecord=1,3,4,5,6,7,9; again for other types."
    ),
]
Witnesses = Annotated[
    Path | None,
    typer.Option(
        "--witnesses", metavar="FILE", help="Witnesses to name: a tlog-policy whose groups are organisations."
    ),
]
Quorum = Annotated[
    int | None,
    typer.Option("--quorum", metavar="N", min=0, help="Organisations of witnesses that must have cosigned."),
]
LeastFinality = Annotated[
    str | None,
    typer.Option(
        "--finality",
        metavar="KIND",
        help="The least that must vouch for an anchor's block: operator, attested or sealed.",
    ),
]
ChainOf = Annotated[
    list[str] | None,
    typer.Option(
        "--chain", metavar="CHAIN=CODE", help="Whose chain one is, e.g. eip155:31001=XA; again for each."
    ),
]
ChainsNeeded = Annotated[
    int | None,
    typer.Option(
        "--chains",
        metavar="N",
        min=1,
        help="On how many of the chains given a section must be anchored, in distinct jurisdictions.",
    ),
]
AttesterOf = Annotated[
    list[str] | None,
    typer.Option(
        "--attester",
        metavar="ORG=ADDRESS",
        help="An attester as its organisation told you by another way, e.g. of an earlier epoch; again for each.",
    ),
]
_ADDRESS: Final = 20
_FINALITIES: Final = ("operator", "attested", "sealed")


def policy_of(
    require: Sequence[str] | None,
    witnesses: Path | None,
    quorum: int | None,
    finality: str | None,
    chain: Sequence[str] | None,
    chains: int | None,
    attesters: Sequence[str] | None = None,
    home: Path | None = None,
) -> Policy:
    """The publisher's decisions, as the options give them; what is asked holds for every type of subject.

    Of a home, its own attester is known.
    """
    jurisdictions = _jurisdictions(chain or ())
    wanted: dict[str, Json] = {} if quorum is None else {"quorum": quorum}
    if finality is not None:
        if finality not in _FINALITIES:
            raise typer.BadParameter(
                f"{finality} is none of {', '.join(_FINALITIES)}", param_hint="--finality"
            )
        wanted["finality"] = finality
    if chains is not None:
        if chains > len({*jurisdictions.values()}):
            raise typer.BadParameter(
                f"{chains} chains in distinct jurisdictions are asked of {len({*jurisdictions.values()})};"
                " name them with --chain",
                param_hint="--chains",
            )
        among: list[Json] = [*sorted(jurisdictions)]
        wanted["chains"] = {"threshold": chains, "among": among}
    named = [] if witnesses is None else _witnesses(witnesses)
    stated = [_attester(text) for text in attesters or ()]
    if home is not None:
        opened = open_home(home)
        stated.append(StatedAttester(opened.settings.operator, address_of(opened.keys.attester.secret)))
    return Policy(named, _requirements(require or (), wanted), jurisdictions, attesters=stated)


def asked(requirement: Requirement) -> dict[str, Any]:
    """A requirement as JSON, its defaults filled in."""
    told: dict[str, Any] = {
        "steps": list(requirement.steps),
        "quorum": requirement.quorum,
        "finality": requirement.finality,
    }
    if requirement.chains is not None:
        told["chains"] = {"threshold": requirement.chains.threshold, "among": list(requirement.chains.among)}
    return told


def in_words(requirement: Requirement) -> str:
    """A requirement on one line; what it has by default is left out."""
    told = [f"steps {' '.join(map(str, requirement.steps))}"]
    if requirement.quorum:
        told.append(f"{requirement.quorum} witness organisations")
    if requirement.finality != "operator":
        told.append(f"finality {requirement.finality}")
    if requirement.chains is not None:
        told.append(f"anchors on {requirement.chains.threshold} of {', '.join(requirement.chains.among)}")
    return "; ".join(told)


def _jurisdictions(given: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, equals, code = text.partition("=")
        if not (name and equals and code) or name in found:
            raise typer.BadParameter(
                f"{text} is not CHAIN=CODE, or the chain stands twice", param_hint="--chain"
            )
        found[name] = code
    return found


def _attester(text: str) -> StatedAttester:
    organisation, equals, address = text.rpartition("=")
    try:
        raw = bytes.fromhex(address.removeprefix("0x"))
    except ValueError:
        raw = b""
    if not (organisation and equals) or len(raw) != _ADDRESS:
        raise typer.BadParameter(f"{text} is not ORG=ADDRESS", param_hint="--attester")
    return StatedAttester(organisation, raw)


def _witnesses(file: Path) -> list[WitnessKey]:
    return witness_keys(parse_policy(read_bounded(file, limit=POLICY_LIMIT, what="policy")))


def _requirements(given: Sequence[str], wanted: dict[str, Json]) -> dict[str, Json] | None:
    if not given and not wanted:
        return None
    types: dict[str, Any] = dict(REQUIRE)
    for text in given:
        name, equals, steps = text.partition("=")
        numbers = [part for part in steps.split(",") if part]
        if not equals or not name or not all(part.isascii() and part.isdigit() for part in numbers):
            raise typer.BadParameter(f"{text} is not TYPE=STEP,STEP,…", param_hint="--require")
        types[name] = {"steps": [int(part) for part in numbers]} if numbers else {}
    return {name: {**one, **wanted} for name, one in types.items()}
