"""`evidence chain`: the anchor contract on the node's chain, and the chain's condition."""

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ledger.chain.evm import connect
from ledger.chain.port import Chain
from ledger.chain.transactions import SignedTransaction
from ledger.chains import ChainSettings, RpcSettings
from ledger.cli import output, vouching
from ledger.cli.options import AsJson, Home, Yes, command, noun
from ledger.config import Settings, with_environment
from ledger.core.canonical import TRUST_LIMIT
from ledger.core.trust import parse_trust_list
from ledger.errors import NotFoundError, RefusedError, SetupError
from ledger.services.anchoring.deploy import ANCHOR, FOREIGN, Estimate, condition, estimate, found_on
from ledger.services.anchoring.deploy import deploy as put
from ledger.services.files import exists, read_bounded
from ledger.services.home.chains import open_rpc
from ledger.services.home.folder import Home as NodeHome
from ledger.services.home.folder import open_home, save_settings

WEI: Final = 10**18
_MEMBERS: Final = {ANCHOR: "anchor", FOREIGN: "foreign"}
FAR_DAYS: Final = 36_500
"""Days beyond which nobody wants a number."""

Rpc = Annotated[
    str | None, typer.Option("--rpc", metavar="URL", help="JSON-RPC of the chain, instead of the home's.")
]

Number = Annotated[
    int | None,
    typer.Option(
        "--chain", metavar="ID", help="EIP-155 id of one of the home's chains, instead of its first."
    ),
]

app = noun("The chains that a node anchors on.")


@command(
    app,
    "deploy",
    purpose="Put the contracts on the node's chain: estimate, ask, deploy, compare their code, issue the claim.",
    runs="on the node",
    example="evidence chain deploy --home node-xa --rpc http://127.0.0.1:8545",
    more="One holds the log's anchors, the other takes other jurisdictions' checkpoints. The home's sender key pays."
    " Start the node again afterwards. An embedded chain has its contracts from the node's first start.",
)
def deploy(
    *, home: Home, chain: Number = None, rpc: Rpc = None, yes: Yes = False, as_json: AsJson = False
) -> int:
    """Deploy the contracts."""
    opened, settings = _opened(home, rpc, chain)
    chosen = settings.chain
    if not isinstance(chosen, RpcSettings):
        raise RefusedError(
            "this node runs a development chain of its own, which has the contract from the node's first start",
            code="chain-embedded",
        )
    missing = [name for name, held in _named(chosen).items() if held is None]
    if not missing:
        raise RefusedError(
            f"the home names the contracts {chosen.anchor} and {chosen.foreign} already;"
            " evidence chain check looks at them",
            code="anchor-deployed",
        )
    connected = open_rpc(chosen)
    try:
        output.say(connected.description)
        made = _put_all(opened, connected, missing, yes=yes)
        put_at = {name: "0x" + address.hex() for name, address in made.items()}
        held = replace(
            chosen, anchor=put_at.get(ANCHOR, chosen.anchor), foreign=put_at.get(FOREIGN, chosen.foreign)
        )
        saved = save_settings(opened, _with(opened.settings, held))
        # With further chains the claim names them all, and the node's start asks them all.
        claim = (
            None if saved.settings.chains else _issue(saved, connected, bytes.fromhex(str(held.anchor)[2:]))
        )
    finally:
        connected.close()
    told = {"anchor": held.anchor, "foreign": held.foreign, "chain": f"eip155:{held.id}"}
    told |= {} if claim is None else {"fingerprint": claim}
    issued = "is issued at the node's start" if claim is None else f"issued, sha256 fingerprint {claim}"
    lines = [
        f"anchor       {told['anchor']} on {told['chain']}; its code is the contract's",
        f"foreign      {told['foreign']} there, for other jurisdictions' checkpoints",
        f"relay        {opened.keys.relay.public} pays for carrying them; give it ether if this node shall relay",
        f"claim        {issued}",
        "Next: start the node again",
    ]
    output.show(told, lines, as_json=as_json)
    return output.DONE


@command(
    app,
    "check",
    purpose="Look at the chain: its id and genesis, the contract's code, the sender's balance and the days it lasts.",
    runs="on the node",
    example="evidence chain check --home node-xa --rpc http://127.0.0.1:8545",
    statuses="0 the contract is there; 1 it is not, or other code is; 2 bad usage; 3 the chain could not be asked.",
    more="For an embedded chain the node must be serving.",
)
def check(*, home: Home, chain: Number = None, rpc: Rpc = None, as_json: AsJson = False) -> int:
    """Check the chain."""
    opened, settings = _opened(home, rpc, chain)
    embedded = not isinstance(settings.chain, RpcSettings)
    connected = open_rpc(settings.chain) if isinstance(settings.chain, RpcSettings) else _embedded(settings)
    contract = _contract(opened, settings)
    try:
        found = condition(connected, opened.keys.sender.secret, contract, settings.chain.period)
        _require_known_genesis(opened, settings.chain.id, found.genesis)
    finally:
        connected.close()
    told: dict[str, Any] = {
        "chain": f"eip155:{found.chain_id}",
        "genesis": "0x" + found.genesis.hex(),
        "description": "development chain, run by the operator: adds no independence"
        if embedded
        else found.description,
        "anchor": None if contract is None else "0x" + contract.hex(),
        "codeHash": None if found.code_hash is None else "0x" + found.code_hash.hex(),
        "matches": found.matches,
        "sender": "0x" + found.sender.hex(),
        "balance": str(found.balance),
        "anchorsLeft": found.anchors,
        "daysLeft": found.days,
    }
    output.show(told, _lines(told, found.balance), as_json=as_json)
    return output.DONE if found.matches else output.REFUSED


