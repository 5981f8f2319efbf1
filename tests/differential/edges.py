"""Signers at the edges of the signature rule: points of small and mixed order, encodings of no or of two points,
scalars out of range.

Each in a bundle that is good but for it, and the few that the rule accepts.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256, sha512
from typing import Any

from ledger.core.ed25519 import ORDER, _add, _decompress, _multiply, _Point
from ledger.core.multibase import base58btc_encode
from ledger.core.note import encode_vkey, make_vkey
from ledger.core.statement import Statement, statement_of
from ledger.core.suites import ECDSA, EDDSA, PublicKey, sign
from tests.differential.changing import published
from tests.differential.process import Case
from tests.simulator import NOW, START, Jurisdiction, World, key

P = 2**255 - 19
BASE = _decompress(bytes([0x58]) + bytes([0x66]) * 31)
TORSION = _decompress(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"))
IDENTITY: _Point = (0, 1, 1, 0)
N_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

Signer = Callable[[bytes], bytes]


def encoded(point: _Point) -> bytes:
    """RFC 8032 encoding."""
    x, y, z, _ = point
    inverse = pow(z, -1, P)
    return (y * inverse % P | (x * inverse % P & 1) << 255).to_bytes(32, "little")


def times(scalar: int, point: _Point | None) -> _Point:
    """A multiple of a point."""
    assert point is not None
    return _multiply(scalar, point) if scalar else IDENTITY


def _scalar(data: bytes) -> int:
    return int.from_bytes(data, "little")


def challenge(r: bytes, a: bytes, message: bytes) -> int:
    """k of the equation."""
    return _scalar(sha512(r + a + message).digest()) % ORDER


@dataclass(frozen=True)
class Edge:
    """A key and how it signs."""

    name: str
    public: PublicKey
    sign: Signer


SECRET = _scalar(sha256(b"edge").digest()) % ORDER
OWN = times(SECRET, BASE)


def _mixed(order: int) -> bytes:
    """Our key and a point of small order."""
    return encoded(_add(OWN, times(8 // order, TORSION)))


def _signs(
    a: bytes, *, twist: int = 0, more: int = 0, r_of: Callable[[_Point], bytes] = encoded, grind: bool = True
) -> Signer:
    """Signatures whose R has `twist` times the eighth part of the torsion that the equation asks, s has `more`."""

    def signer(message: bytes) -> bytes:
        for attempt in range(400):
            nonce = (
                _scalar(sha512(b"nonce" + message + bytes([attempt % 256, attempt // 256])).digest()) % ORDER
            )
            point = _add(times(nonce, BASE), times(twist % 8, TORSION))
            r = r_of(point)
            k = challenge(r, a, message)
            if not grind or (k + twist) % 8 == 0:
                s = (nonce + k * SECRET) % ORDER + more
                return r + (s % 2**256).to_bytes(32, "little")
        raise AssertionError("no nonce would do")

    return signer


def _small() -> Iterator[tuple[str, bytes]]:
    """Points of small order in all their encodings."""
    for n in range(8):
        point = encoded(times(n, TORSION))
        yield f"{n} eighths", point
        y = _scalar(point) & (2**255 - 1)
        if y + P < 2**255:
            for high in (0, 1):
                yield f"{n} eighths, not reduced, {high}", (y + P | high << 255).to_bytes(32, "little")
    yield "identity, other sign", (1 | 1 << 255).to_bytes(32, "little")
    yield "minus one, other sign", (P - 1 | 1 << 255).to_bytes(32, "little")


def eddsa() -> Iterator[Edge]:
    """Keys and signatures of Ed25519."""
    own = encoded(OWN)

    def edge(name: str, a: bytes, signer: Signer) -> Edge:
        return Edge(name, PublicKey(EDDSA, a), signer)

    yield edge("plain", own, _signs(own, grind=False))
    for more in (ORDER, 2 * ORDER, 2**255, 2**253):
        yield edge(f"s and {more:#x}", own, _signs(own, more=more, grind=False))
    for order, twists in ((2, (0, 4)), (4, (0, 2)), (8, range(8))):
        mixed = _mixed(order)
        for twist in twists:
            # R = rB + twist T, and k T is -twist T (of order 8): only then the equation holds without cofactor.
            yield edge(f"mixed {order}, twist {twist}", mixed, _signs(mixed, twist=twist))
            yield edge(f"mixed {order}, twist {twist}, any k", mixed, _signs(mixed, twist=twist, grind=False))
    for twist in range(1, 8):
        yield edge(f"R twisted by {twist}", own, _signs(own, twist=twist, grind=False))
    for name, small in _small():
        yield edge(f"small key: {name}", small, lambda m, a=small: _of_small(a, m))
        yield edge(f"small R: {name}", own, lambda m, r=small: _small_r(r, own, m))
        yield edge(f"both small: {name}", small, lambda _, r=small: r + bytes(32))
    for y in (2, 3, 5, P, P + 1, P + 3, 2**255 - 1, 2**255 + 2):
        a = (y % 2**256).to_bytes(32, "little")
        yield edge(f"y {y:#x}", a, lambda m, a=a: _small_r(encoded(BASE or IDENTITY), a, m))
        yield edge(f"R {y:#x}", own, lambda m, r=a: _small_r(r, own, m))
    for s in (0, ORDER - 1, ORDER, ORDER + 1, 2**256 - 1):
        yield edge(f"s {s:#x}", own, lambda _, s=s: own + s.to_bytes(32, "little"))
    yield edge("nothing", own, lambda _: bytes(64))


def _of_small(a: bytes, message: bytes) -> bytes:
    """For a key of small order: s = r, and k a multiple of 8, so that the equation holds by itself."""
    for attempt in range(200):
        nonce = _scalar(sha512(message + bytes([attempt])).digest()) % ORDER
        r = encoded(times(nonce, BASE))
        if challenge(r, a, message) % 8 == 0:
            return r + nonce.to_bytes(32, "little")
    return bytes(64)


def _small_r(r: bytes, a: bytes, message: bytes) -> bytes:
    """With R given: s = k a, which holds where R is the identity."""
    return r + (challenge(r, a, message) * SECRET % ORDER).to_bytes(32, "little")


def ecdsa() -> Iterator[Edge]:
    """Keys and signatures of P-256."""
    own = key("edge p256", ECDSA)

    def edge(name: str, change: Callable[[int, int], tuple[int, int]]) -> Edge:
        def signer(message: bytes) -> bytes:
            signed = sign(own, message)
            r, s = change(int.from_bytes(signed[:32]), int.from_bytes(signed[32:]))
            return (r % 2**256).to_bytes(32) + (s % 2**256).to_bytes(32)

        return Edge(f"P-256 {name}", own.public, signer)

    yield edge("plain", lambda r, s: (r, s))
    yield edge("high s", lambda r, s: (r, N_P256 - s))
    for name, value in (
        ("0", 0),
        ("n", N_P256),
        ("n - 1", N_P256 - 1),
        ("half", N_P256 // 2),
        ("all", 2**256 - 1),
    ):
        yield edge(f"r {name}", lambda _, s, v=value: (v, s))
        yield edge(f"s {name}", lambda r, _, v=value: (r, v))
    yield edge("s and n", lambda r, s: (r, s + N_P256))
    yield edge("r and n", lambda r, s: (r + N_P256, s))
    raw = own.public.raw
    signer = edge("plain", lambda r, s: (r, s)).sign
    yield Edge("P-256 other y", PublicKey(ECDSA, bytes([raw[0] ^ 1]) + raw[1:]), signer)
    for x in (0, 1, 5, 2**256 - 1, 2**256 - 2**224 + 2**192 + 2**96 - 1):
        yield Edge(f"P-256 x {x:#x}", PublicKey(ECDSA, b"\2" + x.to_bytes(32)), signer)


def signed_by(statement: Statement, edge: Edge) -> Statement:
    """The statement with the signature of an edge, of that key's suite."""
    document: dict[str, Any] = {**statement.document, "proof": {**statement.document["proof"]}}  # type: ignore[dict-item] # JSON
    document["proof"]["cryptosuite"] = edge.public.suite
    document["proof"]["proofValue"] = base58btc_encode(bytes(64))
    document["proof"]["proofValue"] = base58btc_encode(edge.sign(statement_of(document).message))
    return statement_of(document)


