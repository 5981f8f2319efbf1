"""`evidence transfer decide`: a signed Decision about a registered record, by the measures of a node's log."""

import time
from collections.abc import Iterator
from itertools import groupby
from typing import Annotated, Any, Final

import typer

from ledger.cli import output
from ledger.cli.finding import found_statement
from ledger.cli.issuing import Kept, issuer, require_free, show_issued
from ledger.cli.options import AsJson, Key, NodeUrl, command, time_of
from ledger.core.canonical import encode
from ledger.core.statement import Statement, parse_statement
from ledger.core.times import format_time, parse_time
from ledger.errors import RemoteError
from ledger.remote.node import Item, NodeClient
from ledger.services.drafting.status import Issuer
from ledger.services.lineage.reach import referring
from ledger.services.rules.precheck_text import OUTCOMES
from ledger.statements.deciding.decide import Ready, decide, ready
from ledger.statements.deciding.facts import lies_in
from ledger.statements.endorsement import JOINT_MEASURE
from ledger.statements.endorsement import read as read_endorsement
from ledger.statements.measure import PolicyMeasure
from ledger.statements.measure import read as read_measure

_RECORD: Final = "TransferRecord"


def add_decide(app: typer.Typer) -> None:
    """Declare the command."""

    @command(
        app,
        "decide",
        purpose="Decide about a registered record by the measures of a node's log, sign the Decision, and register it.",
        runs="anywhere",
        example=f"evidence transfer decide {'0' * 64} --key machine.key --node http://127.0.0.1:8151",
        more="The key is of a machine or an authority. It decides by itself and asks the node for nothing but the"
        " measures: whoever has the same record, measures and time comes to the same bytes, which step 11 of"
        " verification asks. Of a joint measure, the endorsements count that the node's log has. Run again, it finds"
        " the Decision that the key's holder made of the same, and makes no other.",
    )
    def decide_(
        *,
        record: Annotated[
            str, typer.Argument(metavar="DIGEST|FILE", help="Its digest, or the signed record.")
        ],
        key: Key,
        node: NodeUrl,
        at: Annotated[
            str | None, typer.Option(metavar="TIME", help="For which it is decided; else when it was signed.")
        ] = None,
        out: Kept = None,
        as_json: AsJson = False,
    ) -> int:
        require_free(out)
        with issuer(key, node) as by:
            held = found_statement(record, (_RECORD,), by.node)
            moment = held.created if at is None else time_of(at, "--at")
            told: Any = held.subject
            made = decide(told, list(_measures(told, moment, by.node)), at=moment)
            subject = made.subject(held.digest)
            statement = _standing(held, subject, by)
            new = statement is None
            if statement is None:
                statement = by.sign("Decision", subject, now=int(time.time()))
                by.register([statement])
        said = f"{'decided' if new else 'decided already'}, {OUTCOMES[made.outcome]} ({made.outcome})"
        show_issued(statement, said, out, as_json=as_json, new=new)
        return output.DONE


def _standing(record: Statement, subject: dict[str, Any], by: Issuer) -> Statement | None:
    """The Decision of these words about a record that the same party made before; None where it made none."""
    made = referring(record.digest, by.node, "Decision", issuer=by.key.holder)
    return next((one for one in made if encode(one.subject) == encode(subject)), None)


def _measures(record: dict[str, Any], at: int, node: NodeClient) -> Iterator[Ready]:
    """The measures that the node's log has and that count for a record at a time, the last versions of each.

    Raises:
        RemoteError: `remote-answer-invalid`: the node names something else as one.

    Cost: a request for each page of the list, and one for each measure in effect on either side.
    """
    for direction, side in (("outbound", record["exporter"]), ("inbound", record["importer"])):
        wanted = {"jurisdiction": str(side["jurisdiction"]), "direction": direction}
        listed = [one for one in node.measures(wanted) if _may_be_asked(one, side.get("zone"), at)]
        # The last version that counts covers those before it.
        for _, versions in groupby(sorted(listed, key=_place, reverse=True), key=lambda one: _place(one)[0]):
            for one in versions:
                made = _fetched(one, wanted, node)
                if _counts(*made, at, node):
                    yield ready(made[0].digest, made[1])
                    break


def _may_be_asked(listed: Item, zone: str | None, at: int) -> bool:
    """Whether a measure has begun, and is for a zone or for all; all versions of one are of one zone."""
    area = listed.get("zone")
    is_near = area is None or (zone is not None and lies_in(zone, str(area)))
    return is_near and str(listed.get("effectiveFrom")) <= format_time(at)


def _place(listed: Item) -> tuple[tuple[str, ...], int]:
    """What all versions of a measure have the same, and the version."""
    version = listed.get("version")
    name = tuple(str(listed.get(member)) for member in ("issuer", "number", "kind", "zone"))
    return name, version if type(version) is int else 0


def _fetched(listed: Item, wanted: dict[str, str], node: NodeClient) -> tuple[Statement, PolicyMeasure]:
    """A measure's text, which must be what the list says that it is.

    Raises:
        RemoteError: `remote-answer-invalid`.
    """
    statement = parse_statement(node.statement(str(listed.get("digest"))))
    if statement.type == "PolicyMeasure":
        measure = read_measure(statement, screened=False)
        told = {"issuer": statement.issuer, "zone": measure.zone, "effectiveFrom": measure.effective_from}
        told |= {name: getattr(measure, name) for name in ("number", "kind", "version", *wanted)}
        said = {**listed, "effectiveFrom": parse_time(str(listed.get("effectiveFrom")))}
        if all(said.get(name) == value for name, value in told.items()):
            return statement, measure
    raise RemoteError(
        "the node names another statement as a measure that it lists", code="remote-answer-invalid"
    )


def _counts(statement: Statement, measure: PolicyMeasure, at: int, node: NodeClient) -> bool:
    """Whether a measure is by one authority, or by as many as it asks for."""
    if measure.joint is None:
        return True
    endorsed = {
        one.issuer
        for one in referring(statement.digest, node, "Endorsement")
        if (said := read_endorsement(one, screened=False)).role == JOINT_MEASURE and said.begins <= at
    }
    return len(endorsed & set(measure.joint.authorities)) >= measure.joint.threshold
