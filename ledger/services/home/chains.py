"""Chains as the settings name them, opened.

Source: docs/operations.md.
"""

from ledger.chain.port import Chain
from ledger.chains import Observed, RpcSettings, ValidatorSet
from ledger.core.canonical import TRUST_LIMIT
from ledger.core.trust import parse_trust_list
from ledger.errors import MalformedError
from ledger.services.files import exists, read_bounded
from ledger.services.home.folder import Home


def open_rpc(settings: RpcSettings, home: Home | None = None) -> Chain:
    """The chain behind the nodes that the settings name; nothing is asked yet.

    Args:
        home: Whose claim says which genesis the chain has, once it is issued: from then on a node of another chain with
            the same id is refused, also where it is the first to answer after a start.

    Raises:
        SetupError: `chain-url`: an address is none.
    """
    genesis = None if home is None else _claimed_genesis(home, settings.id)
    return _connect(settings.urls, settings.id, settings.confirmations, settings.validators, genesis)


def _claimed_genesis(home: Home, chain_id: int) -> bytes | None:
    if not exists(home.claim):
        return None
    try:
        claim = parse_trust_list(read_bounded(home.claim, limit=TRUST_LIMIT, what="claim"))
    except MalformedError:
        return None  # whoever issues the next one says so
    chain = claim.chain(f"eip155:{chain_id}")
    return None if chain is None else chain.genesis


def open_observed(observed: Observed, validators: tuple[ValidatorSet, ...] = ()) -> Chain:
    """A partner's chain, likewise; with its `validators`, where its blocks are sealed."""
    return _connect(observed.urls, observed.chain, observed.confirmations, validators)


def _connect(
    urls: tuple[str, ...],
    chain_id: int,
    confirmations: int | None,
    validators: tuple[ValidatorSet, ...],
    genesis: bytes | None = None,
) -> Chain:
    from ledger.chain.evm import connect
    from ledger.chain.sealed import Validators

    return connect(
        urls,
        chain_id=chain_id,
        genesis_hash=genesis,
        confirmations=confirmations,
        validators=[
            Validators(one.start, tuple(bytes.fromhex(member[2:]) for member in one.members))
            for one in validators
        ],
    )
