"""`evidence chain attesters`, `validators` and `observe`: who vouches for chains' blocks, and which are looked at."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer

from ledger.chains import (
    AttesterMember,
    AttesterSet,
    ChainSettings,
    EmbeddedSettings,
    Observed,
    RpcSettings,
    ValidatorSet,
)
from ledger.cli import output
from ledger.cli.options import AsJson, Home, command
from ledger.config import Settings
from ledger.errors import ChainError, RefusedError
from ledger.services.home.chains import open_observed
from ledger.services.home.folder import open_home, save_settings
from ledger.services.trust.partners import FOLDER, Partner, PartnerBook

ChainId = Annotated[
    int | None, typer.Option("--chain-id", metavar="N", help="Of several chains, which; else the first.")
]
From = Annotated[
    int | None,
    typer.Option("--from", min=0, metavar="BLOCK", help="The set's first block; 0 for the first set."),
]


def add_to(app: typer.Typer) -> None:
    """Add the verbs to the noun's commands."""
    command(
        app,
        "attesters",
        purpose="Name the partners whose nodes attest the blocks of this node's chain, or show them.",
        runs="on the node",
        example="evidence chain attesters --home node-xa --partner XB --partner XC --threshold 2",
        more="Their addresses are taken from their entries. At least two organisations must sign, and more than half."
        " A further set is a new epoch and needs --from. Start the node again afterwards: it issues its claim and its"
        " entry anew, which partners take up before they attest.",
    )(attesters)
    command(
        app,
        "validators",
        purpose="Name the validators that seal the blocks of this node's chain (QBFT), or show them.",
        runs="on the node",
        example="evidence chain validators 0x36c96d05c2130a6ec37266dd74a72f6431cc0bda --home node-xa",
        more="A further set is a new epoch and needs --from. Start the node again afterwards.",
    )(validators)
    command(
        app,
        "observe",
        purpose="Look at a partner's chain through JSON-RPC nodes of one's own choice: to attest it, to relay from it.",
        runs="on the node",
        example="evidence chain observe XA --rpc http://127.0.0.1:8547 --rpc http://127.0.0.1:8548 --home node-xb",
        more="Each is asked which chain it serves, and must serve the one that the partner's entry names. Nodes that"
        " the partner runs itself add little. Start the node again afterwards.",
    )(observe)


def attesters(
    *,
    home: Home,
    partner: Annotated[
        list[str] | None, typer.Option("--partner", metavar="NAME", help="A partner; again for more.")
    ] = None,
    threshold: Annotated[
        int | None, typer.Option(min=1, metavar="K", help="How many organisations must sign.")
    ] = None,
    first: From = None,
    chain_id: ChainId = None,
    as_json: AsJson = False,
) -> int:
    """Name attesters."""
    opened = open_home(home)
    chain = _chosen(opened.settings, chain_id)
    if partner:
        if threshold is None:
            raise typer.BadParameter("say with --threshold how many organisations must sign")
        book = PartnerBook(opened.path / FOLDER, opened.settings.jurisdiction)
        members = tuple(_member(book.of(name)) for name in dict.fromkeys(partner))
        start = _start(chain.attesters, first)
        made = AttesterSet(_next(chain.attesters), start, threshold, members)
        chain = replace(chain, attesters=(*chain.attesters, made))
        if isinstance(chain, RpcSettings) and chain.consensus == "operator":
            chain = replace(chain, consensus="attested")
        save_settings(opened, _with(opened.settings, chain))
    told = [
        {
            "epoch": one.epoch,
            "from": one.start,
            "threshold": one.threshold,
            "members": [{"address": each.address, "organisation": each.organisation} for each in one.members],
        }
        for one in chain.attesters
    ]
    lines = [
        f"eip155:{chain.id} epoch {one.epoch} from block {one.start}: {one.threshold} of"
        f" {len({each.organisation for each in one.members})}:"
        f" {', '.join(each.organisation for each in one.members)}"
        for one in chain.attesters
    ]
    _show(told, lines, "nobody attests its blocks", changed=bool(partner), as_json=as_json)
    return output.DONE


def validators(
    *,
    addresses: Annotated[
        list[str] | None, typer.Argument(metavar="[ADDRESS…]", help="0x and 40 lower-case hex digits each.")
    ] = None,
    home: Home,
    first: From = None,
    chain_id: ChainId = None,
    as_json: AsJson = False,
) -> int:
    """Name validators."""
    opened = open_home(home)
    chain = _chosen(opened.settings, chain_id)
    if not isinstance(chain, RpcSettings):
        raise RefusedError("a development chain has no validators", code="chain-embedded")
    if addresses:
        made = ValidatorSet(
            _next(chain.validators), _start(chain.validators, first), tuple(sorted(addresses))
        )
        chain = replace(chain, validators=(*chain.validators, made), consensus="qbft")
        save_settings(opened, _with(opened.settings, chain))
    told = [{"epoch": one.epoch, "from": one.start, "members": list(one.members)} for one in chain.validators]
    lines = [
        f"eip155:{chain.id} epoch {one.epoch} from block {one.start}: {', '.join(one.members)}"
        for one in chain.validators
    ]
    _show(told, lines, "no validators are named", changed=bool(addresses), as_json=as_json)
    return output.DONE


