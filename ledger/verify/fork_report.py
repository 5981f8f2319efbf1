"""What a fork proof shows, and who signed both of its checkpoints.

Source: docs/spec/fork.md.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from ledger.core.canonical import Json
from ledger.core.checkpoint import SignedCheckpoint, head_vkey, verify_cosignature, verify_log_lines
from ledger.core.evm.anchor import log_id
from ledger.core.note import MLDSA44_COSIGNATURE, NoteSignature, VKey
from ledger.core.times import LATEST, format_time
from ledger.core.trust import TrustList
from ledger.core.trust.values import LogKeys
from ledger.errors import LedgerError, MalformedError, SignatureError
from ledger.verify.fork import Fork, parse_fork, require_contradiction
from ledger.verify.text import on_one_line, short

ForkVerdict = Literal["split view proven", "not proven", "could not finish"]

FORMAT = "evidence-fork-report/1"
EXIT_STATUS = {"split view proven": 0, "not proven": 1, "could not finish": 3}
_WHERE = ("a", "b")


class Signer(NamedTuple):
    """Whose key signed which of the two checkpoints.

    Attributes:
        role: `log` or `witness`.
        organisation: Of a witness; of the log, its operator.
        type: `Ed25519`, `ML-DSA-44` or `head key`.
        key: Name and key id of the verification key, joined by a plus; of a head key its address.
        signed: `a`, `b`, or both.
        times: When the signer says that it signed, POSIX seconds; none where its lines carry no time.
    """

    role: Literal["log", "witness"]
    organisation: str
    type: str
    key: str
    signed: tuple[str, ...]
    times: tuple[int, ...] = ()

    @property
    def both(self) -> bool:
        """Whether it signed both."""
        return len(self.signed) == len(_WHERE)


class ForkReport(NamedTuple):
    """The answer about a fork proof.

    Attributes:
        code: `fork-same-size`, `fork-leaf`, or why nothing is proven.
        fork: As it was read; None where the file is none.
        log: The trust list's entry for the log; None where there is none.
        signers: Who signed, those who signed both first.
        head_address: The head key that signed both, by which it can be proven on a chain; None where two did.
        not_counted: Lines that were passed over, and why.
    """

    verdict: ForkVerdict
    code: str
    detail: str
    trust: TrustList
    checked_at: int
    fork: Fork | None = None
    log: LogKeys | None = None
    signers: tuple[Signer, ...] = ()
    head_address: bytes | None = None
    not_counted: tuple[str, ...] = ()

    @property
    def exit_status(self) -> int:
        """0 proven, 1 not proven, 3 could not finish."""
        return EXIT_STATUS[self.verdict]

    @property
    def log_id(self) -> bytes | None:
        """The log's id under the head key that signed both."""
        if self.fork is None or self.head_address is None:
            return None
        return log_id(self.fork.origin, self.head_address)

    def to_json(self) -> dict[str, Json]:
        """The report as JSON; members are stable, texts are not."""
        fork, proven = self.fork, self.log_id
        return {
            "format": FORMAT,
            "verdict": self.verdict,
            "code": self.code,
            "detail": self.detail,
            "origin": None if fork is None else fork.origin,
            "operator": None if self.log is None else self.log.operator,
            "checkpoints": []
            if fork is None
            else [
                {"size": one.checkpoint.size, "root": one.checkpoint.root.hex()} for one in (fork.a, fork.b)
            ],
            "index": None if fork is None else fork.place,
            "leaves": [] if fork is None else [leaf.hash.hex() for leaf in fork.leaves],
            "signers": [_signer_json(signer) for signer in self.signers],
            "signedBoth": list(dict.fromkeys(one.organisation for one in self.signers if one.both)),
            "headKey": None if self.head_address is None else f"0x{self.head_address.hex()}",
            "logId": None if proven is None else f"0x{proven.hex()}",
            "trust": {
                "publisher": self.trust.publisher.id,
                "version": self.trust.version,
                "listHash": self.trust.list_hash.hex(),
            },
            "checkedAt": format_time(self.checked_at),
            "notCounted": list(self.not_counted),
        }

    def render(self, *, trust_name: str | None = None) -> str:
        """The report as text; ends with a newline.

        Args:
            trust_name: What the user calls the trust list; its publisher where None.
        """
        name = trust_name if trust_name is not None else self.trust.publisher.id
        return "".join(f"{on_one_line(line)}\n" for line in _lines(self, name))


