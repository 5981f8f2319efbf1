"""`evidence witness policy`: the witnesses of a log as a tlog-policy file, out of this node and into it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli import output
from ledger.cli.options import AsJson, Home, command, noun
from ledger.core.policy import POLICY_LIMIT, Policy, encode_policy
from ledger.services.files import read_bounded, write_out
from ledger.services.home.folder import Home as NodeHome
from ledger.services.home.folder import open_home
from ledger.services.trust.partners import FOLDER, PartnerBook
from ledger.services.witnessing.witnesses import Witnesses

app = noun("Policies (C2SP tlog-policy): logs, witnesses, and how many of these must have cosigned.")


@command(
    app,
    "export",
    purpose="Write the witnesses of this node's log as a tlog-policy, each organisation a group.",
    runs="on the node",
    example="evidence witness policy export --home node-xa --quorum 2 --out xa.policy",
    more="With --own the witnesses that this node knows, its own among them, and no log: as evidence trust make takes"
    " them with --witnesses.",
)
def export(
    *,
    home: Home,
    quorum: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Organisations needed; else as in the settings.")
    ] = None,
    own: Annotated[
        bool, typer.Option("--own", help="Name this node's own witness too, and not the log.")
    ] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to; else standard output.")] = None,
    as_json: AsJson = False,
) -> int:
    """Export."""
    opened = open_home(home)
    settings = opened.settings
    wanted = settings.quorum if quorum is None else quorum
    log = opened.log_signer().vkeys[0]
    policy = _witnesses(opened).as_policy(log, settings.address, wanted, own=own)
    data = encode_policy(policy)
    if out is not None:
        write_out(out, data, what="policy")
    if as_json or out is not None:
        output.show(_told(policy), _lines(policy), as_json=as_json)
    else:
        output.write_bytes(data)
    return output.DONE


@command(
    app,
    "import",
    purpose="Ask the witnesses of a tlog-policy to cosign this node's log, beside those of its partners.",
    runs="on the node",
    example="evidence witness policy import witnesses.policy --home node-xa",
    more="A group that any one of its witnesses satisfies is one organisation. Those that have an address are asked; a"
    " serving node begins at once. It replaces the policy imported before.",
)
def import_(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy.")],
    home: Home,
    as_json: AsJson = False,
) -> int:
    """Import."""
    opened = open_home(home)
    policy = _witnesses(opened).take(read_bounded(file, limit=POLICY_LIMIT, what="policy"))
    lines = _lines(policy)
    threshold = policy.threshold()
    if threshold is None:
        lines.append(
            "Its quorum is no number of organisations; exported sections go by that of the settings."
        )
    elif threshold != opened.settings.quorum:
        lines.append(
            f"It asks for {threshold} organisations, the settings for {opened.settings.quorum}: exported sections go by"
            " the settings."
        )
    output.show(_told(policy), lines, as_json=as_json)
    return output.DONE


@command(
    app,
    "remove",
    purpose="Forget the policy that was imported.",
    runs="on the node",
    example="evidence witness policy remove --home node-xa",
)
def remove(*, home: Home, as_json: AsJson = False) -> int:
    """Remove it."""
    _witnesses(open_home(home)).forget()
    output.show({}, "forgot the policy", as_json=as_json)
    return output.DONE


def _witnesses(home: NodeHome) -> Witnesses:
    return Witnesses(home, PartnerBook(home.path / FOLDER, home.settings.jurisdiction))


def _told(policy: Policy) -> dict[str, Any]:
    organisations = policy.organisations()
    told: dict[str, Any] = {
        "logs": [one.vkey.name for one in policy.logs],
        "witnesses": [
            {
                "name": one.vkey.name,
                "organisation": _shown(organisations[one.name]),
                **({} if one.url is None else {"url": _shown(one.url)}),
            }
            for one in policy.witnesses
        ],
    }
    threshold = policy.threshold()
    if threshold is not None:
        told["quorum"] = threshold
    return told


def _lines(policy: Policy) -> list[str]:
    told = _told(policy)
    asked = f"{told['quorum']} organisations" if "quorum" in told else f"group {_shown(policy.quorum)}"
    return [
        *(f"log          {name}" for name in told["logs"]),
        *(f"witness      {one['name']} of {one['organisation']}" for one in told["witnesses"]),
        f"quorum       {asked}",
    ]


def _shown(octets: bytes) -> str:
    return _printable(octets.decode(errors="backslashreplace"))


def _printable(text: str) -> str:
    """Text of a file, fit to be printed."""
    return "".join(character if character.isprintable() else "?" for character in text)
