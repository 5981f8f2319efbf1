"""Naming who vouches for a chain's blocks, and which chains are looked at, from the command line."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ledger.chains import RpcSettings
from ledger.config import Settings
from ledger.core.evm.header import parse_header
from ledger.core.keccak import keccak256
from ledger.services.home.folder import Plan, init_home, open_home
from ledger.services.trust.partners import FOLDER, PartnerBook
from tests.cli.running import Ran, done, evidence
from tests.services.homes import NOW
from tests.simulator import START, Jurisdiction, World, key, make

ADDRESSES = {"XA": "0x" + "5a" * 20, "XB": "0x" + "5b" * 20}


def entry(place: Jurisdiction, **members: Any) -> bytes:
    subject = {
        "jurisdiction": place.code,
        "authorities": [place.authority()],
        "logs": [place.trusted_log()],
        "witnesses": [],
        "chains": [place.trusted_chain()],
        **members,
    }
    signing = key(f"{place.code} registrar")
    return make("JurisdictionEntry", subject, place.registrar, "#1", signing, START, name=place.code).encoded


def home_of(folder: Path, chain: RpcSettings | None = None) -> Path:
    """XC's home, with the partners XA and XB."""
    path = folder / "node-xc"
    plan = Plan("XC", "registry.example.xc", chain=chain)
    init_home(path, plan, now=NOW, random=os.urandom)
    book, world = PartnerBook(path / FOLDER, "XC"), World()
    for place in (world.xa, world.xb):
        data = entry(place, attester=ADDRESSES[place.code])
        book.add(data, fingerprint=sha256(data).hexdigest(), now=NOW)
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return home_of(tmp_path)


def settings(home: Path) -> Settings:
    return open_home(home).settings


BOTH = ("--partner", "XA", "--partner", "XB", "--threshold", "2")


def test_attesters_are_taken_from_partners_entries(home: Path) -> None:
    assert "nobody attests" in done("chain", "attesters", "--home", home).text
    told = done("chain", "attesters", "--home", home, *BOTH)
    assert (
        "epoch 1 from block 0: 2 of 2: did:web:registry.example.xa, did:web:registry.example.xb" in told.text
    )
    (made,) = settings(home).chain.attesters
    assert (made.epoch, made.start, made.threshold) == (1, 0, 2)
    assert {one.organisation: one.address for one in made.members} == {
        f"did:web:registry.example.{code.lower()}": address for code, address in ADDRESSES.items()
    }
    assert done("chain", "attesters", "--home", home, "--json").json[0]["threshold"] == 2


def test_a_further_set_is_a_new_epoch_and_says_where_it_begins(home: Path) -> None:
    done("chain", "attesters", "--home", home, *BOTH)
    assert evidence("chain", "attesters", "--home", home, *BOTH).status == 2
    done("chain", "attesters", "--home", home, *BOTH, "--from", "100")
    assert [(one.epoch, one.start) for one in settings(home).chain.attesters] == [(1, 0), (2, 100)]
    refused = evidence("chain", "attesters", "--home", home, *BOTH, "--from", "100")
    assert "settings-invalid" in refused.told


@pytest.mark.parametrize(
    "few",
    [("--partner", "XA", "--threshold", "1"), ("--partner", "XA", "--partner", "XB", "--threshold", "1")],
    ids=["one of one", "one of two"],
)
def test_one_that_lies_must_not_be_enough(home: Path, few: tuple[str, ...]) -> None:
    refused = evidence("chain", "attesters", "--home", home, *few)
    assert refused.status != 0
    assert "one that lies, or is lied to, must not be enough" in refused.told
    assert settings(home).chain.attesters == ()


def test_attesters_are_partners_that_say_so(home: Path) -> None:
    assert "partner-unknown" in evidence("chain", "attesters", "--home", home, "--partner", "XD", *BOTH).told
    assert evidence("chain", "attesters", "--home", home, "--partner", "XA").status == 2
    book = PartnerBook(home / FOLDER, "XC")
    book.remove("XA")
    silent = entry(World().xa)
    book.add(silent, fingerprint=sha256(silent).hexdigest(), now=NOW)
    assert "attester-unknown" in evidence("chain", "attesters", "--home", home, *BOTH).told