@dataclass(frozen=True)
class _Held:
    """A key of which only the public part is asked."""

    public: PublicKey


def _world_of(edge: Edge) -> World:
    """A world whose exporter signs so."""
    made = World()
    made.filler()
    held: Any = _Held(edge.public)
    made.exporter_enrolment = made.xa.add(made.xa.enrol(made.exporter, ["exporter"], [("#2026", held)]))
    made.importer_enrolment = made.xb.add(
        made.xb.enrol(made.importer, ["importer"], [("#2026", key("importer"))])
    )
    made.subject = made.xa.add(signed_by(made.record(), edge))
    made.ack = made.xb.add(made.acknowledgement(made.subject))
    made.filler()
    made.xa.anchor()
    made.xb.anchor()
    return made


def cases() -> Iterator[Case]:
    """A bundle for each edge: its exporter signs so, or its registrar, or its log."""
    for edge in (*eddsa(), *ecdsa()):
        made = _world_of(edge)
        yield Case(f"exporter: {edge.name}", made.bundle(), published(made.trust_body()), {"now": NOW})
    for edge in eddsa():
        yield _of_log(edge)


def _of_log(edge: Edge) -> Case:
    """The log's own line of type 0x01, and a witness's of type 0x04, are by the edge."""
    made = World()
    made.run()
    sections = made.sections()
    listed = made.xa.trusted_log()
    own = make_vkey(made.xa.origin, 1, edge.public.raw)
    listed["vkeys"] = [encode_vkey(own) if one.endswith(_ed(made.xa)) else one for one in listed["vkeys"]]
    note = sections[0]["checkpoint"]
    text, _, lines = note.partition("\n\n")
    rest = [line for line in lines.splitlines() if not line.startswith(_line(made.xa))]
    signed = b64encode(own.key_id + edge.sign((text + "\n").encode())).decode()
    witness = make_vkey("edge", 4, edge.public.raw)
    moment = START + 120
    told = f"cosignature/v1\ntime {moment}\n{text}\n".encode()
    cosigned = b64encode(witness.key_id + moment.to_bytes(8) + edge.sign(told)).decode()
    own_line, witness_line = f"\N{EM DASH} {made.xa.origin} {signed}", f"\N{EM DASH} edge {cosigned}"
    sections[0]["checkpoint"] = f"{text}\n\n" + "".join(
        f"{line}\n" for line in (own_line, *rest, witness_line)
    )
    witnesses = [{"vkey": encode_vkey(witness), "organisation": "did:web:org-e.example"}]
    trust = published(made.trust_body(logs=[listed, made.xb.trusted_log()], witnesses=witnesses))
    return Case(f"log: {edge.name}", made.bundle(sections), trust, {"now": NOW})


def _ed(place: Jurisdiction) -> str:
    """The end of the written form of a log's key of type 0x01."""
    return encode_vkey(place.signer.vkeys[0])[-24:]


def _line(place: Jurisdiction) -> str:
    """The beginning of the log's line of type 0x01: three bytes of the key id, in base64."""
    return f"\N{EM DASH} {place.origin} {b64encode(place.signer.vkeys[0].key_id).decode()[:4]}"
