"""Every error this package raises on purpose.

    LedgerError
    ├── MalformedError        the bytes are not in the format they claim to be
    ├── VerificationError     well-formed, and false
    │   ├── ProofError            a Merkle or trie path does not reach the stated root
    │   ├── SignatureError        a known key rejects the signature, or no known key made it
    │   └── QuorumError           too few trusted witnesses
    ├── RefusedError          true, and not allowed by the rules of this node or of the user's own trust
    ├── StoreError            the database said no
    │   ├── NotFoundError
    │   └── ConflictError         another writer moved the log head first, or the name is taken
    ├── ChainError            a chain could not be read or written; says nothing about the evidence
    ├── RemoteError           another node could not be reached or answered nonsense
    └── SetupError            this installation is not usable as configured: home, keys, port, disk

An error carries a stable kebab-case `code` that programs may branch on, and a message for people that
says what was found, what was required, and of which thing.  Messages never hold secrets, personal data
or content.  Errors know nothing of logging, exit codes or HTTP.
"""


class LedgerError(Exception):
    """Root of the tree.

    Args:
        message: For people; lower case, no full stop.
        code: Stable name of the cause; each class has a default.
        pointer: RFC 6901 JSON pointer of the member at fault, when the input is JSON.
        offset: Byte offset of the first byte at fault, when known.
    """

    default_code = "error"

    def __init__(
        self, message: str, *, code: str | None = None, pointer: str | None = None, offset: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code if code is not None else self.default_code
        self.pointer = pointer
        self.offset = offset


class MalformedError(LedgerError):
    """The bytes are not in the format they claim to be; nothing else was looked at."""

    default_code = "malformed"


class VerificationError(LedgerError):
    """Well-formed, and false."""

    default_code = "verification-failed"


class ProofError(VerificationError):
    """A Merkle or trie path does not lead to the stated root."""

    default_code = "proof-invalid"


class SignatureError(VerificationError):
    """A known key rejects the signature, or no known key made it."""

    default_code = "signature-invalid"


class QuorumError(VerificationError):
    """Too few trusted witnesses, attesters or publisher keys signed."""

    default_code = "quorum-missing"


class RefusedError(LedgerError):
    """True, and not allowed by the rules in force here."""

    default_code = "refused"


class StoreError(LedgerError):
    """The database said no; what was acknowledged before is unaffected."""

    default_code = "store-failed"


class NotFoundError(StoreError):
    """Nothing is stored under this name."""

    default_code = "not-found"


class ConflictError(StoreError):
    """Another writer was first, or the name is taken by something else."""

    default_code = "conflict"


class ChainError(LedgerError):
    """A chain could not be read or written; says nothing about the evidence."""

    default_code = "chain-unavailable"


class RemoteError(LedgerError):
    """Another node could not be reached, or its answer does not hold."""

    default_code = "remote-unavailable"


class SetupError(LedgerError):
    """This installation cannot run as configured."""

    default_code = "setup"
