"""Two jurisdictions in memory, with everything real but the network and the consensus.

Keys, statements, logs, checkpoints, storage tries and headers are made by the product's own core; the chain is a
state with one contract, whose block headers a test may have the operator sign.  Attacks are then a line or two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from ledger.core.canonical import encode
from ledger.core.checkpoint import Checkpoint, LogSigner, sign_checkpoint
from ledger.core.evm import rlp
from ledger.core.evm.anchor import (
    CheckpointClaim,
    checkpoint_digest,
    head_slot,
    log_id,
    root_at_slot,
    set_id,
)
from ledger.core.evm.trie import root_and_proof
from ledger.core.keccak import keccak256
from ledger.core.merkle import leaf_hash
from ledger.core.note import encode_vkey
from ledger.core.secp256k1 import Account, address_of, sign
from ledger.core.statement import Statement, sign_statement, unsigned
from ledger.core.suites import PrivateKey, encode_multikey
from ledger.core.times import format_time
from ledger.core.trust import TrustList, parse_trust_list, sign_trust_list
from tests.blocks import ANCHOR, CODE_HASH, block_of, hexed
from tests.trees import tree_path, tree_root

START = 1_795_305_600  # 2026-11-22T00:00:00Z
DAY = 86_400
LEI = {"exporter": "TEST000C76DC31B85900", "importer": "TEST00EE3E62B8A0AA00"}


def seed(name: str) -> bytes:
    """The seed of a test key."""
    return sha256(b"evidence-ledger test key: " + name.encode()).digest()


def key(name: str, suite: str = "eddsa-jcs-2022") -> PrivateKey:
    """A test key by name."""
    return PrivateKey(suite, seed(name))  # type: ignore[arg-type]


def statement_id(name: str) -> str:
    """A statement id by name."""
    hexed = sha256(name.encode()).hexdigest()
    return f"urn:uuid:{hexed[:8]}-{hexed[8:12]}-7{hexed[13:16]}-8{hexed[17:20]}-{hexed[20:32]}"


@dataclass
class Jurisdiction:
    """A registrar, a registry with its log, and a chain."""

    code: str
    number: int
    entries: list[bytes] = field(default_factory=list)
    anchored: dict[bytes, bytes] = field(default_factory=dict)
    """Storage of the anchor contract: value by slot."""
    head_name: str = ""

    def __post_init__(self) -> None:
        low = self.code.lower()
        self.head_name = self.head_name or f"{self.code} head 1"
        self.registrar = f"did:web:registrar.example.{low}"
        self.operator = f"did:web:registry.example.{low}"
        self.origin = f"registry.example.{low}/{self.code}/2026"
        self.chain = f"eip155:{self.number}"
        self.genesis = keccak256(f"genesis {self.number}".encode())

    @property
    def signer(self) -> LogSigner:
        """The log's three keys."""
        return LogSigner(
            origin=self.origin,
            ed25519_secret=seed(f"{self.code} log ed25519"),
            mldsa_seed=seed(f"{self.code} log ml-dsa"),
            head=Account(seed(self.head_name)),
        )

    @property
    def log_id(self) -> bytes:
        """The log's id under its present head key."""
        return log_id(self.origin, address_of(seed(self.head_name)))

    @property
    def leaves(self) -> list[bytes]:
        """Leaf hashes of all entries."""
        return [leaf_hash(entry) for entry in self.entries]

    def add(self, statement: Statement) -> Statement:
        """Log a statement."""
        self.entries.append(statement.digest)
        return statement

    def checkpoint(
        self, size: int | None = None, time: int = START + 100, root: bytes | None = None
    ) -> bytes:
        """The signed note of a size; of another root where a test lies."""
        count = len(self.entries) if size is None else size
        fixed = tree_root(self.leaves[:count]) if root is None else root
        return sign_checkpoint(Checkpoint(self.origin, count, fixed), self.signer, time)

    def enrol(
        self, party: str, roles: Sequence[str], keys: Sequence[tuple[str, PrivateKey]], **changes: Any
    ) -> Statement:
        """An Enrolment by the registrar."""
        subject = {
            "party": party,
            "jurisdiction": self.code,
            "identifiers": [{"scheme": "LEI", "id": LEI[roles[0]]}] if roles[0] in LEI else [],
            "roles": list(roles),
            "keys": [
                {
                    "id": name,
                    "publicKeyMultibase": encode_multikey(one.public),
                    "from": format_time(changes.get("from_", START)),
                    "until": format_time(changes.get("until", START + 365 * DAY)),
                }
                for name, one in keys
            ],
        }
        subject.update(changes.get("subject", {}))
        created = changes.get("created", START)
        registrar = changes.get("registrar", self.registrar)
        signing = changes.get("signing", key(f"{self.code} registrar"))
        return make(
            "Enrolment",
            subject,
            registrar,
            "#1",
            signing,
            created,
            name=f"enrol {party} {self.code} {created}",
        )

    def revoke(self, party: str, key_id: str, at: int, **changes: Any) -> Statement:
        """A KeyRevocation, by the registrar unless told otherwise."""
        subject = {"party": party, "key": key_id, "at": format_time(at), "reason": "keyCompromise"}
        issuer = changes.get("issuer", self.registrar)
        signing = changes.get("signing", key(f"{self.code} registrar"))
        created = changes.get("created", START + 50)
        return make(
            "KeyRevocation",
            subject,
            issuer,
            changes.get("with_key", "#1"),
            signing,
            created,
            name=f"revoke {party}{key_id}",
        )

    def anchor(self, size: int | None = None, root: bytes | None = None) -> None:
        """Put a size and root in the contract's storage, as an accepted `anchor` call does."""
        count = len(self.entries) if size is None else size
        fixed = tree_root(self.leaves[:count]) if root is None else root
        self.anchored[root_at_slot(self.log_id, count)] = fixed
        self.anchored[head_slot(self.log_id)] = count.to_bytes(32, "big")

    def block(self, size: int, root: bytes, *, time: int = START + 110, number: int = 7) -> dict[str, Any]:
        """A block after the last anchor."""
        return block_of(self.anchored, self.log_id, size, root, time=time, number=number)

    def start_proof(self, size: int) -> list[str]:
        """Storage proof of the root at the head key's first size, in the state of `block`."""
        storage = {keccak256(slot): rlp.encode(value.lstrip(b"\0")) for slot, value in self.anchored.items()}
        return [
            hexed(node) for node in root_and_proof(storage, keccak256(root_at_slot(self.log_id, size)))[1]
        ]

    def anchor_part(self, size: int, root: bytes | None = None, **changes: Any) -> dict[str, Any]:
        """An anchor of a bundle: the proofs and the operator's signature."""
        fixed = tree_root(self.leaves[:size]) if root is None else root
        block = self.block(
            size, fixed, time=changes.get("time", START + 110), number=changes.get("number", 7)
        )
        claim = CheckpointClaim(
            origin_chain_id=self.number, genesis=self.genesis, anchor=ANCHOR, log_id=self.log_id, size=size, root=fixed,
            block_hash=block["hash"], block_number=block["number"], block_time=block["time"],
            set_id=set_id([address_of(seed(f"{self.code} chain operator"))], [self.operator], 1),
        )  # fmt: skip
        signed = sign(
            seed(changes.get("finality_key", f"{self.code} chain operator")), checkpoint_digest(claim)
        )
        return {
            "chain": self.chain,
            "header": hexed(block["header"]),
            "finality": {"kind": "operator", "signature": hexed(signed)},
            "account": [hexed(node) for node in block["account"]],
            "storage": [hexed(node) for node in block["storage"]],
            "receipt": block["receipt"],
        }

    def item(self, role: str, statement: Statement, size: int | None = None) -> dict[str, Any]:
        """An item of a bundle."""
        count = len(self.entries) if size is None else size
        index = self.entries.index(statement.digest)
        path = [one.hex() for one in tree_path(index, self.leaves[:count])]
        return {"role": role, "statement": statement.document, "index": index, "path": path}

    def section(
        self, items: Sequence[tuple[str, Statement]], size: int | None = None, **members: Any
    ) -> dict[str, Any]:
        """A section of a bundle, anchored at its own size unless told otherwise."""
        count = len(self.entries) if size is None else size
        made = {
            "origin": self.origin,
            "checkpoint": self.checkpoint(count).decode(),
            "items": [self.item(role, statement, count) for role, statement in items],
            "anchors": [self.anchor_part(count)] if "anchors" not in members else [],
            "foreign": [],
        }
        return {**made, **members}

    def trusted_log(self) -> dict[str, Any]:
        """The log's entry in a trust list."""
        return {
            "origin": self.origin,
            "jurisdiction": self.code,
            "operator": self.operator,
            "vkeys": [encode_vkey(vkey) for vkey in self.signer.vkeys if vkey.type != 0xFF],
            "headKeys": [{"address": hexed(address_of(seed(f"{self.code} head 1")))}],
        }

    def trusted_chain(self) -> dict[str, Any]:
        """The chain's entry in a trust list."""
        return {
            "chain": self.chain,
            "genesis": hexed(self.genesis),
            "anchor": hexed(ANCHOR),
            "codeHash": hexed(CODE_HASH),
            "consensus": "operator",
            "operator": {
                "key": hexed(address_of(seed(f"{self.code} chain operator"))),
                "organisation": self.operator,
            },
            "attesters": [],
            "validators": [],
        }

    def authority(self) -> dict[str, Any]:
        """The registrar's entry in a trust list."""
        own = key(f"{self.code} registrar").public
        dates = {"from": format_time(START - 30 * DAY), "until": format_time(START + 365 * DAY)}
        return {
            "id": self.registrar,
            "jurisdiction": self.code,
            "roles": ["registrar"],
            "keys": [{"id": "#1", "publicKeyMultibase": encode_multikey(own), **dates}],
        }


