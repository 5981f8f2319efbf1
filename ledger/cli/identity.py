"""`evidence identity`: an authority's word that a digital identity of another country counts in its own."""

import time
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from ledger.cli import calling, drafting, output
from ledger.cli.believing import Trust, believed
from ledger.cli.changing import add_changes
from ledger.cli.finding import found_statement, is_digest
from ledger.cli.gathered import (
    SECONDS,
    Keep,
    Refresh,
    Timeout,
    Wait,
    brought_up_to_date,
    evidence_on,
    on_a_screen,
    report_on,
    statement_in,
)
from ledger.cli.issuing import Kept, StatusList, add_issue, issue_draft, issuer, require_free
from ledger.cli.options import AsJson, Key, NodeUrl, OptionalNodeUrl, command, noun, time_of
from ledger.cli.recognition import digest_named, own_jurisdiction
from ledger.cli.showing import add_show
from ledger.cli.signing import Signed, add_commands, add_new
from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.errors import RefusedError
from ledger.remote.exchange import plain
from ledger.remote.node import NodeClient
from ledger.services.files import read_bounded, require_absent, write_out
from ledger.statements.arrangement import read as read_arrangement
from ledger.statements.identity import read as read_identity

KIND: Final = "IdentityRecognition"
SIGNED: Final = Signed("identity", KIND, document="recognition", signer="authority")
CREDENTIAL_LIMIT: Final = 16 * 1024 * 1024
Level = Literal["low", "substantial", "high"]

app = noun("Digital identities of other countries: recognise, verify, suspend, reinstate, withdraw, show.")


@command(
    app,
    "recognise",
    purpose="Recognise a party's digital identity of another country, under an arrangement.",
    runs="anywhere",
    example="evidence identity recognise did:web:exporter.example.xa --of XA --type vlei --credential credential.json"
    " --credential-issuer did:web:issuer.example.xa --credential-until 2028-06-01T00:00:00Z --level high"
    " --arrangement arrangement.signed.json --key authority.key --node http://127.0.0.1:8152",
    more="Only the credential's digest is registered. What its level counts as here is taken from the arrangement,"
    " unless --as says it. It ends with the credential, unless --until says so earlier. Whether it counts is for the"
    " evidence to show: nothing of the credential is verified here.",
)
def recognise(
    *,
    party: Annotated[str, typer.Argument(metavar="DID", help="Whose identity.")],
    of: Annotated[str, typer.Option(metavar="CODE", help="Country of the party.")],
    kind: Annotated[
        Literal["untpDigitalIdentityAnchor", "vlei", "x509", "eid", "did"],
        typer.Option("--type", help="What the credential is."),
    ],
    credential: Annotated[str, typer.Option(metavar="FILE|SHA256", help="The credential, or its digest.")],
    credential_issuer: Annotated[str, typer.Option(metavar="URI", help="Who issued it, mostly a DID.")],
    credential_until: Annotated[str, typer.Option(metavar="TIME", help="When it ends.")],
    level: Annotated[Level, typer.Option(help="Its level of assurance.")],
    arrangement: Annotated[str, typer.Option(metavar="FILE|DIGEST", help="What maps the levels.")],
    key: Key,
    node: NodeUrl,
    mapped: Annotated[Level | None, typer.Option("--as", help="What it counts as here.")] = None,
    credential_from: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it began; else now.")
    ] = None,
    identifier: Annotated[str | None, typer.Option(metavar="SCHEME=ID", help="Of the party.")] = None,
    jurisdiction: Annotated[
        str | None, typer.Option("--jurisdiction", "--into", metavar="CODE", help="Else that of the node.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="When the recognition ends.")] = None,
    supersedes: Annotated[
        str | None, typer.Option(metavar="FILE|DIGEST", help="The own recognition it replaces.")
    ] = None,
    partner: Annotated[
        str | None, typer.Option("--with", metavar="URL", help="Node where the arrangement is looked up.")
    ] = None,
    status_list: StatusList = None,
    out: Kept = None,
    as_json: AsJson = False,
) -> int:
    """Recognise an identity."""
    require_free(out)
    now = int(time.time())
    ends = time_of(credential_until, "--credential-until")
    begins = now if credential_from is None else time_of(credential_from, "--credential-from")
    dates = {"validFrom": format_time(begins), "validUntil": format_time(ends)}
    subject: dict[str, Any] = {
        "party": _party(party, identifier, of),
        "credential": {"type": kind, "issuer": credential_issuer, "digest": _digest_of(credential), **dates},
        "level": level,
        "validFrom": format_time(now),
        "validUntil": format_time(ends if until is None else time_of(until, "--until")),
        **({} if supersedes is None else {"supersedes": digest_named(supersedes, KIND)}),
    }
    with issuer(key, node) as by, ExitStack() as stack:
        side = own_jurisdiction(by.node, jurisdiction)
        subject |= {"jurisdiction": side, "arrangement": digest_named(arrangement, "RecognitionArrangement")}
        at = by.node if partner is None else stack.enter_context(calling.client(partner))
        subject["mappedLevel"] = mapped if mapped is not None else _mapped(arrangement, at, of, level, side)
        return issue_draft(
            by, by.draft(KIND, subject), "identity recognised", name=status_list, out=out, as_json=as_json
        )


def _party(did: str, identifier: str | None, jurisdiction: str) -> dict[str, str]:
    named = drafting.party_settings("party", did=did, identifier=identifier, jurisdiction=jurisdiction)
    return {one.path[1]: one.value for one in named}


add_new(app, SIGNED, "identity-recognition")
add_commands(app, SIGNED)
add_issue(app, SIGNED)


@command(
    app,
    "verify",
    purpose="Verify that a party's digital identity is recognised, then and now, with all that this rests on.",
    runs="anywhere",
    example="evidence identity verify identity.evidence.json --trust trust.json\n"
    "evidence identity verify recognition.signed.json --trust trust.json --node http://127.0.0.1:8152"
    " --with http://127.0.0.1:8151",
    more="A bundle is verified with the network off. A digest or a signed statement is looked up with --node, and what"
    " partners' nodes hold of the arrangement with --with. Whether who presents the credential is the party, is not"
    " checked.",
    statuses="0 verified; 1 not verified; 2 bad usage; 3 could not finish, so nothing is known; 4 verified then,"
    " not now.",
)
def verify(
    *,
    recognition: Annotated[
        str, typer.Argument(metavar="FILE|DIGEST", help="A bundle, a signed recognition, or its digest.")
    ],
    into: Annotated[str | None, typer.Option(metavar="CODE", help="Where it is to count, as XB.")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it mattered; else when it first stood.")
    ] = None,
    refresh: Refresh = None,
    trust: Trust = None,
    node: OptionalNodeUrl = None,
    partners: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="URL", help="A partner's node; again for more."),
    ] = None,
    wait: Wait = False,
    timeout: Timeout = SECONDS,
    keep: Keep = None,
    as_json: AsJson = False,
) -> int:
    """Verify an identity's recognition."""
    moment = None if at is None else time_of(at, "--at")
    if keep is not None and wait:
        require_absent(keep, what="bundle")
    listed, name = believed(trust)
    nodes = [] if node is None else [node, *(partners or [])]
    data = evidence_on(recognition, KIND, nodes, at=moment, seconds=timeout if wait else None)
    data = brought_up_to_date(data, refresh or [], listed, now=int(time.time()), at=moment)
    if keep is not None:
        write_out(keep, data, what="bundle")
    report = report_on(data, listed, now=int(time.time()), at=moment, into=into)
    value: dict[str, Any] = {"into": into, "report": report.to_json()}
    lines = on_a_screen(report, name)
    if report.subject is not None:
        statement = statement_in(data, KIND)
        told, head = _told(statement)
        value, lines = {**told, **value}, [*head, *lines]
    output.show(value, [plain(line) for line in lines], as_json=as_json)
    return report.exit_status


