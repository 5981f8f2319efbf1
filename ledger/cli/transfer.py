"""`evidence transfer`: records of what went from one jurisdiction to another, from the draft to the acknowledgement."""

import os
import time
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from ledger.cli import calling, drafting, output
from ledger.cli.deciding import add_decide
from ledger.cli.documents import digest_of, signed
from ledger.cli.options import AsJson, Key, NodeUrl, command, noun
from ledger.cli.precheck import add_precheck
from ledger.cli.signing import OptionalKey, Out, Sets, Signed, add_check, add_sign
from ledger.cli.tables import add_register
from ledger.cli.waiting import DEFAULT_SECONDS, wait_for
from ledger.errors import RefusedError
from ledger.remote.exchange import plain
from ledger.remote.node import Item, NodeClient
from ledger.services.drafting.acknowledge import acknowledgement, given, require_importer, told
from ledger.services.files import write_out
from ledger.services.ids import RANDOM_SIZE
from ledger.services.keys.keyfile import read_holder_key

KIND: Final = "TransferRecord"
_RECEIVED: Final = {"accepted", "reservation"}

app = noun("Transfer records: draft, check, sign, register, acknowledge, follow.")

Record = Annotated[str, typer.Argument(metavar="DIGEST|FILE", help="Its digest, or the signed statement.")]


