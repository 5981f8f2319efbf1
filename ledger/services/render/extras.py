"""The packages that only pages need, loaded when they are asked for."""

from importlib import import_module
from typing import Any, Final

from ledger.errors import SetupError

EXTRA: Final = "render"


def loaded(module: str, purpose: str) -> Any:
    """A module of the optional extra.

    Raises:
        SetupError: `extra-missing`: it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as missing:
        raise SetupError(
            f"{purpose} needs the package {(missing.name or module).partition('.')[0]}; it comes with the extra"
            f" {EXTRA}: pip install 'evidence-ledger[{EXTRA}]'",
            code="extra-missing",
        ) from None
