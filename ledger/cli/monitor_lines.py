"""How the commands of `evidence monitor` tell what was seen and raised."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from ledger.core.times import format_time
from ledger.store.alarms import Alarm

if TYPE_CHECKING:
    from ledger.remote.tiles import Listed
    from ledger.services.monitoring.monitor import Look
    from ledger.services.monitoring.reconcile import Reconciled

SHOWN: Final = 50


def look_told(look: "Look") -> dict[str, Any]:
    """One look, for `--json`."""
    told: dict[str, Any] = {
        "url": look.url,
        "origin": look.origin,
        "size": look.size,
        "new": look.size - look.before,
        "agree": look.agreed,
        "troubles": [
            {"source": name, "code": error.code, "detail": str(error)} for name, error in look.troubles
        ],
    }
    if look.mirrored is not None:
        told["kept"] = look.mirrored
    if look.succeeds is not None:
        told["succeeds"] = look.succeeds.told.log.origin
    if look.error is not None:
        told["error"] = {"code": look.error.code, "detail": str(look.error)}
    return told


def look_lines(look: "Look") -> Iterator[str]:
    """One look, for people; alarms are told apart from it."""
    if look.error is not None:
        yield f"{look.origin or look.url}: {look.error} ({look.error.code})"
    else:
        kept = "" if look.mirrored is None else f", {look.mirrored} kept"
        agree = f"; the same saw {', '.join(look.agreed)}" if look.agreed else ""
        more = f" of {look.shown}, the rest is still being read" if look.is_reading else ""
        yield f"{look.origin}: size {look.size}{more}, {look.size - look.before} new{kept}{agree}"
    for name, error in look.troubles:
        yield f"{look.origin}: {name} could not be asked: {error} ({error.code})"


def alarm_told(alarm: Alarm, file: str | None = None) -> dict[str, Any]:
    """An alarm, for `--json`."""
    told: dict[str, Any] = {
        "number": alarm.id,
        "at": format_time(alarm.at),
        "origin": alarm.origin,
        "code": alarm.code,
        "detail": alarm.detail,
        "proven": alarm.evidence is not None,
        "checkpoints": alarm.notes.decode(errors="replace"),
        "acknowledged": None if alarm.acknowledged_at is None else format_time(alarm.acknowledged_at),
    }
    return told if file is None else {**told, "file": file}


def alarm_line(alarm: Alarm, file: str | None = None) -> str:
    """An alarm, for people."""
    stands = "ALARM" if alarm.acknowledged_at is None else "noted"
    proof = "" if file is None else f"; proof {file}"
    return (
        f"{stands} {alarm.id}  {format_time(alarm.at)}  {alarm.origin}: {alarm.detail} ({alarm.code}){proof}"
    )


def reconciled_told(found: "Reconciled", issuer: str, withheld: str) -> dict[str, Any]:
    """What came of reconciling, for `--json`."""
    return {
        "origin": found.origin,
        "size": found.size,
        "issuer": issuer,
        "own": found.own,
        "entries": len(found.places),
        "missing": list(found.missing),
        "listed": found.listed,
        "unknown": [_listed(one) for one in found.unknown],
        "disowned": [_listed(one) for one in found.disowned],
        "unproven": [_listed(one) for one in found.unproven],
        "notSeen": withheld,
    }


def reconciled_lines(found: "Reconciled", withheld: str) -> Iterator[str]:
    """The same for people."""
    yield f"{found.origin} at size {found.size}: {len(found.places)} of {found.own} own statements are entries"
    yield from _some(f"missing   {digest} is no entry" for digest in found.missing)
    yield f"{found.listed} are listed under the issuer, each of them an entry"
    for one in found.unknown[:SHOWN]:
        yield f"unknown   {one.digest} at {one.index}, {one.id}: it is not among your own"
    for one in found.disowned[:SHOWN]:
        yield f"disowned  {one.digest} at {one.index}: listed under you, and by another issuer"
    for one in found.unproven[:SHOWN]:
        yield f"unproven  {one.digest}: the node says it is entry {one.index}, and it is not"
    yield f"not seen  {withheld}"


def _some(lines: Iterator[str]) -> Iterator[str]:
    for at, line in enumerate(lines):
        if at == SHOWN:
            yield "and more; --json names all"
            return
        yield line


def _listed(one: "Listed") -> dict[str, Any]:
    return {"index": one.index, "digest": one.digest, "id": one.id}
