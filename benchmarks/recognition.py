"""Recognition: the rule against its signatures, what a new status list costs, and what goes over the wire."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from benchmarks.bundle import bare_checks
from benchmarks.evidence import NOW, USED, certificate_example, one_percent
from benchmarks.measure import Row, at_most, by_turns, microseconds
from benchmarks.start import cold, told
from ledger.core import suites
from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.core.trust import TrustList, parse_trust_list
from ledger.services.bundles.export import Shelf
from ledger.services.recognition.editions import touched_by
from ledger.statements import bitstring
from ledger.statements.catalogue import example
from ledger.statements.recognition import recognise
from ledger.statements.status_list import SMALLEST, lists
from ledger.store.anchors import Anchors
from ledger.store.checkpoints import Checkpoints
from ledger.store.database import open_database
from ledger.store.log import Log, create_log
from ledger.store.rows import row_of
from ledger.store.statements import Statements
from ledger.verify.evidence import authenticated
from ledger.verify.verifier import verify_bundle
from tests.simulator import DAY, START, key, make

RULE_GOAL = 2.0
COLD_GOAL = 12.0
LINEAR_GOAL = 12.0
LIST_KILOBYTES = 5
BUNDLE_KILOBYTES = 80
CERTIFICATES = 10_000
CHANGED = (10, 100, 1_000)
CALLS = 20
_MESSAGE = 64
"""Bytes of what is signed of a statement."""
_BODY = "did:web:body.example.xa"
_LIST = "https://body.example.xa/status/1"
_ORIGIN = "registry.example.xa/XA/2026"
_GROUP = 1_000


def rows() -> list[Row]:
    """All of it."""
    bundle, trust_list = certificate_example()
    trust = parse_trust_list(trust_list)
    return [
        _rule(bundle, trust),
        _whole(bundle, trust_list),
        _again(trust),
        _size(
            "a list of 131,072 entries, 1 % set, as it stands in a statement",
            list_of_one_percent(),
            LIST_KILOBYTES,
        ),
        _size("a certificate's bundle: four sections of two logs, 15 statements", bundle, BUNDLE_KILOBYTES),
        _cold(bundle, trust_list),
    ]


def _rule(bundle: bytes, trust: TrustList) -> Row:
    """The rule and the signatures of what it rests on, against those signatures alone."""
    with patch.object(suites, "_verify_ed25519", wraps=suites._verify_ed25519) as ed25519:  # noqa: SLF001
        found = authenticated(bundle, trust, now=NOW)
    calls: list[Callable[[], object]] = [
        partial(Ed25519PublicKey.from_public_bytes(raw).verify, signature, message)
        for raw, message, signature in (call.args for call in ed25519.call_args_list)
        if len(message) == _MESSAGE
    ]

    def rule() -> None:
        report = recognise(
            found.bundle.subject,
            into="XB",
            purpose=None,
            at=USED,
            known=NOW,
            evidence=found.evidence,
            trust=trust,
        )
        if report.verdict != "VALID":
            raise SystemExit(f"the example certificate is {report.verdict}: {report.at.against}")

    def checks() -> None:
        for call in calls:
            call()

    def both() -> None:
        checks()
        rule()

    pair = by_turns(both, checks, calls=CALLS)
    alone = by_turns(rule, checks, calls=CALLS)
    detail = (
        f"{len(found.evidence)} statements, {len(calls)} Ed25519 with keys loaded before: {microseconds(pair.limit)};"
        f" the rule at two moments alone: {microseconds(alone.ours)}"
    )
    return at_most(
        "`recognise` with the signature checks of its evidence, against these", pair, RULE_GOAL, detail
    )


def _whole(bundle: bytes, trust_list: bytes) -> Row:
    trust = parse_trust_list(trust_list)
    calls, counted = bare_checks(bundle, trust_list)

    def bare() -> None:
        for call in calls:
            call()

    pair = by_turns(lambda: verify_bundle(bundle, trust, now=NOW, into="XB"), bare, calls=CALLS)
    detail = f"{len(bundle):,} bytes: {microseconds(pair.ours)}; {counted}: {microseconds(pair.limit)}"
    return at_most("`verify_bundle` of a certificate, against its bare signature checks", pair, None, detail)


def _again(trust: TrustList) -> Row:
    """What is judged again after one list: as much as changed, whatever the number of certificates."""
    with tempfile.TemporaryDirectory() as name, _certificates(Path(name)) as (shelf, editions):

        def judge(count: int) -> None:
            found = sum(1 for _ in touched_by(editions[count].digest, shelf, trust, now=NOW))
            if found != count:
                raise SystemExit(f"{found} of {count} certificates were judged again")

        few, some, many = CHANGED
        pair = by_turns(lambda: judge(many), lambda: judge(some), pairs=5)
        small = by_turns(lambda: judge(some), lambda: judge(few), pairs=5)
    detail = (
        f"of {CERTIFICATES:,} certificates {many:,} changed: {microseconds(pair.ours)}; {some}:"
        f" {microseconds(pair.limit)}; {few}: {microseconds(small.limit)}"
    )
    what = f"judging again after one new status list: {many:,} changed, against {some}"
    return at_most(what, pair, LINEAR_GOAL, detail)


@contextmanager
def _certificates(folder: Path) -> Iterator[tuple[Shelf, dict[int, Statement]]]:
    """A log of certificates, and editions of their list that set so many bits more than the first."""
    first = _edition("first", [], None)
    editions = {count: _edition(f"{count}", _spread(count), first) for count in CHANGED}
    with open_database(folder / "log.sqlite", create=True) as database:
        create_log(database, _ORIGIN)
        log = Log(database, _ORIGIN)
        made = [_certificate(place) for place in range(CERTIFICATES)]
        for begin in range(0, CERTIFICATES, _GROUP):
            log.append([row_of(one) for one in made[begin : begin + _GROUP]])
        log.append([row_of(one) for one in (first, *editions.values())])
        yield Shelf(log, Statements(database), Checkpoints(database), Anchors(database), None), editions


def _spread(count: int) -> Sequence[int]:
    return range(0, CERTIFICATES, CERTIFICATES // count)


def _certificate(place: int) -> Statement:
    subject = {
        **example("ConformityCertificate")["credentialSubject"],
        "certificateNumber": f"B-{place}",
        "statusReference": {"statusListCredential": _LIST, "statusListIndex": place},
    }
    return make("ConformityCertificate", subject, _BODY, "#1", key("XA body"), START, name=f"b {place}")


def _edition(name: str, suspended: Sequence[int], before: Statement | None) -> Statement:
    none = bitstring.of(SMALLEST, [])
    subject = {
        "id": _LIST,
        "validFrom": format_time(START + (before is not None)),
        "validUntil": format_time(START + 7 * DAY),
        **lists(length=SMALLEST, revocation=none, suspension=bitstring.of(SMALLEST, suspended), refresh=none),
        **({} if before is None else {"supersedes": before.digest.hex()}),
    }
    created = START + (before is not None)
    return make("StatusList", subject, _BODY, "#1", key("XA body"), created, name=f"list {name}")


def list_of_one_percent() -> bytes:
    """A signed StatusList of which every hundredth entry is withdrawn, as it is registered and fetched."""
    none = bitstring.of(SMALLEST, [])
    withdrawn = bitstring.of(SMALLEST, one_percent(SMALLEST))
    subject = {
        "id": _LIST,
        "validFrom": format_time(START),
        "validUntil": format_time(START + 7 * DAY),
        **lists(length=SMALLEST, revocation=withdrawn, suspension=none, refresh=none),
    }
    return make("StatusList", subject, _BODY, "#1", key("XA body"), START, name="one percent").encoded


def _size(what: str, data: bytes, kilobytes: int) -> Row:
    size = len(data) / 1000
    return Row(
        f"size of {what}", f"{size:.1f} KB", f"≤ {kilobytes} KB", size <= kilobytes, f"{len(data):,} bytes"
    )


def _cold(bundle: bytes, trust_list: bytes) -> Row:
    pair, heavy = cold(bundle, trust_list, "--into", "XB")
    what = "`evidence verify --into` of a certificate's bundle, cold, against `python -c pass`"
    row = at_most(what, pair, COLD_GOAL, told(pair, heavy))
    return row._replace(met=bool(row.met) and not heavy)