def test_a_chain_by_rpc_becomes_one_with_attesters_or_validators(tmp_path: Path) -> None:
    home = home_of(tmp_path, RpcSettings(("http://127.0.0.1:1",), 31_003))
    done("chain", "attesters", "--home", home, *BOTH)
    chain = settings(home).chain
    assert isinstance(chain, RpcSettings)
    assert chain.consensus == "attested"
    done("chain", "validators", *ADDRESSES.values(), "--home", home)
    chain = settings(home).chain
    assert isinstance(chain, RpcSettings)
    assert chain.consensus == "qbft"
    assert chain.validators[0].members == tuple(sorted(ADDRESSES.values()))
    assert "settings-invalid" in evidence("chain", "validators", "0x12", "--home", home, "--from", "9").told


def test_a_development_chain_has_no_validators(home: Path) -> None:
    refused = evidence("chain", "validators", ADDRESSES["XA"], "--home", home)
    assert "chain-embedded" in refused.told


# Observing


@contextmanager
def chain_node(identifier: int, genesis: bytes) -> Iterator[str]:
    """A JSON-RPC node that knows its id and its first block, whose header is `genesis`."""
    fields = parse_header(genesis).fields
    names = (
        "parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom",
        "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce", "baseFeePerGas",
        "withdrawalsRoot",
    )  # fmt: skip
    numbers = {"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas"}
    block: dict[str, Any] = {
        name: hex(int.from_bytes(value, "big")) if name in numbers else "0x" + value.hex()  # type: ignore[arg-type,union-attr]
        for name, value in zip(names, fields, strict=True)
    }
    block |= {"hash": "0x" + keccak256(genesis).hex(), "transactions": [], "uncles": [], "size": "0x1"}
    answers = {"eth_chainId": hex(identifier), "eth_getBlockByNumber": block}

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            body = json.dumps(
                {"jsonrpc": "2.0", "id": asked["id"], "result": answers[asked["method"]]}
            ).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return None

    server = HTTPServer(("127.0.0.1", 0), Answering)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def observe(home: Path, *urls: str, name: str = "XA", more: tuple[str, ...] = ()) -> Ran:
    return evidence(
        "chain", "observe", name, *(part for url in urls for part in ("--rpc", url)), "--home", home, *more
    )


def genesis_header() -> bytes:
    """Of a chain whose first block the test made."""
    return World().xa.block(1, bytes(32), number=0)["header"]


def with_genesis(home: Path, genesis: bytes) -> None:
    xa = World().xa
    chain = {**xa.trusted_chain(), "genesis": "0x" + keccak256(genesis).hex()}
    data = entry(xa, attester=ADDRESSES["XA"], chains=[chain])
    book = PartnerBook(home / FOLDER, "XC")
    book.remove("XA")
    book.add(data, fingerprint=sha256(data).hexdigest(), now=NOW)


def test_a_partners_chain_is_looked_at_through_nodes_that_serve_it(home: Path) -> None:
    genesis = genesis_header()
    with_genesis(home, genesis)
    with chain_node(31_001, genesis) as one, chain_node(31_001, genesis) as other:
        told = observe(home, one, other, more=("--confirmations", "3"))
        assert told.status == 0, told.told
        (found,) = settings(home).observed
        assert (found.partner, found.chain, found.urls, found.confirmations) == (
            "XA",
            31_001,
            (one, other),
            3,
        )
        alone = observe(home, one)
        assert "two of different operators are better" in alone.text
        assert len(settings(home).observed) == 1


def test_a_node_of_another_chain_is_not_looked_at(home: Path) -> None:
    genesis = genesis_header()
    with_genesis(home, genesis)
    with chain_node(31_009, genesis) as other:
        assert "chain-wrong-id" in observe(home, other).told
    with chain_node(31_001, World().xa.block(1, bytes(32), number=0, time=9)["header"]) as other:
        assert "chain-wrong-genesis" in observe(home, other).told
    assert observe(home, "http://127.0.0.1:1").status == 3
    assert "chain-unknown" in observe(home, "http://127.0.0.1:1", more=("--chain-id", "7")).told
    assert "partner-unknown" in observe(home, "http://127.0.0.1:1", name="XD").told
    assert settings(home).observed == ()
