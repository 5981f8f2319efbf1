"""The enrolment request: what a party hands its registrar, with proof that it holds the keys.

Canonical JSON: the subject of the Enrolment it asks for, `"format": "evidence-enrolment-request/1"`, `created`
and `proofs`, one signature by each key in the order of the keys, `{"key": "#fragment", "value": "z…"}`: 64
bytes as z + base58btc, over ASCII `evidence-ledger/enrolment-request/v1` and a line feed, then SHA-256 of the
canonical request without `proofs`.  Not a statement, never logged.  Specified in docs/spec/enrolment.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from ledger.core import canonical
from ledger.core.multibase import base58btc_decode, base58btc_encode
from ledger.core.suites import PublicKey, verify
from ledger.core.times import format_time, parse_time
from ledger.errors import MalformedError, SignatureError
from ledger.statements.enrolment import SHAPE as ENROLMENT
from ledger.statements.enrolment import Enrolment, enrolment_of, key_problems
from ledger.statements.envelope import SIGNATURE, Constant
from ledger.statements.fields import KEY_ID, TIME
from ledger.statements.shape import Array, Object, Problem, StatementInvalidError, problems, rule

if TYPE_CHECKING:
    from ledger.core.signer import Signer

FORMAT: Final = "evidence-enrolment-request/1"
LIMIT: Final = 65_536
"""Most bytes of a request."""
_PREFIX = b"evidence-ledger/enrolment-request/v1\n"


@dataclass(frozen=True, slots=True)
class EnrolmentRequest:
    """A request whose every key was proven to be held by its sender."""

    wanted: Enrolment
    created: int
    """POSIX seconds, as the sender says."""
    subject: dict[str, Any]
    """The subject of the Enrolment that grants it."""


@rule("keys", "proofs")
def _a_proof_for_each_key(request: dict[str, Any], at: str, found: list[Problem]) -> None:
    if [proof["key"] for proof in request["proofs"]] != [key["id"] for key in request["keys"]]:
        detail = "there is one proof for each key, in the order of the keys"
        found.append(Problem(f"{at}/proofs", "proofs-mismatch", detail))


SHAPE = Object(
    {
        **ENROLMENT.required,
        "format": Constant(FORMAT),
        "created": TIME,
        "proofs": Array(
            Object({"key": KEY_ID, "value": SIGNATURE}),
            1,
            16,
            unique="key",
        ),
    },
    rules=(*ENROLMENT.rules, _a_proof_for_each_key),
    note="A party's request to be enrolled, with proof of possession of its keys.",
)


def make(subject: Mapping[str, Any], keys: Mapping[str, "Signer[PublicKey]"], *, created: int) -> bytes:
    """Write a request for the Enrolment `subject`, signed by each of `keys`, by key id.

    Raises:
        MalformedError: `request-invalid`: the fields are not in order, or a private key is not given.
    """
    body = {**subject, "format": FORMAT, "created": format_time(created)}
    message = _message(body)
    wanted = [key["id"] for key in subject["keys"]]
    if set(wanted) - keys.keys():
        raise MalformedError("a private key of the request is not given", code="request-invalid")
    proofs = [{"key": name, "value": base58btc_encode(keys[name].sign(message))} for name in wanted]
    request = {**body, "proofs": proofs}
    _require(problems(SHAPE, request))
    return canonical.encode(request, what="enrolment request")


def parse(data: bytes) -> EnrolmentRequest:
    """Read a request and check every proof of possession.

    Raises:
        MalformedError: The bytes are not canonical, or `request-invalid`: the fields are not in order, or a
            key is one that is refused at enrolment; `problems` lists every error.
        SignatureError: `possession-not-proven`: a key did not sign this request.
    """
    request = canonical.decode(data, limit=LIMIT, what="enrolment request")
    _require(problems(SHAPE, request))
    assert isinstance(request, dict)
    body: dict[str, Any] = {name: value for name, value in request.items() if name != "proofs"}
    wanted = enrolment_of(body)
    refused = key_problems(wanted)
    _require([Problem(at.pointer.removeprefix("/credentialSubject"), at.code, at.detail) for at in refused])
    message = _message(body)
    proofs: Any = request["proofs"]
    for enrolled, proof in zip(wanted.keys, proofs, strict=True):
        try:
            verify(enrolled.key, message, base58btc_decode(proof["value"]))
        except (SignatureError, MalformedError) as fault:
            detail = f"key {enrolled.id} of the enrolment request did not sign it: {fault}"
            raise SignatureError(detail, code="possession-not-proven") from None
    subject = {name: value for name, value in body.items() if name not in {"format", "created"}}
    return EnrolmentRequest(wanted, parse_time(body["created"]), subject)


def _require(found: list[Problem]) -> None:
    if found:
        refused = StatementInvalidError("enrolment request", found)
        refused.code = "request-invalid"
        raise refused


def _message(body: Mapping[str, Any]) -> bytes:
    return _PREFIX + sha256(canonical.encode(dict(body), what="enrolment request")).digest()
