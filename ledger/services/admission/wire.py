"""What a node and its admission workers say to each other, over two pipes.

A frame is its length in four bytes, big-endian, and that many bytes.  The node sends a batch: one line of JSON,
`{"now", "wanted", "changed", "sizes"}`, and the documents one after another.  The worker answers with a list of
verdicts, one a document, in order; before that it may ask for a party, `{"ask": did}`, and is told it.  What goes
over the pipes is data: nothing in it is run.
"""

from collections.abc import Sequence
from typing import IO, Any, Final

import orjson

from ledger import errors
from ledger.core.suites import PublicKey
from ledger.errors import LedgerError
from ledger.services.admission.admit import Party, Verdict
from ledger.statements.shape import Problem, StatementInvalidError
from ledger.store.rows import NewStatement
from ledger.verify.keyrule import Grant, Revocation

_LENGTH: Final = 4
_KINDS: Final[dict[str, type[LedgerError]]] = {
    kind.__name__: kind
    for kind in [*vars(errors).values(), StatementInvalidError]
    if isinstance(kind, type) and issubclass(kind, LedgerError)
}


def send(pipe: IO[bytes], frame: bytes) -> None:
    """Write a frame.

    Raises:
        OSError: Nobody reads it.
    """
    pipe.write(len(frame).to_bytes(_LENGTH))
    pipe.write(frame)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes:
    """Read a frame, waiting for it.

    Raises:
        EOFError: There is no further one, or it is cut off.
    """
    head = pipe.read(_LENGTH)
    size = int.from_bytes(head)
    frame = pipe.read(size) if len(head) == _LENGTH else b""
    if len(head) != _LENGTH or len(frame) != size:
        raise EOFError
    return frame


def encode_batch(
    documents: Sequence[bytes], *, now: int, wanted: str | None, changed: frozenset[str] | None
) -> bytes:
    """A batch.

    Args:
        changed: Parties of whom something new is known since the last batch; None: anybody.
    """
    head = {
        "now": now,
        "wanted": wanted,
        "changed": None if changed is None else list(changed),
        "sizes": [len(data) for data in documents],
    }
    return b"".join([orjson.dumps(head), b"\n", *documents])


def decode_batch(frame: bytes) -> tuple[list[bytes], int, str | None, list[str] | None]:
    """Documents, time, the type wanted and the parties changed, of a batch."""
    at = frame.index(b"\n") + 1
    head = orjson.loads(frame[:at])
    documents = []
    for size in head["sizes"]:
        documents.append(frame[at : at + size])
        at += size
    return documents, head["now"], head["wanted"], head["changed"]


def encode_verdict(verdict: Verdict) -> list[Any]:
    """A verdict as JSON; the document itself stays where it came from."""
    row, refusal, digest = verdict
    if row is not None:
        record = None if row.record is None else row.record.hex()
        return [
            row.digest.hex(),
            row.issuer,
            row.statement_id,
            row.type,
            row.created,
            row.party,
            record,
            row.reference,
            [[relation, target.hex()] for relation, target in row.edges],
        ]
    assert refusal is not None
    return [None if digest is None else digest.hex(), encode_error(refusal)]


def decode_verdict(told: list[Any], data: bytes) -> Verdict:
    """The inverse of `encode_verdict`, about the document `data`."""
    if len(told) == 2:  # noqa: PLR2004 - a refusal
        digest, refusal = told
        return Verdict(
            refusal=decode_error(*refusal), digest=None if digest is None else bytes.fromhex(digest)
        )
    digest, issuer, statement_id, kind, created, party, record, reference, edges = told
    return Verdict(
        NewStatement(  # by place, since every line of a stream passes here
            bytes.fromhex(digest),
            issuer,
            statement_id,
            kind,
            created,
            data,
            party,
            None if record is None else bytes.fromhex(record),
            reference,
            tuple([(relation, bytes.fromhex(target)) for relation, target in edges]),
        )
    )


def encode_party(party: Party) -> bytes:
    """What is known of a party."""
    grants = [
        [
            *(grant.holder, grant.key_id, grant.key.suite, grant.key.raw.hex(), grant.begins, grant.ends),
            *(sorted(grant.roles), grant.jurisdiction, grant.granted_by, grant.revoked_at, grant.identifiers),
        ]
        for grant in party.grants
    ]
    return orjson.dumps([grants, [list(one) for one in party.revocations]])


def decode_party(frame: bytes) -> Party:
    """The inverse of `encode_party`."""
    grants, revocations = orjson.loads(frame)
    return Party(
        tuple(_grant(*told) for told in grants),
        tuple(Revocation(*told) for told in revocations),
    )


def _grant(
    holder: str,
    key_id: str,
    suite: Any,
    raw: str,
    begins: int,
    ends: int,
    roles: list[str],
    jurisdiction: str,
    granted_by: str | None,
    revoked_at: int | None,
    identifiers: list[list[str]],
) -> Grant:
    return Grant(
        holder=holder,
        key_id=key_id,
        key=PublicKey(suite, bytes.fromhex(raw)),
        begins=begins,
        ends=ends,
        roles=frozenset(roles),
        jurisdiction=jurisdiction,
        granted_by=granted_by,
        revoked_at=revoked_at,
        identifiers=tuple((scheme, name) for scheme, name in identifiers),
    )


def encode_error(error: LedgerError) -> list[Any]:
    """An error as JSON."""
    problems = [list(one) for one in error.problems] if isinstance(error, StatementInvalidError) else None
    return [type(error).__name__, str(error), error.code, error.pointer, error.offset, problems]


def decode_error(
    kind: str,
    message: str,
    code: str,
    pointer: str | None,
    offset: int | None,
    problems: list[list[str]] | None,
) -> LedgerError:
    """The inverse of `encode_error`."""
    made = _KINDS[kind].__new__(_KINDS[kind])
    LedgerError.__init__(made, message, code=code, pointer=pointer, offset=offset)
    if isinstance(made, StatementInvalidError):
        made.problems = tuple(Problem(*told) for told in problems or ())
    return made
