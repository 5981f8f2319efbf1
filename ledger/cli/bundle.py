"""`evidence bundle`: the one file that proves a matter offline: fetch it, join both sides, look inside."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli import bundle_update, calling, output
from ledger.cli.documents import digest_of
from ledger.cli.kinds import require_evidence
from ledger.cli.options import AsJson, OptionalNodeUrl, command, noun, time_of
from ledger.cli.waiting import DEFAULT_SECONDS, wait_for
from ledger.core.canonical import BUNDLE_LIMIT
from ledger.core.checkpoint import parse_checkpoint
from ledger.core.commitment import OPENINGS_LIMIT, parse_openings
from ledger.core.evm.header import parse_header
from ledger.core.times import format_time
from ledger.errors import LedgerError, RemoteError
from ledger.remote.node import NodeClient
from ledger.services.bundles.gathering import gather
from ledger.services.bundles.joining import MOST_OF_A_LOG
from ledger.services.bundles.joining import disclose as disclosed
from ledger.services.files import read_bounded, read_private, require_absent, write_out
from ledger.statements.transfer import read as read_record
from ledger.verify.bundle import Item, Section, parse_bundle
from ledger.verify.chain_parts import Anchor, Foreign

NOT_YET = frozenset({"not-anchored-yet"})
"""What a node says before the anchor."""

app = noun("Evidence bundles: export one, look inside, bring it up to date, join several.")


@command(
    app,
    "export",
    purpose="Fetch all that is needed to verify a statement offline, in one file.",
    runs="anywhere",
    example="evidence bundle export record.signed.json --node http://127.0.0.1:8151 --out transfer.evidence.json\n"
    "evidence bundle export record.signed.json --node http://127.0.0.1:8151 --with http://127.0.0.1:8152 --wait"
    " --openings record.openings.json --disclose payload --out transfer.evidence.json",
    more="From a node, or with --home on the node's own machine, of a log that ended too. With partners' nodes, what"
    " their logs hold of it become sections of the same file: the importer's acknowledgement of a transfer, other"
    " countries' recognitions of a certificate, endorsements of an arrangement. What is disclosed is there for whoever"
    " holds the file, for good. Nothing is verified here: evidence verify does that. A bundle that is there is brought"
    " up to date by evidence bundle refresh.",
    statuses="0 done; 1 refused; 2 bad usage; 3 not anchored or not acknowledged yet, or a node was out of reach.",
)
def export(
    *,
    statement: Annotated[
        str, typer.Argument(metavar="DIGEST|FILE", help="Its digest, or the signed statement.")
    ],
    node: OptionalNodeUrl = None,
    home: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Read it in this home instead, whether its node serves or not."),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the bundle goes.")],
    partners: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="URL", help="A partner's node, for its part; again for more."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="The moment asked about: carry the status lists that cover it."),
    ] = None,
    openings: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Your openings of the statement.")
    ] = None,
    disclose: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Open this commitment for all; again for more.")
    ] = None,
    allow_unanchored: Annotated[
        bool, typer.Option("--allow-unanchored", help="Do not ask for an anchor.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for anchors, and for the acknowledgement.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Wait no longer.")
    ] = DEFAULT_SECONDS,
    as_json: AsJson = False,
) -> int:
    """Export a bundle."""
    if (openings is None) != (not disclose):
        raise typer.BadParameter("--openings FILE and --disclose NAME go together")
    moment = None if at is None else time_of(at, "--at")
    digest = digest_of(statement)
    if home is not None and (partners or wait):
        raise typer.BadParameter(
            "--with and --wait ask nodes; without them a home is read", param_hint="--home"
        )
    if wait:
        require_absent(out, what="bundle")
    with _told_what_is_missing():
        if home is not None:
            data = _of_home(home, digest, at=moment, allow_unanchored=allow_unanchored)
        else:
            asked, seconds = [_address(node), *(partners or [])], timeout if wait else None
            data = _gathered(digest, asked, at=moment, allow_unanchored=allow_unanchored, seconds=seconds)
    if openings is not None:
        kept = parse_openings(read_private(openings, limit=OPENINGS_LIMIT, what="openings file"))
        data = disclosed(data, kept, disclose or [])
    write_out(out, data, what="bundle")
    _tell(out, digest, data, as_json=as_json)
    return output.DONE


@command(
    app,
    "show",
    purpose="Show what is inside a bundle, section by section. Nothing is verified.",
    runs="anywhere",
    example="evidence bundle show transfer.evidence.json",
    more="What it prints is what the file claims; whether that holds, evidence verify says.",
)
def show(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The bundle.")],
    as_json: AsJson = False,
) -> int:
    """Show a bundle."""
    data = read_bounded(file, limit=BUNDLE_LIMIT, what="bundle")
    require_evidence(file, data)
    bundle = parse_bundle(data)
    sections = [_section(section) for section in bundle.sections]
    value = {"verified": False, "subject": bundle.subject.hex(), "bytes": len(data), "sections": sections}
    lines = [
        f"NOT VERIFIED: what {file.name} claims, {len(data):,} bytes",
        f"subject  {bundle.subject.hex()}",
    ]
    for number, told in enumerate(sections, 1):
        lines += _section_lines(number, told)
    lines.append("not verified: evidence verify FILE says what of this holds")
    output.show(value, lines, as_json=as_json)
    return output.DONE


bundle_update.add_to(app)


@contextmanager
def _told_what_is_missing() -> Iterator[None]:
    """Say what can be done about a statement that has no anchor yet."""
    try:
        yield
    except LedgerError as error:
        if getattr(error, "problem", error.code) in NOT_YET:
            output.say(
                "the log has it, and its chain does not hold it yet: --wait waits for that, --allow-unanchored"
            )
            output.say("exports without an anchor, and such a file shows less")
        raise


def _tell(out: Path, digest: str, data: bytes, *, as_json: bool) -> None:
    """Say what was written, and where there was more than is carried of one log."""
    bundle = parse_bundle(data)
    parts = [f"{one.origin}, {output.counted(len(one.items), 'statement')}" for one in bundle.sections]
    told = {"file": str(out), "subject": digest, "bytes": len(data), "sections": len(parts)}
    output.show(told, f"{out}: {len(data):,} bytes; {'; '.join(parts)}", as_json=as_json)
    for origin, count in Counter(section.origin for section, _ in bundle.items).items():
        if count >= MOST_OF_A_LOG:
            output.say(f"{count} statements of {origin} are as many as are carried of one log:")
            output.say("what weighs least, as what strangers say of it, may be left out")


def _address(node: str | None) -> str:
    if node is None:
        raise typer.BadParameter("give --node URL anywhere, or --home FOLDER on the node")
    return node


def _of_home(folder: Path, digest: str, *, at: int | None, allow_unanchored: bool) -> bytes:
    """What a home's own log holds of a statement: also of a log that ended, which no node serves."""
    from ledger.cli.overriding import opened_home
    from ledger.services.bundles.export import bundle_of
    from ledger.services.node.assembly import open_shelf

    with open_shelf(opened_home(folder)) as (shelf, _):
        return bundle_of(bytes.fromhex(digest), shelf, allow_unanchored=allow_unanchored, at=at)


