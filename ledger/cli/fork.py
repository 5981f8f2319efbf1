"""`evidence fork`: proof that a log showed two histories: find it, look at it, show it to a contract."""

import time
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ledger.cli import output
from ledger.cli.believing import Trust, believed
from ledger.cli.options import AsJson, command, noun
from ledger.core.canonical import BUNDLE_LIMIT
from ledger.core.members import evm_bytes
from ledger.core.trust import TrustList
from ledger.errors import MalformedError, RefusedError, SetupError
from ledger.services.files import read_bounded, write_out
from ledger.services.keys.keyfile import Kind, read_node_key
from ledger.verify.fork import LIMIT, WHAT, Fork, parse_fork
from ledger.verify.fork_report import verify_fork
from ledger.verify.fork_search import find_fork

if TYPE_CHECKING:  # only one of the commands speaks to a chain
    from ledger.chain.transactions import SignedTransaction

_ADDRESS: Final = 20
_PAYERS: Final[tuple[Kind, ...]] = ("relay", "sender")

app = noun("Proof that a log showed two histories: find it, look at it, show it to a contract.")


@command(
    app,
    "find",
    purpose="Look for checkpoints that contradict each other in what is at hand, and make the proof of it.",
    runs="anywhere",
    example="evidence fork find mine.evidence.json theirs.evidence.json --trust trust.json --out fork.json",
    more="Bundles, receipts and checkpoints of one log. Two of one size must have one root; one index must have one"
    " statement. That nothing is found does not say that there is nothing: two sizes without an index in common cannot"
    " be compared by themselves. Without a trust list no signature is checked.",
    statuses="0 a contradiction was found; 1 none was; 2 bad usage; 3 could not finish.",
)
def find(
    *,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Bundles, receipts, checkpoints.")],
    trust: Trust = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where the proof goes.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Find a fork."""
    listed, name = _believed_or_none(trust)
    data = find_fork([_read(file) for file in files], trust=listed)
    if data is None:
        told = "no contradiction found among the checkpoints of these files"
        output.show({"found": False, "file": None}, told, as_json=as_json)
        return output.REFUSED
    if out is not None:
        write_out(out, data, what=WHAT)
    where = None if out is None else str(out)
    if listed is None:
        lines = [*_claims(parse_fork(data)), "no signature was checked: no trust list is given or pinned"]
        output.show({"found": True, "file": where, "report": None}, [*lines, *_written(out)], as_json=as_json)
        return output.DONE
    report = verify_fork(data, listed, now=int(time.time()))
    lines = [*report.render(trust_name=name).splitlines(), *_written(out)]
    output.show({"found": True, "file": where, "report": report.to_json()}, lines, as_json=as_json)
    return output.DONE


@command(
    app,
    "show",
    purpose="Show what a fork proof claims. Nothing is verified.",
    runs="anywhere",
    example="evidence fork show fork.json",
    more="Whether it holds, and who signed both, evidence verify says.",
)
def show(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The fork proof.")],
    as_json: AsJson = False,
) -> int:
    """Show a fork proof."""
    fork = parse_fork(read_bounded(file, limit=LIMIT, what=WHAT))
    heads = [{"size": one.checkpoint.size, "root": one.checkpoint.root.hex()} for one in fork.heads]
    told: dict[str, Any] = {"verified": False, "origin": fork.origin, "checkpoints": heads}
    if fork.place is not None:
        told |= {"index": fork.place, "leaves": [leaf.hash.hex() for leaf in fork.leaves]}
    lines = [f"NOT VERIFIED: what {file.name} claims", *_claims(fork)]
    lines.append("not verified: evidence verify FILE says what of this holds, and who signed both")
    output.show(told, lines, as_json=as_json)
    return output.DONE


@command(
    app,
    "prove",
    purpose="Show a fork proof to the contract on a chain: the log is disputed there from then on.",
    runs="anywhere",
    example="evidence fork prove fork.json --trust trust.json --rpc http://127.0.0.1:8545"
    " --contract 0x7a5ec0de7a5ec0de7a5ec0de7a5ec0de7a5ec0de --key relay.key.json",
    more="Anybody may. The key pays for the transaction and says nothing else: a node's relay or sender key.",
)
def prove(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The fork proof.")],
    rpc: Annotated[str, typer.Option(metavar="URL", help="JSON-RPC of the chain.")],
    contract: Annotated[str, typer.Option(metavar="0x…", help="The contract for foreign checkpoints.")],
    key: Annotated[Path, typer.Option(metavar="FILE", help="Key file of whoever pays.")],
    trust: Trust = None,
    as_json: AsJson = False,
) -> int:
    """Prove a fork on a chain."""
    from ledger.chain.evm import connect
    from ledger.services.monitoring.splitting import prove_split

    address = evm_bytes(contract, _ADDRESS)
    if address is None:
        raise typer.BadParameter("an address is 0x and 40 lower-case hex digits", param_hint="--contract")
    listed, _ = believed(trust)
    data = read_bounded(file, limit=LIMIT, what=WHAT)
    secret = _payer(key)
    chain = connect(rpc)
    try:
        proven = prove_split(
            data, listed, chain, address, secret, now=int(time.time()), before_sending=_sending
        )
        chain_id = f"eip155:{chain.chain_id}"
    finally:
        chain.close()
    told = {
        "chain": chain_id,
        "contract": contract,
        "logId": f"0x{proven.log_id.hex()}",
        "disputed": True,
        "transaction": None if proven.transaction is None else f"0x{proven.transaction.hex()}",
        "block": proven.block,
    }
    how = "somebody proved it before" if proven.transaction is None else f"transaction {told['transaction']}"
    lines = [
        f"disputed  log {told['logId']} on {chain_id}, in the state of block {proven.block}",
        f"proven    {how}",
    ]
    output.show(told, lines, as_json=as_json)
    return output.DONE


def require_no_fork(bundles: Sequence[bytes], out: Path) -> None:
    """Check that bundles do not contradict each other; what proves that they do is written beside `out`.

    Raises:
        RefusedError: `split-view`.
    """
    data = find_fork(bundles)
    if data is None:
        return
    name = out.name.removesuffix(".json").removesuffix(".evidence")
    beside = out.with_name(f"{name}.fork.json")
    try:
        write_out(beside, data, what=WHAT)
    except SetupError as error:
        if error.code != "file-exists":
            raise
        beside = out.with_name(f"{name}.{sha256(data).hexdigest()[:16]}.fork.json")
        write_out(beside, data, what=WHAT)
    raise RefusedError(
        f"the bundles hold two histories of {parse_fork(data).origin}, so they are not joined; the proof is {beside},"
        " and evidence verify says who signed both",
        code="split-view",
    )


def _read(file: Path) -> bytes:
    return read_bounded(file, limit=BUNDLE_LIMIT, what="evidence")


def _believed_or_none(file: Path | None) -> tuple[TrustList | None, str]:
    try:
        return believed(file)
    except SetupError as error:
        if file is None and error.code == "trust-none":
            return None, ""
        raise


def _claims(fork: Fork) -> Iterator[str]:
    for where, one in zip("ab", fork.heads, strict=True):
        yield f"{where}       {fork.origin} at size {one.checkpoint.size}, root {one.checkpoint.root.hex()}"
    for where, leaf in zip("ab", fork.leaves, strict=False):
        yield f"leaf    {fork.place} in {where}: {leaf.hash.hex()}"


def _written(out: Path | None) -> list[str]:
    return (
        ["--out FILE keeps the proof"] if out is None else [f"{out}: the proof; evidence verify {out.name}"]
    )


def _payer(file: Path) -> bytes:
    """The secret of a key that pays for transactions."""
    for kind in _PAYERS:
        try:
            return read_node_key(file, kind).secret
        except MalformedError as error:
            last = error
    raise last


def _sending(transaction: "SignedTransaction") -> None:
    output.say(f"sending  transaction 0x{transaction.hash.hex()}; waiting for its block")