def _told(statement: Statement) -> tuple[dict[str, Any], list[str]]:
    """What a recognition says, for programs and for people."""
    said = read_identity(statement, screened=False)
    told = {
        "digest": statement.digest.hex(),
        "party": said.party.did,
        "of": said.party.jurisdiction,
        "recognisedIn": said.jurisdiction,
        "level": said.level,
        "mappedLevel": said.mapped_level,
    }
    who = f"{said.party.did} ({said.party.jurisdiction})"
    return told, [
        f"identity of {who}, recognised in {said.jurisdiction} by {statement.issuer}",
        f"            {said.level} there, {said.mapped_level} here; {told['digest']}",
    ]


add_changes(app, SIGNED)
add_show(app, SIGNED)


def _digest_of(credential: str) -> str:
    """SHA-256 of the credential's file, or as it was typed."""
    if is_digest(credential):
        return credential
    return sha256(read_bounded(Path(credential), limit=CREDENTIAL_LIMIT, what="credential")).hexdigest()


def _mapped(name: str, node: NodeClient, of: str, level: str, into: str) -> str:
    """What a level of one side counts as on another, as the arrangement maps it.

    Raises:
        RefusedError: `assurance-not-mapped`.
    """
    text = read_arrangement(found_statement(name, ("RecognitionArrangement",), node), screened=False)
    for entry in text.assurance:
        if (entry.from_, entry.level, entry.into) == (of, level, into):
            return entry.mapped
    raise RefusedError(
        f"the arrangement maps no level {level} of {of} into {into}; --as says what it counts as",
        code="assurance-not-mapped",
    )
