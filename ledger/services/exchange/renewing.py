"""Which of a partner's bundles a newly kept statement makes old: they are pulled anew, so that they carry it.

A bundle about a certificate was made when it was pulled.  What the partner's log says of it later comes by itself, and
nothing that is held here ties both together, so the bundle is asked for again.

Source: docs/spec/exchange.md.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from ledger.store.partners import Kept, Mirror
from ledger.verify.bundle import parse_bundle

MOST: Final = 256
"""Bundles that one statement makes old, at most: beyond it the older ones stay as they are."""
_ATTESTATIONS: Final = ("ConformityCertificate", "Recognition", "IdentityRecognition")
_CERTIFICATE: Final = "ConformityCertificate"
_ACCREDITATION: Final = "Accreditation"


def made_old(kept: Kept, mirror: Mirror) -> list[Kept]:
    """The bundles about attestations of the same log that a statement says something of and that do not carry it."""
    found: dict[bytes, Kept] = {}
    for one in _touched(kept, mirror):
        if one.type in _ATTESTATIONS and one.origin == kept.origin and one.subject != kept.subject:
            found.setdefault(one.subject, one)
    return [one for one in list(found.values())[:MOST] if not _carries(one, kept.subject)]


def _touched(kept: Kept, mirror: Mirror) -> Iterator[Kept]:
    if kept.type == "StatusChange":
        yield from _with_certificates(_own_targets(kept, mirror), mirror)
    elif kept.type == "StatusList":
        yield from _of_issuer(kept.issuer, mirror)
    elif kept.type == "KeyRevocation" and kept.holder is not None:
        yield from _of_issuer(kept.holder, mirror)
    elif kept.type == "Endorsement":
        for text in kept.refers:
            yield from mirror.referring(text, "Recognition", limit=MOST)
        yield from mirror.latest(_CERTIFICATE, limit=MOST)
    elif kept.type in (*_ATTESTATIONS, _ACCREDITATION):  # it may supersede an earlier one
        yield from _with_certificates(_own_targets(kept, mirror), mirror)


def _own_targets(kept: Kept, mirror: Mirror) -> Iterator[Kept]:
    """What a statement refers to, of its own issuer: strangers say nothing that counts."""
    return (one for to in kept.refers for one in mirror.bundles(to) if one.issuer == kept.issuer)


def _of_issuer(issuer: str, mirror: Mirror) -> Iterator[Kept]:
    for kind in (*_ATTESTATIONS, _ACCREDITATION):
        yield from _with_certificates(mirror.latest(kind, issuer=issuer, limit=MOST), mirror)


def _with_certificates(found: Iterable[Kept], mirror: Mirror) -> Iterator[Kept]:
    """The bundles, and those about certificates that rest on an accreditation among them."""
    for one in found:
        yield one
        if one.type == _ACCREDITATION and one.holder is not None:
            yield from mirror.latest(_CERTIFICATE, issuer=one.holder, limit=MOST)


def _carries(one: Kept, digest: bytes) -> bool:
    return any(item.statement.digest == digest for _, item in parse_bundle(one.bundle).items)
