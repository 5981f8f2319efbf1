"""What a node tells of partners' logs through its own chain: sources, checkpoints, proofs, and how far it lags.

Source: docs/spec/foreign.md.
"""

from collections.abc import Iterator
from typing import Any, Final

from ledger.core.canonical import BUNDLE_LIMIT, decode
from ledger.core.evm.foreign import ATTESTED
from ledger.core.times import format_time
from ledger.errors import NotFoundError
from ledger.store.foreign import Accepted, Followed, ForeignStore

GRADES: Final = {ATTESTED: "attested"}
SEALED: Final = "sealed"


def grade_of(kind: int) -> str:
    """The word for a kind of source."""
    return GRADES.get(kind, SEALED)


def sources(store: ForeignStore, now: int) -> list[dict[str, Any]]:
    """Every source that is followed, with the logs known through it."""
    logs = store.logs()
    return [
        {
            **_source(one),
            "logs": [
                _log(store, origin, log_id, one, now)
                for log_id, origin, source in logs
                if source == one.source_id
            ],
        }
        for one in store.sources()
    ]


def _source(one: Followed) -> dict[str, Any]:
    return {
        "chain": one.chain,
        "contract": "0x" + one.contract.hex(),
        "source": "0x" + one.source_id.hex(),
        "partner": one.partner,
        "of": {
            "chain": f"eip155:{one.source.chain_id}",
            "genesis": "0x" + one.source.genesis.hex(),
            "anchor": "0x" + one.source.anchor.hex(),
        },
        "grade": grade_of(one.source.kind),
        "threshold": one.source.threshold,
        "members": ["0x" + member.hex() for member in one.source.members],
        "added": format_time(one.added_at),
    }


def _log(store: ForeignStore, origin: str, log_id: bytes, source: Followed, now: int) -> dict[str, Any]:
    newest = store.newest(source.source_id, log_id)
    head = 0 if newest is None else newest.size
    return {
        "logId": "0x" + log_id.hex(),
        "origin": origin,
        "head": head,
        "disputed": newest is not None and newest.disputed,
        "lag": lag(store, log_id, head, now),
    }


def lag(store: ForeignStore, log_id: bytes, head: int, now: int) -> dict[str, Any]:
    """How far the own chain is behind the partner's anchors, by the partner's word: entries, and seconds."""
    seen = store.seen(log_id)
    if seen is None:
        return {"entries": 0, "seconds": 0}
    size, time = seen
    behind = max(0, size - head)
    return {"entries": behind, "seconds": max(0, now - time) if behind else 0}


def checkpoints(
    store: ForeignStore, log_id: bytes, now: int, *, after: int = 0, limit: int = 256
) -> dict[str, Any]:
    """A page of what the own chain accepted of a log.

    Raises:
        NotFoundError: Nothing is held of it.
    """
    found = store.accepted(log_id, after=after, limit=limit)
    if not found and after == 0:
        raise _unknown(log_id)
    heads = [newest.size for source in _sources_of(store, log_id) if (newest := store.newest(source, log_id))]
    told: dict[str, Any] = {
        "logId": "0x" + log_id.hex(),
        "items": [
            {**_checkpoint(one), "finality": kind}
            for one, kind in zip(found, store.kinds(log_id, found), strict=True)
        ],
        "lag": lag(store, log_id, max(heads, default=0), now),
    }
    if found:
        told["origin"] = found[0].origin
    if len(found) == limit:
        told["next"] = found[-1].size
    return told


def _sources_of(store: ForeignStore, log_id: bytes) -> Iterator[bytes]:
    return (source for identifier, _, source in store.logs() if identifier == log_id)


def _checkpoint(one: Accepted) -> dict[str, Any]:
    return {
        "size": one.size,
        "root": one.root.hex(),
        "chain": one.chain,
        "contract": "0x" + one.contract.hex(),
        "source": "0x" + one.source_id.hex(),
        "grade": grade_of(one.grade),
        "disputed": one.disputed,
        "block": one.block_number,
        "blockTime": format_time(one.block_time),
    }


def evidence(store: ForeignStore, log_id: bytes, size: int) -> dict[str, Any]:
    """The proofs of the smallest checkpoint of `size` or more, of each source.

    Raises:
        NotFoundError: There is none.
    """
    found = store.covering(log_id, size)
    if not found:
        raise _unknown(log_id)
    return {
        "logId": "0x" + log_id.hex(),
        "origin": found[0].origin,
        "items": [_proof(store, one) for one in found],
    }


def _proof(store: ForeignStore, one: Accepted) -> dict[str, Any]:
    part: Any = decode(store.part_of(one), limit=BUNDLE_LIMIT, what="foreign part")
    told = {**_checkpoint(one), "finality": part["finality"]["kind"], "part": part}
    return told if one.note is None else {**told, "checkpoint": one.note.decode()}


def _unknown(log_id: bytes) -> NotFoundError:
    return NotFoundError(
        f"the own chain holds no such checkpoint of log 0x{log_id.hex()}; it is not yet known here",
        code="not-yet-known-here",
    )
