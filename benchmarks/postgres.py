"""Registering over HTTP with the log on a PostgreSQL server of this machine, in one process of role all."""

import tempfile
from pathlib import Path

from benchmarks.measure import Row, fsync_seconds
from benchmarks.registration import node_serving, records, streams
from tests.nodes import enrol
from tests.postgres import APP, binaries, served

GOAL = 0.50


def rows() -> list[Row]:
    """A node of its own on a server of its own, whose files are on the disk; nothing where no server is installed."""
    if binaries() is None:
        return []
    with served(on_disk=True) as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fsync = fsync_seconds(server.folder)
        address = server.url(server.ledger(), APP)
        version = str(server.execute("SHOW server_version")[0][0]).partition(" ")[0]
        with node_serving(folder, {"DATABASE_URL": address}) as node:
            key, _ = enrol(node, "exporter", "exporter", folder)
            where = f" into PostgreSQL {version}"
            return [streams(node, key, records(key), fsync, where=where, goal=GOAL)]
