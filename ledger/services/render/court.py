"""The report of one verification for people who will read it on paper: a court, an auditor, a party.

One HTML file that loads nothing: the findings in plain sentences, when each statement existed and by whose clock, the
hashes of what was looked at, whom the verifier believes, what was not checked, and how to do it again by hand.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Final, NamedTuple

from ledger.core.times import format_time
from ledger.core.trust import TrustList
from ledger.errors import LedgerError
from ledger.services.render.by_hand import commands
from ledger.services.render.messages import OF_RULES, Messages, Words
from ledger.services.render.ruled import ruled_said
from ledger.verify.bundle import kind_of
from ledger.verify.report import STEPS, Dated, Report
from ledger.verify.text import on_one_line

_SHOWS: Final = {
    1: "The file is whole and written as its format demands.",
    2: "The files or values in hand are those that were signed for.",
    3: "Each statement was signed by a key whose holder was entitled to sign it.",
    4: "Each statement stands in its log, at its place.",
    5: "The log signed its checkpoint, and as many independent witnesses cosigned as the trust list asks for.",
    6: "The contract holds this very state of the log.",
    7: "The block with it is final, by the word of those whom the trust list believes for that.",
    8: "The other country's chain holds the same state of the log, and no dispute about it.",
    9: "The receiver acknowledged this very record, and custody has no gap.",
    10: "The certificate counts where it is used, and was not withdrawn.",
    11: "The decision follows again from the record and the measures in the evidence.",
}
_VERDICT: Final = {
    "verified": "Verified. Every step that the trust list requires was shown, and nothing failed.",
    "not verified": "Not verified.",
    "could not finish": "Could not finish. Nothing is known about the evidence.",
    "verified then, not now": "Verified for then, and shown to stand no more.",
}
_OUTCOME: Final = {"passed": "shown", "failed": "failed", "absent": "not checked"}
_GRADE: Final = {
    "witnessed": "the clocks of the witnesses",
    "attested": "the time of a block that was attested by",
    "sealed": "the time of a block sealed by the validators of",
}


class Looked(NamedTuple):
    """A file that was looked at: what it is called, and what its bytes hash to."""

    what: str
    name: str
    size: int
    sha256: str


def looked_at(what: str, name: str, data: bytes) -> Looked:
    """A file in hand."""
    return Looked(what, name, len(data), sha256(data).hexdigest())


def court_page(
    report: Report,
    data: bytes,
    trust: TrustList,
    *,
    evidence: Looked,
    trust_file: str,
    others: Sequence[Looked],
) -> bytes:
    """The report as HTML, UTF-8; the same bytes for the same verification.

    Args:
        report: What the verifier found.
        data: The file that was verified.
        trust: The trust list that was believed.
        evidence: The file, as it is named.
        trust_file: What the trust list is called on disk.
        others: Content and openings that were in hand.
    """
    style = files("ledger.services.render").joinpath("court.css").read_text("utf-8")
    policy = f"default-src 'none'; style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"
    policy += "; base-uri 'none'; form-action 'none'"
    listed = Looked("trust list", trust_file, len(trust.encoded), sha256(trust.encoded).hexdigest())
    lines = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Verification of {_text(evidence.name)}</title><style>{style}</style></head><body><main>",
        *_verdict(report, evidence),
        *_findings(report),
        *_ruled(report),
        *_times(report.statements),
        *_unchecked(report),
        *_remarks(report),
        *_believed(report, trust),
        *_files((evidence, listed, *others)),
        *_by_hand(data, trust, evidence.name, trust_file),
        "</main></body></html>",
        "",
    ]
    return "\n".join(lines).encode()


def _text(words: str) -> str:
    """Anybody's words: on one line, with nothing hidden in them, and no markup."""
    return escape(on_one_line(words))


def _verdict(report: Report, evidence: Looked) -> Iterator[str]:
    tone = {"verified": "passed", "not verified": "failed"}.get(report.verdict, "absent")
    yield f"<h1>Verification of {_text(evidence.name)}</h1>"
    yield f'<p class="verdict {tone}">{escape(_VERDICT[report.verdict])}</p>'
    for told in (*report.unfinished, *report.missing):
        yield f"<p>Not shown: {_text(told)}.</p>"
    required = ", ".join(f"{number} {STEPS[number]}" for number in report.required)
    yield f"<p>Required: steps {escape(required)}.</p>"
    moment = format_time(report.checked_at)
    yield f"<p>Checked at {moment}, by the clock of the computer that checked; no network was used.</p>"
    if report.at is not None:
        yield f"<p>Asked about the moment {format_time(report.at)}.</p>"
    yield f"<p>Status now: {_text(report.status_now)}.</p>"


