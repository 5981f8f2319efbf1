"""A bundle brought up to date: newer status lists, changes, revocations and better finality, from one node.

The node's own part of a bundle is replaced by what it holds now, where that is all of the old part and more; parts of
other logs stay as they are, with what the node's own chain holds of them added.  Nothing that the node says is
believed: the new bundle is verified as the old one was, and is refused where it proves less.

Source: docs/spec/bundle.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from ledger.core.canonical import BUNDLE_LIMIT, decode
from ledger.core.checkpoint import parse_checkpoint
from ledger.core.times import format_time
from ledger.core.trust import TrustList
from ledger.errors import MalformedError, VerificationError
from ledger.remote.exchange import RemoteRefusedError
from ledger.remote.node import NodeClient
from ledger.services.bundles.foreign_parts import PartsOf, with_foreign
from ledger.services.bundles.joining import FEWEST_SECTIONS, MOST_SECTIONS, role_of, without
from ledger.verify.bundle import SECTION_LIMIT, Bundle, Item, Section, encode_bundle, parse_bundle
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle

MOST_ASKED: Final = 256
"""Statements that a node is asked to carry besides the first."""
SIGNERS: Final = ("enrolment", "keyRevocation")
"""Roles of what comes with a statement whenever it is carried."""
PROOF_STEPS: Final = (1, 4, 5, 6, 7)
"""Steps that no later event makes fail."""
AUTHORSHIP: Final = 3
ENDED: Final = ("key-revoked", "key-expired")
"""What may become of a good signature meanwhile; anything else that is wrong with one was wrong from the first."""

_UNKNOWN: Final = ("not-found", "not-anchored-yet")


class Refreshed(NamedTuple):
    """A bundle, and what is new in it.

    Attributes:
        bundle: The one given, where the node has nothing newer.
        report: What it shows now.
        added: Digests of statements that it did not carry before.
        kept: Why the node's part was left as it was; None where it was replaced or the node has none.
    """

    bundle: bytes
    report: Report
    added: tuple[bytes, ...]
    kept: str | None = None


def refresh(
    bundle: bytes, node: NodeClient, *, trust: TrustList, now: int, at: int | None = None
) -> Refreshed:
    """The bundle with everything newer that a node holds about the same subject.

    Args:
        bundle: Canonical bytes.
        node: Of any log that the bundle has a part of, or that holds its subject.
        trust: Whom the verifier believes.
        now: POSIX seconds.
        at: The moment that is asked about, POSIX seconds: status lists that cover it are asked for.

    Raises:
        MalformedError: It is no bundle; or what the node adds does not fit in one.
        RemoteError: The node cannot be reached, or its answer does not hold.
        VerificationError: `log-forked`: the node shows another log of the same name; `refresh-unproven`: what it
            gave proves less than what was there.
    """
    found = _refreshed(bundle, node, trust, now, at)
    more = with_foreign(found.bundle, _known_to(node), trust, checked=True)
    if more == found.bundle:
        return found
    report = verify_bundle(more, trust, at=at, now=now)
    _require_proven(found.report, report)
    return found._replace(bundle=more, report=report)


def _known_to(node: NodeClient) -> PartsOf:
    """What a node says that its own chain holds of a log."""

    def parts(log_id: bytes, size: int) -> Sequence[Any]:
        try:
            return [one["part"] for one in node.foreign(log_id, size)]
        except RemoteRefusedError:
            return ()  # it holds nothing, or knows of no other chains

    return parts


def _refreshed(bundle: bytes, node: NodeClient, trust: TrustList, now: int, at: int | None) -> Refreshed:
    """The bundle with what the node's own log holds of it."""
    held = parse_bundle(bundle)
    fresh = _asked(held, node, None if at is None else format_time(at))
    before = verify_bundle(bundle, trust, at=at, now=now)
    if fresh is None:
        return Refreshed(bundle, before, ())
    given = parse_bundle(fresh)
    own = next(section.origin for section, item in given.items if item.role == "subject")
    replaced = {own} & {section.origin for section in held.sections}
    _require_one_log(held, given)
    why = _loses(held, given, replaced)
    if why is not None:
        return Refreshed(bundle, before, (), why)
    made = encode_bundle(held.subject, _united(held, bundle, given, fresh, replaced))
    report = verify_bundle(made, trust, at=at, now=now)
    _require_proven(before, report)
    known = _digests(held.sections)
    added = [item.statement.digest for _, item in parse_bundle(made).items]
    return Refreshed(made, report, tuple(digest for digest in added if digest not in known))


def _asked(held: Bundle, node: NodeClient, at: str | None) -> bytes | None:
    """What the node holds about the subject, or about all that the bundle has of its log; None where nothing."""
    origin = node.well_known().get("origin")
    own = [item for section, item in held.items if section.origin == origin and item.role not in SIGNERS]
    first = next((item for item in own if item.role == "subject"), own[0] if own else held.subject_item)
    asked = first.statement.digest
    others = sum(section.origin != origin for section in held.sections)
    room = min(max(SECTION_LIMIT - others, FEWEST_SECTIONS), MOST_SECTIONS)
    try:
        given = node.bundle(asked.hex(), at=at, sections=room)
        carried = _digests(parse_bundle(given).sections)
        missing = [item.statement.digest.hex() for item in own if item.statement.digest not in carried]
        if missing:
            given = node.bundle(asked.hex(), at=at, also=missing[:MOST_ASKED], sections=room)
    except RemoteRefusedError as error:
        if error.problem in _UNKNOWN:
            return None
        raise
    return given


