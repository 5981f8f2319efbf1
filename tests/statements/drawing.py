"""Values drawn from a shape: of its form, with its plain rules kept, and otherwise anything."""

from collections.abc import Callable
from functools import cache
from typing import Any

from hypothesis import strategies as st

from ledger.core.times import format_time
from ledger.statements.example_parties import ACCREDITOR, BODY, EXPORTER, IMPORTER
from ledger.statements.fields import DIGEST, Boolean, Code, Date, Integer, Text, Time
from ledger.statements.measure_rules import WHEN
from ledger.statements.party import PARTY
from ledger.statements.personal import finding
from ledger.statements.scenario import OWN_SCHEME, SCENARIO
from ledger.statements.scope import SCOPE
from ledger.statements.shape import Array, Object, Shape

_START = 1_795_000_000
_DAYS = 4000
_MOST = 3
"""Items of a list, where its bounds allow so few."""
_PAIRS = (
    ("validFrom", "validUntil"),
    ("from", "until"),
    ("inForceFrom", "until"),
    ("effective", "until"),
    ("effectiveFrom", "effectiveUntil"),
    ("date", "reviewBy"),
)
_SCENARIOS = [
    {"scheme": OWN_SCHEME, "code": "veh.after-sales"},
    {"scheme": OWN_SCHEME, "code": "trade.invoice", "version": "2"},
    {"scheme": "urn:example:list", "code": "A-1"},
]
TIMES = st.integers(0, _DAYS).map(lambda day: format_time(_START + 86_400 * day))


@cache
def made(shape: Shape) -> st.SearchStrategy[Any]:
    """Values of a shape; what its rules say of several members is kept where it is the order of two dates."""
    if shape in _GIVEN:
        return _GIVEN[shape]
    return _DRAWN[type(shape)](shape)


def _object(shape: Object) -> st.SearchStrategy[dict[str, Any]]:
    drawn = st.fixed_dictionaries(
        {name: made(member) for name, member in shape.required.items()},
        optional={name: made(member) for name, member in shape.optional.items()},
    )
    if shape.any_of:
        drawn = drawn.filter(lambda value: not value.keys().isdisjoint(shape.any_of))
    if shape is SCOPE:
        return drawn.map(_with_fitting_limits)
    return drawn.map(_in_order)


def _in_order(value: dict[str, Any]) -> dict[str, Any]:
    for first, last in _PAIRS:
        if first in value and last in value:
            if value[first] == value[last]:
                value[last] = format_time(_START + 86_400 * (_DAYS + 1))[: len(value[first])]
            value[first], value[last] = sorted((value[first], value[last]))
    return value


def _with_fitting_limits(value: dict[str, Any]) -> dict[str, Any]:
    limits = value.get("limits", {})
    if "sensitivePersons" in limits:
        limits["sensitivePersons"], limits["persons"] = sorted(limits.values())
    return value


def _array(shape: Array) -> st.SearchStrategy[list[Any]]:
    def key(item: Any) -> str:
        return str(item[shape.unique]) if isinstance(shape.unique, str) else repr(item)

    return st.lists(
        made(shape.item),
        min_size=shape.minimum,
        max_size=min(shape.maximum, max(_MOST, shape.minimum)),
        unique_by=key if shape.unique else None,
    )


def _text(shape: Text) -> st.SearchStrategy[str]:
    drawn = st.from_regex(shape.pattern, fullmatch=True).filter(lambda text: len(text) <= shape.maximum)
    return drawn.filter(lambda text: finding(text) is None) if shape.screened else drawn


_GIVEN: dict[Shape, st.SearchStrategy[Any]] = {
    PARTY: st.sampled_from([ACCREDITOR, BODY, EXPORTER, IMPORTER]).map(dict),
    SCENARIO: st.sampled_from(_SCENARIOS).map(dict),
    WHEN: st.sampled_from(
        ["true", "line.grade == 'core'", "line.persons.count >= 10 || size(line.dataTypes) > 1"]
    ),
    DIGEST: st.binary(min_size=32, max_size=32).map(bytes.hex),
}
_DRAWN: dict[type[Shape], Callable[[Any], st.SearchStrategy[Any]]] = {
    Object: _object,
    Array: _array,
    Text: _text,
    Code: lambda shape: st.sampled_from(sorted(shape.codes)),
    Integer: lambda shape: st.integers(shape.minimum, shape.maximum),
    Boolean: lambda _: st.booleans(),
    Time: lambda _: TIMES,
    Date: lambda _: TIMES.map(lambda time: time[:10]),
}
