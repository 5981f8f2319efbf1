"""Where a request was sent to and by whom, behind a proxy too: only declared proxies are believed `X-Forwarded-*`."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request

from ledger.services.node.assembly import Node

_PORTS = {"http": 80, "https": 443}
_FORWARDED = frozenset({"cf-connecting-ip", "forwarded", "true-client-ip", "via", "x-client-ip", "x-real-ip"})
"""Fields by which a proxy shows itself, beside `X-Forwarded-*`."""


def proxies_of(node: Node) -> frozenset[str] | None:
    """The proxies whose word counts; None: those on this machine, since nobody else reaches the node."""
    listening = node.home.settings.listening
    if listening.certificate is None and not listening.proxy:
        return None
    return frozenset(listening.proxy)


@lru_cache(4_096)
def client_at(host: str, forwarded_for: str, proxies: frozenset[str] | None = None) -> str:
    """Who asks, as it is counted: an IPv4 address, or a network of IPv6 addresses that one client can have.

    Args:
        host: Where the connection comes from.
        forwarded_for: The last `X-Forwarded-For`: some proxies put one of their own after the client's.
        proxies: As of `proxies_of`.
    """
    forwarded = forwarded_for.rpartition(",")[2].strip()
    try:
        found = _address(host)
        if forwarded and _is_proxy(found, proxies):
            found = _address(forwarded)
    except ValueError:
        return ""
    return str(found) if isinstance(found, IPv4Address) else str(ip_network((found, 64), strict=False))


def client_of(request: Request) -> str:
    """As `client_at`, of a request."""
    forwarded = request.headers.getlist("x-forwarded-for")
    host = "" if request.client is None else request.client.host
    return client_at(host, forwarded[-1] if forwarded else "", getattr(request.app.state, "proxies", None))


def authority_of(request: Request) -> str:
    """Host and port that the client wrote; "" where it wrote none, or two."""
    named = request.headers.getlist("host")
    return named[0] if len(named) == 1 else ""


def url_of(request: Request) -> str:
    """The whole address that the client asked for, as it wrote it."""
    scope = request.scope
    query = scope["query_string"].decode("latin-1")
    path = scope["raw_path"].decode("latin-1")
    return f"{_scheme(request)}://{authority_of(request)}{path}{'?' + query if query else ''}"


def is_ours(request: Request, authority: str) -> bool:
    """Whether an authority is one of this node's: that of its address, or the loopback one that it listens at.

    Else somebody to whom a request was sent could send it on to here.
    """
    node: Node = request.app.state.node
    wanted = _plain(authority, _scheme(request))
    address = node.home.settings.address
    if address is not None:
        parts = urlsplit(address)
        if wanted == _plain(parts.netloc, parts.scheme):
            return True
    server: Any = request.scope.get("server")
    if server is None:
        return False
    host, port = server[0], server[1]
    try:
        if not _address(host).is_loopback:
            return False
    except ValueError:
        return False
    named = f"[{host}]" if ":" in host else host
    return wanted in {_plain(f"{one}:{port}", _scheme(request)) for one in (named, "localhost")}


def is_of_this_machine(request: Request) -> bool:
    """Whether a request of a node that serves this machine alone is a user's of it.

    One that came through a proxy is somebody else's, though nobody declared the proxy; some add no field, and speak
    HTTP/1.0, which nothing else here does.  So is one for a name that is not the node's: a page of a browser here,
    whose owner lets its name lead to 127.0.0.1.
    """
    if request.scope.get("http_version") == "1.0" or any(
        name in _FORWARDED or name.startswith("x-forwarded-") for name in request.headers
    ):
        return False
    node: Node = request.app.state.node
    address = node.home.settings.address
    try:
        named = urlsplit(f"//{authority_of(request)}").hostname or ""
        if named == "localhost" or (address is not None and named == urlsplit(address).hostname):
            return True
        return _address(named).is_loopback
    except ValueError:
        return False


def _scheme(request: Request) -> str:
    scheme = str(request.scope["scheme"])
    proxies: frozenset[str] | None = getattr(request.app.state, "proxies", None)
    told = request.headers.getlist("x-forwarded-proto")
    try:
        if proxies and request.client is not None and _is_proxy(_address(request.client.host), proxies):
            return told[-1] if told and told[-1] in _PORTS else scheme
    except ValueError:
        pass
    return scheme


def _is_proxy(found: IPv4Address | IPv6Address, proxies: frozenset[str] | None) -> bool:
    return found.is_loopback if proxies is None else str(found) in proxies


def _plain(authority: str, scheme: str) -> str:
    """In lower case and without the port that goes without saying."""
    return authority.lower().removesuffix(f":{_PORTS.get(scheme, 0)}")


def _address(text: str) -> IPv4Address | IPv6Address:
    """An address; one of IPv4 that is written as one of IPv6, as sockets for both do, is what it is."""
    found = ip_address(text)
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
