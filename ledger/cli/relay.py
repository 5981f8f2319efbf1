"""`evidence relay`: partners' checkpoints carried to the own chain, by this process or by hand."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ledger.cli import output
from ledger.cli.believing import believed_by
from ledger.cli.options import AsJson, Home, command, noun
from ledger.config import with_environment
from ledger.core.canonical import BUNDLE_LIMIT
from ledger.core.times import format_time
from ledger.errors import LedgerError, RefusedError
from ledger.remote.exchange import GUARDED
from ledger.services.files import read_bounded, write_out
from ledger.services.home.folder import Home as NodeHome
from ledger.services.home.folder import open_home
from ledger.services.relay.file import encode_file, export, parse_file, taken
from ledger.services.relay.receiving import Receiving, receiving_beside
from ledger.services.relay.rotation import examine_rotation
from ledger.services.relay.rounds import FORKS, Rounds, only_relay
from ledger.services.trust.partners import FOLDER, PartnerBook
from ledger.store.foreign import FILE as FOREIGN
from ledger.store.foreign import Followed, ForeignStore
from ledger.store.relay import FILE as OUTBOX
from ledger.store.relay import Halt, Item, Outbox

SHOWN: Final = 50

app = noun("The relay: partners' checkpoints on the node's own chain.")

From = Annotated[str, typer.Option("--from", metavar="XA", help="The partner whose log is carried.")]


@command(
    app,
    "run",
    purpose="Carry a partner's anchored checkpoints to the node's own chain, every one and in order, until stopped.",
    runs="on the node",
    example="evidence relay run --from XA --to XB --home node-xb",
    more="A serving node does the same by itself, unless its settings say relay = false; two at once do no harm: one"
    " stands by. The sources of the partner's chain must have been added: evidence foreign add-source.",
    statuses="0 stopped, or --once and nothing is left to carry; 1 refused, or --once and something is left; 2 bad"
    " usage; 3 could not finish.",
)
def run(
    *,
    from_: From,
    home: Home,
    to: Annotated[str | None, typer.Option("--to", metavar="XB", help="The node's own jurisdiction.")] = None,
    once: Annotated[bool, typer.Option("--once", help="One round, then stop.")] = False,
    period: Annotated[int, typer.Option(min=1, max=3_600, help="Seconds between two rounds.")] = 5,
    as_json: AsJson = False,
) -> int:
    """Relay."""
    opened = _opened(home)
    if to is not None and to != opened.settings.jurisdiction:
        raise RefusedError(
            f"the home is of {opened.settings.jurisdiction}, not of {to}", code="relay-elsewhere"
        )
    book = PartnerBook(opened.path / FOLDER, opened.settings.jurisdiction)
    book.of(from_)
    with _only(opened.path, once=once), _rounds(opened, book, only=frozenset({from_})) as rounds:
        _require_sources(rounds, from_)
        try:
            while True:
                rounds.round(int(time.time()))
                told = _round(rounds)
                output.show(told, _round_lines(told), as_json=as_json)
                left = any(one["waiting"] or "trouble" in one for one in told["chains"] + told["partners"])
                if once:
                    return output.REFUSED if left else output.DONE
                time.sleep(rounds.pause(period, int(time.time())))
        except KeyboardInterrupt:
            return output.DONE


@contextmanager
def _only(home: Path, *, once: bool) -> Iterator[None]:
    """Be the one that relays; stand by while another one is."""
    told = False
    while True:
        try:
            with only_relay(home):
                yield
                return
        except RefusedError as error:
            if error.code != "relay-running" or once:
                raise
            if not told:
                output.say("another process of this home relays; standing by")
                told = True
            time.sleep(1.0)


@contextmanager
def _rounds(opened: NodeHome, book: PartnerBook, only: frozenset[str] | None = None) -> Iterator[Rounds]:
    rounds = Rounds(opened, book, lambda: believed_by(opened), receiving_beside(opened), only=only)
    try:
        yield rounds
    finally:
        rounds.close()


def _require_sources(rounds: Rounds, partner: str) -> None:
    if not any(one.partner == partner for one in rounds.store.sources()):
        raise RefusedError(
            f"no source of {partner}'s chain was added; evidence foreign add-source {partner} adds it",
            code="source-unknown",
        )


def _round(rounds: Rounds) -> dict[str, Any]:
    """How a round went."""
    chains, partners = [], []
    for one in rounds.chains:
        counts = rounds.outbox.counts(one.target)
        done = counts.pop("done", 0)
        told: dict[str, Any] = {
            "chain": one.name,
            "done": done,
            "waiting": sum(counts.values()),
            "states": counts,
        }
        chains.append(told if one.trouble is None else {**told, "trouble": _trouble(one.trouble)})
    for route in rounds.routes.values():
        told = {"partner": route.followed.partner, "origin": route.origin, "waiting": route.waiting}
        partners.append(told if route.trouble is None else {**told, "trouble": _trouble(route.trouble)})
    return {"chains": chains, "partners": partners}


def _trouble(error: LedgerError) -> dict[str, str]:
    return {"code": error.code, "detail": str(error)}


def _round_lines(told: dict[str, Any]) -> list[str]:
    lines = []
    for one in told["chains"]:
        waits = ", ".join(f"{number} {state}" for state, number in sorted(one["states"].items()))
        lines.append(f"{one['chain']}: {one['done']} carried, {waits or 'none waits'}")
    lines += [
        f"{one['partner']}: {one['waiting']} vouched for by nobody but their operator so far"
        for one in told["partners"]
        if one["waiting"]
    ]
    for one in (*told["chains"], *told["partners"]):
        if "trouble" in one:
            name = one.get("chain") or one["partner"]
            lines.append(f"{name}: {one['trouble']['detail']} ({one['trouble']['code']})")
    return lines


@command(
    app,
    "status",
    purpose="Show what is carried, what waits and why, and what stopped the relay.",
    runs="on the node",
    example="evidence relay status --home node-xb",
    statuses="0 it runs; 1 it stands still, or something is quarantined; 2 bad usage; 3 could not finish.",
)
def status(*, home: Home, as_json: AsJson = False) -> int:
    """Show the outbox."""
    opened = _opened(home)
    outbox, store = Outbox(opened.path / OUTBOX), ForeignStore(opened.path / FOREIGN)
    targets = sorted({one.target for one in store.sources()})
    told: dict[str, Any] = {
        "targets": [
            {
                "contract": target,
                "counts": outbox.counts(target),
                "waiting": [
                    _item(one)
                    for one in outbox.in_state(
                        target, "queued", "sent", "included", "quarantined", limit=SHOWN
                    )
                ],
            }
            for target in targets
        ],
        "halts": [_halt(one, opened.path) for one in outbox.halts()],
    }
    output.show(told, _lines(told), as_json=as_json)
    quarantined = any(one["counts"].get("quarantined") for one in told["targets"])
    return output.REFUSED if quarantined or outbox.standing() is not None else output.DONE


def _item(item: Item) -> dict[str, Any]:
    return {
        "origin": item.origin,
        "size": item.size,
        "kind": item.kind,
        "state": item.state,
        "tries": item.tries,
        "code": item.code,
        "detail": item.detail,
    }


def _halt(halt: Halt, home: Path) -> dict[str, Any]:
    name = f"{format_time(halt.at)[:10]}-{halt.code}-{sha256(halt.evidence).hexdigest()[:16]}.json"
    return {
        "at": format_time(halt.at),
        "code": halt.code,
        "detail": halt.detail,
        "proof": str(home / FORKS / name),
        "sha256": sha256(halt.evidence).hexdigest(),
        "acknowledged": None if halt.acknowledged_at is None else format_time(halt.acknowledged_at),
    }


def _lines(told: dict[str, Any]) -> list[str]:
    lines = []
    for one in told["targets"]:
        counts = (
            ", ".join(f"{number} {state}" for state, number in sorted(one["counts"].items())) or "nothing yet"
        )
        lines.append(f"to {one['contract']}: {counts}")
        lines += [
            f"  {item['state']:<11} {item['kind']} {item['size']} of {item['origin']}"
            + (f": {item['detail']} ({item['code']})" if item["code"] else "")
            for item in one["waiting"]
        ]
    for halt in told["halts"]:
        stands = "taken note of" if halt["acknowledged"] else "THE RELAY STANDS STILL"
        lines += [f"{halt['at']}  {halt['detail']} ({halt['code']}): {stands}", f"  proof {halt['proof']}"]
        lines.append(f"  sha256 {halt['sha256']}")
    return lines or ["no source was added yet; evidence foreign add-source adds one"]


@command(
    app,
    "export",
    purpose="Write a partner's anchored checkpoints to a file, to be carried by hand.",
    runs="on the node",
    example="evidence relay export --from XA --since 41 --out xa.relay.json --home node-xb",
    more="The partner's node is asked; what does not hold under the trust list is refused.",
)
def export_(
    *,
    from_: From,
    home: Home,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write.")],
    since: Annotated[int, typer.Option(min=0, help="The largest size that the other side has; 0: none.")] = 0,
    as_json: AsJson = False,
) -> int:
    """Export."""
    from ledger.remote.relaying import RelayClient

    opened = _opened(home)
    partner = PartnerBook(opened.path / FOLDER, opened.settings.jurisdiction).of(from_)
    trust = believed_by(opened)
    if partner.node is None:
        raise RefusedError(f"where the node of {from_} is, is not known", code="partner-without-node")
    origin = _one(sorted(partner.believed_logs(trust)), "log", from_)
    chain = _one(sorted(frozenset(partner.entry.listed.chains) & frozenset(trust.chains)), "chain", from_)
    with RelayClient(partner.node, calling=GUARDED) as client:
        file = export(client, origin, chain, since=since, trust=trust)
    data = encode_file(file)
    write_out(out, data, what="relay file")
    told = {"origin": origin, "chain": chain, "since": since, "items": len(file.items), "bytes": len(data)}
    output.show(told, f"{len(file.items)} checkpoints of {origin} on {chain} in {out}", as_json=as_json)
    return output.DONE


def _one(found: list[str], what: str, partner: str) -> str:
    if len(found) != 1:
        raise RefusedError(
            f"the trust list names {len(found)} {what}s of {partner}; exactly one is required",
            code=f"{what}-unknown",
        )
    return found[0]


@command(
    app,
    "import",
    purpose="Take up checkpoints from a file; the relay of this home carries them.",
    runs="on the node",
    example="evidence relay import xa.relay.json --home node-xb",
    more="Everything is held against the trust list first; a contradiction to what was carried stops the relay.",
)
def import_(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="As evidence relay export writes it.")],
    home: Home,
    as_json: AsJson = False,
) -> int:
    """Import."""
    opened = _opened(home)
    given = parse_file(read_bounded(file, limit=BUNDLE_LIMIT, what="relay file"))
    book = PartnerBook(opened.path / FOLDER, opened.settings.jurisdiction)
    added = 0
    with _rounds(opened, book) as rounds:
        ways = [
            (one, followed)
            for one in rounds.chains
            for followed in rounds.store.sources(one.name)
            if followed.contract == one.contract and f"eip155:{followed.source.chain_id}" == given.chain
        ]
        if not ways:
            raise RefusedError(
                f"no source of {given.chain} was added; evidence foreign add-source adds it",
                code="source-unknown",
            )
        for one, followed in ways:
            added += _take(rounds, one, followed, given)
    told = {"origin": given.origin, "chain": given.chain, "items": len(given.items), "added": added}
    output.show(
        told, f"{added} of {len(given.items)} checkpoints of {given.origin} taken up", as_json=as_json
    )
    return output.DONE


def _take(rounds: Rounds, one: Receiving, followed: Followed, given: Any) -> int:
    from ledger.services.relay.contradiction import ContradictionError
    from ledger.services.relay.foreign_contract import ForeignContract

    now, trust = int(time.time()), rounds.believed()
    relay = rounds.relay_to(one)
    try:
        items, paths = taken(given, lambda document: relay.take(document, followed, trust, now))
    except ContradictionError as found:
        relay.halt(found, now)
        return 0
    more = []
    for rotation in given.rotations:
        contract = ForeignContract(one.chain, one.contract)
        present = contract.set_at(followed.source_id, one.chain.head())
        chain = trust.chain(given.chain)
        if present is not None and chain is not None:
            changes = contract.epoch(followed.source_id)
            more.append(examine_rotation(rotation, followed, present, changes, chain, now))
    return rounds.outbox.add([*more, *items], paths)


@command(
    app,
    "resume",
    purpose="Queue again what was quarantined; and go on after a contradiction that somebody has taken note of.",
    runs="on the node",
    example="evidence relay resume --home node-xb\n"
    "evidence relay resume --home node-xb --acknowledge"
    " e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    more="A contradiction is acknowledged by the SHA-256 of its proof, which evidence relay status shows.",
)
def resume(
    *,
    home: Home,
    acknowledge: Annotated[
        str | None, typer.Option(metavar="HEX", help="SHA-256 of the proof of the contradiction.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Go on."""
    opened = _opened(home)
    outbox = Outbox(opened.path / OUTBOX)
    released = resume_outbox(outbox, acknowledge, int(time.time()))
    output.show({"released": released}, f"the relay goes on; {released} queued again", as_json=as_json)
    return output.DONE


def resume_outbox(outbox: Outbox, acknowledge: str | None, now: int) -> int:
    """Acknowledge the halt that stands, and release what is quarantined; how many those were.

    Raises:
        RefusedError: `halt-unacknowledged`.
    """
    standing = outbox.standing()
    if standing is not None:
        proof = sha256(standing.evidence).hexdigest()
        if acknowledge is None or acknowledge.strip().lower().removeprefix("sha256:") != proof:
            raise RefusedError(
                f"the relay stands still since {standing.detail}; look at the proof, and take note of it with"
                f" --acknowledge {proof}",
                code="halt-unacknowledged",
            )
        outbox.acknowledge(standing.id, now)
        if outbox.standing() is not None:
            return resume_outbox(outbox, None, now)
    return outbox.release(now)


def _opened(home: Path) -> NodeHome:
    from dataclasses import replace as changed

    opened = open_home(home)
    return changed(opened, settings=with_environment(opened.settings, os.environ))
