"""In whose name a node asks its partners' nodes: with the key that it cosigns with, which its entry names.

Source: docs/spec/request-signatures.md.
"""

from functools import cache

from ledger.core.suites import EDDSA, PrivateKey, encode_multikey
from ledger.remote.exchange import Calling
from ledger.services.home.folder import Home


def calling_of(home: Home) -> Calling:
    """How the node of a home asks others."""
    return _calling(home.settings.operator, home.keys.witness.secret)


@cache
def _calling(operator: str, secret: bytes) -> Calling:
    from ledger.remote.signing import RequestSigner  # a node without partners needs no signer

    private = PrivateKey(EDDSA, secret)
    return Calling(RequestSigner(private, f"{operator}#{encode_multikey(private.public)}"), guarded=True)
