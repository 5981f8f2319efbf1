"""`evidence arrangement`: the text between countries, who joins it and who leaves it, and who is in force with whom."""

import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ledger.cli import arrangement_show, drafting, output
from ledger.cli.finding import found_statement, is_digest
from ledger.cli.issuing import Kept, issuer, require_free, show_issued
from ledger.cli.options import AsJson, Key, NodeUrl, Yes, command, noun, time_of
from ledger.cli.reach import Partners, show_reach
from ledger.cli.recognition import own_jurisdiction
from ledger.cli.signing import OptionalKey, Out, Sets, Signed, add_commands
from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.services.drafting import status
from ledger.services.lineage.reach import referring

KIND: Final = "RecognitionArrangement"
SIGNED: Final = Signed("arrangement", KIND, document="arrangement", signer="authority")
_TEXT: Final = (
    "evidence arrangement {verb} 3553fba025a096ecbd9afbee695a43dd3937d4281d6f070b8bb663679017b40c"
    " --key authority.key --node http://127.0.0.1:8152"
)

app = noun("Arrangements between countries: draft, check, sign, register, endorse, accede, denounce, show.")

Text = Annotated[str, typer.Argument(metavar="FILE|DIGEST", help="The text.")]
Since = Annotated[
    str | None, typer.Option("--from", metavar="TIME", help="From when it counts; else from now.")
]
Side = Annotated[
    str | None, typer.Option("--jurisdiction", metavar="CODE", help="For which country; else the node's.")
]
Designated = Annotated[
    list[str] | None,
    typer.Option("--designate", metavar="DID", help="A body of one's own side; again for more."),
]
Accreditors = Annotated[
    list[str] | None,
    typer.Option("--accreditor", metavar="DID", help="An accreditor of one's own side; again for more."),
]
Reservations = Annotated[
    list[str] | None, typer.Option("--reservation", metavar="TEXT", help="What is reserved; again for more.")
]


@command(
    app,
    "new",
    purpose="Begin a draft of an arrangement, with a fresh id, and say what is still to be filled in.",
    runs="anywhere",
    example="evidence arrangement new --key authority.key --jurisdiction XA --other XB"
    " --other-authority did:web:authority.example.xb --out arrangement.json",
    more="Whatever is not set stands in the draft as <what to fill in>, to be edited by hand.",
)
def new(
    *,
    listed: Annotated[bool, typer.Option("--list", help="Show the templates and end.")] = False,
    template: Annotated[str, typer.Option(metavar="NAME", help="Template; --list shows them.")] = (
        "recognition-arrangement"
    ),
    key: OptionalKey = None,
    party: Annotated[str | None, typer.Option(metavar="DID", help="The authority, without a key.")] = None,
    jurisdiction: Annotated[str | None, typer.Option(metavar="CODE", help="Its country.")] = None,
    other: Annotated[str | None, typer.Option(metavar="CODE", help="The other country.")] = None,
    other_authority: Annotated[str | None, typer.Option(metavar="DID", help="Its authority.")] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="When it enters into force on both sides.")
    ] = None,
    settings: Sets = None,
    out: Out = None,
    as_json: AsJson = False,
) -> int:
    """Begin a draft."""
    if listed:
        return drafting.list_templates(KIND, as_json=as_json)
    begins = None if since is None else format_time(time_of(since, "--from"))
    known = drafting.settings_of(
        {
            "parties.0.authority": drafting.holder_of(key, party),
            "parties.0.jurisdiction": jurisdiction,
            "parties.0.inForceFrom": begins,
            "parties.1.authority": other_authority,
            "parties.1.jurisdiction": other,
            "parties.1.inForceFrom": begins,
            "accreditors.0.jurisdiction": jurisdiction,
            "accreditors.1.jurisdiction": other,
        }
    )
    return drafting.begin(KIND, template, known, settings or [], out, as_json=as_json)


add_commands(app, SIGNED)


@command(
    app,
    "endorse",
    purpose="Join an arrangement as a party that its text names, and register that in one's own log.",
    runs="anywhere",
    example=_TEXT.format(verb="endorse") + " --designate did:web:body.example.xb",
    more="In force between two sides once both have endorsed it. Said twice, the same is registered once.",
)
def endorse(
    *,
    text: Text,
    key: Key,
    node: NodeUrl,
    jurisdiction: Side = None,
    since: Since = None,
    designate: Designated = None,
    accreditor: Accreditors = None,
    reservation: Reservations = None,
    out: Kept = None,
    as_json: AsJson = False,
) -> int:
    """Endorse."""
    said = _joining("party", since, designate, accreditor, reservation)
    return _say(text, said, key, node, jurisdiction, out, as_json=as_json)


