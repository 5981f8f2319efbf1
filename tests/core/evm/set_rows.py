"""Rows of `sets.json` and `epochs.json`: sets of signers that a source may have, and the blocks they vouch for."""

from collections.abc import Sequence
from typing import Any

from tests.core.evm.attested_rows import FIVE, ORGANISATIONS, set_id
from tests.core.evm.forging import NUMBER, address, forge, keys, minimal

MEMBERS = [address(one) for one in FIVE]
MANY = [address(one) for one in keys(65, "member")]
TWO = [ORGANISATIONS[0]] * 3 + ORGANISATIONS[1:3]


def one_set(
    name: str,
    kind: str,
    listed: Sequence[bytes],
    organisations: Sequence[str],
    threshold: int,
    *,
    valid: bool,
) -> dict[str, Any]:
    told = {
        "name": name,
        "kind": kind,
        "members": ["0x" + each.hex() for each in listed],
        "organisations": list(organisations),
        "threshold": threshold,
        "valid": valid,
    }
    if not valid:
        return {**told, "error": "signer-set"}
    return {**told, "setHash": set_id(listed, organisations, threshold)}


def attesters(
    name: str, count: int, threshold: int, valid: bool, organisations: Sequence[str] | None = None
) -> Any:
    named = ORGANISATIONS[:count] if organisations is None else organisations
    return one_set(name, "attested", MEMBERS[:count], named, threshold, valid=valid)


def validators(
    name: str, listed: Sequence[bytes], threshold: int, valid: bool, named: Sequence[str] = ()
) -> Any:
    return one_set(name, "sealed", listed, named, threshold, valid=valid)


def good_sets() -> list[dict[str, Any]]:
    return [
        attesters("two of two", 2, 2, True),
        attesters("two of three", 3, 2, True),
        attesters("three of four", 4, 3, True),
        attesters("three of five", 5, 3, True),
        attesters("five keys of three organisations, threshold 2", 5, 2, True, TWO),
        validators("one validator", MEMBERS[:1], 1, True),
        validators("four validators", MEMBERS[:4], 3, True),
        validators("sixty-four validators", MANY[:64], 43, True),
    ]


def bad_sets() -> list[dict[str, Any]]:
    return [
        attesters("nobody", 0, 0, False),
        attesters("one of one: one key that lies is enough", 1, 1, False),
        attesters("one of three", 3, 1, False),
        attesters("two of four: half is no majority", 4, 2, False),
        attesters("two of five", 5, 2, False),
        attesters("threshold 0", 3, 0, False),
        attesters("more than there are organisations", 5, 4, False, TWO),
        attesters("two keys of one organisation", 2, 2, False, [ORGANISATIONS[0]] * 2),
        attesters("an organisation too few", 3, 2, False, ORGANISATIONS[:2]),
        attesters("an organisation too many", 3, 2, False, ORGANISATIONS[:4]),
        one_set("descending addresses", "attested", MEMBERS[2::-1], ORGANISATIONS[:3], 2, valid=False),
        one_set(
            "an address twice",
            "attested",
            [MEMBERS[0], MEMBERS[0], MEMBERS[1]],
            ORGANISATIONS[:3],
            2,
            valid=False,
        ),
        one_set("the zero address", "attested", [bytes(20), *MEMBERS[:2]], ORGANISATIONS[:3], 2, valid=False),
        validators("no validators", [], 0, False),
        validators("floor(2n/3) of four", MEMBERS[:4], 2, False),
        validators("more than ceil(2n/3) of four", MEMBERS[:4], 4, False),
        validators("threshold 0 of one", MEMBERS[:1], 0, False),
        validators("validators in descending order", MEMBERS[3::-1], 3, False),
        validators("a validator twice", [MEMBERS[0], *MEMBERS[:3]], 3, False),
        validators("the zero address for a validator", [bytes(20), *MEMBERS[:3]], 3, False),
        validators("validators with organisations", MEMBERS[:2], 2, False, ORGANISATIONS[:2]),
        validators("sixty-five validators", MANY, 44, False),
    ]


def sets() -> list[dict[str, Any]]:
    """Attesters with their organisations, validators without."""
    return [*good_sets(), *bad_sets()]


def epochs() -> list[dict[str, Any]]:
    """Sealed headers against the ranges of epochs 1 (four validators from 100) and 2 (five from 200)."""
    old, new = keys(4), keys(5)
    listed = [
        {"epoch": 1, "from": 100, "members": ["0x" + address(one).hex() for one in old]},
        {"epoch": 2, "from": 200, "members": ["0x" + address(one).hex() for one in new]},
    ]

    def one(
        name: str, number: int, epoch: int, error: str | None, by: Sequence[bytes], **how: Any
    ) -> dict[str, Any]:
        made = forge(by, fields={NUMBER: minimal(number)}, **how)
        told = {
            "name": name,
            "epochs": listed,
            "epoch": epoch,
            "number": number,
            "header": "0x" + made.header.hex(),
        }
        return {**told, "valid": error is None, **({} if error is None else {"error": error})}

    return [
        one("first block of the first epoch", 100, 1, None, old),
        one("last block of the first epoch", 199, 1, None, old),
        one("first block of the second epoch", 200, 2, None, new),
        one("far into the second epoch", 2**63, 2, None, new),
        one("the hand-over, in the epoch it begins", 200, 2, None, new, signers=new),
        one("a hand-over within the first epoch, with the quorum of both", 150, 1, None, new, signers=old),
        one("before the first epoch", 99, 1, "epoch-stale", old),
        one("block 0", 0, 1, "epoch-stale", old),
        one("old validators after their epoch", 200, 1, "epoch-stale", old),
        one("old validators long after their epoch", 2**63, 1, "epoch-stale", old),
        one("new validators before their epoch", 199, 2, "epoch-stale", new),
        one("old validators in the new epoch", 200, 2, "seal-quorum", old),
        one(
            "new validators in the old epoch",
            199,
            1,
            "seal-quorum",
            new,
            signers=[*[x for x in new if x not in old], *old[:2]],
        ),
        one("an epoch that nobody listed", 150, 3, "epoch-unknown", old),
        one("epoch 0", 150, 0, "epoch-unknown", old),
    ]
