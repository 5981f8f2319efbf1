"""`evidence attest`: this node's word on blocks of partners' chains, and theirs on its own, by files.

Serving nodes ask each other by themselves; these commands are for nodes that are reached by none.
"""

import os
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli import output
from ledger.cli.believing import believed_by
from ledger.cli.options import AsJson, Group, Home, Yes, command, noun
from ledger.cli.overriding import opened_home
from ledger.core.attestation import (
    ANSWER_LIMIT,
    REQUEST_LIMIT,
    encode_attestation,
    parse_attestation,
)
from ledger.services.files import read_bounded, write_out
from ledger.services.home.folder import Home as NodeHome
from ledger.services.home.folder import open_home
from ledger.services.trust.partners import FOLDER, PartnerBook

_SIGN = "sign"


class _Attest(Group):
    """The noun; a file in place of a verb is one to sign: `evidence attest FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = [_SIGN, *args]
        return super().parse_args(ctx, args)


app = noun("Attesting: the word of one jurisdiction's node that blocks of another's chain are final.")
app.info.cls = _Attest

Out = Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where it goes.")]
Size = Annotated[int, typer.Option(min=1, metavar="N", help="Of the anchored checkpoint.")]
ChainName = Annotated[
    str | None, typer.Option("--chain", metavar="eip155:N", help="Of several chains, which; else the first.")
]


@command(
    app,
    _SIGN,
    purpose="Check a request to attest, all of it with this node's own eyes, and sign it.",
    runs="on the node",
    example="evidence attest sign anchor-97.request.json --home node-xb --out anchor-97.xb.json",
    more="`evidence attest FILE` is the same. The log and the chain must be named by the trust list in force or a"
    " partner's entry; where the chain has no seals, evidence chain observe names JSON-RPC nodes of one's own.",
)
def sign(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="As evidence attest request wrote it.")],
    home: Home,
    out: Out = None,
    as_json: AsJson = False,
) -> int:
    """Sign."""
    from ledger.services.anchoring.observing import ObservedChains
    from ledger.services.finality.attesting import attester_of

    opened = open_home(home)
    data = read_bounded(file, limit=REQUEST_LIMIT, what="request").rstrip(b"\n")
    with closing(ObservedChains(opened.settings.observed)) as observed:
        attester = attester_of(
            opened, _book(opened), observed, trust=lambda: believed_by(opened), clock=time.time
        )
        given = attester.attest(data)
    answer = encode_attestation(given)
    output.say(
        f"attested size {given.size} on {given.chain}, epoch {given.epoch}, by 0x{given.address.hex()}"
    )
    if out is None:
        output.write_bytes(answer + b"\n")
        return output.DONE
    write_out(out, answer + b"\n", what="attestation")
    told = {"file": str(out), "address": "0x" + given.address.hex(), "size": given.size, "chain": given.chain}
    output.show(told, str(out), as_json=as_json)
    return output.DONE


@command(
    app,
    "key",
    purpose="Print the address that this node attests with, and whom it speaks for.",
    runs="on the node",
    example="evidence attest key --home node-xb",
    more="It stands in the jurisdiction's entry, from which partners take it: evidence chain attesters.",
)
def key(*, home: Home, as_json: AsJson = False) -> int:
    """Print the key."""
    opened = open_home(home)
    told = {"address": opened.keys.attester.public, "organisation": opened.settings.operator}
    output.show(told, f"{told['address']} attests for {told['organisation']}", as_json=as_json)
    return output.DONE


@command(
    app,
    "renew",
    purpose="Give the attester a new key; the old one signs nothing more.",
    runs="on the node",
    example="evidence attest renew --home node-xb",
    more="Needed where attester.sqlite was lost, or the key is no longer only the node's. The node takes the new key"
    " when it starts again, and its entry then names it: partners take that up, and name a new set of attesters.",
)
def renew(*, home: Home, yes: Yes = False, as_json: AsJson = False) -> int:
    """Renew the key."""
    from ledger.services.witnessing.witnessing import renew_attester

    opened = open_home(home)
    output.confirm(f"Give the attester of {opened.settings.operator} a new key?", yes=yes)
    address = renew_attester(opened, os.urandom).keys.attester.public
    output.show(
        {"address": address},
        [f"{address} attests from now on", "Next: start the node again"],
        as_json=as_json,
    )
    return output.DONE


@command(
    app,
    "request",
    purpose="Write what an attester needs to check and sign an anchor of this node's log.",
    runs="on the node",
    example="evidence attest request --size 97 --home node-xa --out anchor-97.request.json",
    more="--old is the largest size of this log that the attester attested before; its refusal tells it. The node may"
    " be serving.",
)
def request(
    *,
    home: Home,
    size: Size,
    chain: ChainName = None,
    old: Annotated[int, typer.Option(min=0, metavar="N", help="The size it attested last.")] = 0,
    out: Out = None,
    as_json: AsJson = False,
) -> int:
    """Write a request."""
    from ledger.services.finality.finalising import opened_finaliser

    with opened_finaliser(opened_home(home), clock=time.time) as finaliser:
        claimed = finaliser.claimed(size, chain)
        data = finaliser.request(claimed, old)
    if out is None:
        output.write_bytes(data + b"\n")
        return output.DONE
    write_out(out, data + b"\n", what="request")
    told = {
        "file": str(out),
        "size": size,
        "chain": claimed.evidence.row.chain,
        "epoch": claimed.signers.epoch,
    }
    output.show(told, str(out), as_json=as_json)
    return output.DONE


@command(
    app,
    "take",
    purpose="Take attesters' answers about an anchor; stored once enough organisations signed.",
    runs="on the node",
    example="evidence attest take anchor-97.xb.json anchor-97.xc.json --size 97 --home node-xa",
    more="Give all of them at once. Each is verified. The node must not be serving meanwhile.",
    statuses="0 stored; 1 refused, or too few; 2 bad usage; 3 could not finish, so nothing is known.",
)
def take(
    *,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="The answers.")],
    home: Home,
    size: Size,
    chain: ChainName = None,
    as_json: AsJson = False,
) -> int:
    """Take answers."""
    from ledger.services.finality.finalising import opened_finaliser

    answers = [
        parse_attestation(read_bounded(one, limit=ANSWER_LIMIT, what="attestation").rstrip(b"\n"))
        for one in files
    ]
    with opened_finaliser(opened_home(home), clock=time.time, read_only=False) as finaliser:
        claimed = finaliser.claimed(size, chain)
        count = finaliser.take(claimed, answers)
    enough = count >= claimed.signers.threshold
    of = len({*claimed.signers.organisations})
    told = {"size": size, "attested": count, "threshold": claimed.signers.threshold, "stored": enough}
    kept = "stored" if enough else f"{claimed.signers.threshold} are required; nothing is stored"
    output.show(told, f"attested {count} of {of}: {kept}", as_json=as_json)
    return output.DONE if enough else output.REFUSED


def _book(home: NodeHome) -> PartnerBook:
    return PartnerBook(home.path / FOLDER, home.settings.jurisdiction)
