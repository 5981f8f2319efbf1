"""Whether a node asks the measures of its log about what it registers: the table `[rules]` of `node.toml`.

    [rules]
    decide = true
    refuse = ["prohibited"]
    review-key = "keys/machine.key"
    notice-days = 30
    languages = ["en"]

Nothing is asked unless it says so.  With `review-key` the node reviews each measure once it is anchored.

Source: docs/operations.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.chains import invalid_setting, toml
from ledger.statements.codes import DECISION_OUTCOMES
from ledger.statements.measure_terms import LANGUAGE
from ledger.statements.shape import problems

NOTICE_DAYS: Final = 30
"""Days between publication and effect that are asked for unless the settings say otherwise."""
MOST_DAYS: Final = 3_650
MOST_LANGUAGES: Final = 32


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the settings say of it.

    Attributes:
        decide: Whether each transfer record that is registered is decided about, in the answer.
        refuse: Outcomes with which a record is not registered.
        review_key: Path of the key file of a machine that reviews measures; from the home where it is not absolute.
        notice_days: Days between publication and effect that its reviews ask for.
        languages: In which they ask for the text.
    """

    decide: bool = False
    refuse: tuple[str, ...] = ()
    review_key: str | None = None
    notice_days: int = NOTICE_DAYS
    languages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if set(self.refuse) - DECISION_OUTCOMES:
            raise invalid_setting(
                "rules.refuse", f"names another outcome than {', '.join(sorted(DECISION_OUTCOMES))}"
            )
        if self.refuse and not self.decide:
            raise invalid_setting("rules.refuse", "needs decide = true")
        if self.review_key is not None and not (self.review_key.isascii() and self.review_key.isprintable()):
            raise invalid_setting("rules.review-key", "is no path in printable ASCII")
        if not 0 <= self.notice_days <= MOST_DAYS:
            raise invalid_setting("rules.notice-days", f"is not from 0 to {MOST_DAYS}")
        if len(self.languages) > MOST_LANGUAGES or any(problems(LANGUAGE, one, "") for one in self.languages):
            raise invalid_setting("rules.languages", 'is not a list of languages, such as ["en", "fr"]')


_MEMBERS: Final[Mapping[str, tuple[str, type]]] = {
    "decide": ("decide", bool),
    "refuse": ("refuse", list),
    "review-key": ("review_key", str),
    "notice-days": ("notice_days", int),
    "languages": ("languages", list),
}


def read_ruling(table: Mapping[str, Any]) -> Ruling:
    """The table `[rules]`.

    Raises:
        SetupError: `settings-invalid`, naming the member.
    """
    told: dict[str, Any] = {}
    for name, value in table.items():
        if name not in _MEMBERS:
            raise invalid_setting(f"rules.{name}", "is not a setting")
        member, kind = _MEMBERS[name]
        texts = value if isinstance(value, list) else []
        if type(value) is not kind or not all(isinstance(one, str) for one in texts):
            raise invalid_setting(f"rules.{name}", "is of another kind")
        told[member] = tuple(texts) if kind is list else value
    return Ruling(**told)


def ruling_lines(ruling: Ruling) -> Iterator[str]:
    """Its lines of a settings file."""
    if ruling == Ruling():
        return
    yield from ("", "[rules]", f"decide = {str(ruling.decide).lower()}")
    if ruling.refuse:
        yield f"refuse = [{', '.join(map(toml, ruling.refuse))}]"
    if ruling.review_key is not None:
        yield f"review-key = {toml(ruling.review_key)}"
    if ruling.notice_days != NOTICE_DAYS:
        yield f"notice-days = {ruling.notice_days}"
    if ruling.languages:
        yield f"languages = [{', '.join(map(toml, ruling.languages))}]"
