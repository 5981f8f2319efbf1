"""What the tables of cases are written with: one change to a good world, and the code it leads to."""

from collections.abc import Callable
from typing import Any

import pytest

from ledger.statements.accreditation import AccreditedScheme
from tests.statements.recognition.world import (
    ACCREDITOR,
    AUTHORITY,
    BODY,
    World,
    mutual,
)

Change = Callable[[World], object]


def case(name: str, change: Change, code: str, **question: Any) -> Any:
    return pytest.param(change, code, question, id=name)


def scheme(**members: Any) -> tuple[AccreditedScheme, ...]:
    whole = mutual().held["accreditation"].value.schemes[0]
    return (whole._replace(**members),)


def list_of(world: World, name: str, **members: Any) -> None:
    """Replace a list of the world, by one of day 10 where nothing else is said."""
    author = {"list-body": BODY, "list-accreditor": ACCREDITOR, "list-xb": AUTHORITY["XB"]}[name]
    world.status_list(name, author, **members)
