"""Precompiled contracts of two elliptic curves, loaded when a contract calls one.

py-evm imports them at once, and their library computes tables as it is imported: a processor's second, which is most
of what a node with a development chain takes to start.  No contract of ours calls them; any other one on the chain may.

Source: EIP-196, EIP-197, EIP-2537 for what they compute.
"""

import sys
import threading
from collections.abc import Callable
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any, Final

PACKAGE: Final = "eth.precompiles"
DEFERRED: Final = {
    "ecadd": ("ecadd",),
    "ecmul": ("ecmul",),
    "ecpairing": ("ecpairing",),
    "bls12_381": (
        "bls12_g1_add",
        "bls12_g1_msm",
        "bls12_map_fp_to_g1",
        "bls12_g2_add",
        "bls12_g2_msm",
        "bls12_map_fp2_to_g2",
        "bls12_pairing_check",
    ),
}
"""The modules of py-evm's package, and the functions in each."""
_LOCK: Final = threading.Lock()


def defer_curves() -> None:
    """Have them loaded later; without effect where py-evm is loaded already."""
    if PACKAGE in sys.modules:
        return
    for module, functions in DEFERRED.items():
        made = ModuleType(f"{PACKAGE}.{module}")
        for name in functions:
            setattr(made, name, _deferred(made, name))
        sys.modules.setdefault(made.__name__, made)


def _deferred(made: ModuleType, name: str) -> Callable[..., Any]:
    def precompiled(computation: Any = None, **costs: int) -> Any:
        if computation is None:  # a later fork of the protocol names its own cost
            return partial(precompiled, **costs)
        return getattr(_loaded(made), name)(computation, **costs)

    return precompiled


def _loaded(made: ModuleType) -> ModuleType:
    """The module that `made` stands for."""
    with _LOCK:
        if sys.modules.get(made.__name__) is made:
            package, name = sys.modules[PACKAGE], made.__name__.rpartition(".")[2]
            function = vars(package).get(name)  # which the package has under the module's own name
            del sys.modules[made.__name__]
            try:
                import_module(made.__name__)
            except BaseException:
                sys.modules[made.__name__] = made
                raise
            if function is not None:
                setattr(package, name, function)
        return sys.modules[made.__name__]
