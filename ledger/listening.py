"""How a node listens, and who may read there: the members of `node.toml` that say so.

    reads = "parties"
    certificate = "/etc/evidence/registry.pem"
    certificate-key = "/etc/evidence/registry.key"
    proxy = ["10.0.0.1"]

Beyond the loopback interface a node listens only with a certificate or behind a proxy that is named here, and there it
answers private reads to those alone who sign them.

Source: docs/operations.md.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, get_args

from ledger.chains import invalid_setting, toml
from ledger.errors import RefusedError, SetupError

Reads = Literal["parties", "open"]
"""`parties`: what is private is read by those who sign for it; `open`: by whoever reaches the node."""
READS: Final[tuple[str, ...]] = get_args(Reads)
MOST: Final = 16
"""Most proxies."""


@dataclass(frozen=True, slots=True)
class Listening:
    """What the settings say of it.

    Attributes:
        reads: One of `READS`; None: `open` where only this machine reaches the node, else `parties`.
        certificate: Path of the certificate chain, PEM; from the home where it is not absolute.
        certificate_key: Path of its private key, PEM, of mode 0600.
        proxy: Addresses of the proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    """

    reads: str | None = None
    certificate: str | None = None
    certificate_key: str | None = None
    proxy: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.reads is not None and self.reads not in READS:
            raise invalid_setting("reads", f"is none of {', '.join(READS)}")
        if (self.certificate is None) != (self.certificate_key is None):
            raise invalid_setting("certificate", "and certificate-key go together")
        for path in filter(None, (self.certificate, self.certificate_key)):
            if not (path.isascii() and path.isprintable()):
                raise invalid_setting("certificate", "is no path in printable ASCII")
        if len(self.proxy) > MOST:
            raise invalid_setting("proxy", f"names more than {MOST} addresses")
        for one in self.proxy:
            try:
                plain = str(ipaddress.ip_address(one)) == one
            except ValueError:
                plain = False
            if not plain:
                raise invalid_setting("proxy", "names something else than an address, such as 10.0.0.1")


def is_loopback(address: str) -> bool:
    """Whether an IP address is one of the loopback interface."""
    return ipaddress.ip_address(address).is_loopback


def reads_of(listening: Listening, *, loopback: bool) -> Reads:
    """Who may read what is private of a node that listens so.

    Args:
        loopback: Whether it listens on the loopback interface alone.

    Raises:
        RefusedError: `reads-open-beyond`: everybody could, and not from this machine alone.
    """
    beyond = not loopback or bool(listening.proxy)
    if beyond and listening.reads == "open":
        raise RefusedError(
            'reads = "open" would let everybody who reaches this node read what is private; beyond the loopback'
            ' interface, or behind a proxy, it is "parties"',
            code="reads-open-beyond",
        )
    return "parties" if beyond or listening.reads == "parties" else "open"


def require_protected(host: str, listening: Listening, address: str | None) -> str:
    """The address to listen on that `host` is.

    Args:
        host: `localhost`, or an IP address.
        listening: As the settings have it.
        address: Where others reach the node, as the settings have it.

    Raises:
        RefusedError: `host-not-loopback`: beyond loopback without a certificate and without a proxy.
        SetupError: `host-invalid`; `address-missing`: others could not sign requests to the node.
    """
    if host == "localhost":
        return "127.0.0.1"
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        found = None
    if found is not None and found.is_loopback:
        return host
    if listening.certificate is None and not listening.proxy:
        raise RefusedError(
            f"{host} is not a loopback address, and this node has neither a certificate nor a proxy: set certificate"
            " and certificate-key, or proxy, in node.toml, or reach it through a tunnel, such as ssh -L",
            code="host-not-loopback",
        )
    if found is None:
        raise SetupError(f"{host} is no IP address to listen on", code="host-invalid")
    if address is None:
        raise SetupError(
            "others sign their requests to the address of the node; set address in node.toml, as"
            " https://registry.example.xa",
            code="address-missing",
        )
    return host


def listening_lines(listening: Listening) -> Iterator[str]:
    """Its lines of a settings file."""
    for name, value in (
        ("reads", listening.reads),
        ("certificate", listening.certificate),
        ("certificate-key", listening.certificate_key),
    ):
        if value is not None:
            yield f"{name} = {toml(value)}"
    if listening.proxy:
        yield f"proxy = [{', '.join(map(toml, listening.proxy))}]"