def make(
    type_: str,
    subject: Mapping[str, Any],
    issuer: str,
    key_id: str,
    signing: PrivateKey,
    created: int,
    *,
    name: str,
) -> Statement:
    """A signed statement."""
    document = unsigned(
        kind=type_, identifier=statement_id(name), issuer=issuer, subject=subject, valid_from=created
    )
    return sign_statement(document, signing, issuer + key_id, created)


@dataclass
class World:
    """XA and XB, an exporter and an importer, one acknowledged transfer."""

    xa: Jurisdiction = field(default_factory=lambda: Jurisdiction("XA", 31_001))
    xb: Jurisdiction = field(default_factory=lambda: Jurisdiction("XB", 31_002))
    exporter: str = "did:web:exporter.example.xa"
    importer: str = "did:web:importer.example.xb"

    def record(self, name: str = "record", created: int = START + 10, **members: Any) -> Statement:
        """A TransferRecord by the exporter."""
        subject = {
            "exporter": {"did": self.exporter, "id": LEI["exporter"], "jurisdiction": "XA", "scheme": "LEI"},
            "importer": {"did": self.importer, "id": LEI["importer"], "jurisdiction": "XB", "scheme": "LEI"},
            "flow": "outbound",
            "payload": {"commitment": sha256(name.encode()).hexdigest(), "mediaType": "text/plain"},
            **members,
        }
        return make("TransferRecord", subject, self.exporter, "#2026", key("exporter"), created, name=name)

    def acknowledgement(
        self, record: Statement, outcome: str = "accepted", created: int = START + 20, **changes: Any
    ) -> Statement:
        """The importer's word on it."""
        subject = {"record": record.digest.hex(), "outcome": outcome, "at": format_time(created)}
        issuer = changes.get("issuer", self.importer)
        signing = changes.get("signing", key("importer"))
        return make(
            "TransferAcknowledgement",
            subject,
            issuer,
            "#2026",
            signing,
            created,
            name=f"ack {record.id} {outcome}",
        )

    def run(self) -> None:
        """Enrol both, register, acknowledge, and anchor both logs."""
        self.filler()
        self.exporter_enrolment = self.xa.add(
            self.xa.enrol(self.exporter, ["exporter"], [("#2026", key("exporter"))])
        )
        self.importer_enrolment = self.xb.add(
            self.xb.enrol(self.importer, ["importer"], [("#2026", key("importer"))])
        )
        self.subject = self.xa.add(self.record())
        self.ack = self.xb.add(self.acknowledgement(self.subject))
        self.filler()
        self.xa.anchor()
        self.xb.anchor()

    def filler(self) -> None:
        """Entries that are somebody else's."""
        for place in (self.xa, self.xb):
            place.entries += [
                sha256(f"{place.code} {len(place.entries)} {n}".encode()).digest() for n in range(3)
            ]

    def sections(self) -> list[dict[str, Any]]:
        """The two sections of the transfer's bundle."""
        return [
            self.xa.section([("subject", self.subject), ("enrolment", self.exporter_enrolment)]),
            self.xb.section([("acknowledgement", self.ack), ("enrolment", self.importer_enrolment)]),
        ]

    def bundle(
        self, sections: Sequence[Mapping[str, Any]] | None = None, subject: Statement | None = None
    ) -> bytes:
        """Canonical bytes of the bundle."""
        about = (self.subject if subject is None else subject).digest.hex()
        listed = list(self.sections() if sections is None else sections)
        return encode({"format": "evidence-bundle/1", "subject": about, "sections": listed})

    def trust_body(self, **members: Any) -> dict[str, Any]:
        """The trust list's document without signatures."""
        body = {
            "format": "evidence-trust/1",
            "version": 1,
            "issued": format_time(START),
            "nextUpdate": format_time(START + 30 * DAY),
            "publisher": {
                "id": "did:web:trust.example.xa",
                "threshold": 1,
                "keys": [{"id": "#1", "publicKeyMultibase": encode_multikey(key("publisher").public)}],
            },
            "authorities": [self.xa.authority(), self.xb.authority()],
            "logs": [self.xa.trusted_log(), self.xb.trusted_log()],
            "witnesses": [],
            "chains": [self.xa.trusted_chain(), self.xb.trusted_chain()],
            "foreign": [],
            "entries": [],
            "require": {
                "TransferRecord": {"steps": [1, 3, 4, 5, 6, 7, 9], "quorum": 0, "finality": "operator"},
                "ConformityCertificate": {},
            },
        }
        return {**body, **members}

    def trust(self, **members: Any) -> TrustList:
        """The verifier's trust list."""
        return parse_trust_list(sign_trust_list(self.trust_body(**members), {"#1": key("publisher")}))


def world() -> World:
    """A world in which one transfer was registered, acknowledged and anchored on both sides."""
    made = World()
    made.run()
    return made


NOW = START + DAY
