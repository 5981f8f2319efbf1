"""Watching partners' logs from a serving node: again and again, each on a thread of its own.

One that is silent or lies holds up no other.  Fork proofs go to the home's folder `forks`, from where the node shows
them to everybody.

Source: docs/monitoring.md.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

from ledger.core.times import format_time
from ledger.core.trust import TrustList
from ledger.core.trust.values import LogKeys
from ledger.errors import LedgerError, RemoteError
from ledger.remote.exchange import GUARDED, Calling
from ledger.remote.tiles import LogReader
from ledger.services.anchoring.observing import ObservedChains
from ledger.services.files import exists, replace, reported
from ledger.services.monitoring import sources as monitor_sources
from ledger.services.monitoring.monitor import Look, Monitor
from ledger.services.monitoring.sources import Source
from ledger.services.repeating import InRounds, Repeating
from ledger.services.trust.partners import Partner, PartnerBook
from ledger.services.witnessing.witnesses import PREFIX
from ledger.store.alarms import Alarm, Alarms
from ledger.store.followed import FILE, FollowedLogs
from ledger.store.foreign import ForeignStore
from ledger.store.witness import WitnessStore

FORKS: Final = "forks"
_FOLDER_MODE: Final = 0o700
_READABLE: Final = 0o644


def write_fork(folder: Path, alarm: Alarm) -> Path | None:
    """Write the fork proof of an alarm into a folder, which is made where it is not there; None where it has none."""
    if alarm.evidence is None:
        return None
    name = f"{format_time(alarm.at)[:10]}-{alarm.code}-{sha256(alarm.evidence).hexdigest()[:16]}.json"
    path = folder / name
    if not exists(path):
        with reported("make folder of contradictions", folder):
            folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        replace(path, alarm.evidence, what="fork proof", mode=_READABLE)
    return path


class Monitoring(InRounds):
    """Looks at partners' logs every `period` seconds until it is closed.

    Args:
        home: Where its state and fork proofs go.
        partners: Whose logs are watched, where the trust list names them.
        believed: The trust list in force, asked for each time.
        observed: Partners' chains that the node reads itself.
        witness: What the node cosigned.
        foreign: What the own chain accepted.
        clock: POSIX seconds.
        calling: In whose name logs are read.
    """

    def __init__(
        self,
        home: Path,
        partners: PartnerBook,
        *,
        believed: Callable[[], TrustList],
        observed: ObservedChains,
        witness: WitnessStore,
        foreign: ForeignStore,
        period: float,
        clock: Callable[[], float],
        calling: Calling = GUARDED,
    ) -> None:
        self._partners = partners
        self._calling = calling
        self._believed = believed
        self._observed = observed
        self._witness = witness
        self._foreign = foreign
        self._rounds = Repeating("monitor", self._round, period=period, unforeseen=_unforeseen)
        self._logs = FollowedLogs(home / FILE)
        self._monitor = Monitor(
            self._logs,
            Alarms(home / FILE),
            believed,
            clock,
            sources=self._sources,
            publish=lambda alarm: write_fork(home / FORKS, alarm),
            stop=self._rounds.stop.is_set,
        )
        self.looks: dict[str, Look] = {}

    @property
    def alarms(self) -> Alarms:
        """What was raised."""
        return self._monitor.alarms

    def _round(self) -> None:
        trust = self._believed()
        for partner in self._partners.list():
            if partner.node is not None and partner.believed_logs(trust):
                self._rounds.beside(partner.name, f"monitor {partner.name}", partial(self._look, partner))

    def _look(self, partner: Partner) -> None:
        """Look at one partner's log.  Never raises: whatever fails concerns it alone, and is told."""
        assert partner.node is not None
        try:
            with LogReader(partner.node, calling=self._calling) as reader:
                self.looks[partner.name] = self._monitor.look(reader)
        except LedgerError as error:
            self.looks[partner.name] = Look(partner.node, error=error)
        except Exception as error:  # noqa: BLE001 - no partner may end the thread that looks
            self.looks[partner.name] = Look(partner.node, error=_unforeseen(error))

    def _sources(self, keys: LogKeys) -> Iterable[Source]:
        yield monitor_sources.own_witness(self._witness)
        yield monitor_sources.own_chain(self._foreign, self._logs)
        for partner in self._partners.list():
            if partner.node is not None and keys.origin not in partner.entry.listed.logs:
                yield monitor_sources.witness(partner.node.rstrip("/") + PREFIX, GUARDED)
                yield monitor_sources.partner(partner.node, self._logs, GUARDED)
        yield from self._chains()

    def _chains(self) -> Iterator[Source]:
        for listed in self._believed().chains.values():
            opened = self._observed.get(listed.number)
            if opened is not None:
                yield monitor_sources.chain(opened, listed)


def _unforeseen(error: Exception) -> LedgerError:
    return RemoteError(
        f"watching failed in a way that was not foreseen ({type(error).__name__})", code="monitor-failed"
    )
