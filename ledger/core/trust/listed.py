"""Reads whom and what a document lists for belief: the members that trust lists and jurisdiction entries share."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from ledger.core.members import Members
from ledger.core.trust.chains import read_chains
from ledger.core.trust.parties import read_authorities, read_logs, read_witnesses
from ledger.core.trust.values import Authority, Chain, LogKeys, WitnessKey

LISTED: Final = ("authorities", "logs", "witnesses", "chains")


class Listed(NamedTuple):
    """Authorities by id, logs by origin, witnesses, chains by CAIP-2 id."""

    authorities: Mapping[str, Authority]
    logs: Mapping[str, LogKeys]
    witnesses: tuple[WitnessKey, ...]
    chains: Mapping[str, Chain]


def read_listed(members: Members) -> Listed:
    """The members `LISTED` of a document.

    Raises:
        MalformedError: One of them is not of its form; with the JSON pointer of the fault.
    """
    return Listed(
        authorities=read_authorities(members.each("authorities", ("id", "jurisdiction", "roles", "keys"))),
        logs=read_logs(members.each("logs", ("origin", "jurisdiction", "operator", "vkeys", "headKeys"))),
        witnesses=read_witnesses(members.each("witnesses", ("vkey", "organisation"))),
        chains=read_chains(
            members.each(
                "chains",
                ("chain", "genesis", "anchor", "codeHash", "consensus", "attesters", "validators"),
                ("operator", "jurisdiction"),
            )
        ),
    )
