"""A draft of a TransferRecord as rules may be asked about it: what is not said yet is left out, and so unknown.

Rule: docs/spec/precheck.md, section Drafts.
"""

from typing import Any, Final

from ledger.statements.shape import Problem, problems
from ledger.statements.transfer import SHAPE

_WHOLE: Final = (("mechanism", "type"), ("onward", "allowed"), ("window", "start"))
"""Members of a record that say nothing without one of their own."""
_PARTIES: Final = ("exporter", "importer")
_PARTY: Final = ("did", "scheme", "id", "jurisdiction")
NOT_SAID: Final = ""
"""A zone that is yet to be filled in, which is not the same as none."""


def draft_of(subject: object) -> tuple[dict[str, Any], list[Problem]]:
    """What a draft says, and what is wrong with it; what is missing is not wrong.

    Args:
        subject: Of a TransferRecord, signed or not, with `<what to fill in>` where something is yet to be said.

    Returns:
        A copy that `precheck` takes, if there are no problems; else it is not to be used.
    """
    if not isinstance(subject, dict):
        return {}, problems(SHAPE, subject)
    said = _members(subject)
    found = [problem for problem in problems(SHAPE, said) if problem.code != "member-missing"]
    if found:
        return {}, found
    for name in _PARTIES:
        party = subject.get(name)
        if isinstance(party, dict) and _is_blank(party.get("zone")):
            said[name] = {**said.get(name, {}), "zone": NOT_SAID}
    return said, []


def completed(draft: dict[str, Any]) -> dict[str, Any]:
    """A draft with the members that the engine reads of every record, empty text where nothing is said."""
    made = dict(draft)
    for party in _PARTIES:
        made[party] = dict.fromkeys(_PARTY, "") | draft.get(party, {})
    made.setdefault("flow", "")
    for name, needed in _WHOLE:
        if name in made and needed not in made[name]:
            del made[name]
    lines = draft.get("lines")
    if lines:
        made["lines"] = [_line(line, number) for number, line in enumerate(lines, 1)]
    else:
        made.pop("lines", None)
        made["lines"] = [{"line": 0}]
    return made


def _line(line: dict[str, Any], number: int) -> dict[str, Any]:
    made = {"line": number} | line
    scenario = made.get("scenario")
    if scenario is not None and not {"scheme", "code"} <= scenario.keys():
        del made["scenario"]
    return made


def _members(value: dict[str, Any]) -> dict[str, Any]:
    said = ((name, _said(member)) for name, member in value.items())
    return {name: member for name, member in said if member is not None}


def _said(value: object) -> object:
    """A value without what is yet to be filled in; None where nothing is left."""
    if _is_blank(value):
        return None
    if isinstance(value, dict):
        return _members(value) or (None if value else value)
    if isinstance(value, list):
        if any(map(_is_blank, value)):
            return None  # what a list is to hold as well is not known
        return [item for item in map(_said, value) if item is not None] or (None if value else value)
    return value


def _is_blank(value: object) -> bool:
    return isinstance(value, str) and value.startswith("<") and value.endswith(">")