def _findings(report: Report) -> Iterator[str]:
    yield "<h2>Findings, step by step</h2><ol>"
    for number in STEPS:
        counts = report.step(number)
        alike = [one for one in report.checks if one.step == number and one.outcome == counts.outcome]
        told = "; ".join(dict.fromkeys(one.detail for one in alike))
        yield f'<li><b class="{counts.outcome}">{STEPS[number].capitalize()}: {_OUTCOME[counts.outcome]}.</b>'
        if counts.outcome == "passed":
            yield escape(_SHOWS[number])
        code = "" if counts.outcome == "passed" else f" <code>{escape(counts.code)}</code>"
        yield f'<span class="detail">{_text(told)}{code}</span></li>'
    yield "</ol>"


def _ruled(report: Report) -> Iterator[str]:
    """What step 11 found of each decision, in English and in Chinese: measures are of both sides."""
    if not report.rules:
        return
    messages = Messages(OF_RULES)
    yield f"<h2>{_both(messages.say('heading.rules'), ' / ')}</h2><ul>"
    for judged, said in ruled_said(report.rules, messages):
        code = "" if judged.outcome == "passed" else f" <code>{escape(judged.code)}</code>"
        yield f'<li><b class="{judged.outcome}">{_OUTCOME[judged.outcome].capitalize()}.</b>'
        yield f"{'<br>'.join(_both(words, '<br>') for words in said)}"
        yield f'<span class="detail"><code>{judged.digest.hex()}</code>{code}</span></li>'
    yield "</ul>"


def _both(words: Words, between: str) -> str:
    """The same in each language; text in the page's own language is not marked."""
    first, *others = (_text(one) for one in words)
    tagged = (f'<span lang="zh-Hans">{one}</span>' for one in others)
    return between.join((first, *tagged))


def _times(statements: Sequence[Dated]) -> Iterator[str]:
    if not statements:
        return
    yield "<h2>When</h2><ul>"
    for dated in statements:
        yield (
            f"<li>The {_text(dated.role)} ({_text(dated.type)}, by {_text(dated.issuer)}) {_existed(dated)};"
            f" its signer claims {format_time(dated.claimed)}. <code>{dated.digest.hex()}</code></li>"
        )
    yield "</ul>"


def _existed(dated: Dated) -> str:
    if dated.proven is not None:
        by = f"{_GRADE.get(dated.grade, 'the word of')} {', '.join(dated.by)}".replace(
            "witnesses ", "witnesses of ", 1
        )
        return f"existed no later than <b>{format_time(dated.proven)}</b>, by {_text(by)}"
    if dated.operator is not None:
        return f"has no proven time: only the operator's own chain vouches for {format_time(dated.operator)}"
    return "has no proven time"


def _unchecked(report: Report) -> Iterator[str]:
    yield "<h2>What was not checked</h2><ul>"
    for number in STEPS:
        counts = report.step(number)
        if counts.outcome == "absent":
            yield f"<li>Step {number}, {STEPS[number]}: {_text(counts.detail)}.</li>"
    yield from (f"<li>{_text(told[:1].upper() + told[1:])}.</li>" for told in report.not_checked)
    yield "</ul><p>A step that was not checked says nothing against the evidence, and nothing for it.</p>"


def _remarks(report: Report) -> Iterator[str]:
    told = [*report.notices, *(f"not counted: {one}" for one in report.not_counted)]
    if told:
        yield "<h2>Remarks</h2><ul>"
        yield from (f"<li>{_text(one)}</li>" for one in told)
        yield "</ul>"


def _believed(report: Report, trust: TrustList) -> Iterator[str]:
    grouped = report.trust_hash.hex()
    fingerprint = " ".join(grouped[place : place + 4] for place in range(0, len(grouped), 4))
    yield "<h2>Whom the verifier believes</h2>"
    yield (
        f"<p>Trust list, version {report.trust_version}, of {_text(report.trust_publisher)}, issued"
        f" {format_time(trust.issued)}, to be renewed by {format_time(trust.next_update)}. Its fingerprint is"
        f" <code>{fingerprint}</code>: compare it with what the publisher made known elsewhere. The evidence has no say"
        " in whom the verifier believes.</p>"
    )


def _files(held: Sequence[Looked]) -> Iterator[str]:
    yield "<h2>Files that were looked at</h2><table><tr><th>File</th><th>Bytes</th><th>SHA-256</th></tr>"
    for one in held:
        yield f"<tr><td>{_text(one.name)} ({one.what})</td><td>{one.size}</td><td><code>{one.sha256}</code></td></tr>"
    yield "</table>"


def _by_hand(data: bytes, trust: TrustList, name: str, trust_file: str) -> Iterator[str]:
    if kind_of(data) != "bundle":
        return
    try:
        script = commands(data, trust, file=name, trust_file=trust_file)
    except LedgerError:  # nothing of a file that is none can be redone
        return
    yield (
        "<h2>To do it again by hand</h2><p>With the two files in one folder, a shell, <code>sha256sum</code> and"
        " <code>openssl</code> 3, and nothing of ours. Each line that is printed begins with <code>ok</code>.</p>"
    )
    yield f'<pre id="by-hand">{escape(script)}</pre>'