def _gathered(
    digest: str, urls: Sequence[str], *, at: int | None, allow_unanchored: bool, seconds: float | None
) -> bytes:
    """What the nodes hold about a statement; waits until all of it is anchored where `seconds` says how long."""
    with ExitStack() as stack:
        nodes = [stack.enter_context(calling.client(url)) for url in urls]
        if seconds is None:
            data = gather(digest, nodes, at=at, allow_unanchored=allow_unanchored)
            _require_acknowledged(data, nodes[1:])
            return data

        def ask() -> bytes:
            held = gather(digest, nodes, at=at, allow_unanchored=True)
            _require_acknowledged(held, nodes[1:])
            if not allow_unanchored and not all(one.anchors for one in parse_bundle(held).sections):
                raise RemoteError(
                    "a part of it is in its log and waits for its anchor", code="not-anchored-yet"
                )
            return held

        later = NOT_YET | {"not-acknowledged-yet", "evidence-apart"}
        return wait_for(ask, "anchors and answers", seconds=seconds, later=later)


def _require_acknowledged(data: bytes, partners: Sequence[NodeClient]) -> None:
    """Check that a transfer that a partner was asked about comes with its importer's word.

    Raises:
        RemoteError: `not-acknowledged-yet`.
    """
    bundle = parse_bundle(data)
    if not partners or bundle.subject_item.statement.type != "TransferRecord":
        return
    if not any(item.role == "acknowledgement" for _, item in bundle.items):
        record = read_record(bundle.subject_item.statement, screened=False)
        asked = ", ".join(node.url for node in partners)
        raise RemoteError(
            f"{asked} has no acknowledgement of {bundle.subject.hex()} by {record.importer.did} yet",
            code="not-acknowledged-yet",
        )


def _section(section: Section) -> dict[str, Any]:
    try:
        checkpoint = parse_checkpoint(section.checkpoint).checkpoint
        tree: dict[str, Any] = {"size": checkpoint.size, "root": checkpoint.root.hex()}
    except LedgerError as error:
        tree = {"fault": f"{error} ({error.code})"}
    return {
        "origin": section.origin,
        "checkpoint": tree,
        "extends": section.extends is not None,
        "items": [_item(item) for item in section.items],
        "anchors": [_on_chain(anchor) for anchor in section.anchors],
        "foreign": [{"source": f"0x{part.source.hex()}", **_on_chain(part)} for part in section.foreign],
    }


def _item(item: Item) -> dict[str, Any]:
    statement = item.statement
    return {
        "role": item.role,
        "type": statement.type,
        "digest": statement.digest.hex(),
        "index": item.index,
        "issuer": statement.issuer,
        "created": format_time(statement.created),
        "disclosures": sorted(item.disclosures),
    }


def _on_chain(anchor: Anchor | Foreign) -> dict[str, Any]:
    told: dict[str, Any] = {"chain": anchor.chain, "finality": anchor.finality.kind}
    try:
        header = parse_header(anchor.header)
        told |= {
            "block": header.number,
            "blockTime": format_time(header.time),
            "blockHash": f"0x{header.hash.hex()}",
        }
    except LedgerError as error:
        told["fault"] = f"{error} ({error.code})"
    return told


def _section_lines(number: int, told: dict[str, Any]) -> Iterator[str]:
    tree = told["checkpoint"]
    at = tree.get("fault") or f"{tree['size']} entries, root {tree['root']}"
    yield f"section {number}  {told['origin']}: {at}{', extends the one before' if told['extends'] else ''}"
    for item in told["items"]:
        opened = f"; discloses {', '.join(item['disclosures'])}" if item["disclosures"] else ""
        yield f"  {item['role']:15} entry {item['index']}: {item['type']} {item['digest']}"
        yield f"  {'':15} by {item['issuer']}, claimed {item['created']}{opened}"
    parts = [("anchor", one) for one in told["anchors"]] + [("foreign", one) for one in told["foreign"]]
    for what, part in parts:
        block = part.get("fault") or f"block {part['block']} at {part['blockTime']}"
        source = f", from source {part['source']}" if "source" in part else ""
        yield f"  {what:15} {part['chain']} {block}{source}, finality: {part['finality']}"
    if not told["anchors"]:
        yield f"  {'anchor':15} none"
