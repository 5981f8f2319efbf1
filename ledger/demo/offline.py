"""Verifying with the network off, where this system lets us take it away; and never saying so where it does not."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

_SECONDS: Final = 20
_PROBE: Final = """
import socket, sys
others = [name for _, name in socket.if_nameindex() if name != "lo"]
try:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("127.0.0.1", 9))
    sys.exit("loopback answers")
except OSError:
    sys.exit("there are interfaces" if others else 0)
"""
"""Succeeds only where there is no interface but a dead loopback."""
_WAYS: Final = (("--net",), ("--user", "--map-root-user", "--net"))


@dataclass(frozen=True, slots=True)
class Isolation:
    """How commands are kept from the network.

    Attributes:
        within: What runs them; empty where they could not be kept from it.
        told: What may be said of it.
    """

    within: tuple[str, ...]
    told: str


def isolation() -> Isolation:
    """Try the ways of this system, and take the first in which a probe found no network."""
    unshare = shutil.which("unshare")
    for way in _WAYS if unshare is not None else ():
        within = (str(unshare), *way)
        if _is_cut_off(within):
            return Isolation(within, f"the network is off: unshare {' '.join(way)}, where no interface is up")
    return Isolation(
        (),
        "this system gave us no network namespace, so the network stayed on; evidence verify has no use for it",
    )


def _is_cut_off(within: tuple[str, ...]) -> bool:
    try:
        probed = subprocess.run(  # noqa: S603 - our own program
            [*within, sys.executable, "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return probed.returncode == 0
