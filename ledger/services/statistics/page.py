"""The yearly report for people: one HTML file that loads nothing, the same bytes for the same report."""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any, Final

from ledger.verify.text import on_one_line

_TITLES: Final = {
    "routes": ("Routes", ("from", "to")),
    "outcomes": ("Outcomes of the decisions about them", ("outcome",)),
    "categories": ("Categories of data", ("category",)),
    "grades": ("Grades", ("grade",)),
    "scenarios": ("Scenarios", ("scheme", "code")),
}
_COUNTS: Final = ("records", "lines", "persons")
_LAYOUT: Final = (
    "table{font-variant-numeric:tabular-nums lining-nums}.n{text-align:right;white-space:nowrap}"
    ".wide{overflow-x:auto}caption{text-align:left;color:#4a4f57;padding-bottom:.3rem}"
)


def statistics_page(report: dict[str, Any]) -> bytes:
    """A report as HTML, UTF-8.

    Args:
        report: As `report.made` encodes it.
    """
    style = files("ledger.services.render").joinpath("court.css").read_text("utf-8") + _LAYOUT
    policy = f"default-src 'none'; style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"
    policy += "; base-uri 'none'; form-action 'none'"
    title = f"Transfers of {report['year']}, {_text(report['jurisdiction'])}"
    lines = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title><style>{style}</style></head><body><main>",
        f"<h1>{title}</h1>",
        *_whole(report),
        *(line for name in _TITLES for line in _table(name, report)),
        *_acknowledgements(report),
        *_measures(report["measures"]),
        *_source(report),
        "</main></body></html>",
        "",
    ]
    return "\n".join(lines).encode()


def _text(words: object) -> str:
    return escape(on_one_line(str(words)))


def _number(value: object) -> str:
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}") if isinstance(value, int) else "withheld"


def _whole(report: dict[str, Any]) -> Iterator[str]:
    counts = report["records"]
    yield f'<p class="verdict">{_number(counts["records"])} records of transfers</p>'
    yield f"<p>Lines: {_number(counts.get('lines'))}. Persons: {_number(counts.get('persons'))}.</p>"
    yield (
        f"<p>Counts of fewer than {report['threshold']} records are not told: they stand together with others, in"
        " <em>all others</em>. A record counts at the start of its window, else when it was signed; one that another"
        " replaced does not count.</p>"
    )


def _table(name: str, report: dict[str, Any]) -> Iterator[str]:
    title, keys = _TITLES[name]
    table = report[name]
    rows = [
        ([_text(row[key]) for key in keys], [_number(row[count]) for count in _COUNTS])
        for row in table["rows"]
    ]
    if "other" in table:
        held = table["other"]
        numbers = [
            _number(held[count]) if count in held else "" if count == "records" else "withheld"
            for count in _COUNTS
        ]
        rows.append((["all others", *[""] * (len(keys) - 1)], numbers))
    yield f"<h2>{title}</h2>"
    if rows:
        yield from _rows(title, (*keys, *_COUNTS), rows)
    else:
        yield "<p>None.</p>"


def _acknowledgements(report: dict[str, Any]) -> Iterator[str]:
    told = report["acknowledgements"]
    rows = [([_text(row["outcome"])], [_number(row["records"])]) for row in told["rows"]]
    if "other" in told:
        rows.append((["all others"], [_number(told["other"]["records"])]))
    yield "<h2>Acknowledgements by importers here</h2>"
    yield f"<p>{_number(told['records'])} in all.</p>"
    if rows:
        yield from _rows("Acknowledgements", ("outcome", "records"), rows)


def _measures(measures: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield "<h2>Measures of the year and their flags</h2>"
    if not measures:
        yield "<p>None was published or in force.</p>"
        return
    rows: list[tuple[list[str], list[str]]] = [
        (
            [
                f"{_text(one['number'])}, version {one['version']}<br><code>{one['digest'][:16]}…</code>",
                _text(f"{one['kind']}, {one['applies']['direction']}"),
                f"{one['publishedAt'][:10]}<br>{one['effectiveFrom'][:10]}<br>{one.get('effectiveUntil', 'open')[:10]}",
                "<br>".join(_flag(flag) for flag in one["flags"])
                or ("none" if one["reviews"] else "not reviewed"),
            ],
            [],
        )
        for one in measures
    ]
    yield from _rows("Measures", ("measure", "kind", "published, from, until", "flags and answers"), rows)


def _flag(flag: dict[str, Any]) -> str:
    answers = ", ".join(f"{count} {_text(answer)}" for answer, count in flag["answers"].items())
    return f"<strong>{_text(flag['code'])}</strong> ({flag['findings']}): {answers or 'not answered'}"


def _rows(
    title: str, heads: Sequence[str], rows: Iterable[tuple[Sequence[str], Sequence[str]]]
) -> Iterator[str]:
    yield f'<div class="wide" tabindex="0" role="region" aria-label="{_text(title)}"><table><thead><tr>'
    for head in heads:
        yield f'<th scope="col"{_numeric(head in _COUNTS)}>{_text(head)}</th>'
    yield "</tr></thead><tbody>"
    for words, numbers in rows:
        cells = [f"<td>{word}</td>" for word in words] + [
            f'<td class="n">{number}</td>' for number in numbers
        ]
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"


def _numeric(is_number: bool) -> str:  # noqa: FBT001 - of one column
    return ' class="n"' if is_number else ""


def _source(report: dict[str, Any]) -> Iterator[str]:
    log = report["log"]
    yield "<h2>What it was made of</h2>"
    yield (
        f"<p>Log <code>{_text(log['origin'])}</code> at {_number(log['size'])} entries, root"
        f" <code>{_text(log['root'])}</code>. The year begins and ends at UTC {_text(report['offset'])}. Root of the"
        f" digests that were counted: <code>{_text(report['inputs'])}</code>. Whoever has the log makes the same report"
        " again, byte by byte.</p>"
    )
