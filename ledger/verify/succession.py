"""A LogSuccession: whether it stands where it must, what it shows is signed, and what it says in plain words.

Loaded only where there is one.  Who signed it is step 3's business, as of every statement; where the successor is not
in the trust list, the signer is asked by the keys of the authority all the same: the log that ended may be.

Source: docs/spec/log-succession.md.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from ledger.core.checkpoint import Checkpoint, verify_cosignature
from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.core.trust import TrustList
from ledger.core.trust.values import LogKeys
from ledger.core.witness import verify_plain_lines
from ledger.errors import LedgerError, VerificationError
from ledger.statements.log_succession import KIND, LogSuccession, Seen, read
from ledger.verify.bundle import Item
from ledger.verify.keyrule import Grant, Times, author_of, authority_grants
from ledger.verify.notes import open_note
from ledger.verify.report import Check
from ledger.verify.sections import Examined


def check_succession(
    item: Item, at: Examined, examined: Sequence[Examined], trust: TrustList, now: int
) -> tuple[list[Check], list[str]]:
    """What fails of a notice in a bundle, as lines of step 3; and what a reader is told.

    Args:
        item: The notice.
        at: Its section.
        examined: All sections at hand; those of the log that ended show what it had.
        trust: Whom the verifier believes.
        now: POSIX seconds.
    """
    notice = read(item.statement, screened=False)
    told = list(in_words(notice))
    try:
        _require_place(notice, item, at)
        if at.log is None:
            told.append(_alone(succession_author(item.statement, trust, now), notice))
        check_notice(notice, trust)
        for other in examined:
            if other.section.origin == notice.log.origin:
                for shown in _signed_in(other):
                    check_shown(notice, shown)
    except LedgerError as error:
        return [Check(3, "failed", error.code, f"notice {item.statement.digest.hex()}: {error}")], []
    return [], [*told, *_by_word(notice, trust), *_by_itself(notice, trust)]


def told_alone(statement: Statement, trust: TrustList, now: int) -> list[str]:
    """What a reader is told of a notice without its place in a log: nothing that the trust list does not vouch for."""
    notice = read(statement, screened=False)
    try:
        grant = succession_author(statement, trust, now)
        check_notice(notice, trust)
    except LedgerError as error:
        return [f"what the notice says is not told: {error}"]
    signed = f"the notice is signed by {grant.holder}, an authority of the trust list"
    return [*in_words(notice), signed, *_by_word(notice, trust)]


def succession_author(statement: Statement, trust: TrustList, now: int) -> Grant:
    """The registrar's grant under which a notice by itself is signed: for its jurisdiction, by the trust list.

    Raises:
        SignatureError, VerificationError: As `author_of`.
    """
    jurisdiction = read(statement, screened=False).jurisdiction
    grants = authority_grants(trust, statement.issuer)
    here = [grant for grant in grants if grant.jurisdiction == jurisdiction]
    return author_of(statement, roles=KIND.roles, grants=here, times=Times(), now=now)


def check_notice(notice: LogSuccession, trust: TrustList) -> None:
    """Hold the logs that a notice names against the trust list, and every checkpoint in it against their keys.

    Raises:
        VerificationError: `succession-other`: a log of the list has other keys than the notice gives it.
        SignatureError, VerificationError: A checkpoint is not signed by the log that ended.
    """
    for named in (notice.log, notice.successor):
        _require_same(named, trust.log(named.origin))
    listed = trust.log(notice.log.origin)
    keys = notice.log if listed is None else listed
    if notice.held.checkpoint is not None:
        open_note(notice.held.checkpoint.encoded, keys.origin, keys)
    for one in notice.seen:
        if one.checkpoint is not None:
            verify_plain_lines(one.checkpoint, keys.vkeys)


def check_shown(notice: LogSuccession, shown: Checkpoint) -> None:
    """Hold a notice against a checkpoint of the log that ended, whose signature holds.

    Raises:
        VerificationError: `gap-understated`: the log was larger than the notice says it ever was;
            `gap-contradicted`: of a size that the notice names it had another root.
    """
    if shown.size > notice.last + 1:
        raise VerificationError(
            f"the notice says that {notice.log.origin} had {notice.last + 1} entries; it signed size {shown.size}, so"
            f" that entries {notice.last + 1} to {shown.size - 1} are lost too, and not told",
            code="gap-understated",
        )
    roots = _roots(notice)
    if roots.get(shown.size, shown.root) != shown.root:
        raise VerificationError(
            f"the notice gives {notice.log.origin} the root {roots[shown.size].hex()} at size {shown.size}; it signed"
            f" {shown.root.hex()}: two histories of it were signed",
            code="gap-contradicted",
        )


def check_followed(notice: LogSuccession, size: int, root_at: Callable[[int], bytes]) -> None:
    """Hold a notice against the tree of the log that ended, as far as it was followed.

    Args:
        size: Of a checkpoint of it, whose signature holds and to which the tree leads.
        root_at: Root of its first so many entries, fewer than `size`.

    Raises:
        VerificationError: `gap-contradicted`.
    """
    for named, root in _roots(notice).items():
        if 0 < named < size and (other := root_at(named)) != root:
            raise VerificationError(
                f"the notice gives {notice.log.origin} the root {root.hex()} at size {named}; it signed a tree of"
                f" {size} entries whose first {named} have the root {other.hex()}: two histories of it were signed",
                code="gap-contradicted",
            )


def _roots(notice: LogSuccession) -> Mapping[int, bytes]:
    """The roots that a notice names, by their sizes."""
    return {notice.held.size: notice.held.root, **{one.size: one.root for one in notice.seen}}


def in_words(notice: LogSuccession) -> Iterator[str]:
    """What a notice says, in plain sentences."""
    count = notice.last - notice.first + 1
    lost = f"entry {notice.first}" if count == 1 else f"entries {notice.first} to {notice.last}"
    who = ", ".join(dict.fromkeys(f"{one.by} {one.name or ''}".strip() for one in notice.seen))
    yield (
        f"{notice.log.origin} ended at {format_time(notice.at)}: {lost} of it ({count}) are lost, as seen by {who}"
        if count != 1
        else f"{notice.log.origin} ended at {format_time(notice.at)}: {lost} of it is lost, as seen by {who}"
    )
    yield (
        f"the operator holds {notice.held.size} entries of {notice.log.origin} and can show no record beyond them;"
        " whoever has a receipt or bundle of one still can"
    )
    yield f"{notice.successor.origin} goes on in its place; its keys are others"


def _alone(grant: Grant, notice: LogSuccession) -> str:
    return (
        f"the notice is signed by {grant.holder}, an authority of the trust list; the list does not name"
        f" {notice.successor.origin}, so that nothing else is shown of that log"
    )


def _signed_in(found: Examined) -> Iterator[Checkpoint]:
    """What a section shows that its log signed: its own checkpoint, and others that chains are said to hold."""
    if found.note is not None:
        yield found.note.signed.checkpoint
    if found.log is None:
        return
    notes = [part.checkpoint for part in found.section.anchors]
    for note in (*notes, *(part.checkpoint for part in found.section.foreign)):
        if note is None:
            continue
        try:
            yield open_note(note, found.log.origin, found.log).signed.checkpoint
        except LedgerError:  # what does not hold is told by its own step
            continue


def _by_word(notice: LogSuccession, trust: TrustList) -> Iterator[str]:
    """Whose sight nothing in the notice shows to this verifier: every chain's, and witnesses' without a line."""
    named = dict.fromkeys(f"{one.by} {one.name}" for one in notice.seen if not _is_shown(one, trust))
    if named:
        yield f"that it was seen by {', '.join(named)} is the notice's own word"


def _is_shown(one: Seen, trust: TrustList) -> bool:
    if one.name is None:
        return True  # the log itself, whose line holds
    if one.checkpoint is None:
        return False
    known = {(each.vkey.name, each.vkey.key_id): each.vkey for each in trust.witnesses}
    for line in one.checkpoint.note.signatures:
        vkey = known.get((line.name, line.key_id))
        if vkey is None or vkey.name != one.name:
            continue
        try:
            verify_cosignature(one.checkpoint, line, vkey)
        except LedgerError:
            continue
        return True
    return False


def _by_itself(notice: LogSuccession, trust: TrustList) -> Iterator[str]:
    if trust.log(notice.log.origin) is None:
        yield f"the trust list does not name {notice.log.origin}; its checkpoints are judged by the notice's own word"


def _require_place(notice: LogSuccession, item: Item, at: Examined) -> None:
    if at.section.origin != notice.successor.origin or item.index != 0:
        raise VerificationError(
            f"the notice stands at {item.index} of {at.section.origin}; it counts as entry 0 of the log that goes on,"
            f" {notice.successor.origin}",
            code="succession-place",
        )


def _require_same(named: LogKeys, listed: LogKeys | None) -> None:
    if listed is None:
        return
    heads = {key.address for key in listed.head_keys}
    same = set(named.vkeys) <= set(listed.vkeys) and {key.address for key in named.head_keys} <= heads
    if not same or named.operator != listed.operator:
        raise VerificationError(
            f"the notice gives {named.origin} other keys, or another operator, than the trust list has",
            code="succession-other",
        )
