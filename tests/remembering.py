"""Answers about signatures, kept while thousands of files are judged that are nearly alike.

Whether a signature is good depends on the key, the message and the signature alone, and most of those in a file that
was changed are those of the file it was made of.  What is kept here is such an answer, by all three; everything else
is judged anew for each file.  The product keeps none.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache, wraps
from typing import Any
from unittest.mock import patch

from ledger.core import attestation, mldsa, secp256k1, suites
from ledger.core.evm import attesters, seals
from ledger.errors import SignatureError

KEPT = 1 << 14
"""Answers of each primitive."""
PRIMITIVES: tuple[tuple[Any, str], ...] = (
    (suites, "_verify_ed25519"),
    (suites, "_verify_p256"),
    (mldsa, "verify"),
    (secp256k1, "recover"),
    (attestation, "recover"),
    (attesters, "recover"),
    (seals, "recover"),
)
"""Where the product looks for them: functions of bytes, which raise nothing but what a signature is refused with."""


def remembering(primitive: Callable[..., Any]) -> Callable[..., Any]:
    """The same function; an answer is kept, a refusal as well."""

    @lru_cache(KEPT)
    def answer(*inputs: bytes) -> Any:
        try:
            return primitive(*inputs)
        except SignatureError as refused:
            return refused

    @wraps(primitive)
    def remembered(*inputs: bytes) -> Any:
        found = answer(*inputs)
        if isinstance(found, SignatureError):
            raise found.with_traceback(None)
        return found

    return remembered


@contextmanager
def answers_kept() -> Iterator[None]:
    """Until the block ends, no signature is checked twice while its answer is kept."""
    with ExitStack() as stack:
        for module, name in PRIMITIVES:
            stack.enter_context(patch.object(module, name, remembering(getattr(module, name))))
        yield
