"""`evidence trust`: whom to believe, from nodes' claims to a pinned list."""

import os
import time
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli import output, trust_remove
from ledger.cli.options import (
    AsJson,
    Key,
    OptionalHome,
    OptionalNodeUrl,
    Yes,
    command,
    from_home_or_node,
    noun,
)
from ledger.cli.pins import PinHome, pinned_lists
from ledger.cli.publishing import (
    AttesterOf,
    ChainOf,
    ChainsNeeded,
    LeastFinality,
    Quorum,
    Require,
    Witnesses,
    asked,
    in_words,
    policy_of,
)
from ledger.core.canonical import TRUST_LIMIT, encode
from ledger.core.suites import EDDSA, RANDOM_SIZE
from ledger.core.times import format_time
from ledger.core.trust import TrustList, parse_trust_list
from ledger.errors import LedgerError, RefusedError, SetupError
from ledger.services.files import exists, is_same, read_bounded, require_absent, write_out
from ledger.services.home.folder import open_home
from ledger.services.keys.keyfile import HolderKey, make_holder_key, read_holder_key, write_key
from ledger.services.trust.compose import compose
from ledger.services.trust.partners import FOLDER as PARTNERS
from ledger.services.trust.partners import PartnerBook
from ledger.services.trust.pinned import fingerprint_of
from ledger.services.trust.stated_attesters import compare_attesters
from ledger.statements.entries import read_entry

app = noun("Trust lists: whom to believe.")


@command(
    app,
    "export",
    purpose="Write a node's claim: the trust list in which it names itself.",
    runs="anywhere",
    example="evidence trust export --node http://127.0.0.1:8151 --out xa.claim.json",
    more="With --home on the node itself. A claim is the operator's word about itself: compare its fingerprint by"
    " another way before believing it.",
)
def export(
    context: typer.Context,
    *,
    home: OptionalHome = None,
    node: OptionalNodeUrl = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to; else standard output.")] = None,
    as_json: AsJson = False,
) -> int:
    """Export a claim."""
    folder, url = from_home_or_node(context, home, node)
    data = _claim_of_home(folder) if folder is not None else _claim_of_node(str(url))
    claim = parse_trust_list(data)
    if out is not None:
        write_out(out, data, what="claim")
    if as_json:
        output.show({"out": None if out is None else str(out), **_told(claim)}, "", as_json=True)
    elif out is None:
        output.write_bytes(data + b"\n" if os.isatty(1) else data)
    output.say(f"claim of {claim.publisher.id} about itself, version {claim.version}, sha256 fingerprint")
    output.say(f"  {fingerprint_of(claim)}")
    return output.DONE


