"""Changes that make a trust list not load, each with the code and the JSON pointer of its refusal."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from ledger.core.note import encode_vkey, make_vkey
from tests.core.trust.lists import body, publisher_keys

Change = Callable[[Any], object]

ADDRESS, OTHER_ADDRESS = "0x" + "11" * 20, "0x" + "22" * 20
HASH = "0x" + "33" * 32
ORGANISATION = "did:web:organisation.example.xa"
TWO = ((ADDRESS, ORGANISATION), (OTHER_ADDRESS, "529900T8BM49AURSDO55"))
FOUR = (*TWO, ("0x" + "33" * 20, "did:web:third.example.xc"), ("0x" + "44" * 20, "did:web:fourth.example.xd"))
NOBODY = "0x" + "00" * 20
FOREIGN = {"chain": "eip155:31002", "contract": ADDRESS, "codeHash": HASH, "sourceId": HASH}


class Fault(NamedTuple):
    change: Change
    pointer: str
    code: str = "member-value"


def at(document: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def put(*path: str | int, value: object) -> Change:
    """A change that sets the member at `path`."""
    return lambda document: at(document, path[:-1]).__setitem__(path[-1], value)


def drop(*path: str | int) -> Change:
    """A change that takes the member at `path` away."""
    return lambda document: at(document, path[:-1]).__delitem__(path[-1])


def wrong(*path: str | int, value: object, below: str = "", code: str = "member-value") -> Fault:
    """The member at `path` is `value`; refused there, or `below` it."""
    return Fault(put(*path, value=value), "/" + "/".join(map(str, path)) + below, code)


def twice(*path: str | int, name: str) -> Fault:
    """The first item of the array at `path` stands at its end again; refused by its member `name`."""
    count = len(at(body(), path))
    pointer = "/" + "/".join(map(str, (*path, count, name)))
    return Fault(lambda document: at(document, path).append(at(document, path)[0]), pointer)


def attesters(
    *members: tuple[str, str], threshold: int = 2, epoch: int = 1, start: int = 0
) -> dict[str, Any]:
    listed = [{"address": address, "organisation": organisation} for address, organisation in members]
    return {"epoch": epoch, "from": start, "threshold": threshold, "members": listed}


def validators(*members: str, epoch: int = 1, start: int = 0) -> dict[str, Any]:
    return {"epoch": epoch, "from": start, "members": list(members)}


HEADS: list[dict[str, Any]] = [
    {"address": ADDRESS},
    {"address": OTHER_ADDRESS, "from": {"size": 7, "root": "00" * 32, "last": 2}},
    {"address": "0x" + "44" * 20, "from": {"size": 9, "root": "00" * 32, "last": 8}},
]


def head(index: int, name: str, value: object, below: str = "") -> Fault:
    """Three head keys in good order, then one member changed."""
    keys = json.loads(json.dumps(HEADS))
    keys[index][name] = value
    return Fault(put("logs", 0, "headKeys", value=keys), f"/logs/0/headKeys/{index}/{name}{below}")


def start(size: int = 7, root: str = "00" * 32, last: int = 2) -> dict[str, Any]:
    return {"size": size, "root": root, "last": last}


def vkey(name: str, kind: int, size: int) -> str:
    return encode_vkey(make_vkey(name, kind, b"\1" * size))


ORIGIN: str = body()["logs"][0]["origin"]
ED, ML = body()["logs"][0]["vkeys"]
WITNESS: str = body()["witnesses"][0]["vkey"]

PUBLISHER = {
    "another format": wrong("format", value="evidence-trust/2"),
    "version 0": wrong("version", value=0),
    "a previous list of version 1": wrong("prev", value="00" * 32),
    "no previous list of version 2": Fault(put("version", value=2), "/prev"),
    "an impossible day": wrong("issued", value="2026-02-30T00:00:00Z", code="time-malformed"),
    "a time with an offset": wrong("issued", value="2026-02-20T00:00:00+00:00", code="time-malformed"),
    "stale when issued": wrong("nextUpdate", value="2026-11-22T00:00:00Z"),
    "a publisher that is no did:web": wrong("publisher", "id", value="trust.example"),
    "a publisher whose did has a fragment": wrong("publisher", "id", value="did:web:trust.example#1"),
    "a publisher whose did has an empty part": wrong("publisher", "id", value="did:web:trust.example:"),
    "a threshold of 0": wrong("publisher", "threshold", value=0),
    "a threshold above the keys": wrong("publisher", "threshold", value=3),
    "no publisher keys": wrong("publisher", "keys", value=[]),
    "a publisher key id twice": wrong(
        "publisher",
        "keys",
        value=[publisher_keys("#1")[0], {**publisher_keys("#2")[0], "id": "#1"}],
        below="/1/id",
    ),
    "one publisher key under two ids": wrong(
        "publisher",
        "keys",
        value=[publisher_keys("#1")[0], {**publisher_keys("#1")[0], "id": "#2"}],
        below="/1/publicKeyMultibase",
    ),
    "a publisher key id without #": wrong("publisher", "keys", 0, "id", value="1"),
    "a publisher key id that is only #": wrong("publisher", "keys", 0, "id", value="#"),
    "a publisher key of another kind": wrong(
        "publisher",
        "keys",
        0,
        "publicKeyMultibase",
        value="z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc",
        code="multikey-malformed",
    ),
}
AUTHORITIES = {
    "an authority twice": twice("authorities", name="id"),
    "an authority's key id twice": twice("authorities", 0, "keys", name="id"),
    "a role twice": wrong("authorities", 0, "roles", value=["registrar", "registrar"]),
    "a role in capitals": wrong("authorities", 0, "roles", value=["Registrar"]),
    "a role that is a number": wrong("authorities", 0, "roles", value=[1]),
    "a jurisdiction in small letters": wrong("authorities", 0, "jurisdiction", value="xa"),
    "a jurisdiction of three letters": wrong("authorities", 0, "jurisdiction", value="XAA"),
    "a key that ends when it starts": wrong(
        "authorities", 0, "keys", 0, "until", value="2026-10-23T00:00:00Z"
    ),
    "a revocation without a reason": wrong(
        "authorities",
        0,
        "keys",
        0,
        "revoked",
        value={"at": "2026-11-01T00:00:00Z", "reason": ""},
        below="/reason",
    ),
}
LOGS = {
    "a log twice": twice("logs", name="origin"),
    "an origin of two parts": wrong("logs", 0, "origin", value="registry.example.xa/XA"),
    "an origin with an empty part": wrong("logs", 0, "origin", value="registry.example.xa//XA"),
    "an origin with a space": wrong("logs", 0, "origin", value="registry example/XA/2026"),
    "an origin too long": wrong("logs", 0, "origin", value="a" * 250 + "/XA/2026"),
    "a log of another jurisdiction than its origin": wrong("logs", 0, "jurisdiction", value="XB"),
    "an operator by name": wrong("logs", 0, "operator", value="The Registry"),
    "no Ed25519 key of a log": wrong("logs", 0, "vkeys", value=[ML]),
    "no ML-DSA key of a log": wrong("logs", 0, "vkeys", value=[ED]),
    "no keys of a log": wrong("logs", 0, "vkeys", value=[]),
    "a log key twice": wrong("logs", 0, "vkeys", value=[ED, ED, ML]),
    "a log key of a witness type": wrong("logs", 0, "vkeys", value=[ED, ML, vkey(ORIGIN, 4, 32)]),
    "a head key among the log keys": wrong("logs", 0, "vkeys", value=[ED, ML, vkey(ORIGIN, 255, 40)]),
    "a log key named otherwise": wrong("logs", 0, "vkeys", value=[ED, ML, vkey("other/XA/2026", 1, 32)]),
    "a log key with a wrong key id": wrong(
        "logs", 0, "vkeys", value=[ED.replace("+a2492bf8+", "+a2492bf9+"), ML], code="vkey-malformed"
    ),
    "no head key": wrong("logs", 0, "headKeys", value=[]),
    "a first head key with a start": head(0, "from", start()),
    "a later head key without a start": wrong(
        "logs", 0, "headKeys", value=[HEADS[0], {"address": OTHER_ADDRESS}], below="/1/from"
    ),
    "a head key twice": head(2, "address", ADDRESS),
    "head keys out of order": head(2, "from", start(size=7, last=6)),
    "a head key from size 0": head(1, "from", start(size=0), "/size"),
    "a start that the old key anchored": head(1, "from", start(last=7), "/last"),
    "a start whose root has a prefix": head(1, "from", start(root=HASH), "/root"),
    "a head address in capitals": head(0, "address", "0x" + "AA" * 20),
    "a head address without prefix": head(0, "address", "aa" * 20),
    "a head address of 21 bytes": head(0, "address", "0x" + "aa" * 21),
    "a witness twice": twice("witnesses", name="vkey"),
    "a witness key for a second organisation": Fault(
        lambda document: document["witnesses"].append({"vkey": WITNESS, "organisation": ORGANISATION}),
        f"/witnesses/{len(body()['witnesses'])}/vkey",
    ),
    "a witness with a log's type of key": wrong("witnesses", 0, "vkey", value=ED),
    "a witness with a wrong key id": wrong(
        "witnesses", 0, "vkey", value=WITNESS.replace("+6b54eab0+", "+6b54eab1+"), code="vkey-malformed"
    ),
    "a witness's organisation by name": wrong("witnesses", 0, "organisation", value="Organisation C"),
}
CHAINS = {
    "a chain twice": twice("chains", name="chain"),
    "a chain of another kind": wrong("chains", 0, "chain", value="cosmos:hub"),
    "a chain number with a leading zero": wrong("chains", 0, "chain", value="eip155:01"),
    "a chain number of 33 digits": wrong("chains", 0, "chain", value="eip155:" + "1" * 33),
    "a chain without number": wrong("chains", 0, "chain", value="eip155:"),
    "an unknown consensus": wrong("chains", 0, "consensus", value="clique"),
    "a genesis without prefix": wrong("chains", 0, "genesis", value="33" * 32),
    "an operator key of 32 bytes": wrong("chains", 0, "operator", "key", value=HASH),
    "attesters without members": wrong("chains", 0, "attesters", value=[attesters()], below="/0/members"),
    "an attester twice": wrong(
        "chains",
        0,
        "attesters",
        value=[attesters(TWO[0], (ADDRESS, TWO[1][1]), threshold=2)],
        below="/0/members",
    ),
    "an attester without an address": wrong(
        "chains", 0, "attesters", value=[attesters(TWO[0], (NOBODY, TWO[1][1]))], below="/0/members"
    ),
    "an attester alone": wrong(
        "chains", 0, "attesters", value=[attesters(TWO[0], threshold=1)], below="/0/members"
    ),
    "two attesters of one organisation": wrong(
        "chains",
        0,
        "attesters",
        value=[attesters(TWO[0], (OTHER_ADDRESS, ORGANISATION), threshold=1)],
        below="/0/members",
    ),
    "an attesters' threshold of 1": wrong(
        "chains", 0, "attesters", value=[attesters(*TWO, threshold=1)], below="/0/threshold"
    ),
    "an attesters' threshold of half the organisations": wrong(
        "chains", 0, "attesters", value=[attesters(*FOUR, threshold=2)], below="/0/threshold"
    ),
    "an attesters' threshold of 0": wrong(
        "chains", 0, "attesters", value=[attesters(*TWO, threshold=0)], below="/0/threshold"
    ),
    "an attesters' threshold above the organisations": wrong(
        "chains",
        0,
        "attesters",
        value=[attesters(*TWO, (FOUR[2][0], ORGANISATION), threshold=3)],
        below="/0/threshold",
    ),
    "attesters' epochs out of order": wrong(
        "chains", 0, "attesters", value=[attesters(*TWO), attesters(*TWO, start=5)]
    ),
    "attesters' blocks out of order": wrong(
        "chains", 0, "attesters", value=[attesters(*TWO), attesters(*TWO, epoch=2)]
    ),
    "a validator without an address": wrong(
        "chains", 0, "validators", value=[validators(ADDRESS, NOBODY)], below="/0/members"
    ),
    "a chain's jurisdiction of three letters": wrong("chains", 0, "jurisdiction", value="XAA"),
    "validators without members": wrong("chains", 0, "validators", value=[validators()], below="/0/members"),
    "a validator twice": wrong(
        "chains", 0, "validators", value=[validators(ADDRESS, ADDRESS)], below="/0/members"
    ),
    "a validator that is no address": wrong(
        "chains", 0, "validators", value=[validators(HASH)], below="/0/members"
    ),
    "a foreign source twice": wrong("foreign", value=[FOREIGN, FOREIGN], below="/1/sourceId"),
    "an entry that is no statement": wrong("entries", value=["statement"]),
}


def requires(name: str, value: object) -> Fault:
    return wrong("require", "TransferRecord", value={name: value}, below=f"/{name}")


def requires_chains(threshold: int, *among: str, below: str) -> Fault:
    """The first chain of the list is XA's, the second of no jurisdiction that the list tells."""

    def change(document: Any) -> None:
        document["chains"][0]["jurisdiction"] = "XA"
        document["require"]["TransferRecord"] = {"chains": {"threshold": threshold, "among": list(among)}}

    return Fault(change, f"/require/TransferRecord/chains/{below}")


FIRST, SECOND = "eip155:31001", "eip155:31002"
REQUIREMENTS = {
    "no chains though some are required": requires_chains(1, below="among"),
    "a required chain twice": requires_chains(1, FIRST, FIRST, below="among"),
    "a required chain that is not listed": requires_chains(1, FIRST, "eip155:31003", below="among"),
    "a required chain of no jurisdiction": requires_chains(1, FIRST, SECOND, below="among"),
    "none of the required chains": requires_chains(0, FIRST, below="threshold"),
    "more chains than there are jurisdictions": requires_chains(2, FIRST, below="threshold"),
    "a step 12": requires("steps", [1, 12]),
    "a step twice": requires("steps", [1, 1]),
    "no steps though named": requires("steps", []),
    "a step that is true": requires("steps", [True]),
    "a quorum below 0": requires("quorum", -1),
    "an unknown finality": requires("finality", "pos"),
    "a type that is none": Fault(put("require", "transfer record", value={}), "/require"),
    "a type in small letters": Fault(put("require", "transfer", value={}), "/require"),
    "a type without a name": Fault(put("require", "", value={}), "/require"),
}
FAULTS: dict[str, Fault] = PUBLISHER | AUTHORITIES | LOGS | CHAINS | REQUIREMENTS