def observe(
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The partner's jurisdiction.")],
    home: Home,
    rpc: Annotated[list[str], typer.Option("--rpc", metavar="URL", help="JSON-RPC; again for more.")],
    confirmations: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="N", help="Blocks that make one final, where the chain knows no final block."
        ),
    ] = None,
    chain_id: ChainId = None,
    as_json: AsJson = False,
) -> int:
    """Observe a chain."""
    opened = open_home(home)
    partner = PartnerBook(opened.path / FOLDER, opened.settings.jurisdiction).of(name)
    found = _observed(partner, rpc, confirmations, chain_id)
    others = tuple(one for one in opened.settings.observed if one.chain != found.chain)
    save_settings(opened, replace(opened.settings, observed=(*others, found)))
    told = {"partner": found.partner, "chain": f"eip155:{found.chain}", "nodes": len(found.urls)}
    lines = [f"eip155:{found.chain} of {found.partner} is looked at through {len(found.urls)} nodes"]
    if len(found.urls) == 1:
        lines.append("One node is believed for what is final; two of different operators are better.")
    output.show(told, [*lines, "Next: start the node again"], as_json=as_json)
    return output.DONE


def _observed(
    partner: Partner, urls: Sequence[str], confirmations: int | None, chain_id: int | None
) -> Observed:
    """The partner's chain through these nodes, each of which serves it.

    Raises:
        RefusedError: `chain-unknown`: the entry names no such chain.
        ChainError: A node cannot be asked; `chain-wrong-id`, `chain-wrong-genesis`.
    """
    listed = {one.number: one for one in partner.entry.listed.chains.values()}
    number = next(iter(listed), 0) if chain_id is None else chain_id
    if number not in listed:
        raise RefusedError(
            f"the entry of {partner.name} names {', '.join(f'eip155:{one}' for one in listed) or 'no chain'}",
            code="chain-unknown",
        )
    found = Observed(partner.name, number, tuple(urls), confirmations)
    for url in found.urls:
        chain = open_observed(replace(found, urls=(url,)))
        try:
            chain.check_identity()
            genesis = chain.genesis_hash
        finally:
            chain.close()
        if genesis != listed[number].genesis:
            raise ChainError(
                f"a node has genesis block 0x{genesis.hex()}; the entry of {partner.name} names"
                f" 0x{listed[number].genesis.hex()}",
                code="chain-wrong-genesis",
            )
    return found


def _member(partner: Partner) -> AttesterMember:
    """A partner as its entry names it: the address it attests with, for the organisation that operates its log."""
    operators = {log.operator for log in partner.entry.listed.logs.values()}
    if partner.entry.attester is None or len(operators) != 1:
        raise RefusedError(
            f"the entry of {partner.name} names no attester, or not one operator that it speaks for; take up a newer"
            " entry with evidence partner add",
            code="attester-unknown",
        )
    return AttesterMember(partner.entry.attester, operators.pop())


def _chosen(settings: Settings, chain_id: int | None) -> ChainSettings:
    chains: tuple[ChainSettings, ...] = (settings.chain, *settings.chains)
    for one in chains:
        if chain_id is None or one.id == chain_id:
            return one
    raise RefusedError(
        f"this node has the chains {', '.join(f'eip155:{one.id}' for one in chains)}", code="chain-unknown"
    )


def _with(settings: Settings, changed: ChainSettings) -> Settings:
    if settings.chain.id == changed.id:
        return replace(settings, chain=changed)
    assert not isinstance(changed, EmbeddedSettings)  # only the first may be
    return replace(
        settings, chains=tuple(changed if one.id == changed.id else one for one in settings.chains)
    )


def _start(sets: Sequence[AttesterSet] | Sequence[ValidatorSet], first: int | None) -> int:
    if first is None and sets:
        raise typer.BadParameter("say with --from at which block the new set begins")
    return 0 if first is None else first


def _next(sets: Sequence[AttesterSet] | Sequence[ValidatorSet]) -> int:
    return sets[-1].epoch + 1 if sets else 1


def _show(told: Any, lines: list[str], none: str, *, changed: bool, as_json: bool) -> None:
    end = ["Next: start the node again"] if changed else []
    output.show(told, [*(lines or [none]), *end], as_json=as_json)
