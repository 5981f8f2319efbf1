"""One chain seen through several nodes, so that no single one of them has to be believed.

What can be checked is asked of the first node that answers correctly; one that fails is asked last from then on.  What
cannot be checked, which block is canonical at a height and which is final, needs the word of two: the last final block
is the highest that two nodes hold to be final, and all nodes that have a block of that height must have the same.  So
of two nodes both must answer, and of three one may be silent.  A chain whose blocks are sealed needs no second word.

Nodes that contradict each other raise ChainError with the code `rpc-disagree` and nothing is decided; with
`rpc-alone`, all but one are silent, which is how a node that lies would be made to be the only one heard.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from ledger.chain.port import AnchoredEvent, Chain, Fees, Inclusion, Message, StateProof
from ledger.core.evm.header import Header
from ledger.errors import ChainError

Answer = TypeVar("Answer")

WITNESSES = 2
"""Nodes that must hold a block to be final."""
_IDENTITY = frozenset({"chain-wrong-id", "chain-wrong-genesis"})
_CERTAIN = _IDENTITY | {"rpc-disagree", "chain-account-absent"}
"""Errors that another node's answer would not change."""


class Several:
    """The `Chain` behind several nodes.  Not for use by two threads at once.

    Args:
        chains: Each through one node, all with the same options; two or more.
        names: Of the nodes, in messages, in that order.
        sealed: Whether a block is final for its seals, so that one node shows it as well as two.
    """

    def __init__(self, chains: Sequence[Chain], names: Sequence[str], *, sealed: bool = False) -> None:
        self._names = dict(zip(map(id, chains), names, strict=True))
        self._order = list(chains)
        self._sealed = sealed
        self._known: set[int] = set()
        self._silent: set[int] = set()
        self._identity: tuple[int, bytes] | None = None
        self._final = 0

    def close(self) -> None:
        """Release connections."""
        for chain in self._order:
            chain.close()

    # Which chain

    @property
    def description(self) -> str:
        """What the chain is and who runs it, for people."""
        return f"chain eip155:{self.chain_id}, seen through {' and '.join(self._names.values())}"

    @property
    def chain_id(self) -> int:
        """EIP-155 chain id."""
        return self._known_identity()[0]

    @property
    def genesis_hash(self) -> bytes:
        """Hash of block 0."""
        return self._known_identity()[1]

    def _known_identity(self) -> tuple[int, bytes]:
        if self._identity is None:
            self.check_identity()
        assert self._identity is not None
        return self._identity

    def check_identity(self) -> None:
        """Ask every node again which chain it serves.

        One that does not answer is left aside until it does; one of another chain is an error, whatever the others
        say, since a list of nodes that are not of one chain is not what was configured.
        """
        self._known.clear()
        self._silent.clear()
        failed: ChainError | None = None
        for chain in tuple(self._order):
            try:
                self._admit(chain)
            except ChainError as error:
                if error.code in _CERTAIN:
                    raise
                failed = failed or error
        if not self._known and failed is not None:
            raise failed

    def _admit(self, chain: Chain) -> None:
        """Use a node once it showed that it is of the chain that the others are of."""
        try:
            chain.check_identity()
        except ChainError as error:
            if error.code not in _IDENTITY:
                self._set_aside(chain)
            raise
        found = (chain.chain_id, chain.genesis_hash)
        if self._identity is not None and found != self._identity:
            raise ChainError(
                f"{self._name(chain)} serves chain {found[0]} with genesis block {found[1].hex()}; the others serve"
                f" chain {self._identity[0]} with {self._identity[1].hex()}",
                code="chain-wrong-genesis" if found[0] == self._identity[0] else "chain-wrong-id",
            )
        self._identity = found
        self._known.add(id(chain))
        self._silent.discard(id(chain))

    def _name(self, chain: Chain) -> str:
        return self._names[id(chain)]

    def _set_aside(self, chain: Chain) -> None:
        self._known.discard(id(chain))
        self._silent.add(id(chain))
        self._order.remove(chain)
        self._order.append(chain)

    # Asking

    def _first(self, ask: Callable[[Chain], Answer]) -> Answer:
        """What the first node answers whose answer is correct; the first error where none is."""
        failed: ChainError | None = None
        for chain in tuple(self._order):
            try:
                if id(chain) not in self._known:
                    self._admit(chain)
                return ask(chain)
            except ChainError as error:
                if error.code in _CERTAIN:
                    raise
                self._later(chain, error)
                failed = failed or error
        assert failed is not None
        raise failed

    def _later(self, chain: Chain, error: ChainError) -> None:
        """Ask a node that failed after the others; one that is silent, not before it shows again who it is."""
        if error.code in {"chain-unavailable", "chain-timeout"}:
            self._set_aside(chain)
        elif error.code != "chain-reverted":
            self._order.remove(chain)
            self._order.append(chain)

    def _each(
        self, ask: Callable[[Chain], Answer], failed: list[ChainError] | None = None
    ) -> Iterator[tuple[Chain, Answer]]:
        """The answers of all nodes that answer correctly; the errors of the others are put into `failed`."""
        for chain in tuple(self._order):
            if id(chain) in self._silent:
                continue
            try:
                if id(chain) not in self._known:
                    self._admit(chain)
                yield chain, ask(chain)
            except ChainError as error:
                if error.code in _CERTAIN:
                    raise
                self._later(chain, error)
                if failed is not None:
                    failed.append(error)

    # Blocks

    def head(self) -> Header:
        """Header of the last block of the first node that is not behind what was final."""
        return self._first(self._head_of)

    def _head_of(self, chain: Chain) -> Header:
        header = chain.head()
        if header.number < self._final:
            raise ChainError(
                f"{self._name(chain)} is at block {header.number}; block {self._final} was final before",
                code="chain-stale",
            )
        return header

    def finalized_number(self) -> int:
        """Number of the last block that two nodes hold to be final, and that every node which has one there has.

        Raises:
            ChainError: `rpc-alone`: only one node answers; `rpc-disagree`: two have different blocks there.
        """
        told = sorted(self._told(lambda chain: chain.finalized_number()), reverse=True)
        number = max(told[min(self._needed, len(told)) - 1], self._final)
        self.header(number)
        self._final = number
        return number

    @property
    def _needed(self) -> int:
        return 1 if self._sealed else WITNESSES

    def _told(self, ask: Callable[[Chain], Answer]) -> list[Answer]:
        """What all nodes say that answer correctly, which must be enough to be believed."""
        if len(self._known) < self._needed:
            self.check_identity()
        failed: list[ChainError] = []
        told = [answer for _, answer in self._each(ask, failed)]
        if not told and failed:
            raise failed[0]
        if len(told) < self._needed:
            why = f": {failed[0]}" if failed else ""
            raise ChainError(
                f"{len(told)} of {len(self._order)} nodes of the chain answer; {self._needed} are required{why}",
                code="rpc-alone",
            )
        return told

    def header(self, number: int) -> Header | None:
        """Header of the canonical block `number`; every node that has one there has this one.

        Raises:
            ChainError: As `finalized_number`.
        """
        found = {header.hash: header for header in self._told(lambda chain: chain.header(number)) if header}
        if len(found) > 1:
            raise ChainError(
                f"nodes of the chain have different blocks at height {number}: {', '.join(map(bytes.hex, found))}",
                code="rpc-disagree",
            )
        return next(iter(found.values()), None)

    def header_by_hash(self, block_hash: bytes) -> Header | None:
        """The header with this hash, canonical or not."""
        return self._any(lambda chain: chain.header_by_hash(block_hash))

    def _any(self, ask: Callable[[Chain], Answer | None]) -> Answer | None:
        """What any node has of a thing that shows itself to be what was asked for."""
        found = self._first(ask)
        if found is not None:
            return found
        return next((answer for _, answer in self._each(ask) if answer is not None), None)

    # By the word of the node asked

    def code(self, address: bytes) -> bytes:
        """Runtime code at the head."""
        return self._first(lambda chain: chain.code(address))

    def balance(self, address: bytes) -> int:
        """Wei at the head."""
        return self._first(lambda chain: chain.balance(address))

    def nonce(self, address: bytes, *, pending: bool = False) -> int:
        """Number of the next transaction of `address`; of those waiting, only what every node holds counts."""
        if not pending:
            return self._first(lambda chain: chain.nonce(address))
        least = self._first(lambda chain: chain.nonce(address, pending=True))
        return min(
            [least, *(nonce for _, nonce in self._each(lambda chain: chain.nonce(address, pending=True)))]
        )

    def fees(self) -> Fees:
        """What to offer for the next transaction, below the configured cap."""
        return self._first(lambda chain: chain.fees())

    def estimate_gas(self, message: Message) -> int:
        """Gas that `message` needs."""
        return self._first(lambda chain: chain.estimate_gas(message))

    def call(self, message: Message) -> bytes:
        """What `message` returns at the head."""
        return self._first(lambda chain: chain.call(message))

    # Transactions and proofs

    def send_raw(self, raw: bytes) -> bytes:
        """Hand a signed transaction to one node after the other, each once, until one takes it."""
        refused: ChainError | None = None
        unknown: ChainError | None = None  # what became of it there
        for chain in tuple(self._order):
            try:
                if id(chain) not in self._known:
                    self._admit(chain)
                return chain.send_raw(raw)
            except ChainError as error:
                if error.code in _IDENTITY:
                    raise
                if error.code == "transaction-refused":
                    refused = refused or error
                else:
                    self._later(chain, error)
                    unknown = unknown or error
        failed = unknown or refused
        assert failed is not None
        raise failed

    def inclusion(self, transaction_hash: bytes) -> Inclusion | None:
        """Where the transaction was mined, by any node; in a block that all have, once that is final."""
        found = self._any(lambda chain: chain.inclusion(transaction_hash))
        if found is not None and found.header.number <= self._final:
            agreed = self.header(found.header.number)
            return found if agreed is not None and agreed.hash == found.header.hash else None
        return found

    def state_proof(self, address: bytes, slots: Sequence[bytes], header: Header) -> StateProof:
        """Account and storage slots after the block of `header`, proven under it."""
        return self._first(lambda chain: chain.state_proof(address, slots, header))

    def anchored(
        self, anchor: bytes, log_id: bytes, *, first: int = 0, last: int | None = None
    ) -> list[AnchoredEvent]:
        """Events of a log in the blocks `first` to `last`."""
        return self._first(lambda chain: chain.anchored(anchor, log_id, first=first, last=last))

    def call_data(self, transaction_hash: bytes) -> bytes | None:
        """What a transaction was called with, by any node that knows it."""
        return self._any(lambda chain: chain.call_data(transaction_hash))

    # One node or another

    @property
    def nodes(self) -> dict[str, Chain]:
        """The chain as each node shows it, by the node's name."""
        return {self._name(chain): chain for chain in tuple(self._order)}

    def pass_over(self) -> None:
        """Ask the node last from now on that was asked first."""
        self._order.append(self._order.pop(0))


def nodes_of(chain: Chain) -> dict[str | None, Chain]:
    """A chain as each of its nodes shows it, by the node's name; without a name where there is one alone."""
    if not isinstance(chain, Several):
        return {None: chain}
    return dict(chain.nodes.items())


def pass_over(chain: Chain) -> None:
    """Where a chain is seen through several nodes: ask another one first from now on."""
    if isinstance(chain, Several):
        chain.pass_over()
