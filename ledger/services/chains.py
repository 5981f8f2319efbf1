"""Chains as the settings name them, opened.

Source: docs/operations.md.
"""

from ledger.chain.port import Chain
from ledger.chains import Observed, RpcSettings, ValidatorSet


def open_rpc(settings: RpcSettings) -> Chain:
    """The chain behind the nodes that the settings name; nothing is asked yet.

    Raises:
        SetupError: `chain-url`: an address is none.
    """
    return _connect(settings.urls, settings.id, settings.confirmations, settings.validators)


def open_observed(observed: Observed, validators: tuple[ValidatorSet, ...] = ()) -> Chain:
    """A partner's chain, likewise; with its `validators`, where its blocks are sealed."""
    return _connect(observed.urls, observed.chain, observed.confirmations, validators)


def _connect(
    urls: tuple[str, ...], chain_id: int, confirmations: int | None, validators: tuple[ValidatorSet, ...]
) -> Chain:
    from ledger.chain.evm import connect
    from ledger.chain.sealed import Validators

    return connect(
        urls,
        chain_id=chain_id,
        confirmations=confirmations,
        validators=[
            Validators(one.start, tuple(bytes.fromhex(member[2:]) for member in one.members))
            for one in validators
        ],
    )
