"""Connections of `requests` that a watchdog can end, wherever they stand.

urllib3 makes them; its own timeouts are of silence alone.
"""

import socket
from typing import Any, Final

from requests import Session
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from ledger.watchdog import Watchdog

_SCHEMES: Final = ("http://", "https://")


class WatchedAdapter(HTTPAdapter):
    """Carries the requests of one session, one at a time, by connections that its `watchdog` knows."""

    def __init__(self) -> None:
        self.watchdog = Watchdog()
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """As of `requests`."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self.watchdog)


def watched(session: Session) -> Watchdog:
    """The watchdog of a session, which has one from here on."""
    adapter = session.get_adapter(_SCHEMES[0])
    if not isinstance(adapter, WatchedAdapter):
        adapter = WatchedAdapter()
        for scheme in _SCHEMES:
            session.mount(scheme, adapter)
    return adapter.watchdog


def _pools(watchdog: Watchdog) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            made = super()._new_conn()
            watchdog.connected(made)
            return made

        def putrequest(self, *args: Any, **options: Any) -> None:
            watchdog.using(lambda: self.sock)
            super().putrequest(*args, **options)

    class Secured(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            made = super()._new_conn()
            watchdog.connected(made)
            return made

        def putrequest(self, *args: Any, **options: Any) -> None:
            watchdog.using(lambda: self.sock)
            super().putrequest(*args, **options)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecuredPool(HTTPSConnectionPool):
        ConnectionCls = Secured

    return {"http": PlainPool, "https": SecuredPool}