def _require_one_log(held: Bundle, given: Bundle) -> None:
    """Check that no log has two roots at one size.

    Raises:
        VerificationError: `log-forked`.
    """
    roots: dict[tuple[str, int], bytes] = {}
    for section in (*held.sections, *given.sections):
        stated = parse_checkpoint(section.checkpoint).checkpoint
        if roots.setdefault((section.origin, stated.size), stated.root) != stated.root:
            raise VerificationError(
                f"log {section.origin} has another root at size {stated.size} than the bundle has;"
                " keep both: evidence fork find makes of them the proof that the log was forked",
                code="log-forked",
            )


def _loses(held: Bundle, given: Bundle, replaced: Iterable[str]) -> str | None:
    """What the node's part lacks of the bundle's; None where it has everything, anchored where it was anchored."""
    anchored = {item.statement.digest: bool(section.anchors) for section, item in given.items}
    for section, item in held.items:
        if section.origin not in replaced:
            continue
        digest = item.statement.digest
        if digest not in anchored:
            return f"the node no longer gives the {item.role} {digest.hex()}"
        if section.anchors and not anchored[digest]:
            return f"the node no longer gives an anchor of the {item.role} {digest.hex()}"
    return None


def _united(
    held: Bundle, bundle: bytes, given: Bundle, fresh: bytes, replaced: Iterable[str]
) -> list[Mapping[str, Any]]:
    """Sections of the bundle, those of the node's log in place of the old ones, those of logs that are new at the end.

    A statement that the bundle has from another log already stays there alone.
    """
    roles = {item.statement.digest: item.role for _, item in held.items}
    opened = {item.statement.digest: item.disclosures for _, item in held.items}
    kept = {item.statement.digest for section, item in held.items if section.origin not in replaced}
    known = {section.origin for section in held.sections} - set(replaced)
    documents = _sections(fresh)
    old = _sections(bundle)
    for section, document in zip(given.sections, documents, strict=True):
        for item, told in zip(section.items, document["items"], strict=True):
            told["role"] = _role(item, held.subject, roles)
            if opened.get(item.statement.digest):
                told["disclosures"] = _disclosures(old, item)
    chosen = [one for one in given.sections if one.origin not in known]
    newer = without(
        kept,
        Bundle(given.subject, tuple(chosen)),
        [document for document in documents if document["origin"] not in known],
    )
    united: list[Mapping[str, Any]] = []
    for document in old:
        if document["origin"] not in replaced:
            united.append(document)
            continue
        united += [one for one in newer if one["origin"] == document["origin"]]
        newer = [one for one in newer if one["origin"] != document["origin"]]
    return united + newer


def _role(item: Item, subject: bytes, roles: Mapping[bytes, str]) -> str:
    digest = item.statement.digest
    if digest == subject:
        return "subject"
    if digest in roles:
        return roles[digest]
    return role_of(item.statement) if item.role == "subject" else item.role


def _disclosures(sections: Sequence[Any], item: Item) -> Any:
    """What the old bundle discloses of a statement, as it is written there."""
    for section in sections:
        for told in section["items"]:
            if told["statement"] == item.statement.document:
                return told["disclosures"]
    raise MalformedError("a disclosure is not found again", code="malformed")


def _require_proven(before: Report, after: Report) -> None:
    """Check that what was proven still is.  Signatures, parties and status may have come to an end meanwhile.

    Raises:
        VerificationError: `refresh-unproven`.
    """
    failed = {check.step for check in before.checks if check.outcome == "failed"}
    for check in after.checks:
        fails = check.outcome == "failed" and check.step not in failed
        if fails and (check.step in PROOF_STEPS or (check.step == AUTHORSHIP and check.code not in ENDED)):
            raise VerificationError(
                f"what the node gave does not hold at step {check.step}: {check.detail}",
                code="refresh-unproven",
            )
    times = {dated.digest: (dated.proven, dated.operator) for dated in after.statements}
    for dated in before.statements:
        proven, operator = times.get(dated.digest, (None, None))
        # Where others vouch for the block now, its time is proven and no longer the operator's word.
        pairs = ((dated.proven, proven), (dated.operator, operator if proven is None else proven))
        for then, still in pairs:
            if then is not None and still is None:
                raise VerificationError(
                    f"what the node gave no longer proves when the {dated.role} {dated.digest.hex()} existed",
                    code="refresh-unproven",
                )


def _digests(sections: Iterable[Section]) -> set[bytes]:
    return {item.statement.digest for section in sections for item in section.items}


def _sections(bundle: bytes) -> list[Any]:
    document: Any = decode(bundle, limit=BUNDLE_LIMIT, what="bundle")
    sections: list[Any] = document["sections"]
    return sections
