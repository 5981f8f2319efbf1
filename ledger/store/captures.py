"""Evidence of anchors in blocks that are not final yet: taken at once, since nodes forget old state within minutes.

A row is no evidence that stands: nobody said that its block is final.  It is taken away once the anchor is settled,
and whoever makes evidence of it proves it again first, so that damage to it does no more harm than its loss.
"""

from dataclasses import astuple, dataclass

from ledger.store.database import Database, Office, in_office

MOST = 8
"""Blocks kept for one anchor, the newest; it is mined in more than one only when blocks are replaced."""

_COLUMNS = "chain, contract, size, block_number, block_hash, block_time, header, account, storage, receipt, captured_at"
_SELECT = f"SELECT {_COLUMNS} FROM anchor_capture"  # noqa: S608 - a constant of this module


@dataclass(frozen=True, slots=True)
class Capture:
    """What one block shows of an anchor; members as of `ledger.store.anchors.Evidence`."""

    chain: str
    contract: bytes
    size: int
    block_number: int
    block_hash: bytes
    block_time: int
    header: bytes
    account: bytes
    storage: bytes
    receipt: bytes | None
    captured_at: int


class Captures:
    """The captured anchors in `database`.  Safe for threads; each write is durable when it returns.

    Args:
        office: As of `ledger.store.anchors.Anchors`.
    """

    def __init__(self, database: Database, office: Office | None = None) -> None:
        self._database = database
        self._office = office

    def record(self, capture: Capture) -> None:
        """Keep what a block shows; nothing happens where it is kept already."""
        marks = ", ".join("?" * len(astuple(capture)))
        with in_office(self._database, self._office) as writing:
            writing.execute(
                f"INSERT INTO anchor_capture ({_COLUMNS}) VALUES ({marks})"  # noqa: S608
                " ON CONFLICT (chain, size, block_hash) DO NOTHING",
                astuple(capture),
            )
            writing.execute(
                "DELETE FROM anchor_capture WHERE chain = ? AND size = ? AND id NOT IN"
                " (SELECT id FROM anchor_capture WHERE chain = ? AND size = ? ORDER BY id DESC LIMIT ?)",
                (capture.chain, capture.size, capture.chain, capture.size, MOST),
            )

    def of(self, chain: str, size: int, block_hash: bytes) -> Capture | None:
        """What the block showed of the anchor of this size, if it was captured."""
        query = f"{_SELECT} WHERE chain = ? AND size = ? AND block_hash = ?"
        with self._database.read() as connection:
            row = connection.exec_driver_sql(query, (chain, size, block_hash)).first()
        return None if row is None else Capture(*row)

    def without_receipt(self, chain: str, size: int) -> list[Capture]:
        """Those of an anchor that show it in a later block than its own, oldest first."""
        query = f"{_SELECT} WHERE chain = ? AND size = ? AND receipt IS NULL ORDER BY id"
        with self._database.read() as connection:
            return [Capture(*row) for row in connection.exec_driver_sql(query, (chain, size))]

    def every(self) -> list[Capture]:
        """All of them, oldest first."""
        with self._database.read() as connection:
            return [Capture(*row) for row in connection.exec_driver_sql(f"{_SELECT} ORDER BY id")]

    def settle(self, chain: str, size: int) -> None:
        """Take away those of sizes up to this one: it is final, and they follow from it."""
        with in_office(self._database, self._office) as writing:
            writing.execute("DELETE FROM anchor_capture WHERE chain = ? AND size <= ?", (chain, size))
