import re
from pathlib import Path

import pytest

from ledger.services.render.answer import premise_said
from ledger.services.render.fonts import WEIGHTS, letters
from ledger.services.render.messages import LANGUAGES, OF_RULES, Messages, catalogue
from ledger.statements import codes, premises
from ledger.verify import rules
from ledger.verify.report import STEPS
from tests.verify.rules_vectors import ROWS

ALIKE: frozenset[str] = frozenset()
"""Keys whose text may be the same in both languages."""
PLACE = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize(("languages", "more_than"), [(LANGUAGES, 100), (OF_RULES, 40)])
def test_every_language_has_the_same_messages(languages: tuple[str, ...], more_than: int) -> None:
    first, *others = (catalogue(language) for language in languages)
    assert len(first) > more_than
    for other in others:
        assert list(other) == list(first)


@pytest.mark.parametrize("languages", [LANGUAGES, OF_RULES])
def test_no_message_is_empty_or_left_untranslated(languages: tuple[str, ...]) -> None:
    english, chinese = (catalogue(language) for language in languages)
    assert all(text.strip() == text != "" for told in (english, chinese) for text in told.values())
    assert {key for key in english if english[key] == chinese[key]} == ALIKE
    assert all(re.search("[\u4e00-\u9fff]", text) for text in chinese.values())


@pytest.mark.parametrize("languages", [LANGUAGES, OF_RULES])
def test_every_language_fills_in_the_same(languages: tuple[str, ...]) -> None:
    english, chinese = (catalogue(language) for language in languages)
    for key in english:
        assert set(PLACE.findall(english[key])) == set(PLACE.findall(chinese[key])), key


@pytest.mark.parametrize(
    ("group", "listed"),
    [
        ("category", codes.CATEGORIES),
        ("family", codes.SCHEME_FAMILIES),
        ("assessor", codes.ASSESSOR_LEVELS),
        ("assessment", codes.ASSESSMENT_LEVELS),
        ("attestation", codes.ATTESTATION_TYPES),
        ("scenario", codes.SCENARIOS),
        ("step", [str(number) for number in STEPS]),
        ("outcome", ["passed", "failed", "absent"]),
        ("decision", codes.DECISION_OUTCOMES),
        ("condition", codes.MEASURE_CONDITIONS),
    ],
)
def test_every_code_of_a_list_has_a_name(group: str, listed: frozenset[str]) -> None:
    every = {**catalogue("en"), **catalogue("rules.en")}
    named = {key.partition(".")[2] for key in every if key.startswith(f"{group}.")}
    assert named == set(listed)


def test_every_code_of_the_recognition_rule_has_words() -> None:
    folder = Path(premises.__file__).parent
    source = "".join(file.read_text() for file in folder.glob("*.py"))
    found = set(re.findall(r'(?:passed|failed|absent)\(\s*"([A-Z][A-Z_]+)"', source))
    assert len(found) > 30
    other = premise_said("SOMETHING_LATER", Messages(LANGUAGES))
    assert [code for code in sorted(found) if premise_said(code, Messages(LANGUAGES)) == other] == []


def test_every_code_of_a_judged_decision_has_words() -> None:
    source = Path(rules.__file__).read_text()
    found = set(re.findall(r'_said\(\s*"(?:passed|failed|absent)", "([a-z-]+)"', source))
    found |= {row.code for row in ROWS} - {"decision-of-another", "too-many-decisions"}
    assert len(found) > 20
    named = {key.partition(".")[2] for key in catalogue("rules.en") if key.startswith("ruled.")}
    assert named - {"other"} == found


def test_the_fonts_have_a_letter_for_every_character_of_the_catalogues() -> None:
    from fontTools.ttLib import TTFont

    used = {ord(one) for language in LANGUAGES for text in catalogue(language).values() for one in text}
    assert used <= letters()
    assert used <= set(TTFont(WEIGHTS[600]).getBestCmap())


def test_what_is_filled_in_is_never_filled_in_itself() -> None:
    said = Messages(["en"]).say("lead.moment", checked="{at}", at="{checked}")
    assert said == ("Checked at {at} for the moment {checked}.",)


def test_a_code_with_a_known_part_is_told_by_it_and_an_unknown_one_never_hidden() -> None:
    messages = Messages(LANGUAGES)
    assert premise_said("RECOGNITION_SUSPENDED", messages) == ("recognition: suspended", "承认\uff1a已暂停")
    assert premise_said("ONWARD_ARRANGEMENT_MISSING", messages)[0].startswith("earlier recognition: ")
    assert premise_said("SOMETHING_LATER", messages) == ("see the code", "见代码")
