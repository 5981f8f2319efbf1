"""A draft of a TransferRecord as rules may be asked about it: what is not said yet is left out, and so unknown.

Rule: docs/spec/precheck.md, section Drafts.
"""

from typing import Any, Final

from ledger.statements.deciding.facts import Facts, facts_of
from ledger.statements.shape import Problem, problems
from ledger.statements.transfer import SHAPE

_WHOLE: Final = (("mechanism", "type"), ("onward", "allowed"), ("window", "start"))
"""Members of a record that say nothing without one of their own."""
_PARTIES: Final = ("exporter", "importer")
_PARTY: Final = ("did", "scheme", "id", "jurisdiction")


def draft_of(subject: object) -> tuple[dict[str, Any], list[Problem]]:
    """What a draft says, and what is wrong with it; what is missing is not wrong.

    Args:
        subject: Of a TransferRecord, signed or not, with `<what to fill in>` where something is yet to be said.

    Returns:
        A copy that `precheck` takes, if there are no problems; else it is not to be used.
    """
    said = _said(subject)
    if not isinstance(said, dict):
        said = {} if isinstance(subject, dict) else subject
    found = [problem for problem in problems(SHAPE, said) if problem.code != "member-missing"]
    return (said if isinstance(said, dict) and not found else {}), found


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


def facts_said(draft: dict[str, Any], line: dict[str, Any]) -> Facts:
    """The facts of one line that a completed draft gives."""
    ((_, facts),) = facts_of({**draft, "lines": [line]}, {})
    return {name: value for name, value in facts.items() if value != "" or name.endswith(".zone")}


def _line(line: dict[str, Any], number: int) -> dict[str, Any]:
    made = {"line": number} | line
    scenario = made.get("scenario")
    if scenario is not None and not {"scheme", "code"} <= scenario.keys():
        del made["scenario"]
    return made


def _said(value: object) -> object:
    """A value without what is yet to be filled in; None where nothing is left."""
    if isinstance(value, str):
        return None if value.startswith("<") and value.endswith(">") else value
    if isinstance(value, dict):
        members = {name: _said(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member is not None} or None
    if isinstance(value, list):
        return [item for item in map(_said, value) if item is not None] or None
    return value