def verify_fork(data: bytes, trust: TrustList, *, now: int) -> ForkReport:
    """Check a fork proof, and name who signed both of its checkpoints.

    It is proven where both hold as checkpoints of a log of the trust list, each by the log's own three lines, and
    contradict each other.  From which size to which a head key counts is not asked: a key that signs where it should
    not has signed.

    Args:
        data: The file.
        trust: Whose keys are whose.
        now: The verifier's clock, POSIX seconds; it decides nothing.

    Cost: six signature checks, one for each line of a known witness, two inclusion proofs.
    """
    try:
        fork = parse_fork(data)
    except MalformedError as error:
        return ForkReport("not proven", error.code, str(error), trust, now)
    log = trust.log(fork.origin)
    if log is None:
        detail = f"{fork.origin} is not a log of the trust list, so nobody's signature is known"
        return ForkReport("could not finish", "log-unknown", detail, trust, now, fork)
    heads: list[bytes] = []
    try:
        for where, signed in zip(_WHERE, fork.heads, strict=True):
            heads.append(_log_lines(where, signed, log))
        told = require_contradiction(fork)
    except LedgerError as error:
        return ForkReport("not proven", error.code, str(error), trust, now, fork, log)
    signers, passed_over = _signers(fork, log, trust)
    return ForkReport(
        "split view proven",
        "fork-same-size" if fork.place is None else "fork-leaf",
        told,
        trust,
        now,
        fork,
        log,
        signers,
        heads[0] if heads[0] == heads[1] else None,
        passed_over,
    )


def _log_lines(where: str, signed: SignedCheckpoint, log: LogKeys) -> bytes:
    """The head key of a checkpoint on which the log's own lines hold."""
    try:
        addresses = [key.address for key in log.head_keys]
        return verify_log_lines(signed, log.origin, log.vkeys, addresses).head_address
    except SignatureError as error:
        raise SignatureError(f"checkpoint {where}: {error}", code=error.code) from None


def _signers(fork: Fork, log: LogKeys, trust: TrustList) -> tuple[tuple[Signer, ...], tuple[str, ...]]:
    """Everybody known whose line verifies on either; the log's own lines were verified before."""
    passed_over: list[str] = []
    found: list[Signer] = []
    own = [(key, _type_of(key), _named(key)) for key in log.vkeys]
    own += [
        (head_vkey(log.origin, one.address), "head key", f"0x{one.address.hex()}") for one in log.head_keys
    ]
    for vkey, kind, written in own:
        signed = tuple(where for where, one in zip(_WHERE, fork.heads, strict=True) if _lines_of(one, vkey))
        if signed:
            found.append(Signer("log", log.operator, kind, written, signed))
    for witness in trust.witnesses:
        times: dict[str, int] = {}
        for where, one in zip(_WHERE, fork.heads, strict=True):
            for line in _lines_of(one, witness.vkey):
                try:
                    times[where] = verify_cosignature(one, line, witness.vkey)
                except LedgerError as error:
                    passed_over.append(f"checkpoint {where}: {error}")
        if times:
            found.append(
                Signer(
                    "witness",
                    witness.organisation,
                    _type_of(witness.vkey),
                    _named(witness.vkey),
                    tuple(times),
                    tuple(times.values()),
                )
            )
    return tuple(sorted(found, key=lambda one: not one.both)), tuple(passed_over)


def _lines_of(signed: SignedCheckpoint, vkey: VKey) -> Sequence[NoteSignature]:
    return [line for line in signed.note.signatures if (line.name, line.key_id) == (vkey.name, vkey.key_id)]


def _type_of(vkey: VKey) -> str:
    return "ML-DSA-44" if vkey.type == MLDSA44_COSIGNATURE else "Ed25519"


def _named(vkey: VKey) -> str:
    return f"{vkey.name}+{vkey.key_id.hex()}"


def _signer_json(signer: Signer) -> dict[str, Json]:
    return {
        "role": signer.role,
        "organisation": signer.organisation,
        "type": signer.type,
        "key": signer.key,
        "signed": list(signer.signed),
        "times": [format_time(min(time, LATEST)) for time in signer.times],
    }


def _lines(report: ForkReport, trust_name: str) -> Iterator[str]:
    fork, proven = report.fork, report.verdict == "split view proven"
    for where, one in zip(_WHERE, () if fork is None else fork.heads, strict=False):
        head = one.checkpoint
        yield f"{where:7} {head.origin} at size {head.size}, root {head.root.hex()}"
    if proven:
        yield f"shown   {report.detail}"
    for signer in report.signers:
        signed = "both" if signer.both else f"only {signer.signed[0]}"
        who = "the log, operated by" if signer.role == "log" else "witness"
        yield f"signed  {signed}: {who} {signer.organisation}, {signer.type} {signer.key}"
    if proven and report.head_address is not None:
        yield "chain   one head key signed both: evidence fork prove shows it to a contract, for ever"
    elif proven:
        yield "chain   two head keys signed, so no contract can judge it"
    for told in report.not_counted:
        yield f"not counted: {told}"
    trust = f"{trust_name}, version {report.trust.version}, sha256 {short(report.trust.list_hash)}"
    if proven and fork is not None:
        yield f"SPLIT VIEW PROVEN  {fork.origin} showed two histories ({trust})."
    else:
        yield f"{report.verdict.upper()}  {report.detail} ({report.code}; {trust})."
