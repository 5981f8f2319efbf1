"""Signed requests (RFC 9421): what must hold before anything of a request is believed, in the order it is asked.

One signature with our tag; exactly the parameters and components of the profile; for this node; not older than five
minutes; by a key that counts, under the algorithm of that key; a nonce that the key did not use before.  All of it
before the body is read; then the body, bounded, against its digest.

Source: docs/spec/request-signatures.md.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, NoReturn

import http_sf
from http_message_signatures import ContentDigest, HTTPMessageVerifier, HTTPSignatureKeyResolver
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from ledger.core.suites import PublicKey
from ledger.core.times import format_time
from ledger.errors import LedgerError, MalformedError
from ledger.remote.signing import ALGORITHMS, COVERED, LIFE, OF_A_BODY, TAG, Asked
from ledger.services.node.callers import Caller, CallerError, KeyRecord
from ledger.store.requests import Requests

FIELDS: Final = ("signature-input", "signature")
FIELDS_LIMIT: Final = 8 * 1024
"""Most characters of both fields together."""
BODY_LIMIT: Final = 1024 * 1024
"""Most bytes of a signed body."""
DRIFT: Final = 60
"""Seconds by which the clock of who signs may be ahead."""
KEPT: Final = 600
"""Seconds for which a nonce is kept beyond its signature's end: the clocks of a node's processes may differ."""

_PARAMETERS: Final = frozenset({"created", "expires", "keyid", "nonce", "tag"})
_NONCE: Final = re.compile("[A-Za-z0-9_-]{22,64}")
_KEY: Final = re.compile(r"did:[!-\"$-~]{1,240}#[A-Za-z0-9._-]{1,128}")
_NAME: Final = re.compile("[!-~]{1,128}")


@dataclass(frozen=True, slots=True)
class Signed:
    """A request whose signature counts.

    Attributes:
        once: Its `Idempotency-Key`; "" where it has no body.
        digest: Its `Content-Digest`; None likewise, and not where it is empty.
    """

    caller: Caller
    once: str = ""
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a signature says of itself."""

    label: str
    created: int
    expires: int
    keyid: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Gate:
    """What requests are held against.

    Attributes:
        ours: Whether an authority, `host:port`, is this node's.
        keys: The keys that a verification method may name; see `Callers.of`.
        requests: The nonces that were used.
    """

    ours: Callable[[str], bool]
    keys: Callable[..., list[KeyRecord]]
    requests: Requests

    def check(self, asked: Asked, authority: str, *, has_body: bool, now: int) -> Signed:
        """Who signed a request.

        Args:
            asked: As it came; its address as the client wrote it.
            authority: Of that address.
            has_body: Whether it may have one.
            now: POSIX seconds.

        Raises:
            CallerError: `caller-unsigned` and the codes of the profile.
            MalformedError: `idempotency-key-missing`.
        """
        fields = _lines(asked)
        found = parameters_of(fields, has_body=has_body)
        if not self.ours(authority):
            raise CallerError(
                f"the request is signed for {authority[:255]}, which is no address of this node",
                code="caller-authority",
            )
        check_times(found, now)
        records = self.keys(found.keyid, created=found.created, now=now)
        if not records:
            raise CallerError(f"this node knows no key {found.keyid}", code="caller-key-unknown")
        signing = [one for one in records if _verifies(asked, one.key)]
        if not signing:
            raise CallerError(
                f"the key {found.keyid} did not sign this request as it came", code="caller-signature"
            )
        caller = _whole(signing)
        until = found.expires + KEPT
        used = self.requests.use(found.keyid, found.nonce, until=until, now=now)
        if used == "again":
            raise CallerError(
                f"the nonce {found.nonce} of {found.keyid} was used before", code="caller-replayed"
            )
        if used == "forgotten":
            raise CallerError(
                f"the signature of {format_time(found.created)} is of a time whose nonces this node no longer knows:"
                " its clock was set back; sign anew once it goes right",
                code="caller-forgotten",
            )
        if not has_body:
            return Signed(caller)
        return Signed(caller, fields["idempotency-key"][0], fields["content-digest"][0])


def parameters_of(fields: Mapping[str, Sequence[str]], *, has_body: bool) -> Parameters:
    """What the one signature with our tag says of itself, once it is of the profile.

    Args:
        fields: By name in lower case, each with its lines.

    Raises:
        CallerError, MalformedError: As `Gate.check`.
    """
    texts = [", ".join(fields.get(name, ())) for name in FIELDS]
    if not any(texts):
        raise CallerError("what is asked for is private: sign the request (RFC 9421)", code="caller-unsigned")
    if sum(map(len, texts)) > FIELDS_LIMIT:
        raise _malformed(f"have more than {FIELDS_LIMIT} characters")
    inputs = [(label, *member) for label, member in _dictionary(texts[0]).items()]
    ours = [one for one in inputs if isinstance(one[1], list) and one[2].get("tag") == TAG]
    if not ours:
        raise CallerError(f'no signature of the request has the tag "{TAG}"', code="caller-tag")
    if len(ours) > 1:
        raise CallerError(f'{len(ours)} signatures have the tag "{TAG}"; one is read', code="caller-several")
    label, components, parameters = ours[0]
    if "alg" in parameters:
        raise CallerError(
            'the signature names an algorithm; it follows from the key, leave "alg" out',
            code="caller-algorithm",
        )
    _require_coverage(components, fields, has_body=has_body)
    return _parameters(label, parameters)


