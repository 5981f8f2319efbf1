"""Drafts: documents not signed yet, made from a template, filled in member by member, and signed.

Source: docs/spec/statement.md; the templates are those of `ledger.statements`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from ledger.core.canonical import STATEMENT_LIMIT, Json, encode_decoded, normalise
from ledger.core.statement import Statement, parse_statement, sign_statement
from ledger.core.times import format_time
from ledger.errors import LedgerError, MalformedError, RefusedError
from ledger.services.ids import statement_id
from ledger.services.keys.keyfile import HolderKey
from ledger.statements.catalogue import check
from ledger.statements.shape import Problem, StatementInvalidError
from ledger.statements.template import draft

Document = dict[str, Any]
_ROOM = 512
"""Members of a list that a setting may reach; a document has fewer."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A value for one member below the subject.

    Attributes:
        path: Names and indexes that lead there, such as `("lines", "0", "persons", "count")`.
        value: Text as typed, or the JSON that was given.
        is_json: Whether it was given as JSON; text for a member that is asked as a number becomes one.
    """

    path: tuple[str, ...]
    value: Any
    is_json: bool = False

    @property
    def pointer(self) -> str:
        """The path as a pointer below the subject."""
        return "".join(f"/{token}" for token in self.path)


def parse_setting(text: str) -> Setting:
    """Read `MEMBER=TEXT` or `MEMBER:=JSON`; MEMBER is a dotted path (`lines.0.persons.count`) or a JSON pointer.

    Raises:
        MalformedError: `setting-malformed`: it is neither.
    """
    name, equals, value = text.partition("=")
    is_json = name.endswith(":")
    name = name.removesuffix(":")
    path = tuple(name[1:].split("/") if name.startswith("/") else name.split("."))
    if path[0] == "credentialSubject":
        path = path[1:]
    if not equals or not path or not all(path):
        raise MalformedError(
            "a value is given as MEMBER=TEXT or MEMBER:=JSON, such as reference=ORDER-2026-0041",
            code="setting-malformed",
        )
    return Setting(path, read_value(value, name) if is_json else value, is_json)


def read_value(text: str, name: str) -> Json:
    """The JSON value that was typed for `name`.

    Raises:
        MalformedError: `setting-malformed`: it is no JSON, or holds what statements do not, such as a fraction.
    """
    try:
        return normalise(text.encode(), limit=STATEMENT_LIMIT, what=f"the value of {name}")
    except LedgerError as error:
        raise MalformedError(
            f"what follows {name}:= must be JSON (text stands in quotation marks): {error}",
            code="setting-malformed",
        ) from None


def templates(kind: str) -> dict[str, Document]:
    """The templates of one type of statement, by name."""
    found = [
        json.loads(file.read_text(encoding="utf-8"))
        for file in files("ledger.statements").joinpath("templates").iterdir()
        if file.name.endswith(".json")
    ]
    return {
        made["name"]: made for made in sorted(found, key=lambda made: made["name"]) if made["type"] == kind
    }


def new_draft(
    template: Document, settings: list[Setting], *, now: int, random: bytes, issuer: str | None = None
) -> Document:
    """A draft with a fresh id; what is not set keeps its question.

    Args:
        template: One of `templates`.
        settings: Values for what it asks, and for any other member; the later one counts.
        now: POSIX seconds.
        random: As `ids.statement_id` takes.
        issuer: DID of who will sign; None: whom the values name in the place that `template.SIGNERS` tells.

    Raises:
        MalformedError: `setting-malformed`: a value is no number where one is asked, or its path leads through text.
    """
    asked = {
        setting.pointer: _typed(setting, template["fill"][setting.pointer]["example"])
        for setting in settings
        if setting.pointer in template["fill"]
    }
    made = draft(
        template,
        asked,
        statement_id=statement_id(now, random),
        valid_from=format_time(now),
        issuer=issuer,
    )
    for setting in settings:
        if setting.pointer not in template["fill"]:
            put(made["credentialSubject"], setting.path, setting.value)
    return made


def put(subject: Any, path: tuple[str, ...], value: object) -> None:
    """Set a member below `subject`; objects on the way are made, lists grow by one at their end.

    Raises:
        MalformedError: `setting-malformed`: the path leads through a value, or beyond the end of a list.
    """
    place = subject
    for token, following in zip(path, (*path[1:], None), strict=True):
        fresh: object = value if following is None else ([] if following == "0" else {})
        if isinstance(place, dict):
            if following is None or token not in place:
                place[token] = fresh
            place = place[token]
        elif isinstance(place, list) and token.isascii() and token.isdigit() and len(token) < len(str(_ROOM)):
            index = int(token)
            if index == len(place):
                place.append(fresh)
            elif index < len(place) and following is None:
                place[index] = fresh
            elif index > len(place):
                raise _no_place(path, f"the list has {len(place)} items")
            place = place[index]
        else:
            raise _no_place(path, f"{token} is below a value that has no members")


def read_document(data: bytes, *, what: str = "statement") -> Document:
    """A document, draft or signed, written by any tool.

    Raises:
        MalformedError: As `canonical.normalise`; `statement-malformed` where it is no object.
    """
    value = normalise(data, limit=STATEMENT_LIMIT, what=what)
    if not isinstance(value, dict):
        raise MalformedError(f"{what} is not a JSON object", code="statement-malformed")
    return value


def faults(document: Document) -> list[Problem]:
    """Every error of a document; of a signed one also that of its proof.  The signature is not looked at."""
    found = check(document)
    if "proof" in document and not found:
        try:
            parse_statement(encode_decoded(document))
        except LedgerError as error:
            found = [Problem(error.pointer or "", error.code, str(error))]
    return found


def sign_draft(document: Document, key: HolderKey, *, now: int) -> Statement:
    """Sign a draft; its `validFrom`, and the proof's `created`, are `now`.

    Raises:
        RefusedError: `signed-already`; `key-of-another`: the issuer is another than the holder of the key.
        StatementInvalidError: `statement-invalid`: with every error, also what is yet to be filled in.
    """
    if "proof" in document:
        raise RefusedError(
            "the document is signed already; a statement has one proof",
            code="signed-already",
            pointer="/proof",
        )
    dated = {**document, "validFrom": format_time(now)}
    found = check(dated)
    if found:
        raise StatementInvalidError("the draft", found)
    if dated["issuer"] != key.holder:
        raise RefusedError(
            f"the issuer is {dated['issuer']}; the key is of {key.holder}",
            code="key-of-another",
            pointer="/issuer",
        )
    return sign_statement(dated, key.private, key.verification_method, now)


def unanswered(document: Mapping[str, Any]) -> tuple[list[Problem], list[Problem]]:
    """What a draft has yet to say, and what is wrong with what it says."""
    found = check(dict(document))
    blank = [problem for problem in found if problem.code == "not-filled-in"]
    return blank, [problem for problem in found if problem.code != "not-filled-in"]


def _typed(setting: Setting, example: object) -> object:
    if setting.is_json or not isinstance(example, int):
        return setting.value
    text = str(setting.value)
    if isinstance(example, bool) and text in {"true", "false"}:
        return text == "true"
    if not isinstance(example, bool) and text.isascii() and text.isdigit() and len(text) < 17:  # noqa: PLR2004
        return int(text)
    wanted = "true or false" if isinstance(example, bool) else "an integer"
    raise MalformedError(
        f"{'.'.join(setting.path)} must be {wanted}", code="setting-malformed", pointer=setting.pointer
    )


def _no_place(path: tuple[str, ...], reason: str) -> MalformedError:
    return MalformedError(
        f"there is no place {'.'.join(path)} in the draft: {reason}", code="setting-malformed"
    )