@command(
    app,
    "make",
    purpose="Compose a trust list of one's own from nodes' claims and jurisdictions' entries, and sign it.",
    runs="anywhere",
    example="evidence trust make xa.claim.json http://127.0.0.1:8152 --publisher did:web:trust.example.xb"
    " --key publisher.key --out trust.json\n"
    "evidence trust make --home node-xb --publisher did:web:trust.example.xb --key publisher.key --out trust.json",
    more="Shows the fingerprint of each claim, which its operator must have told by another way, and asks; or give the"
    " fingerprints. Partners of a node were compared when they were added. Entries stand in the list verbatim, and it"
    " says no more of their jurisdictions. The key is made where there is none.",
)
def make(
    *,
    claims: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CLAIM…", help="Claims and jurisdictions' entries: files, or addresses of nodes."
        ),
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option(
            "--home", metavar="FOLDER", help="Take this node's own claim, and the entries of its partners."
        ),
    ] = None,
    key: Key,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the list is written.")],
    publisher: Annotated[
        str | None, typer.Option(metavar="DID", help="Whose list it is; needed where the key is made.")
    ] = None,
    fingerprint: Annotated[
        list[str] | None, typer.Option(metavar="HEX", help="Of a claim, compared already; again for each.")
    ] = None,
    require: Require = None,
    witnesses: Witnesses = None,
    quorum: Quorum = None,
    finality: LeastFinality = None,
    chain: ChainOf = None,
    chains: ChainsNeeded = None,
    attester: AttesterOf = None,
    previous: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The last list, which this one succeeds; may be --out."),
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Make a list."""
    last = None if previous is None else read_bounded(previous, limit=TRUST_LIMIT, what="trust list")
    if previous is None or not is_same(out, previous):
        require_absent(out, what="trust list")
    believed, entries = _sources(claims or [], home, fingerprint or [], yes=yes)
    held, made = _publisher_key(key, publisher)
    policy = policy_of(require, witnesses, quorum, finality, chain, chains, attester, home)
    data = compose(believed, keys=[held], policy=policy, now=int(time.time()), entries=entries, previous=last)
    if made:
        write_key(key, held)
    write_out(out, data, what="trust list", made_of=previous)
    listed = parse_trust_list(data)
    for one in compare_attesters(listed, policy.attesters):
        output.say(f"not compared: {one}: no entry given states its address; ask it by another way")
    lines = [f"key          {held.verification_method} in {key} (new; back it up)"] if made else []
    lines += [f"written      {out}", *_lines(listed)]
    lines.append("Tell the fingerprint to those who shall believe this list, by another way than the file.")
    output.show({"out": str(out), **_told(listed)}, lines, as_json=as_json)
    return output.DONE


@command(
    app,
    "add",
    purpose="Pin a trust list, so that it and its successors are believed.",
    runs="anywhere",
    example="evidence trust add trust.json --fingerprint "
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    more="The first list of a publisher needs its fingerprint; later versions must be signed by the keys of"
    " the one before.",
)
def add(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The list.")],
    fingerprint: Annotated[
        str | None, typer.Option(metavar="HEX", help="As the publisher told it by another way.")
    ] = None,
    between: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A version between, where some were missed; ascending."),
    ] = None,
    home: PinHome = None,
    as_json: AsJson = False,
) -> int:
    """Pin a list."""
    lists = pinned_lists(home)
    pinned = lists.add(_file(file), fingerprint=fingerprint, between=[_file(one) for one in between or ()])
    told = {"folder": str(lists.folder), **_told(pinned)}
    output.show(told, [f"pinned in {lists.folder}", *_lines(pinned)], as_json=as_json)
    return output.DONE


@command(
    app,
    "show",
    purpose="Show a trust list, or those that are pinned: whom they name, what they require, their fingerprints.",
    runs="anywhere",
    example="evidence trust show trust.json",
)
def show(
    *,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A list; else all that are pinned.")
    ] = None,
    home: PinHome = None,
    as_json: AsJson = False,
) -> int:
    """Show lists."""
    if file is not None:
        listed = parse_trust_list(_file(file))
        output.show(_told(listed), _lines(listed), as_json=as_json)
        return output.DONE
    lists = pinned_lists(home)
    found = lists.show()
    lines: list[str] = []
    for one in found:
        lines += [*_lines(one), ""]
    if not found:
        lines = [
            f"no trust list is pinned in {lists.folder}; evidence trust add FILE --fingerprint HEX pins one"
        ]
    output.show([_told(one) for one in found], lines[:-1] if found else lines, as_json=as_json)
    return output.DONE


trust_remove.add_to(app)


def _file(path: Path) -> bytes:
    return read_bounded(path, limit=TRUST_LIMIT, what="trust list")


def _is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _claim_of_home(folder: Path) -> bytes:
    claim = open_home(folder).claim
    if not exists(claim):
        raise SetupError(f"{claim} is not there yet; evidence node serve makes it", code="claim-missing")
    return read_bounded(claim, limit=TRUST_LIMIT, what="claim")


def _claim_of_node(url: str) -> bytes:
    from ledger.remote.exchange import invalid
    from ledger.remote.node import NodeClient

    with NodeClient(url) as client:
        told = client.well_known()
    claim: Any = told.get("claim")
    if claim is None:
        raise SetupError(
            f"node {url} has no claim yet: its anchor contract is not deployed", code="claim-missing"
        )
    try:
        data = encode(claim, what="claim")
        listed = parse_trust_list(data)
    except LedgerError as error:
        raise invalid(url, f"a claim that does not load: {error}") from None
    if told.get("fingerprint") != fingerprint_of(listed):
        raise invalid(url, "a claim that has another fingerprint than it says")
    return data


def _sources(
    named: list[str], home: Path | None, known: list[str], *, yes: bool
) -> tuple[list[bytes], list[bytes]]:
    """The claims and the entries to believe, each compared; of a home, its own claim and its partners'."""
    claims: list[bytes] = []
    entries: list[bytes] = []
    for source in named:
        data = _claim_of_node(source) if _is_url(source) else _file(Path(source))
        if _is_entry(data):
            entry = read_entry(data)
            digest = entry.statement.digest.hex()
            output.say(f"{source}: jurisdiction {entry.jurisdiction}, log {', '.join(entry.listed.logs)}")
            _compare(f"entry of {entry.statement.issuer}", digest, known, yes=yes)
            entries.append(data)
            continue
        claim = parse_trust_list(data)
        output.say(f"{source}: {_about(claim)}")
        what = f"claim of {claim.publisher.id}, version {claim.version}"
        _compare(what, fingerprint_of(claim), known, yes=yes)
        claims.append(data)
    if home is not None:
        opened = open_home(home)
        claims.append(_claim_of_home(home))
        partners = PartnerBook(opened.path / PARTNERS, opened.settings.jurisdiction).list()
        given = {read_entry(data).jurisdiction for data in entries}
        entries += [one.entry.statement.encoded for one in partners if one.name not in given]
        for one in partners:
            output.say(f"partner {one.name}: entry {one.fingerprint}, compared {format_time(one.added)}")
    return claims, entries


