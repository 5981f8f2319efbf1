"""Equivalence: does a standard that the certificate was assessed by count as one of the other side's?

Under onward recognition there are several arrangements, and each has to lead on from where the one before arrived.
"""

from typing import Final, NamedTuple

from ledger.statements.arrangement import RecognitionArrangement
from ledger.statements.certificate import ConformityCertificate
from ledger.statements.premises.evidence import Held
from ledger.statements.premises.finding import Premise, failed, passed
from ledger.statements.premises.purpose import Purpose

_NO_LEVEL: Final = 0


class _Path(NamedTuple):
    """From a standard of the certificate to another; the smaller one is preferred."""

    gap_count: int
    """Gaps on it, repeated ones counted each time."""
    positions: tuple[int, ...]
    """Of its equivalences, each in its arrangement, from the base."""
    gaps: tuple[str, ...]


class Equivalent(NamedTuple):
    """Whether standards count alike, and what the equivalence leaves open."""

    premise: Premise
    gaps: tuple[str, ...] = ()


def equivalent(
    certificate: Held[ConformityCertificate],
    texts: list[Held[RecognitionArrangement]],
    purpose: Purpose | None,
) -> Equivalent:
    """Whether the certificate's standards are equivalent under arrangements: passed `EQUIVALENT`.

    Args:
        certificate: Which was assessed.
        texts: From the arrangement that relates its own jurisdiction to that of the question.
        purpose: Whose standard, if it asks for one, has to be reached, and whose level.
    """
    wanted = None if purpose is None else purpose.standard
    value = certificate.value
    every = _paths(value.standards, texts, None, wanted)
    if not every:
        into = "another standard" if wanted is None else wanted
        detail = f"the arrangement does not call {', '.join(value.standards)} equivalent to {into}"
        return Equivalent(failed("STANDARD_NOT_EQUIVALENT", detail, certificate, *texts))
    level = _NO_LEVEL if value.level is None else value.level
    counting = _paths(value.standards, texts, level, wanted)
    if not counting:
        detail = f"the arrangement asks for a higher level; the certificate has {_level(value.level)}"
        return Equivalent(failed("INSUFFICIENT_LEVEL", detail, certificate, *texts))
    short = level_short(certificate, purpose)
    if short is not None:
        return Equivalent(short)
    standard, path = min(counting.items(), key=lambda item: (item[1][:2], item[0]))
    gaps = tuple(dict.fromkeys(path.gaps))
    detail = f"equivalent to {standard}" + (f", but for {len(gaps)} named gaps" if gaps else "")
    return Equivalent(passed("EQUIVALENT", detail, certificate, *texts), gaps)


def met_at_home(certificate: Held[ConformityCertificate], purpose: Purpose | None) -> Premise | None:
    """Whether the certificate itself has the standard and level asked for; None where none is."""
    if purpose is None or (purpose.standard is None and purpose.level is None):
        return None
    if purpose.standard is not None and purpose.standard not in certificate.value.standards:
        detail = f"assessed by {', '.join(certificate.value.standards)}, not by {purpose.standard}"
        return failed("STANDARD_NOT_EQUIVALENT", detail, certificate)
    return level_short(certificate, purpose) or passed("EQUIVALENT", "by the standard asked for", certificate)


def level_short(certificate: Held[ConformityCertificate], purpose: Purpose | None) -> Premise | None:
    """What is wrong where a use asks for a higher level than was certified."""
    if purpose is None or purpose.level is None:
        return None
    level = certificate.value.level
    if level is not None and level >= purpose.level:
        return None
    detail = f"the use asks for level {purpose.level}; the certificate has {_level(level)}"
    return failed("INSUFFICIENT_LEVEL", detail, certificate)


def _paths(
    standards: tuple[str, ...],
    texts: list[Held[RecognitionArrangement]],
    level: int | None,
    wanted: str | None,
) -> dict[str, _Path]:
    """The best path to each standard that can be reached; with `level`, by what asks no higher one."""
    reached = dict.fromkeys(standards, _Path(0, (), ()))
    for text in texts:
        further: dict[str, _Path] = {}
        for position, entry in enumerate(text.value.equivalences):
            if level is not None and entry.minimum_level is not None and entry.minimum_level > level:
                continue
            ways = [(entry.a, entry.b)]
            if entry.direction == "both":
                ways.append((entry.b, entry.a))
            for start, end in ways:
                before = reached.get(start)
                if before is None:
                    continue
                path = _Path(
                    before.gap_count + len(entry.gaps),
                    (*before.positions, position),
                    (*before.gaps, *entry.gaps),
                )
                if end not in further or path[:2] < further[end][:2]:
                    further[end] = path
        reached = further
    if wanted is None:
        return reached
    return {wanted: reached[wanted]} if wanted in reached else {}


def _level(level: int | None) -> str:
    return "none" if level is None else str(level)
