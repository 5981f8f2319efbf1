"""The members around a subject, in the shape language: for drafts and for JSON Schema.

A signed statement is read by `ledger.core.statement`, which alone decides; this says the same with every
error at once, for a document that its author has not signed yet.
"""

from typing import Any

from ledger.core import statement as core
from ledger.statements.fields import DID, TIME, Code, Text
from ledger.statements.shape import Anything, Object, Problem, Shape

CONTEXT = list(core.CONTEXT)


class Constant(Shape):
    """Exactly this value."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def check(self, value: object, at: str, found: list[Problem]) -> None:
        """Append a problem when `value` is another."""
        if value != self.value:
            found.append(Problem(at, "wrong-form", f"not {self.words()}"))

    def words(self) -> str:
        """The value, for a sentence."""
        return ", ".join(self.value) if isinstance(self.value, list) else str(self.value)

    def schema(self) -> dict[str, Any]:
        """The value as `const`."""
        return {"const": self.value}


ID = Text(
    "urn:uuid: and a UUID in lower case",
    r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    45,
    screened=False,
)
SIGNATURE = Text("64 bytes as z and base58btc", r"z[1-9A-HJ-NP-Za-km-z]{64,88}", 89, screened=False)
PROOF = Object(
    {
        "@context": Constant(CONTEXT),
        "created": TIME,
        "cryptosuite": Code("suites", frozenset({"eddsa-jcs-2022", "ecdsa-jcs-2019"})),
        "proofPurpose": Constant("assertionMethod"),
        "proofValue": SIGNATURE,
        "type": Constant("DataIntegrityProof"),
        "verificationMethod": Text(
            "a DID URL with a fragment", r"did:[^#\s]+#[A-Za-z0-9._~-]{1,64}", 320, screened=False
        ),
    },
    note="W3C Data Integrity proof.",
)


def envelope(name: str, subject: Shape | None = None, *, signed: bool = False) -> Object:
    """The whole document of type `name`; the subject is not looked at unless its shape is given."""
    members: dict[str, Shape] = {
        "@context": Constant(CONTEXT),
        "credentialSubject": subject or Anything(),
        "id": ID,
        "issuer": DID,
        "type": Constant(["VerifiableCredential", name]),
        "validFrom": TIME,
    }
    return Object({**members, "proof": PROOF}) if signed else Object(members, {"proof": PROOF})
