"""What `evidence partner` tells of entries, partners and pulls: as values for `--json`, and as lines for people."""

from typing import Any

from ledger.core.times import format_time
from ledger.core.trust import TrustList
from ledger.services.exchange.pulling import Pulled
from ledger.services.trust.partners import Partner
from ledger.statements.entries import Entry
from ledger.store.partners import Mirror


def told_entry(entry: Entry) -> dict[str, Any]:
    """What an entry says, in short."""
    return {
        "jurisdiction": entry.jurisdiction,
        "fingerprint": entry.statement.digest.hex(),
        "registrar": entry.statement.issuer,
        "created": format_time(entry.statement.created),
        "node": entry.node,
        "authorities": [
            {"id": one.id, "roles": sorted(one.roles)} for one in entry.listed.authorities.values()
        ],
        "logs": list(entry.listed.logs),
        "chains": list(entry.listed.chains),
        "supersedes": None if entry.supersedes is None else entry.supersedes.hex(),
    }


def entry_lines(entry: Entry) -> list[str]:
    """The same for people; the last line is its fingerprint."""
    told = told_entry(entry)
    lines = [f"entry of {told['jurisdiction']}, signed by {told['registrar']} at {told['created']}"]
    lines += [f"  authority  {one['id']}: {', '.join(one['roles'])}" for one in told["authorities"]]
    lines += [f"  log        {origin}" for origin in told["logs"]]
    lines += [f"  chain      {chain}" for chain in told["chains"]]
    lines += [f"  node       {told['node']}"] if told["node"] else []
    return [*lines, f"sha256 fingerprint {told['fingerprint']}"]


def told_of(partner: Partner) -> dict[str, Any]:
    """Who a partner is."""
    return {
        "name": partner.name,
        "node": partner.node,
        "fingerprint": partner.fingerprint,
        "added": format_time(partner.added),
    }


def standing(partner: Partner, mirror: Mirror, trust: TrustList) -> dict[str, Any]:
    """Who a partner is, what is kept of it, and how the last time went that it was asked."""
    progress, held = mirror.progress(partner.name), mirror.holdings(partner.name)
    entries = mirror.of_type("JurisdictionEntry", issuer=partner.entry.statement.issuer, limit=10_000)
    places = {one.subject: one.index for one in entries}
    own = places.get(partner.entry.statement.digest)
    later = [one.subject.hex() for one in entries if own is not None and one.index > own]
    return {
        **told_of(partner),
        "believed": bool(partner.believed_logs(trust)),
        "bundles": held.bundles,
        "anchored": held.anchored,
        "pending": held.pending,
        "bytes": held.bytes,
        "asked": None if progress.tried_at is None else format_time(progress.tried_at),
        "synced": None if progress.synced_at is None else format_time(progress.synced_at),
        "trouble": None if progress.code is None else {"code": progress.code, "detail": progress.detail},
        "laterEntry": later[-1] if later else None,
    }


def standing_lines(row: dict[str, Any]) -> list[str]:
    """The same for people."""
    believed_ = "" if row["believed"] else " (its log is not in the trust list in force)"
    kept = f"{row['bundles']:,} bundles, {row['anchored']:,} of them anchored, {row['bytes']:,} bytes"
    lines = [
        f"{row['name']}  {row['node'] or 'no node known'}{believed_}",
        f"    entry    {row['fingerprint']}, added {row['added']}",
        f"    kept     {kept}; {row['pending']:,} to be asked for again",
        f"    synced   {row['synced'] or 'never'}",
    ]
    if row["trouble"] is not None:
        lines.append(f"    trouble  {row['trouble']['detail']} ({row['trouble']['code']}), {row['asked']}")
    if row["laterEntry"] is not None:
        lines.append(
            f"    a later entry is there, {row['laterEntry']}: compare it, and evidence partner add it"
        )
    return lines


def pulled_of(pulled: Pulled, error: tuple[str, str] | None) -> dict[str, Any]:
    """What became of a pull."""
    return {
        "partner": pulled.partner,
        "looked": pulled.looked,
        "kept": pulled.kept,
        "waiting": pulled.waiting,
        "refused": pulled.refused,
        "why": [{"code": code, "detail": detail} for code, detail in pulled.why.items()],
        "error": None if error is None else {"code": error[0], "detail": error[1]},
    }


def pulled_lines(row: dict[str, Any]) -> list[str]:
    """The same for people."""
    kept = f"{row['kept']:,} kept of {row['looked']:,} looked at, {row['waiting']:,} not anchored yet"
    lines = [f"{row['partner']}  {kept}, {row['refused']:,} refused"]
    lines += [f"    refused: {one['detail']} ({one['code']})" for one in row["why"]]
    if row["error"] is not None:
        lines.append(f"    error: {row['error']['detail']} ({row['error']['code']})")
    return lines
