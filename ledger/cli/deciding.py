"""`evidence transfer decide`: a signed Decision about a registered record, by the measures of a node's log."""

import time
from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer

from ledger.cli import output
from ledger.cli.finding import found_statement
from ledger.cli.issuing import Kept, issuer, require_free, show_issued
from ledger.cli.options import AsJson, Key, NodeUrl, command, time_of
from ledger.core.statement import Statement, parse_statement
from ledger.errors import RemoteError
from ledger.remote.node import NodeClient
from ledger.services.lineage.reach import referring
from ledger.services.rules.precheck_text import OUTCOMES
from ledger.statements.deciding.decide import Ready, decide, ready
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
        " verification asks. Of a joint measure, the endorsements count that the node's log has.",
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
            sides = {str(told[side]["jurisdiction"]) for side in ("exporter", "importer")}
            made = decide(told, list(_measures(sides, moment, by.node)), at=moment)
            statement = by.sign("Decision", made.subject(held.digest), now=int(time.time()))
            by.register([statement])
        show_issued(statement, f"decided, {OUTCOMES[made.outcome]} ({made.outcome})", out, as_json=as_json)
        return output.DONE


def _measures(sides: set[str], at: int, node: NodeClient) -> Iterator[Ready]:
    """The measures of some jurisdictions that the node's log has, and that count at a time.

    Raises:
        RemoteError: `remote-answer-invalid`: the node names something else as one.
    """
    for side in sorted(sides):
        for told in node.measures({"jurisdiction": side}):
            statement = parse_statement(node.statement(str(told.get("digest"))))
            if statement.type != "PolicyMeasure":
                raise RemoteError(
                    "the node names another statement as a measure", code="remote-answer-invalid"
                )
            measure = read_measure(statement, screened=False)
            if measure.jurisdiction == side and _counts(statement, measure, at, node):
                yield ready(statement.digest, measure)


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
