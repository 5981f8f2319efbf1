"""What the nouns share whose statements have a status: suspending, reinstating, withdrawing, reducing."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ledger.cli import output
from ledger.cli.finding import CERTIFICATE, Body, found_statement
from ledger.cli.issuing import issuer
from ledger.cli.options import AsJson, Key, NodeUrl, Yes, command, time_of
from ledger.cli.reach import Partners, show_reach, told_reach
from ledger.cli.signing import Signed
from ledger.core.canonical import STATEMENT_LIMIT
from ledger.core.statement import Statement
from ledger.services.drafting import status
from ledger.services.drafting.drafts import read_document
from ledger.services.files import read_bounded
from ledger.statements.codes import STATUS_REASONS

_DONE: Final = {
    "suspend": "suspended",
    "reinstate": "reinstated",
    "withdraw": "withdrawn",
    "reduceScope": "reduced",
}
_ALREADY: Final = {
    "suspend": "is suspended already",
    "reinstate": "is not suspended",
    "withdraw": "was withdrawn already",
}
Reason = Annotated[
    str, typer.Option("--reason", metavar="CODE", help="nonConformity, holderRequest, error, …")
]


def add_changes(app: typer.Typer, signed: Signed, *, reduce: bool = False) -> None:
    """Declare the commands that change the status of what was issued.

    Args:
        app: The noun's commands.
        signed: The noun.
        reduce: Whether its scope can be reduced.
    """
    _add_suspend(app, signed)
    _add_reinstate(app, signed)
    _add_withdraw(app, signed)
    if reduce:
        _add_reduce(app, signed)


def _declared(
    app: typer.Typer, signed: Signed, verb: str, purpose: str, options: str, more: str
) -> Callable[[Any], Any]:
    return command(
        app,
        verb,
        purpose=purpose,
        runs="anywhere",
        example=f"evidence {signed.noun} {verb} {signed.document}.signed.json --key {signed.signer}.key"
        f" --node http://127.0.0.1:8151 {options}",
        more=more,
    )


_NAMED: Final = "FILE|DIGEST"
_ASKS: Final = (
    "Shows first what rests on it and is live, at the node and at the partners' nodes that are named, and asks;"
    " --yes confirms. The change and the edition of the status list that shows it are registered together."
)


def _name_of(signed: Signed) -> str:
    return "FILE|DIGEST|NUMBER" if signed.kind == CERTIFICATE else _NAMED


def _add_suspend(app: typer.Typer, signed: Signed) -> None:
    @_declared(
        app,
        signed,
        "suspend",
        f"Suspend {signed.one}, for a time at most.",
        "--reason nonConformity --until 2027-05-29T00:00:00Z",
        f"{_ASKS} It stays suspended until it is reinstated, past that time too.",
    )
    def suspend(
        *,
        statement: Annotated[str, typer.Argument(metavar=_name_of(signed), help="What is suspended.")],
        key: Key,
        node: NodeUrl,
        reason: Reason,
        until: Annotated[str, typer.Option(metavar="TIME", help="The longest it may last.")],
        body: Body = None,
        partners: Partners = None,
        yes: Yes = False,
        as_json: AsJson = False,
    ) -> int:
        ends = time_of(until, "--until")
        chosen = _Chosen(statement, signed, body, "suspend", _reason(reason), partners or [])
        return _change(chosen, key, node, until=ends, yes=yes, as_json=as_json)


def _add_reinstate(app: typer.Typer, signed: Signed) -> None:
    @_declared(
        app,
        signed,
        "reinstate",
        f"End the suspension of {signed.one}.",
        "--reason resolved",
        "The change and the edition of the status list that shows it are registered together.",
    )
    def reinstate(
        *,
        statement: Annotated[str, typer.Argument(metavar=_name_of(signed), help="What is reinstated.")],
        key: Key,
        node: NodeUrl,
        reason: Reason = "resolved",
        body: Body = None,
        as_json: AsJson = False,
    ) -> int:
        chosen = _Chosen(statement, signed, body, "reinstate", _reason(reason), [])
        return _change(chosen, key, node, yes=True, as_json=as_json)


def _add_withdraw(app: typer.Typer, signed: Signed) -> None:
    @_declared(
        app,
        signed,
        "withdraw",
        f"Withdraw {signed.one} for good.",
        "--reason nonConformity",
        f"{_ASKS} A withdrawal cannot be taken back.",
    )
    def withdraw(
        *,
        statement: Annotated[str, typer.Argument(metavar=_name_of(signed), help="What is withdrawn.")],
        key: Key,
        node: NodeUrl,
        reason: Reason,
        body: Body = None,
        partners: Partners = None,
        yes: Yes = False,
        as_json: AsJson = False,
    ) -> int:
        chosen = _Chosen(statement, signed, body, "withdraw", _reason(reason), partners or [])
        return _change(chosen, key, node, yes=yes, as_json=as_json)


def _add_reduce(app: typer.Typer, signed: Signed) -> None:
    @_declared(
        app,
        signed,
        "reduce",
        f"Reduce the scope of {signed.one}.",
        "--reason scopeExceeded --scope scope.json",
        f"{_ASKS} The file holds the scope that is left, as {signed.one} has it.",
    )
    def reduce(
        *,
        statement: Annotated[str, typer.Argument(metavar=_name_of(signed), help="What is reduced.")],
        key: Key,
        node: NodeUrl,
        reason: Reason,
        scope: Annotated[Path, typer.Option(metavar="FILE", help="The scope that is left, JSON.")],
        body: Body = None,
        partners: Partners = None,
        yes: Yes = False,
        as_json: AsJson = False,
    ) -> int:
        left = read_scope(scope)
        chosen = _Chosen(statement, signed, body, "reduceScope", _reason(reason), partners or [])
        return _change(chosen, key, node, scope=left, yes=yes, as_json=as_json)


def read_scope(file: Path) -> dict[str, Any]:
    """A scope in a file.

    Raises:
        SetupError, MalformedError: It cannot be read, or is no JSON object.
    """
    return read_document(read_bounded(file, limit=STATEMENT_LIMIT, what="scope"), what="scope")


class _Chosen:
    """What is to be changed, and how."""

    def __init__(
        self,
        name: str,
        signed: Signed,
        body: str | None,
        kind: status.Change,
        reason: str,
        partners: Collection[str],
    ) -> None:
        self.name, self.signed, self.body = name, signed, body
        self.kind, self.reason, self.partners = kind, reason, partners


def _change(
    chosen: _Chosen,
    key: Path,
    node: str,
    *,
    until: int | None = None,
    scope: dict[str, Any] | None = None,
    yes: bool,
    as_json: bool,
) -> int:
    told: dict[str, Any] = {}
    with issuer(key, node) as by:
        target = found_statement(chosen.name, (chosen.signed.kind,), by.node, body=chosen.body)
        if target.issuer == by.key.holder and chosen.kind != "reinstate":
            told["reach"] = told_reach(show_reach(target.digest, by.node, chosen.partners))
            what = f"{chosen.signed.document} {target.digest.hex()}"
            output.confirm(f"{_verb(chosen.kind).capitalize()} the {what}?", yes=yes)
        changed = status.change(by, target, chosen.kind, reason=chosen.reason, until=until, scope=scope)
    _show(chosen, target, changed, told, as_json=as_json)
    return output.DONE


def _verb(kind: str) -> str:
    return "reduce" if kind == "reduceScope" else kind


def _show(
    chosen: _Chosen, target: Statement, changed: status.Changed, more: dict[str, Any], *, as_json: bool
) -> None:
    new = changed.change is not None
    told = {
        **more,
        "statement": target.digest.hex(),
        "change": chosen.kind,
        "reason": chosen.reason,
        "new": new,
        "statusChange": None if changed.change is None else changed.change.digest.hex(),
        "statusList": None if changed.edition is None else changed.edition.digest.hex(),
    }
    lines = [f"{_DONE[chosen.kind]}: {chosen.signed.document} {told['statement']}"]
    if not new:
        lines = [
            f"{chosen.signed.document} {told['statement']} {_ALREADY[chosen.kind]}; nothing was registered"
        ]
    if changed.change is not None:
        lines.append(f"change       {told['statusChange']}, {chosen.reason}")
    if changed.edition is not None:
        lines.append(f"status list  {told['statusList']}")
    elif new:
        lines.append("it names no status list, so that only who has this change will know")
    output.show(told, lines, as_json=as_json)


def _reason(code: str) -> str:
    if code not in STATUS_REASONS:
        raise typer.BadParameter(
            f"{code} is none of {', '.join(sorted(STATUS_REASONS))}", param_hint="--reason"
        )
    return code
