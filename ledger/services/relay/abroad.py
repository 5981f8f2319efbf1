"""What partners' chains hold of the own log, fetched from their nodes and verified, to be carried in bundles.

Source: docs/spec/foreign.md.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ledger.core.canonical import BUNDLE_LIMIT, decode, encode
from ledger.core.trust import TrustList
from ledger.errors import LedgerError
from ledger.remote.relaying import RelayClient
from ledger.services.bundles.foreign_parts import require_holds, strength
from ledger.services.trust.partners import Partner
from ledger.store.anchors import Anchors
from ledger.store.checkpoints import Checkpoints
from ledger.store.foreign import ForeignStore, Given
from ledger.verify.finality import GRADES
from ledger.verify.notes import OpenNote, open_note

AT_ONCE: Final = 16
"""Sizes that one partner is asked for in one round, the newest first."""
PAGE: Final = 256


class Abroad:
    """Asks partners for what their chains hold of the log `origin`."""

    def __init__(self, origin: str, anchors: Anchors, checkpoints: Checkpoints) -> None:
        self._origin = origin
        self._anchors = anchors
        self._checkpoints = checkpoints

    def fetch(
        self,
        partners: Sequence[Partner],
        client: Callable[[Partner], RelayClient | None],
        store: ForeignStore,
        trust: TrustList,
        now: int,
    ) -> None:
        """One round over all partners; one that is silent or whose proofs do not hold gives nothing."""
        log = trust.log(self._origin)
        if log is None:
            return
        sizes = self._anchored()
        for partner in partners:
            node = client(partner)
            if node is None:
                continue
            there: dict[int, dict[str, str]] | None = None
            for size in sizes:
                stored = self._checkpoints.at(size)
                if stored is None:
                    continue
                note = open_note(stored.note, self._origin, log)
                try:
                    there = node.foreign_sizes(note.log_id) if there is None else there
                    held = store.given_kinds(partner.name, note.log_id)
                    if size not in there or not _is_news(there[size], held.get(size)):
                        continue
                    items = node.foreign_evidence(note.log_id, size)
                except LedgerError:
                    break  # the next round asks again
                for item in items:
                    self._keep(item, partner, note, store, trust, now)

    def _anchored(self) -> list[int]:
        """The newest anchored sizes, newest first."""
        found: list[int] = []
        for chain in self._anchors.chains():
            held = self._anchors.latest_anchored(chain)
            after = 0 if held is None else max(0, held.id - PAGE)
            found += [one.row.size for one in self._anchors.evidence_list(after=after, limit=PAGE)]
        return sorted(set(found), reverse=True)[:AT_ONCE]

    def _keep(
        self,
        item: dict[str, Any],
        partner: Partner,
        note: OpenNote,
        store: ForeignStore,
        trust: TrustList,
        now: int,
    ) -> None:
        part = item.get("part")
        try:
            require_holds(part, note, trust)
        except LedgerError:
            return  # not shown, or not by whom this node believes
        assert isinstance(part, dict)
        source = bytes.fromhex(part["source"][2:])
        for one in store.given(note.log_id, note.size):
            same = (one.partner, one.chain, one.source_id) == (partner.name, part["chain"], source)
            if same and strength(part) <= strength(decode(one.part, limit=BUNDLE_LIMIT, what="stored part")):
                return  # what others vouched for does not give way to less
        store.put_given(
            Given(
                partner=partner.name,
                chain=part["chain"],
                source_id=source,
                log_id=note.log_id,
                size=note.size,
                note=None,
                part=encode(part, what="foreign part"),
                received_at=now,
            )
        )


def _is_news(there: Mapping[str, str], held: Mapping[bytes, str] | None) -> bool:
    """Whether a partner tells of a proof of a size that is not held, or of stronger finality for one that is."""
    if held is None:
        return True
    told = ((there.get("0x" + source.hex()), kind) for source, kind in held.items())
    return any(new in GRADES and GRADES.index(new) > GRADES.index(kind) for new, kind in told)
