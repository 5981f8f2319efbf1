"""Drafts made by `new`, filled in with the examples of their templates."""

import json
from pathlib import Path
from typing import Any

from tests.cli.running import done


def filled(path: Path, noun: str, template: str, *more: object, **values: object) -> Path:
    """A draft whose parties are named by their DIDs, without a place in a status list.

    Args:
        path: Where it goes.
        noun: Of the command line.
        template: Its name.
        more: Further options.
        values: Instead of the template's examples, by pointer with `__` for `/`.
    """
    found = done(noun, "new", "--list", "--json").json["templates"]
    (asks,) = [one["asks"] for one in found if one["name"] == template]
    asked: dict[str, Any] = {
        pointer: field["example"] for pointer, field in asks.items() if "/statusReference" not in pointer
    }
    asked |= {"/" + pointer.replace("__", "/"): value for pointer, value in values.items()}
    for party in [pointer.removesuffix("/scheme") for pointer in asked if pointer.endswith("/scheme")]:
        if f"{party}/did" in asked:
            asked |= {f"{party}/scheme": "DID", f"{party}/id": asked[f"{party}/did"]}
    sets = [part for at, value in asked.items() for part in ("--set", f"{at}:={json.dumps(value)}")]
    done(noun, "new", *more, *sets, "--out", path)
    return path
