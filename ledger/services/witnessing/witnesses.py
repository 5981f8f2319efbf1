"""The witnesses that this node asks to cosign its log, and the organisations that they count for.

They are those that partners' entries name for the organisations which run their logs, and those of a tlog-policy
that the operator imported (the home's file `witness/policy.txt`).  The operator's own never count.

Source: docs/spec/witness.md.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ledger.core.note import ED25519_COSIGNATURE, VKey
from ledger.core.policy import (
    NONE,
    POLICY_LIMIT,
    QUORUM,
    Policy,
    PolicyLog,
    PolicyWitness,
    parse_policy,
    policy_of,
)
from ledger.core.suites import EDDSA, PublicKey, check_enrolment_key
from ledger.core.trust import WitnessKey
from ledger.errors import LedgerError, NotFoundError, SetupError
from ledger.services.files import exists, read_bounded, reported
from ledger.services.home.folder import Home
from ledger.services.trust.known_logs import FOLDER, stamp, stamps, write_policy
from ledger.services.trust.partners import Partner, PartnerBook

if TYPE_CHECKING:  # loading it loads a database, and clients compose trust lists too
    from ledger.store.cosignatures import KeyName

POLICY: Final = "policy.txt"
PREFIX: Final = "/witness"
"""Where a node's witness is, under the node's address."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A witness that is asked.

    Attributes:
        organisation: Whom its lines count for.
        vkeys: Its keys, of types 0x04 and 0x06; each line of theirs must hold.
        url: Its submission prefix; None where that is not known, and it is not asked.
        source: The partner, or `policy`.
    """

    organisation: str
    vkeys: tuple[VKey, ...]
    url: str | None
    source: str

    @property
    def name(self) -> str:
        """Of its key."""
        return self.vkeys[0].name

    @property
    def keys(self) -> "tuple[KeyName, ...]":
        """Names and key ids."""
        return tuple((vkey.name, vkey.key_id) for vkey in self.vkeys)


class Witnesses:
    """The witnesses of the node of one home.

    Args:
        home: The node's home.
        partners: Whose witnesses are asked.
    """

    def __init__(self, home: Home, partners: PartnerBook) -> None:
        self._path = home.path / FOLDER / POLICY
        self._partners = partners
        self._operator = home.settings.operator
        self._own = home.witness_vkey()
        self._seen: tuple[object, tuple[Asked, ...]] | None = None

    def all(self) -> tuple[Asked, ...]:
        """Every witness that counts.  Reads the files again only where one of them is another than the last time.

        A key that a partner and the policy both name, or two partners, counts for the first: partners come first.

        Raises:
            SetupError: A file there is not what was written.
        """
        state = (*stamps(self._partners.folder), stamp(self._path))
        if self._seen is None or self._seen[0] != state:
            self._seen = (state, tuple(self._read()))
        return self._seen[1]

    def organisations(self) -> "Mapping[KeyName, str]":
        """By name and key id of each key, the organisation it counts for."""
        return {key: asked.organisation for asked in self.all() for key in asked.keys}

    def policy(self) -> Policy | None:
        """The policy that was imported.

        Raises:
            SetupError: `witness-policy`: the file is not what was written.
        """
        if not exists(self._path):
            return None
        try:
            return parse_policy(read_bounded(self._path, limit=POLICY_LIMIT, what="policy"))
        except LedgerError as error:
            raise SetupError(f"{self._path} does not load: {error}", code="witness-policy") from None

    def take(self, data: bytes) -> Policy:
        """Import a policy in place of the one before; its witnesses are asked beside those of partners.

        Raises:
            MalformedError: It is none.
            SignatureError: `key-refused`: signatures under a key of it could be made by others.
        """
        policy = parse_policy(data)
        for witness in policy.witnesses:
            if witness.vkey.type == ED25519_COSIGNATURE:
                check_enrolment_key(PublicKey(EDDSA, witness.vkey.key))
        write_policy(self._path, data, what="policy")
        return policy

    def forget(self) -> None:
        """Ask the witnesses of the policy no more.

        Raises:
            NotFoundError: `policy-none`.
        """
        if not exists(self._path):
            raise NotFoundError("no policy is imported", code="policy-none")
        with reported("remove policy", self._path):
            self._path.unlink()

    def as_policy(self, log: VKey, address: str | None, quorum: int, *, own: bool = False) -> Policy:
        """What a verifier of this node's log may ask for: its witnesses, each organisation a group.

        Args:
            log: The log's key, of type 0x01.
            address: Where the node is.
            quorum: How many organisations.
            own: Name this node's own witness too, which counts for others' logs alone; the log is then left out.

        Raises:
            MalformedError: `policy-malformed`: there are fewer organisations.
        """
        where = None if address is None else address.encode()
        known = list(self.all())
        if own:
            prefix = None if address is None else address.rstrip("/") + PREFIX
            known.append(Asked(self._operator, (self._own,), prefix, "own"))
        organisations: dict[bytes, list[PolicyWitness]] = {asked.organisation.encode(): [] for asked in known}
        taken = {*organisations, NONE, QUORUM}
        for asked in known:
            url = None if asked.url is None else asked.url.encode()
            for vkey in asked.vkeys:
                name = vkey.name.encode()
                if name in taken:
                    name += b"/" + vkey.key_id.hex().encode()
                taken.add(name)
                organisations[asked.organisation.encode()].append(PolicyWitness(name, vkey, url))
        return policy_of([] if own else [PolicyLog(log, where)], organisations, quorum)

    def _read(self) -> Iterator[Asked]:
        seen = {self._own.key}
        policy = self.policy()
        for asked in (*self._of_partners(), *(() if policy is None else _of_policy(policy))):
            vkeys = tuple(vkey for vkey in asked.vkeys if vkey.key not in seen)
            seen.update(vkey.key for vkey in vkeys)
            if vkeys and asked.organisation != self._operator:
                yield Asked(asked.organisation, vkeys, asked.url, asked.source)

    def _of_partners(self) -> Iterator[Asked]:
        for partner in self._partners.list():
            yield from witnesses_of(partner)


def witnesses_of(partner: Partner) -> Iterable[Asked]:
    """The witnesses that a partner's entry names for the organisations that run its logs.

    Those that it names for others are passed over: it speaks of itself.
    """
    listed = partner.entry.listed
    operators = {log.operator for log in listed.logs.values()}
    url = None if partner.node is None else partner.node.rstrip("/") + PREFIX
    for operator in sorted(operators):
        vkeys = tuple(one.vkey for one in listed.witnesses if one.organisation == operator)
        if vkeys:
            yield Asked(operator, vkeys, url, partner.name)


def witness_keys(policy: Policy) -> list[WitnessKey]:
    """The witnesses of a policy as a trust list names them."""
    return [WitnessKey(vkey, asked.organisation) for asked in _of_policy(policy) for vkey in asked.vkeys]


def _of_policy(policy: Policy) -> Iterator[Asked]:
    organisations = policy.organisations()
    for one in policy.witnesses:
        organisation = organisations[one.name].decode(errors="backslashreplace")
        url = None if one.url is None else one.url.decode("ascii", "backslashreplace")
        yield Asked(organisation, (one.vkey,), url, "policy")
