"""Entries of jurisdictions in a trust list: what a list may make of what a jurisdiction says of itself.

A list that carries an entry says of that jurisdiction what the entry says, or less: fewer authorities, roles, keys,
logs and chains, shorter dates, more revocations.  Whoever reads the list can so compare it with the jurisdiction's own
signed word.

Source: docs/spec/trust-list.md.
"""

from collections.abc import Iterator
from typing import NamedTuple

from ledger.core.members import Members
from ledger.core.statement import Statement, parse_statement, verify_statement
from ledger.core.times import format_time
from ledger.core.trust import Authority, AuthorityKey, Chain, LogKeys, TrustList
from ledger.core.trust.listed import LISTED, Listed, read_listed
from ledger.errors import MalformedError, RefusedError, VerificationError
from ledger.statements import jurisdiction


class Entry(NamedTuple):
    """A JurisdictionEntry that one of its own registrars signed; its digest is what people compare.

    Attributes:
        listed: Whom and what it names, as a trust list would.
        node: Where the jurisdiction's node is, where it says so.
        attester: Address, `0x…`, that its node attests others' chains with, where it says so.
        supersedes: Digest of the entry before, where it says so.
    """

    statement: Statement
    jurisdiction: str
    listed: Listed
    node: str | None
    supersedes: bytes | None
    attester: str | None = None


def read_entry(data: bytes) -> Entry:
    """Read an entry, and check that a key which it names for a registrar of its own signed it.

    That shows who wrote it as far as the entry itself says, and no more: its digest is compared by another way.

    Raises:
        MalformedError: Not a JurisdictionEntry, or its fields are not in order.
        SignatureError: The key did not sign it.
        VerificationError: `entry-signer`: the entry does not name the key, or not for that time.
    """
    statement = parse_statement(data)
    found = jurisdiction.read(statement, screened=False)
    members = {name: found.subject[name] for name in LISTED}
    listed = read_listed(
        Members(members, what="jurisdiction entry", pointer="/credentialSubject", required=LISTED)
    )
    registrar = listed.authorities.get(statement.issuer)
    key = None if registrar is None else registrar.keys.get(statement.key_id)
    if registrar is None or "registrar" not in registrar.roles or key is None:
        raise VerificationError(
            f"the entry of {found.jurisdiction} is signed with {statement.verification_method},"
            " which it does not name as a key of a registrar",
            code="entry-signer",
        )
    if not key.valid_from <= statement.created < key.valid_until or key.revoked_at is not None:
        raise VerificationError(
            f"the entry of {found.jurisdiction} is signed at {format_time(statement.created)} with"
            f" {statement.verification_method}, which by itself is revoked or not for that time",
            code="entry-signer",
        )
    verify_statement(statement, key.key)
    supersedes = found.subject.get("supersedes")
    return Entry(
        statement,
        found.jurisdiction,
        listed,
        found.subject.get("node"),
        None if supersedes is None else bytes.fromhex(supersedes),
        found.subject.get("attester"),
    )


def require_within_entries(trust: TrustList) -> None:
    """Check each entry that a list carries, and that the list says no more of its jurisdiction than it does.

    Raises:
        MalformedError, SignatureError, VerificationError: As `read_entry`; or two entries are of one jurisdiction
            (`entry-twice`).
        RefusedError: `entry-exceeded`, naming the first that goes beyond.

    Cost: a signature for each entry; nothing for a list without any.
    """
    seen: set[str] = set()
    for data in trust.entries:
        entry = read_entry(data)
        if entry.jurisdiction in seen:
            raise MalformedError(
                f"the trust list carries two entries of {entry.jurisdiction}", code="entry-twice"
            )
        seen.add(entry.jurisdiction)
        for beyond in _beyond(trust, entry):
            raise RefusedError(
                f"the trust list says more of {entry.jurisdiction} than the entry {entry.statement.digest.hex()}"
                f" that it carries: {beyond}",
                code="entry-exceeded",
            )


def _beyond(trust: TrustList, entry: Entry) -> Iterator[str]:
    """What the list has and the entry does not grant, in words."""
    told = entry.listed
    for authority in trust.authorities.values():
        if authority.jurisdiction == entry.jurisdiction:
            yield from _of_authority(authority, told.authorities.get(authority.id))
    for log in trust.logs.values():
        if log.jurisdiction == entry.jurisdiction:
            yield from _of_log(log, told.logs.get(log.origin))
    for chain in trust.chains.values():
        # A chain is of no jurisdiction: one that the entry does not name is nothing that it speaks of.
        if chain.id in told.chains:
            yield from _of_chain(chain, told.chains[chain.id])
    organisations = {witness.vkey.key: witness.organisation for witness in told.witnesses}
    for witness in trust.witnesses:
        if organisations.get(witness.vkey.key, witness.organisation) != witness.organisation:
            yield f"witness {witness.vkey.name} for another organisation"


def _of_authority(mine: Authority, told: Authority | None) -> Iterator[str]:
    if told is None:
        yield f"authority {mine.id}"
        return
    for role in sorted(mine.roles - told.roles):
        yield f"role {role} of {mine.id}"
    for key in mine.keys.values():
        yield from (f"{fault} of key {mine.id}{key.id}" for fault in _of_key(key, told.keys.get(key.id)))


def _of_key(mine: AuthorityKey, told: AuthorityKey | None) -> Iterator[str]:
    if told is None or mine.key != told.key:
        yield "the public half"
        return
    if mine.valid_from < told.valid_from or mine.valid_until > told.valid_until:
        yield "longer dates"
    if told.revoked_at is not None and (mine.revoked_at is None or mine.revoked_at > told.revoked_at):
        yield f"no revocation from {format_time(told.revoked_at)}"


def _of_log(mine: LogKeys, told: LogKeys | None) -> Iterator[str]:
    if told is None:
        yield f"log {mine.origin}"
        return
    if mine.operator != told.operator:
        yield f"another operator of log {mine.origin}"
    if not set(mine.vkeys) <= set(told.vkeys) or not set(mine.head_keys) <= set(told.head_keys):
        yield f"a key of log {mine.origin}"


def _of_chain(mine: Chain, told: Chain) -> Iterator[str]:
    same = ("genesis", "anchor", "code_hash", "consensus")
    if any(getattr(mine, name) != getattr(told, name) for name in same):
        yield f"another identity of chain {mine.id}"
    if mine.operator is not None and mine.operator != told.operator:
        yield f"an operator of chain {mine.id}"
    if not set(mine.attesters) <= set(told.attesters) or not set(mine.validators) <= set(told.validators):
        yield f"an attester or validator of chain {mine.id}"