def check_times(found: Parameters, now: int) -> None:
    """Refuse a signature that is not of the last minutes.

    Raises:
        CallerError: `caller-lifetime`, `caller-future`, `caller-expired`.
    """
    if not 0 < found.expires - found.created <= LIFE:
        raise CallerError(
            f"the signature is for {found.expires - found.created} s; 1 to {LIFE} are taken",
            code="caller-lifetime",
        )
    if found.created > now + DRIFT:
        raise CallerError(
            f"the signature is of {found.created - now} s in the future, by this node's clock",
            code="caller-future",
        )
    if now >= found.expires:
        raise CallerError(f"the signature ended {now - found.expires} s ago", code="caller-expired")


def check_body(signed: Signed, body: bytes) -> bytes:
    """SHA-256 of a body that has the digest which was signed.

    Raises:
        CallerError: `caller-digest`.
    """
    try:
        ContentDigest.verify(signed.digest or "", body)
    except HTTPMessageSignaturesException:
        raise CallerError(
            "the body does not have the content digest that was signed", code="caller-digest"
        ) from None
    return sha256(body).digest()


def _require_coverage(components: list[Any], fields: Mapping[str, Sequence[str]], *, has_body: bool) -> None:
    wanted = COVERED + OF_A_BODY if has_body else COVERED
    if has_body and "idempotency-key" not in fields:
        raise MalformedError(
            "a signed request with a body has an Idempotency-Key, which its caller makes anew for each",
            code="idempotency-key-missing",
        )
    plain = [name for name, parameters in components if not parameters]
    if len(plain) != len(components) or sorted(map(str, plain)) != sorted(wanted):
        raise CallerError(
            f"the signature must cover exactly {' '.join(wanted)}, without parameters", code="caller-coverage"
        )
    for name in OF_A_BODY if has_body else ():
        if len(fields.get(name, ())) != 1:
            raise CallerError(f"the request must have one field {name}", code="caller-coverage")
    if has_body and not _NAME.fullmatch(fields["idempotency-key"][0]):
        raise MalformedError(
            "an Idempotency-Key has 1 to 128 printable characters", code="idempotency-key-missing"
        )


def _parameters(label: str, told: Mapping[str, object]) -> Parameters:
    if told.keys() != _PARAMETERS:
        raise _malformed(f"must have exactly the parameters {' '.join(sorted(_PARAMETERS))}")
    created, expires, keyid, nonce = (told[name] for name in ("created", "expires", "keyid", "nonce"))
    if type(created) is not int or type(expires) is not int or not 0 <= created < 2**40:
        raise _malformed("have a time that is none")
    if type(keyid) is not str or _KEY.fullmatch(keyid) is None:
        raise _malformed("have a keyid that is no verification method, did:…#…")
    if type(nonce) is not str or _NONCE.fullmatch(nonce) is None:
        raise _malformed("have a nonce that is not 22 to 64 characters of base64url")
    return Parameters(label, created, expires, keyid, nonce)


def _dictionary(text: str) -> dict[str, Any]:
    def twice(key: str, context: str) -> NoReturn:
        raise _malformed(f"name a {context} twice, {key}")

    try:
        found = http_sf.parse(text.encode("ascii"), tltype="dictionary", on_duplicate_key=twice)
    except (ValueError, TypeError, RecursionError):
        raise _malformed("are no dictionaries (RFC 9651)") from None
    if not isinstance(found, dict):
        raise _malformed("are no dictionaries (RFC 9651)")
    return found


def _verifies(asked: Asked, key: PublicKey) -> bool:
    verifier = _Verifier(signature_algorithm=ALGORITHMS[key.suite], key_resolver=_One(key))
    try:
        return len(verifier.verify(asked, max_age=None, expect_tag=TAG)) == 1
    except (HTTPMessageSignaturesException, LedgerError, ValueError):
        return False


def _whole(signing: Sequence[KeyRecord]) -> Caller:
    """The caller under all records of the key that count; they are of one holder."""
    counting = [one.caller for one in signing if one.fault is None]
    if not counting:
        raise next(one.fault for one in signing if one.fault is not None)
    first = counting[0]
    roles = frozenset().union(*(one.roles for one in counting if one.jurisdiction == first.jurisdiction))
    return Caller(first.did, roles, first.jurisdiction)


def _lines(asked: Asked) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in asked.headers.items():
        fields.setdefault(name.lower(), []).append(value.strip(" \t"))
    return fields


def _malformed(fault: str) -> CallerError:
    return CallerError(f"the fields Signature-Input and Signature {fault}", code="caller-malformed")


class _One(HTTPSignatureKeyResolver):
    """The key that is tried."""

    def __init__(self, key: PublicKey) -> None:
        self._key = key

    def resolve_public_key(self, key_id: str) -> PublicKey:
        """The key; whose it is was looked up before."""
        del key_id
        return self._key

    def resolve_private_key(self, key_id: str) -> NoReturn:
        """Never asked."""
        raise NotImplementedError(key_id)


class _Verifier(HTTPMessageVerifier):
    """The library's, with times left to `check_times`, which asks the node's own clock."""

    def validate_created_and_expires(self, sig_input: object, max_age: object = None) -> None:
        """Nothing."""
