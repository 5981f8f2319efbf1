"""`evidence monitor`: watch logs from outside, keep them, and hold one's own books against them."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from ledger.cli import output
from ledger.cli.believing import Trust, believed
from ledger.cli.calling import calling, client
from ledger.cli.monitor_lines import (
    alarm_line,
    alarm_told,
    look_lines,
    look_told,
    reconciled_lines,
    reconciled_told,
)
from ledger.cli.options import AsJson, command, noun
from ledger.core.trust import TrustList
from ledger.errors import NotFoundError, RefusedError, SetupError
from ledger.services.files import reported, write_out
from ledger.store.alarms import Alarm, Alarms
from ledger.store.followed import FILE, FollowedLogs

if TYPE_CHECKING:  # what speaks to nodes and chains is loaded when a command does
    from ledger.chain.port import Chain
    from ledger.core.trust.values import LogKeys
    from ledger.remote.tiles import LogReader
    from ledger.services.monitoring.monitor import Look, Monitor
    from ledger.services.monitoring.sources import Source

FORKS: Final = "forks"
_FOLDER_MODE: Final = 0o700

app = noun("Watch logs from outside: follow them, compare what others saw, keep them.")

State = Annotated[
    Path | None,
    typer.Option(
        "--state", envvar="EVIDENCE_MONITOR", metavar="FOLDER", help="What was followed; else the user's own."
    ),
]


@command(
    app,
    "run",
    purpose="Follow logs, and raise an alarm where one shows two histories. All is recomputed; no server is believed.",
    runs="anywhere",
    example="evidence monitor run --log https://registry.example.xa --trust trust.json --once\n"
    "evidence monitor run --log https://registry.example.xa/log --witness https://registry.example.xb/witness"
    " --rpc http://127.0.0.1:8545 --keep mirror",
    more="Each new entry is downloaded and the root computed from it must be the signed one; so must what witnesses,"
    " other nodes and chains hold. A split view is written as a fork proof, for evidence verify and evidence fork"
    " prove. Alarms are kept and stand until evidence monitor alarms takes note of them.",
    statuses="0 stopped, or --once and all agrees; 1 --once and an alarm stands; 2 bad usage; 3 could not finish.",
    asks=True,
)
def run(
    *,
    log: Annotated[list[str], typer.Option(metavar="URL", help="A node, or a log's own prefix. Repeatable.")],
    trust: Trust = None,
    once: Annotated[bool, typer.Option("--once", help="One look, then stop.")] = False,
    keep: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Keep entries and statements.")] = None,
    interval: Annotated[int, typer.Option(min=1, max=86_400, help="Seconds between two looks.")] = 1,
    witness: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="A witness's monitoring prefix. Repeatable.")
    ] = None,
    partner: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="A node whose chain holds the log. Repeatable.")
    ] = None,
    rpc: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="JSON-RPC of a chain of the list. Repeatable.")
    ] = None,
    within: Annotated[int, typer.Option(min=1, help="Seconds in which a head must be anchored.")] = 600,
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="FILE", help="Where a fork proof goes; where that is taken, into --state."
        ),
    ] = Path("fork.json"),
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """Watch."""
    from ledger.remote.tiles import LogReader
    from ledger.services.monitoring.monitor import Monitor

    listed, _ = believed(trust)
    folder = _state(state)
    written: dict[int, str] = {}
    with ExitStack() as held:
        sources = _Sources(listed, folder, witness or (), partner or (), rpc or ())
        held.callback(sources.close)
        monitor = Monitor(
            FollowedLogs(folder / FILE),
            Alarms(folder / FILE),
            lambda: listed,
            time.time,
            sources=sources.of,
            folder=keep,
            publish=_publish_to(folder / FORKS, out, written),
            within=within,
        )
        readers = [held.enter_context(LogReader(url, calling=calling())) for url in log]
        try:
            if once:
                return _told_once(
                    [_whole(monitor, one) for one in readers], monitor.alarms, written, as_json=as_json
                )
            _watch(readers, lambda one: _tell(monitor.look(one), written, as_json=as_json), interval)
        except KeyboardInterrupt:
            return output.DONE


def _watch(readers: "Sequence[LogReader]", look: "Callable[[LogReader], None]", interval: float) -> NoReturn:
    """Look at every log again and again, each on a thread of its own: one that is slow holds up no other."""
    failed: SimpleQueue[BaseException] = SimpleQueue()

    def run(reader: "LogReader") -> None:
        try:
            while True:
                look(reader)
                time.sleep(interval)
        except BaseException as error:  # noqa: BLE001 - told where the command waits
            failed.put(error)

    for one in readers:
        threading.Thread(target=run, args=(one,), name=f"monitor {one.url}", daemon=True).start()
    raise failed.get()


def _publish_to(folder: Path, out: Path, written: dict[int, str]) -> Callable[[Alarm], None]:
    """Writes fork proofs to a folder and to where the user wants one; notes in `written` where, by alarm."""
    from ledger.services.monitoring.rounds import write_fork

    def publish(alarm: Alarm) -> None:
        kept = write_fork(folder, alarm)
        if kept is not None and alarm.evidence is not None:
            written[alarm.id] = str(_beside(out, alarm.evidence, kept))

    return publish


class _Sources:
    """Whom the command line names, to be asked about each log."""

    def __init__(
        self,
        listed: TrustList,
        folder: Path,
        witnesses: Sequence[str],
        partners: Sequence[str],
        rpcs: Sequence[str],
    ) -> None:
        self._listed, self._logs = listed, FollowedLogs(folder / FILE)
        self._witnesses, self._partners = witnesses, partners
        self._chains: list[Chain] = []
        if rpcs:
            from ledger.chain.evm import connect

            self._chains = [connect(url) for url in rpcs]

    def of(self, _: "LogKeys") -> "Iterator[Source]":
        """All of them: who saw nothing of a log says so."""
        from ledger.services.monitoring import sources as monitor_sources

        yield from (monitor_sources.witness(url) for url in self._witnesses)
        yield from (monitor_sources.partner(url, self._logs) for url in self._partners)
        yield from monitor_sources.chains_of(self._listed, self._chains)

    def close(self) -> None:
        """Release connections."""
        for one in self._chains:
            one.close()


@command(
    app,
    "alarms",
    purpose="List what was raised; take note of an alarm, so that it stands no longer.",
    runs="anywhere",
    example="evidence monitor alarms --acknowledge 3",
    more="No alarm is ever deleted. Fork proofs lie in the state's folder, under forks.",
    statuses="0 none stands; 1 some stand; 2 bad usage; 3 could not finish.",
)
def alarms(
    *,
    acknowledge: Annotated[
        list[int] | None, typer.Option(metavar="NUMBER", help="Take note of one. Repeatable.")
    ] = None,
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """List alarms."""
    kept = Alarms(_state(state) / FILE)
    for number in acknowledge or ():
        if not kept.acknowledge(number, int(time.time())):
            raise NotFoundError(f"no alarm {number} stands", code="alarm-unknown")
    found = kept.all()
    lines = [alarm_line(one) for one in found] or ["nothing was raised"]
    output.show([alarm_told(one) for one in found], lines, as_json=as_json)
    return output.REFUSED if any(one.acknowledged_at is None for one in found) else output.DONE


@command(
    app,
    "reconcile",
    purpose="Hold an issuer's own books against a log: what it signed must stand there, and nothing else of its name.",
    runs="anywhere",
    example="evidence monitor reconcile --log https://registry.example.xa --issuer did:web:exporter.example.xa"
    " --digests digests.txt --trust trust.json",
    more="The log is followed first. Digests are 64 hex digits, one a line; or --statements names a folder of signed"
    " statements. A statement listed under the issuer that it does not know is named: somebody signs with its key, or"
    " it lost track.",
    statuses="0 both agree; 1 something is missing or unknown; 2 bad usage; 3 could not finish.",
    asks=True,
)
def reconcile(
    *,
    log: Annotated[str, typer.Option(metavar="URL", help="Address of the node.")],
    issuer: Annotated[str, typer.Option(metavar="DID", help="Whose statements.")],
    digests: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Digests of the issuer's statements.")
    ] = None,
    statements: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The statements themselves, *.json and *.ndjson.")
    ] = None,
    trust: Trust = None,
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """Reconcile."""
    from ledger.remote.tiles import LogReader
    from ledger.services.monitoring.books import digests_in, digests_of
    from ledger.services.monitoring.following import Follower
    from ledger.services.monitoring.reconcile import WITHHELD
    from ledger.services.monitoring.reconcile import reconcile as compare

    if statements is not None and digests is None:
        own = digests_of(statements)
    elif digests is not None and statements is None:
        own = digests_in(digests)
    else:
        raise typer.BadParameter("give --digests FILE or --statements FOLDER", param_hint="--digests")
    listed, _ = believed(trust)
    logs = FollowedLogs(_state(state) / FILE)
    with LogReader(log, calling=calling()) as reader, client(reader.node) as node:
        follower = Follower(logs, lambda: listed, time.time)
        found = follower.follow(reader)
        while found.is_reading and not found.alarms:
            found = follower.follow(reader)
        if found.alarms:
            raise RefusedError(
                f"{found.alarms[0].detail}; evidence monitor run tells more", code=found.alarms[0].code
            )
        result = compare(own, issuer, logs, found.origin, reader, statement=node.statement)
    output.show(
        reconciled_told(result, issuer, WITHHELD), reconciled_lines(result, WITHHELD), as_json=as_json
    )
    return output.DONE if result.agrees else output.REFUSED


def _whole(monitor: "Monitor", reader: "LogReader") -> "Look":
    """Look at a log until all its entries are there."""
    look = monitor.look(reader)
    before, raised = look.before, look.alarms
    while look.error is None and look.is_reading:
        output.say(f"{look.origin}: entries up to {look.shown} are being read")
        look = monitor.look(reader)
        raised = raised + look.alarms
    look.before, look.alarms = min(before, look.before), raised
    return look


def _told_once(looks: "Sequence[Look]", alarms_: Alarms, written: Mapping[int, str], *, as_json: bool) -> int:
    """Tell of one look at every log, and of what stands; the exit status."""
    standing = alarms_.all(standing=True)
    told = {
        "logs": [look_told(one) for one in looks],
        "alarms": [alarm_told(one, written.get(one.id)) for one in standing],
    }
    lines = [line for one in looks for line in look_lines(one)]
    lines += [alarm_line(one, written.get(one.id)) for one in standing]
    output.show(told, lines, as_json=as_json)
    if standing:
        return output.REFUSED
    return output.COULD_NOT_FINISH if any(one.error or one.troubles for one in looks) else output.DONE


def _tell(look: "Look", written: Mapping[int, str], *, as_json: bool) -> None:
    """Tell what is new of a log that is looked at again and again: as JSON one line each time."""
    if as_json:
        import orjson

        told = {**look_told(look), "alarms": [alarm_told(one, written.get(one.id)) for one in look.alarms]}
        output.write(orjson.dumps(told).decode() + "\n")
        return
    if look.error is not None or look.troubles or look.size != look.before:
        output.write("".join(f"{line}\n" for line in look_lines(look)))
    output.write("".join(f"{alarm_line(one, written.get(one.id))}\n" for one in look.alarms))


def _beside(out: Path, evidence: bytes, kept: Path) -> Path:
    """Write a fork proof where the user wants it, unless another one is there; where it is then."""
    try:
        write_out(out, evidence, what="fork proof")
    except SetupError as error:
        if error.code == "file-exists":
            return kept
        raise
    return out


def _state(given: Path | None) -> Path:
    """The folder of what was followed; made where it is not there."""
    if given is None:
        base = os.environ.get("XDG_STATE_HOME") or f"{os.environ.get('HOME') or '/'}/.local/state"
        given = Path(base) / "evidence" / "monitor"
    with reported("make folder", given):
        given.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    return given
