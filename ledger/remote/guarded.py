"""Calls that lead to no machine which their name does not show: a name is looked up, judged and called in one step.

Whoever owns a name can let it lead to 127.0.0.1, to 169.254.169.254 or into the caller's own network, and to another
address a moment later.  So the addresses of a name are judged when it is called, every time, and the one that was
judged is the one that is called.  An address that stands in the URL by number is called as it is: whoever wrote it
there meant it.

Source: docs/spec/exchange.md.
"""

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

import httpx2

from ledger.errors import RefusedError

Lookup = Callable[[str, int], Sequence[str]]
LOCALHOST: Final = "localhost"
_NAT64: Final = ip_network("64:ff9b::/96")


def is_public(text: str) -> bool:
    """Whether an address is one of the internet's, and none of this machine, this network or a special purpose."""
    found: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if inner is not None:
            return is_public(str(inner))
        if found in _NAT64:
            return is_public(str(IPv4Address(int(found) & 0xFFFFFFFF)))
        if found.is_site_local:  # of old, and still routed within networks
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def names_private(url: str) -> bool:
    """Whether an address says by itself that it is this machine's or one of its network's."""
    host = urlsplit(url).hostname or ""
    try:
        return not is_public(host)
    except ValueError:
        return host == LOCALHOST or host.endswith(f".{LOCALHOST}") or _is_number(host)


def looked_up(host: str, port: int) -> list[str]:
    """The addresses of a name, as this machine finds them."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def address_of(host: str, port: int, lookup: Lookup = looked_up) -> str:
    """The address to call for a name; every address of it must be public.

    Raises:
        RefusedError: `remote-private`.
        OSError: The name leads nowhere.
    """
    found = list(lookup(host, port))
    private = next((one for one in found if not is_public(one)), None)
    if private is not None or not found or _is_number(host):
        raise RefusedError(
            f"{host} leads to a private address; where that is meant, the address is written by number",
            code="remote-private",
        )
    return found[0]


class Guarded(httpx2.BaseTransport):
    """The network, with each name called at an address that was judged.

    Args:
        verify: Whether certificates are verified; they are those of the name.
        lookup: The addresses of a name.
    """

    def __init__(self, *, verify: bool, lookup: Lookup = looked_up) -> None:
        self._lookup = lookup
        self._inner = httpx2.HTTPTransport(verify=verify, trust_env=False)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """As of the class above."""
        host = request.url.host
        if host != LOCALHOST and not _is_address(host):
            port = request.url.port or (443 if request.url.scheme == "https" else 80)
            try:
                address = address_of(host, port, self._lookup)
            except OSError as error:
                raise httpx2.ConnectError(f"{host} is not found", request=request) from error
            request.url = request.url.copy_with(host=address)  # the field Host keeps the name
            request.extensions = {**request.extensions, "sni_hostname": host}
        return self._inner.handle_request(request)

    def close(self) -> None:
        """As of the class above."""
        self._inner.close()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_number(host: str) -> bool:
    """Whether a host is an address in one of the old ways that a resolver takes, such as 2130706433 or 0x7f.1."""
    return all(part[:1].isdigit() for part in host.rstrip(".").split("."))