@command(
    app,
    "accede",
    purpose="Join an arrangement that is open to others, and register that in one's own log.",
    runs="anywhere",
    example=_TEXT.format(verb="accede") + " --accreditor did:web:accreditor.example.xc",
    more="For a country that the text does not name. Said twice, the same is registered once.",
)
def accede(
    *,
    text: Text,
    key: Key,
    node: NodeUrl,
    jurisdiction: Side = None,
    since: Since = None,
    designate: Designated = None,
    accreditor: Accreditors = None,
    reservation: Reservations = None,
    out: Kept = None,
    as_json: AsJson = False,
) -> int:
    """Accede."""
    said = _joining("accession", since, designate, accreditor, reservation)
    return _say(text, said, key, node, jurisdiction, out, as_json=as_json)


@command(
    app,
    "denounce",
    purpose="Leave an arrangement, with regard to all or to some, and register that in one's own log.",
    runs="anywhere",
    example=_TEXT.format(verb="denounce") + " --toward XC --from 2027-06-01T00:00:00Z",
    more="Shows first what rests on it and is live, at the node and at the partners' nodes that are named, and asks;"
    " --yes confirms. Other pairs stay as they are.",
)
def denounce(
    *,
    text: Text,
    key: Key,
    node: NodeUrl,
    toward: Annotated[
        list[str] | None, typer.Option(metavar="CODE", help="Only toward this country; again for more.")
    ] = None,
    jurisdiction: Side = None,
    since: Since = None,
    partners: Partners = None,
    yes: Yes = False,
    out: Kept = None,
    as_json: AsJson = False,
) -> int:
    """Denounce."""
    said: dict[str, Any] = {"role": "denunciation", **_since(since)}
    said |= {} if not toward else {"toward": sorted(set(toward))}
    return _say(text, said, key, node, jurisdiction, out, partners=partners or [], yes=yes, as_json=as_json)


arrangement_show.add_to(app)


def _joining(
    role: str,
    since: str | None,
    bodies: list[str] | None,
    accreditors: list[str] | None,
    reservations: list[str] | None,
) -> dict[str, Any]:
    said: dict[str, Any] = {"role": role, **_since(since)}
    said |= {} if not bodies else {"designatedBodies": bodies}
    said |= {} if not accreditors else {"accreditors": accreditors}
    said |= {} if not reservations else {"reservations": reservations}
    return said


def _since(since: str | None) -> dict[str, str]:
    moment = int(time.time()) if since is None else time_of(since, "--from")
    return {"from": format_time(moment)}


def _say(
    text: str,
    said: dict[str, Any],
    key: Path,
    node: str,
    jurisdiction: str | None,
    out: Path | None,
    *,
    partners: list[str] | None = None,
    yes: bool = True,
    as_json: bool,
) -> int:
    """Sign and register what one side says to a text; the exit status.

    Args:
        text: A file or a digest.
        said: Members of the endorsement, bodies and accreditors as their DIDs.
        partners: Nodes to be asked what rests on it; None: that is not asked.
    """
    require_free(out)
    with issuer(key, node) as by:
        digest = text if is_digest(text) else found_statement(text, (KIND,), None).digest.hex()
        side = own_jurisdiction(by.node, jurisdiction)
        subject = {"statement": digest, "jurisdiction": side, **_of_side(said, side)}
        same = _said_before(by, subject)
        if same is not None:
            show_issued(same, f"{said['role']} of {side} registered before", out, as_json=as_json)
            return output.DONE
        if partners is not None:
            show_reach(bytes.fromhex(digest), by.node, partners)
            output.confirm(f"Denounce the arrangement {digest} for {side}?", yes=yes)
        statement = by.sign("Endorsement", subject, now=int(time.time()))
        by.register([statement])
    show_issued(statement, f"{said['role']} of {side} registered", out, as_json=as_json)
    return output.DONE


def _of_side(said: dict[str, Any], side: str) -> dict[str, Any]:
    """The members, bodies and accreditors with the country and the time of the whole."""
    made = dict(said)
    if "designatedBodies" in said:
        made["designatedBodies"] = [
            {"jurisdiction": side, "body": did, "from": said["from"]} for did in said["designatedBodies"]
        ]
    if "accreditors" in said:
        made["accreditors"] = [{"jurisdiction": side, "accreditor": did} for did in said["accreditors"]]
    return made


_TIMED: Final = ("from", "designatedBodies")


def _said_before(by: status.Issuer, subject: dict[str, Any]) -> Statement | None:
    """The last word of this issuer on the text, where it says the same and from no later moment."""
    digest = bytes.fromhex(subject["statement"])
    before = [
        one
        for one in referring(digest, by.node, "Endorsement")
        if one.issuer == by.key.holder and one.subject["jurisdiction"] == subject["jurisdiction"]
    ]
    if not before:
        return None
    last = max(before, key=lambda one: (one.created, str(one.subject["from"])))
    if _untimed(last.subject) != _untimed(subject) or str(last.subject["from"]) > subject["from"]:
        return None
    return last


def _untimed(subject: Any) -> dict[str, Any]:
    bodies = [one["body"] for one in subject.get("designatedBodies", ())]
    return {
        "bodies": bodies,
        **{name: value for name, value in subject.items() if name not in _TIMED},
    }
