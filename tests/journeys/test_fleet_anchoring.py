"""Several processes that could anchor one log, as real processes, and a chain that sees one of them at a time."""

import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from ledger.chain.evm import EvmChain, connect
from ledger.chains import RpcSettings
from ledger.core.evm.anchor import log_id
from ledger.core.secp256k1 import address_of
from ledger.store.postgres import lock_key
from tests.fleet import PATIENCE, Fleet, Member, fleet
from tests.journeys.test_fleet import apis, eventually, rows
from tests.loopback import PlainProvider
from tests.postgres import Server
from tests.servers import anvil
from tests.services.anchoring.rigs import pay, put_contract

CHAIN_ID = 31_044


class Anchoring:
    """The processes, and the chain as a stranger sees it."""

    def __init__(self, node: Fleet, chain: EvmChain, provider: PlainProvider, contract: bytes) -> None:
        self.node, self.chain, self.provider, self.contract = node, chain, provider, contract
        self.sender = address_of(node.home.keys.sender.secret)

    def ask(self, method: str, *params: Any) -> Any:
        return self.provider.make_request(method, list(params))["result"]

    def sizes(self) -> list[int]:
        signer = self.node.home.log_signer()
        named = log_id(signer.origin, signer.head_address)
        return [event.size for event in self.chain.anchored(self.contract, named)]

    def register(self, name: str) -> None:
        """Register a record, and wait until it is anchored."""
        (api,) = apis(self.node)
        assert api.post("/v1/statements", api.record(name).encoded).status_code == 201
        ((size,),) = rows(self.node, "SELECT size FROM head")
        eventually(lambda: max(self.sizes(), default=0) >= int(str(size)))

    def holder(self) -> Member:
        """Whoever has the lock of the anchorer."""
        key = lock_key(self.node.home.settings.origin, "anchoring") % (1 << 64)
        query = (
            "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory'"
            f" AND granted AND classid = {key >> 32} AND objid = {key % (1 << 32)}"
        )
        found: list[Member] = []

        def one() -> bool:
            names = {str(row[0]) for row in self.node.server.execute(query)}
            found[:] = [member for member in self.node.members if str(member.port) in names]
            return bool(found)

        eventually(one)
        (holder,) = found
        return holder

    def spent(self) -> list[tuple[int, int]]:
        """Nonce and status of each transaction that the node's sender has in a block."""
        found = []
        for number in range(int(self.ask("eth_blockNumber"), 16) + 1):
            for one in self.ask("eth_getBlockByNumber", hex(number), True)["transactions"]:
                if one["from"] == "0x" + self.sender.hex():
                    status = self.ask("eth_getTransactionReceipt", one["hash"])["status"]
                    found.append((int(one["nonce"], 16), int(status, 16)))
        return found


@contextmanager
def anchoring(postgres: Server, folder: Path) -> Iterator[Anchoring]:
    with anvil(chain_id=CHAIN_ID) as server, ExitStack() as stack:
        provider = stack.enter_context(closing(PlainProvider(server.url)))
        chain = stack.enter_context(closing(connect(server.url, chain_id=CHAIN_ID, confirmations=0)))
        contract = put_contract(chain)
        settings = RpcSettings((server.url,), CHAIN_ID, "0x" + contract.hex(), period=1, confirmations=0)
        with fleet(postgres, folder, ("sequencer", "api"), settings) as node:
            made = Anchoring(node, chain, provider, contract)
            pay(chain, made.sender, 10**20)
            for number in range(2):
                copy = folder / f"copy-{number}"
                shutil.copytree(node.home.path, copy)
                node.wait(node.start("anchorer", copy))
            yield made


def test_one_of_two_processes_anchors_and_the_other_once_it_is_killed(
    postgres: Server, tmp_path: Path
) -> None:
    with anchoring(postgres, tmp_path) as made:
        (api,) = apis(made.node)
        api.enrol(api.exporter, "exporter")
        made.register("first")
        first = made.holder()
        first.process.send_signal(signal.SIGSTOP)
        for session in made.node.sessions(first, "true"):
            made.node.server.execute(f"SELECT pg_terminate_backend({session})")
        made.register("second")
        second = made.holder()
        assert second is not first
        first.process.send_signal(signal.SIGCONT)
        made.node.wait(first)
        made.register("third")
        assert made.holder() is second
        second.process.kill()
        second.process.wait(PATIENCE)
        made.register("fourth")
        assert made.holder() is first
        nonces = [nonce for nonce, _ in made.spent()]
        assert nonces == list(range(len(nonces)))
        assert {status for _, status in made.spent()} == {1}
        assert made.sizes() == sorted(set(made.sizes()))
        query = "SELECT count(*), count(DISTINCT nonce) FROM anchor_intent"
        assert rows(made.node, query) == [(len(nonces), len(nonces))]
