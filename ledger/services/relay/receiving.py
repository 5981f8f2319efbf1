"""The own chains that partners' checkpoints are carried to, as a relay reaches them.

Source: docs/spec/foreign.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.chain.artifact import load_artifact
from ledger.chain.port import Chain
from ledger.chains import ChainSettings, RpcSettings
from ledger.core.trust.values import ForeignSource
from ledger.errors import LedgerError, SetupError
from ledger.services.anchoring.deploy import found_on
from ledger.services.home.chains import open_rpc
from ledger.services.home.folder import Home
from ledger.services.relay.foreign_contract import ARTIFACT as FOREIGN_CONTRACT
from ledger.store.foreign import ForeignStore

FEWEST_URLS: Final = 2
"""Nodes of a chain that a relay must be able to ask."""


@dataclass(slots=True)
class Receiving:
    """An own chain with a contract for foreign checkpoints.

    Attributes:
        chain: A connection of the relay's own.
        contract: Address.
        trouble: Why the last round failed there.
        opened: Makes another connection; None where there is no need.
    """

    settings: ChainSettings
    chain: Chain
    contract: bytes
    trouble: LedgerError | None = None
    opened: Callable[[], Chain] | None = None

    @property
    def name(self) -> str:
        """CAIP-2 name."""
        return f"eip155:{self.settings.id}"

    @property
    def target(self) -> str:
        """CAIP-10 name of the contract."""
        return f"{self.name}:0x{self.contract.hex()}"


def receiving(
    home: Home, settings: ChainSettings, rpc: Any, contract: bytes | None = None
) -> Receiving | None:
    """An own chain as a relay uses it; None where it has no contract for foreign checkpoints.

    Args:
        home: Of the node.
        settings: Of the chain.
        rpc: JSON-RPC of the embedded chain; None where the chain is elsewhere.
        contract: Address on an embedded chain; elsewhere the settings name it.
    """
    if isinstance(settings, RpcSettings):
        if settings.foreign is None:
            return None
        foreign = bytes.fromhex(settings.foreign[2:])
        return Receiving(settings, open_rpc(settings, home), foreign, opened=lambda: open_rpc(settings, home))
    if contract is None:
        return None
    from ledger.chain.embedded_port import EmbeddedProvider
    from ledger.chain.evm import EvmChain

    chain = EvmChain(EmbeddedProvider(rpc), name="embedded chain", chain_id=settings.id)
    return Receiving(settings, chain, contract)


def receiving_beside(home: Home) -> list[Receiving]:
    """The own chains as another process than the serving one reaches them; an embedded one through the node.

    Raises:
        ChainError: The node does not serve.
    """
    found = []
    for settings in (home.settings.chain, *home.settings.chains):
        if isinstance(settings, RpcSettings):
            one = receiving(home, settings, None)
            found += [] if one is None else [one]
            continue
        from ledger.chain.evm import connect

        chain = connect(f"http://127.0.0.1:{home.settings.port}/chain", chain_id=settings.id)
        contract = found_on(chain, home.keys.relay.secret, FOREIGN_CONTRACT)
        found += [] if contract is None else [Receiving(settings, chain, contract)]
    return found


def listed_sources(store: ForeignStore) -> list[ForeignSource]:
    """The sources that a node follows, as its claim names them."""
    code_hash = load_artifact(FOREIGN_CONTRACT).runtime_code_hash
    return [ForeignSource(one.chain, one.contract, code_hash, one.source_id) for one in store.sources()]


def require_several(urls: Sequence[str], name: str) -> None:
    """Check that a relay can ask more than one node of a chain.

    Raises:
        SetupError: `relay-one-rpc`.
    """
    if len(set(urls)) < FEWEST_URLS:
        raise SetupError(
            f"the settings name {len(set(urls))} node of {name}; a relay asks at least {FEWEST_URLS}, since one that"
            " lies must not be enough",
            code="relay-one-rpc",
        )
