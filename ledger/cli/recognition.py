"""`evidence recognition`: an authority's word that a certificate of another country counts in its own."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from ledger.cli import calling
from ledger.cli.changing import add_changes, read_scope
from ledger.cli.finding import CERTIFICATE, Body, found_statement, is_digest
from ledger.cli.issuing import Kept, StatusList, add_issue, issue_draft, issuer, require_free
from ledger.cli.options import AsJson, Key, NodeUrl, command, noun, time_of
from ledger.cli.showing import add_show
from ledger.cli.signing import Signed, add_commands, add_new
from ledger.core.times import format_time
from ledger.errors import RemoteError
from ledger.remote.node import NodeClient

KIND: Final = "Recognition"
SIGNED: Final = Signed("recognition", KIND, document="recognition", signer="authority")

app = noun("Recognitions of other countries' certificates: grant, suspend, reinstate, withdraw, show.")


@command(
    app,
    "grant",
    purpose="Recognise a certificate of another country: sign the recognition and register it in one's own log.",
    runs="anywhere",
    example="evidence recognition grant certificate.signed.json --arrangement"
    " 3553fba025a096ecbd9afbee695a43dd3937d4281d6f070b8bb663679017b40c --key authority.key"
    " --node http://127.0.0.1:8152\n"
    "evidence recognition grant certificate.signed.json --arrangement"
    " 3553fba025a096ecbd9afbee695a43dd3937d4281d6f070b8bb663679017b40c --effect conditional"
    " --condition 'renewed assessment each year' --until 2028-11-22T00:00:00Z --key authority.key"
    " --node http://127.0.0.1:8152",
    more="The country is that of the node's log. It ends with the certificate, unless --until says so earlier; of a"
    " certificate that is named by its digest alone, --until says when. Whether it counts is for the evidence to"
    " show: nothing of the certificate or the arrangement is verified here.",
)
def grant(
    *,
    certificate: Annotated[str, typer.Argument(metavar="FILE|DIGEST|NUMBER", help="What is recognised.")],
    arrangement: Annotated[str, typer.Option(metavar="DIGEST|FILE", help="The arrangement it rests on.")],
    key: Key,
    node: NodeUrl,
    jurisdiction: Annotated[
        str | None, typer.Option("--jurisdiction", "--into", metavar="CODE", help="Else that of the node.")
    ] = None,
    effect: Annotated[
        Literal["full", "partial", "conditional"], typer.Option(help="partial and conditional name limits.")
    ] = "full",
    condition: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="Of conditional; again for more.")
    ] = None,
    scope: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What is recognised of its scope, JSON.")
    ] = None,
    onward: Annotated[
        str | None, typer.Option(metavar="DIGEST|FILE", help="Another country's recognition it rests on.")
    ] = None,
    supersedes: Annotated[
        str | None, typer.Option(metavar="DIGEST|FILE", help="The own recognition it replaces.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="When it ends.")] = None,
    partner: Annotated[
        str | None, typer.Option("--with", metavar="URL", help="Node where the certificate is looked up.")
    ] = None,
    body: Body = None,
    status_list: StatusList = None,
    out: Kept = None,
    as_json: AsJson = False,
) -> int:
    """Grant a recognition."""
    require_free(out)
    ends = None if until is None else time_of(until, "--until")
    with issuer(key, node) as by, ExitStack() as stack:
        at = by.node if partner is None else stack.enter_context(calling.client(partner))
        digest, last = _certificate(certificate, at, body, known=ends is not None)
        subject: dict[str, Any] = {
            "certificate": digest,
            "arrangement": digest_named(arrangement, "RecognitionArrangement"),
            "jurisdiction": own_jurisdiction(by.node, jurisdiction),
            "effect": effect,
            "validFrom": format_time(int(time.time())),
            "validUntil": last if ends is None else format_time(ends),
        }
        subject |= {} if not condition else {"conditions": condition}
        subject |= {} if scope is None else {"scope": read_scope(scope)}
        subject |= {} if onward is None else {"onward": digest_named(onward, KIND)}
        subject |= {} if supersedes is None else {"supersedes": digest_named(supersedes, KIND)}
        return issue_draft(
            by, by.draft(KIND, subject), "recognition", name=status_list, out=out, as_json=as_json
        )


add_new(app, SIGNED, "recognition")
add_commands(app, SIGNED)
add_issue(app, SIGNED)
add_changes(app, SIGNED, reduce=True)
add_show(app, SIGNED)


def digest_named(name: str, kind: str) -> str:
    """The digest that was typed, or that of the signed statement of a type in the file that was named."""
    return name if is_digest(name) else found_statement(name, (kind,), None).digest.hex()


def own_jurisdiction(node: NodeClient, told: str | None) -> str:
    """The country that was named, else that of the node's log.

    Raises:
        RemoteError: `remote-answer-invalid`: the node does not say its own.
    """
    if told is not None:
        return told
    found = node.well_known().get("jurisdiction")
    if not isinstance(found, str):
        raise RemoteError(
            f"node {node.url} does not say of which country it is", code="remote-answer-invalid"
        )
    return found


def _certificate(name: str, node: NodeClient, body: str | None, *, known: bool) -> tuple[str, str]:
    """The digest of a certificate and when it ends; that is not looked up where it is not needed."""
    if is_digest(name) and known:
        return name, ""
    found = found_statement(name, (CERTIFICATE,), node, body=body)
    return found.digest.hex(), str(found.subject["validUntil"])
