"""Headers, proofs and attestations, changed at random: the contract and the verifier agree about every one.

Some are changed as a stranger can change them, and none of those is accepted as anything but what it was. The others
are sealed again by the true validators after the change, under hashes made right again: so that it is the reading of
headers, nodes and values, and not the seals, that has to refuse them, or to accept them alike.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pytest
from web3 import Web3

from ledger.core.evm import anchor, foreign, foreign_calls
from ledger.core.evm.account import prove_account, prove_slot
from ledger.core.evm.attesters import verify_attestations
from ledger.core.evm.header import parse_header
from ledger.core.evm.seals import parse_sealed, verify_seals
from ledger.errors import LedgerError
from tests.campaign import count
from tests.contracts.foreign import ForeignDeployment, all_unhex, deploy_foreign, rows, sealed_source, unhex
from tests.core.evm import state_rows
from tests.core.evm.forging import EXTRA, FIELDS, QBFT, Raw, encoded, forge
from tests.core.evm.test_cross_chain_mutations import mutated

TRIES = count(2_000)
"""Of all four kinds together."""

pytestmark = pytest.mark.exhaustive

BATCH = 200
SEALED, STATE, ATTESTED = rows("sealed"), rows("state"), rows("attested")
HEADERS = [unhex(row["header"]) for row in (*SEALED, *STATE)]
NODES = [unhex(node) for row in STATE for node in (*row["account"], *row["storage"])]
SIGNATURES = [signature for row in ATTESTED for signature in all_unhex(row["signatures"])]
TRUE = next(row for row in STATE if row["valid"])
TRUSTED = all_unhex(TRUE["trusted"])
SOURCE = sealed_source(TRUSTED, state_rows.ANCHOR, state_rows.CODE_HASH)


@dataclass(frozen=True, slots=True)
class Case:
    """A call, what the verifier says of it, and whether it may accept it."""

    call: bytes
    accepted: bool
    may_be: bool


@pytest.fixture(scope="module")
def deployed(anvil_web3: Web3) -> ForeignDeployment:
    return deploy_foreign("anvil", anvil_web3)


def proven_root(header: bytes, account: list[bytes], storage: list[bytes], size: int) -> bytes | None:
    """What the verifier finds in the anchor contract under a header of exactly the trusted validators."""
    try:
        sealed = parse_sealed(parse_header(header))
        verify_seals(sealed, TRUSTED)
        if sealed.validators != TRUSTED:
            return None
        held = prove_account(sealed.header.state_root, SOURCE.anchor, account)
        if held.code_hash != SOURCE.code_hash:
            return None
        root = prove_slot(held.storage_root, anchor.root_at_slot(state_rows.LOG_ID, size), storage)
    except LedgerError:
        return None
    return root if any(root) else None


def submission(
    header: bytes, account: list[bytes], storage: list[bytes], size: int, true: bytes | None
) -> Case:
    found = proven_root(header, account, storage, size)
    call = foreign_calls.encode_submit_sealed(
        foreign.source_id(SOURCE),
        state_rows.LOG_ID,
        size,
        header=header,
        account=account,
        storage=storage,
        consistency=[],
    )
    return Case(call, found is not None, true is None or found == true)


def changed_submissions(chance: random.Random) -> Iterator[Case]:
    """A header, a proof or a size is changed by somebody who has no validator's key."""
    while True:
        header, size = unhex(TRUE["header"]), state_rows.SIZE
        parts = [list(state_rows.ACCOUNT), list(state_rows.STORAGE)]
        kind = chance.randrange(8)
        part = parts[kind % 2]
        place = chance.randrange(len(part))
        if kind < 4:
            header = mutated(chance, header, HEADERS)
        elif kind == 4:
            del part[place]
        elif kind == 5:
            part.insert(place, chance.choice(NODES))
        else:
            part[place] = mutated(chance, part[place], NODES)
        yield submission(header, *parts, size, state_rows.ROOT)


def resealed_headers(chance: random.Random) -> Iterator[Case]:
    """A field of the header, or a part of its extra data, is changed and then sealed."""
    while True:
        how: dict[str, Any] = {}
        if chance.random() < 0.5:
            place = chance.choice([place for place in range(21) if place != EXTRA])
            field = encoded({**dict(enumerate(FIELDS)), **QBFT}[place])
            how["fields"] = {place: Raw(mutated(chance, field, HEADERS))}
        elif chance.random() < 0.5:
            how["parts"] = {chance.choice((0, 2, 3)): Raw(mutated(chance, b"\x83abc", HEADERS))}
        else:
            how["tail"] = [Raw(mutated(chance, b"\xc4\x83abc", HEADERS))]
        made = forge(state_rows.FOUR, **how)
        yield submission(made.header, state_rows.ACCOUNT, state_rows.STORAGE, state_rows.SIZE, None)


def resealed_states(chance: random.Random) -> Iterator[Case]:
    """A node or a value of the state is changed, and every hash above it with it, up to the sealed header."""
    while True:
        account, storage = list(state_rows.ACCOUNT), list(state_rows.STORAGE)
        part = chance.choice((account, storage))
        part[:] = relinked(part, chance.randrange(len(part)), chance)
        if part is storage:
            account = relinked_to(account, state_rows.STORAGE[0], storage[0])
        header = forge(state_rows.FOUR, fields={state_rows.STATE_ROOT: bytes(Web3.keccak(account[0]))}).header
        yield submission(header, account, storage, state_rows.SIZE, None)


