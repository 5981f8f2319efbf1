"""`evidence bundle refresh` and `join`: newer evidence into a file, and several files into one."""

import time
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli import calling, output
from ledger.cli.believing import Trust, believed
from ledger.cli.fork import require_no_fork
from ledger.cli.options import AsJson, command, time_of
from ledger.core.canonical import BUNDLE_LIMIT
from ledger.remote.exchange import plain
from ledger.services.bundles.joining import join as joined
from ledger.services.bundles.refresh import refresh as refreshed
from ledger.services.files import read_bounded, write_out
from ledger.verify.bundle import parse_bundle


def add_to(app: typer.Typer) -> None:
    """Add the verbs to the noun's commands."""
    command(
        app,
        "refresh",
        purpose="Bring a bundle up to date: newer status lists, changes of status, revocations and finality.",
        runs="anywhere",
        example="evidence bundle refresh certificate.evidence.json --node http://127.0.0.1:8151"
        " --node http://127.0.0.1:8152 --trust trust.json",
        more="Each node's own part is replaced where it holds all of it and more; what proves less than before is"
        " refused. Without --out the file itself is replaced. The verdict is that of evidence verify.",
        asks=True,
    )(refresh)
    command(
        app,
        "join",
        purpose="Join bundles of several logs about one matter into one; the subject of the first stays.",
        runs="anywhere",
        example="evidence bundle join certificate.xa.json recognition.xb.json --out certificate.evidence.json",
        more="Each further one is about a statement that refers to one of those before it, or that one of those"
        " refers to. Nothing is verified here: evidence verify does that. Bundles that hold two histories of one log"
        " are not joined; the proof of that is written beside, as NAME.fork.json.",
    )(join)


def refresh(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The bundle.")],
    node: Annotated[
        list[str],
        typer.Option("--node", envvar="EVIDENCE_NODE", metavar="URL", help="Address; again for more."),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where it goes; else FILE itself.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="The moment asked about, for its status lists.")
    ] = None,
    trust: Trust = None,
    as_json: AsJson = False,
) -> int:
    """Refresh a bundle."""
    moment = None if at is None else time_of(at, "--at")
    listed, _ = believed(trust)
    data = read_bounded(file, limit=BUNDLE_LIMIT, what="bundle")
    now = int(time.time())
    added: list[str] = []
    kept: dict[str, str] = {}
    verdict = ""
    for url in node:
        with calling.client(url) as client:
            made = refreshed(data, client, trust=listed, now=now, at=moment)
        data, verdict = made.bundle, made.report.verdict
        added += [digest.hex() for digest in made.added]
        if made.kept is not None:
            kept[url] = made.kept
    target = file if out is None else out
    write_out(target, data, what="bundle", made_of=file)
    items = {item.statement.digest.hex(): item.statement.type for _, item in parse_bundle(data).items}
    lines = [f"new: {items.get(digest, 'statement')} {digest}" for digest in added]
    lines += [plain(f"{url}: {why}; its part stays as it was") for url, why in kept.items()]
    lines.append(f"{target}: {len(data):,} bytes, {len(added)} new statements; {verdict}")
    told = {
        "file": str(target),
        "bytes": len(data),
        "added": added,
        "kept": [{"node": url, "why": why} for url, why in kept.items()],
        "verdict": verdict,
    }
    output.show(told, lines, as_json=as_json)
    return output.DONE


def join(
    *,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Bundles, the first about the matter.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where the joined bundle goes.")],
    as_json: AsJson = False,
) -> int:
    """Join bundles."""
    first, *others = (read_bounded(file, limit=BUNDLE_LIMIT, what="bundle") for file in files)
    if not others:
        raise typer.BadParameter("give two bundles or more")
    require_no_fork([first, *others], out)
    data = joined(first, *others)
    write_out(out, data, what="bundle")
    bundle = parse_bundle(data)
    told = {
        "file": str(out),
        "subject": bundle.subject.hex(),
        "bytes": len(data),
        "sections": len(bundle.sections),
    }
    parts = "; ".join(
        f"{one.origin}, {output.counted(len(one.items), 'statement')}" for one in bundle.sections
    )
    output.show(told, f"{out}: {len(data):,} bytes; {parts}", as_json=as_json)
    return output.DONE
