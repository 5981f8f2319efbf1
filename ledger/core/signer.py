"""What signs, wherever its secret is: in this process, or with another that gives out signatures alone."""

from typing import Protocol, TypeVar

Public_co = TypeVar("Public_co", covariant=True)


class Signer(Protocol[Public_co]):
    """A key that signs.

    `Signer[PublicKey]` signs messages, by a suite of statements; `Signer[bytes]` signs digests of 32 bytes as an
    account of a chain does, and is known by its address of 20.
    """

    @property
    def suite(self) -> str:
        """How it signs, by name."""

    @property
    def public(self) -> Public_co:
        """What its signatures are verified with."""

    def sign(self, message: bytes) -> bytes:
        """A signature of the one form that verifiers take.

        Raises:
            SetupError: `signer-failed`, `signer-answer`: whoever holds the secret did not sign.
        """