def relinked(nodes: list[bytes], place: int, chance: random.Random) -> list[bytes]:
    """The proof with one node changed, and the hashes above it made right again where they still stand."""
    return relinked_up(nodes, place, mutated(chance, nodes[place], NODES))


def relinked_to(nodes: list[bytes], was: bytes, now: bytes) -> list[bytes]:
    """The proof of an account whose storage has another root."""
    leaf = nodes[-1].replace(bytes(Web3.keccak(was)), bytes(Web3.keccak(now)))
    return relinked_up(nodes, len(nodes) - 1, leaf)


def relinked_up(nodes: list[bytes], place: int, changed: bytes) -> list[bytes]:
    made = [*nodes]
    made[place] = changed
    for above in range(place - 1, -1, -1):
        was, now = bytes(Web3.keccak(nodes[above + 1])), bytes(Web3.keccak(made[above + 1]))
        made[above] = made[above].replace(was, now)
    return made


def changed_attestations(chance: random.Random) -> Iterator[Case]:
    """A claim or its signatures are changed."""
    good = [row for row in ATTESTED if row["valid"]]
    while True:
        row = chance.choice(good)
        claim, signers = dict(row["claim"]), row["set"]
        given = list(all_unhex(row["signatures"]))
        place = chance.randrange(len(given))
        kind = chance.randrange(6)
        if kind == 0:
            given.insert(place, chance.choice(SIGNATURES))
        elif kind == 1:
            given[place] = chance.choice(SIGNATURES)
        elif kind == 2:
            chance.shuffle(given)
        elif kind == 3:
            given[place] = mutated(chance, given[place], SIGNATURES)
        else:
            name = chance.choice(("size", "blockNumber", "blockTime", "logId", "root", "blockHash"))
            if isinstance(claim[name], int):
                claim[name] ^= 1 << chance.randrange(64)
            else:
                claim[name] = "0x" + mutated_word(chance, unhex(claim[name])).hex()
        if claim["size"]:
            yield attestation(claim, signers, given, kind < 4)


def mutated_word(chance: random.Random, word: bytes) -> bytes:
    return (int.from_bytes(word, "big") ^ 1 << chance.randrange(256)).to_bytes(32, "big")


def attestation(claim: dict[str, Any], signers: dict[str, Any], given: list[bytes], may_be: bool) -> Case:
    source = attested_source(signers)
    set_id = foreign.set_hash(source.members, source.organisations, source.threshold)
    words = [unhex(claim[name]) for name in ("logId", "root", "blockHash")]
    digest = anchor.checkpoint_digest(
        anchor.CheckpointClaim(
            source.chain_id,
            source.genesis,
            source.anchor,
            words[0],
            claim["size"],
            words[1],
            words[2],
            claim["blockNumber"],
            claim["blockTime"],
            set_id,
        )
    )
    joined = b"".join(given)
    # The contract is handed one string of bytes, and cuts it itself.
    pieces = [joined[begin : begin + 65] for begin in range(0, len(joined), 65)]
    try:
        verify_attestations(digest, pieces, source.members, source.organisations, source.threshold)
        accepted = True
    except LedgerError:
        accepted = False
    call = foreign_calls.encode_submit_attested(
        foreign.source_id(source),
        words[0],
        claim["size"],
        words[1],
        block_hash=words[2],
        block_number=claim["blockNumber"],
        block_time=claim["blockTime"],
        signatures=given,
        consistency=[],
    )
    return Case(call, accepted, may_be)


def attested_source(signers: dict[str, Any]) -> foreign.Source:
    claim = ATTESTED[0]["claim"]
    return foreign.Source(
        claim["originChainId"],
        unhex(claim["genesisHash"]),
        unhex(claim["anchor"]),
        bytes(32),
        foreign.ATTESTED,
        all_unhex(signers["members"]),
        tuple(signers["organisations"]),
        signers["threshold"],
    )


@pytest.mark.parametrize(
    ("cases", "share"),
    [
        (changed_submissions, 0.4),
        (resealed_headers, 0.2),
        (resealed_states, 0.2),
        (changed_attestations, 0.2),
    ],
    ids=["as-a-stranger-can", "sealed-headers", "sealed-states", "attestations"],
)
def test_the_contract_and_the_verifier_agree_about_every_change(
    cases: Callable[[random.Random], Iterator[Case]], share: float, deployed: ForeignDeployment
) -> None:
    deployed.add(SOURCE)
    for row in ATTESTED:
        deployed.add(attested_source(row["set"]))
    made = cases(random.Random(20_261_122))
    left, refused = int(TRIES * share), 0
    while left > 0:
        some = list(islice(made, min(BATCH, left)))
        left -= len(some)
        for case, error in zip(some, deployed.refusals([case.call for case in some]), strict=True):
            assert (error is None) == case.accepted, (error, case.call.hex())
            assert not case.accepted or case.may_be, case.call.hex()
            # What is refused is refused by name, and not for want of gas or by an index out of range.
            assert error is None or not error.startswith("0x"), (error, case.call.hex())
            refused += error is not None
    assert refused > TRIES * share / 2