@command(
    app,
    "new",
    purpose="Begin a draft from a template, with a fresh id, and say what is still to be filled in.",
    runs="anywhere",
    example="evidence transfer new --list\nevidence transfer new --template e-invoice --key exporter.key"
    " --jurisdiction XA --set reference=PO-2026-7781 --out record.json",
    more="Whatever is not set stands in the draft as <what to fill in>, to be edited by hand.",
)
def new(
    *,
    template: Annotated[str | None, typer.Option(metavar="NAME", help="Template; --list shows them.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="Show the templates and end.")] = False,
    key: OptionalKey = None,
    party: Annotated[str | None, typer.Option(metavar="DID", help="The exporter, without a key.")] = None,
    jurisdiction: Annotated[str | None, typer.Option(metavar="CODE", help="Country of the exporter.")] = None,
    identifier: Annotated[
        str | None, typer.Option(metavar="SCHEME=ID", help="Of the exporter, e.g. LEI=…")
    ] = None,
    importer: Annotated[str | None, typer.Option(metavar="DID", help="The importer.")] = None,
    importer_jurisdiction: Annotated[str | None, typer.Option(metavar="CODE", help="Its country.")] = None,
    importer_identifier: Annotated[
        str | None, typer.Option(metavar="SCHEME=ID", help="Its identifier.")
    ] = None,
    settings: Sets = None,
    out: Out = None,
    as_json: AsJson = False,
) -> int:
    """Begin a draft."""
    if listed:
        return drafting.list_templates(KIND, as_json=as_json)
    if template is None:
        raise typer.BadParameter("--template NAME or --list is required")
    did = drafting.holder_of(key, party)
    known = [
        *drafting.party_settings("exporter", did=did, identifier=identifier, jurisdiction=jurisdiction),
        *drafting.party_settings(
            "importer", did=importer, identifier=importer_identifier, jurisdiction=importer_jurisdiction
        ),
    ]
    return drafting.begin(KIND, template, known, settings or [], out, as_json=as_json)


add_precheck(app)
add_decide(app)
_RECORDS: Final = Signed("transfer", KIND, document="record", signer="exporter")
add_check(app, _RECORDS)
add_sign(app, _RECORDS)
add_register(app)


@command(
    app,
    "acknowledge",
    purpose="Sign what became of a transfer, as its importer, and register that in the importer's own log.",
    runs="anywhere",
    example="evidence transfer acknowledge record.signed.json --outcome accepted --key importer.key"
    " --node http://127.0.0.1:8152",
    more="Given the signed record rather than its digest, it makes sure first that the key is the importer's. Said"
    " twice, the same word is registered once.",
)
def acknowledge(
    *,
    record: Record,
    outcome: Annotated[
        Literal["accepted", "reservation", "rejected"], typer.Option(help="What became of it.")
    ],
    key: Key,
    node: NodeUrl,
    again: Annotated[bool, typer.Option("--again", help="Say something else than before.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the signed acknowledgement there.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Acknowledge a transfer."""
    holder = read_holder_key(key)
    digest = digest_of(record)
    if record != digest:
        require_importer(signed(record), holder)
    with calling.client(node) as client:
        before = [
            (statement, said)
            for statement, said in given(client, digest)
            if statement.issuer == holder.holder
        ]
        same = [statement for statement, said in before if said.outcome == outcome]
        if before and not same and not again:
            raise RefusedError(
                f"{holder.holder} said before that the transfer is {before[0][1].outcome}; --again says something else",
                code="acknowledged-already",
            )
        statement = (
            same[0]
            if same
            else acknowledgement(
                digest, outcome, holder, now=int(time.time()), random=os.urandom(RANDOM_SIZE)
            )
        )
        if out is not None:
            write_out(out, statement.encoded, what="acknowledgement")
        place = client.register(statement.encoded)
    value = {
        "digest": place.digest,
        "index": place.index,
        "new": place.new,
        "record": digest,
        "outcome": outcome,
    }
    text = f"{outcome}: acknowledgement {place.digest}, entry {place.index}"
    output.show(value, text if place.new else f"{text}, as said before", as_json=as_json)
    return output.DONE


for _alias in ("acknowledgement", "acknowledgment"):
    app.command(_alias, hidden=True)(acknowledge)


@command(
    app,
    "status",
    purpose="Show what became of a record: registered, anchored, acknowledged; and wait for it if asked.",
    runs="anywhere",
    example="evidence transfer status record.signed.json --node http://127.0.0.1:8151 --wait anchored",
    more="The importer's word stands in the importer's own log: --partner names that node.",
    statuses="0 done; 1 rejected by the importer while waiting; 2 bad usage; 3 not there in time, or out of reach.",
)
def status(
    *,
    record: Record,
    node: NodeUrl,
    wait: Annotated[
        Literal["anchored", "acknowledged"] | None, typer.Option(help="Wait until it is so.")
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Wait no longer.")
    ] = DEFAULT_SECONDS,
    partner: Annotated[str | None, typer.Option(metavar="URL", help="The importer's node.")] = None,
    as_json: AsJson = False,
) -> int:
    """Follow a record."""
    digest = digest_of(record)
    with calling.client(node) as client:
        found = _status(client, partner, digest)
        if wait is not None and not _settled(found, wait):

            def ask() -> Item | None:
                now = _status(client, partner, digest)
                return now if _settled(now, wait) else None

            what = "the anchor" if wait == "anchored" else "the acknowledgement"
            found = wait_for(ask, what, seconds=timeout)
    # What a node says is a stranger's text.
    output.show(found, [plain(line) for line in _lines(found)], as_json=as_json)
    return output.REFUSED if wait == "acknowledged" and found["state"] != "acknowledged" else output.DONE


def _status(client: NodeClient, partner: str | None, digest: str) -> Item:
    """What the node says, and what the importer's node says of the importer's word."""
    found = client.status(digest)
    if partner is not None:
        with calling.client(partner) as other:
            found["partner"] = told(given(other, digest))
        if any(said["outcome"] in _RECEIVED for said in found["partner"]):
            found["state"] = "acknowledged"
    return found


def _settled(found: Item, wait: str) -> bool:
    """Whether there is nothing more to wait for: it is so, or the importer said no."""
    if wait == "anchored":
        return "anchored" in found
    said = [one["outcome"] for one in found.get("partner", ())]
    own = found.get("acknowledgement")
    said += [own.get("outcome")] if isinstance(own, dict) else []
    return found.get("state") == "acknowledged" or "rejected" in said


def _lines(found: Item) -> list[str]:
    lines = [
        f"{found.get('state')}: {found.get('type')} {found.get('digest')}",
        f"entry {found.get('index')}",
    ]
    if "reference" in found:
        lines.append(f"reference {found['reference']}")
    anchored: Any = found.get("anchored")
    lines.append(
        f"anchored on {anchored.get('chain')} in block {anchored.get('block')} at {anchored.get('blockTime')},"
        f" with a log of {anchored.get('size')} entries"
        if isinstance(anchored, dict)
        else "not anchored yet"
    )
    own = found.get("acknowledgement")
    if isinstance(own, dict):
        lines.append(f"{own.get('outcome')} by {own.get('digest')} in this log")
    lines += [
        f"{said['outcome']} by {said['issuer']} at {said['at']}: {said['digest']}"
        for said in found.get("partner", ())
    ]
    return lines