def _is_entry(data: bytes) -> bool:
    """Whether a file is a statement; what it then holds is looked at."""
    return data.startswith(b'{"@context"')


def _compare(what: str, fingerprint: str, known: list[str], *, yes: bool) -> None:
    """The fingerprint is one that the user compared, or the user says so now."""
    output.say(f"  {what}, sha256 fingerprint {fingerprint}")
    if known:
        if fingerprint not in {one.strip().lower().removeprefix("sha256:") for one in known}:
            raise RefusedError(
                f"the {what} has fingerprint {fingerprint}, which is none of those given",
                code="fingerprint-mismatch",
            )
        return
    output.confirm("Did its operator tell you this fingerprint by another way?", yes=yes)


def _publisher_key(path: Path, publisher: str | None) -> tuple[HolderKey, bool]:
    if exists(path):
        held = read_holder_key(path)
        if publisher is not None and held.holder != publisher:
            raise SetupError(
                f"the key in {path} is held by {held.holder}, not by {publisher}", code="key-other"
            )
        return held, False
    if publisher is None:
        raise typer.BadParameter(
            f"{path} is not there; to make it, say whose it is", param_hint="--publisher"
        )
    year = format_time(int(time.time()))[:4]
    return make_holder_key(publisher, f"#{year}-publisher", EDDSA, os.urandom(RANDOM_SIZE)), True


def _about(listed: TrustList) -> str:
    about = {one.jurisdiction for one in listed.authorities.values()}
    about |= {one.jurisdiction for one in listed.logs.values()}
    return (
        f"jurisdiction {', '.join(sorted(about)) or 'none'}, log {', '.join(sorted(listed.logs)) or 'none'}"
    )


def _told(listed: TrustList) -> dict[str, Any]:
    return {
        "publisher": listed.publisher.id,
        "version": listed.version,
        "fingerprint": fingerprint_of(listed),
        "issued": format_time(listed.issued),
        "nextUpdate": format_time(listed.next_update),
        "authorities": [
            {"id": one.id, "jurisdiction": one.jurisdiction, "roles": sorted(one.roles)}
            for one in listed.authorities.values()
        ],
        "logs": [
            {"origin": one.origin, "jurisdiction": one.jurisdiction, "operator": one.operator}
            for one in listed.logs.values()
        ],
        "chains": [
            {"chain": name, "consensus": one.consensus, "jurisdiction": one.jurisdiction}
            for name, one in listed.chains.items()
        ],
        "witnesses": [{"name": one.vkey.name, "organisation": one.organisation} for one in listed.witnesses],
        "entries": [sha256(data).hexdigest() for data in listed.entries],
        "foreign": [
            {
                "chain": one.chain,
                "contract": "0x" + one.contract.hex(),
                "sourceId": "0x" + one.source_id.hex(),
            }
            for one in listed.foreign
        ],
        "require": {name: asked(one) for name, one in listed.require.items()},
    }


def _lines(listed: TrustList) -> list[str]:
    told = _told(listed)
    stale = " (past: ask the publisher for the next)" if time.time() >= listed.next_update else ""
    lines = [
        f"publisher    {told['publisher']}, version {listed.version}",
        f"fingerprint  {told['fingerprint']}",
        f"issued       {told['issued']}, to be renewed by {told['nextUpdate']}{stale}",
    ]
    lines += [
        f"authority    {one['id']} for {one['jurisdiction']}: {', '.join(one['roles'])}"
        for one in told["authorities"]
    ]
    lines += [f"log          {one['origin']}, operated by {one['operator']}" for one in told["logs"]]
    lines += [
        f"chain        {one['chain']}, {one['consensus']}"
        + (f", of {one['jurisdiction']}" if one["jurisdiction"] else "")
        for one in told["chains"]
    ]
    lines += [f"witness      {one['name']} of {one['organisation']}" for one in told["witnesses"]]
    lines += [f"entry        {digest}" for digest in told["entries"]]
    lines += [
        f"foreign      {one['contract']} on {one['chain']}, from {one['sourceId']}" for one in told["foreign"]
    ]
    lines += [f"requires     {name}: {in_words(one)}" for name, one in listed.require.items()]
    return lines
