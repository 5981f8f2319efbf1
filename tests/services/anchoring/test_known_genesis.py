"""A node that has issued its claim knows which chain it anchors on, whoever answers first after a start."""

from contextlib import closing
from pathlib import Path

import pytest

from ledger.chains import RpcSettings
from ledger.errors import ChainError
from ledger.services.home.chains import open_rpc
from ledger.services.trust.claim import ChainIdentity, claim_of
from tests.servers import anvil
from tests.services.homes import NOW, home

NUMBER = 31_044


def test_a_chain_of_the_same_id_and_another_genesis_is_refused_from_the_first_answer_on(
    tmp_path: Path,
) -> None:
    made = home(tmp_path)
    with anvil(chain_id=NUMBER) as server:
        settings = RpcSettings((server.url,), NUMBER)
        with closing(open_rpc(settings, made)) as chain:
            chain.check_identity()  # nothing is known yet
            genesis = chain.genesis_hash
        for claimed, refused in ((genesis, False), (bytes(32), True)):
            identity = ChainIdentity(NUMBER, claimed, bytes(20), bytes(32))
            made.claim.write_bytes(claim_of(made, identity, now=NOW))
            with closing(open_rpc(settings, made)) as chain:
                if not refused:
                    chain.check_identity()
                    continue
                with pytest.raises(ChainError) as told:
                    chain.check_identity()
                assert told.value.code == "chain-wrong-genesis"