vouching.add_to(app)


def _lines(told: dict[str, Any], balance: int) -> list[str]:
    if told["anchor"] is None:
        contract = "none yet; evidence chain deploy puts it there"
    elif told["matches"]:
        contract = f"{told['anchor']}, its code is the contract's"
    elif told["codeHash"] is None:
        contract = f"{told['anchor']}: NOTHING IS THERE"
    else:
        contract = f"{told['anchor']}: OTHER CODE IS THERE, hash {told['codeHash']}"
    days = told["daysLeft"]
    lasts = f"more than {FAR_DAYS} days" if days > FAR_DAYS else f"{days} days"
    return [
        f"chain    {told['chain']}: {told['description']}",
        f"genesis  {told['genesis']}",
        f"anchor   {contract}",
        f"sender   {told['sender']} has {_ether(balance)}: {told['anchorsLeft']:,} anchors, {lasts} without pause",
    ]


def _opened(path: Path, rpc: str | None, number: int | None) -> tuple[NodeHome, Settings]:
    """The home as it is saved, and its settings as they are for this run: the chain that is meant, as the first."""
    home = open_home(path)
    settings = with_environment(home.settings, os.environ)
    if number not in {None, settings.chain.id}:
        further = next((one for one in settings.chains if one.id == number), None)
        if further is None:
            raise NotFoundError(f"the home's settings name no chain {number}", code="chain-unknown")
        settings = replace(settings, chain=further, chains=())
    if rpc is None:
        return home, settings
    if not isinstance(settings.chain, RpcSettings):
        raise RefusedError(
            "this node has an embedded chain, which --rpc does not replace", code="chain-embedded"
        )
    return home, replace(settings, chain=replace(settings.chain, urls=(rpc,)))


def _embedded(settings: Settings) -> Chain:
    """The embedded chain, by the node's own JSON-RPC: its file belongs to the process that serves."""
    return connect(f"http://127.0.0.1:{settings.port}/chain", chain_id=settings.chain.id)


def _contract(home: NodeHome, settings: Settings) -> bytes | None:
    if isinstance(settings.chain, RpcSettings):
        return None if settings.chain.anchor is None else bytes.fromhex(settings.chain.anchor[2:])
    claimed = _claimed(home, settings.chain.id)
    return None if claimed is None else claimed[1]


def _claimed(home: NodeHome, number: int) -> tuple[bytes, bytes] | None:
    """Genesis and contract of one of the home's chains, as its claim has them."""
    if not exists(home.claim):
        return None
    listed = parse_trust_list(read_bounded(home.claim, limit=TRUST_LIMIT, what="claim"))
    chain = listed.chains.get(f"eip155:{number}")
    return None if chain is None else (chain.genesis, chain.anchor)


def _require_known_genesis(home: NodeHome, number: int, genesis: bytes) -> None:
    claimed = _claimed(home, number)
    if claimed is not None and claimed[0] != genesis:
        raise SetupError(
            f"the chain has genesis block 0x{genesis.hex()}; the node's claim names 0x{claimed[0].hex()}",
            code="chain-wrong-genesis",
        )


def _named(settings: RpcSettings) -> dict[str, str | None]:
    """Addresses that the settings name, by the contracts that a node needs."""
    return {ANCHOR: settings.anchor, FOREIGN: settings.foreign}


def _put_all(home: NodeHome, chain: Chain, missing: Sequence[str], *, yes: bool) -> dict[str, bytes]:
    """Deploy contracts; those of a run that broke off before they were written down are found again."""
    secret = home.keys.sender.secret
    made = {name: address for name in missing if (address := found_on(chain, secret, name)) is not None}
    left = [name for name in missing if name not in made]
    if left:
        needed = [estimate(chain, secret, name) for name in left]
        total = replace(needed[0], gas=sum(one.gas for one in needed), cost=sum(one.cost for one in needed))
        _confirm(home, total, yes=yes)
    for name in left:
        made[name] = put(chain, secret, before_sending=_sent, contract=name)
    return made


def _with(settings: Settings, held: RpcSettings) -> Settings:
    """The saved settings with the contracts of one of their chains; what was only for this run stays out."""

    def told(one: ChainSettings) -> ChainSettings:
        if isinstance(one, RpcSettings) and one.id == held.id:
            return replace(one, anchor=held.anchor, foreign=held.foreign)
        return one

    further = tuple(one for one in map(told, settings.chains) if isinstance(one, RpcSettings))
    return replace(settings, chain=told(settings.chain), chains=further)


def _issue(home: NodeHome, chain: Chain, address: bytes) -> str:
    """Issue the claim that names the contract; its fingerprint."""
    from ledger.services.anchoring.chains import issue_claim

    claim = issue_claim(home, [(chain, address)], int(time.time()))
    return parse_trust_list(claim).list_hash.hex()


def _confirm(home: NodeHome, needed: Estimate, *, yes: bool) -> None:
    output.say(f"sender   {home.keys.sender.public} has {_ether(needed.balance)}")
    output.say(f"cost     up to {_ether(needed.cost)}: {needed.gas} gas at {needed.fee} wei")
    output.confirm("Deploy?", yes=yes)


def _sent(transaction: SignedTransaction) -> None:
    output.say(f"sending  transaction 0x{transaction.hash.hex()}; waiting for its block")


def _ether(wei: int) -> str:
    return f"{wei / WEI:.6f} ether"
