"""What a file is that was given where evidence belongs, and which command it is for."""

from pathlib import Path
from typing import Final

from ledger.errors import SetupError

_FORMATS: Final = {
    "evidence-attestation-request/1": "a request for attestations; evidence attest sign answers it",
    "evidence-attestation/1": "an attestation; evidence attest take takes it",
    "evidence-enrolment-request/1": "a request for enrolment; evidence party enrol grants it",
    "evidence-key/1": "a key, which holds a secret; give it to nobody",
    "evidence-node-key/1": "a key, which holds a secret; give it to nobody",
    "evidence-openings/1": "openings of commitments; give them with --openings beside their evidence",
    "evidence-relay/1": "checkpoints to be carried to another chain; evidence relay import takes them up",
    "evidence-report/1": "the report of a verification; verify the evidence that it was made of",
    "evidence-statistics/1": "a yearly report; evidence report check compares it with a log",
    "evidence-trust/1": "a trust list; give it with --trust, and evidence trust show tells what it says",
}
_EVIDENCE: Final = b'{"format":"evidence-bundle/'


def require_evidence(path: Path, data: bytes) -> None:
    """Refuse what says of itself that it is something else; whether it is evidence is for who parses it to say.

    Raises:
        SetupError: `not-evidence`.
    """
    if data.startswith(_EVIDENCE):
        return
    import orjson

    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return
    told = _FORMATS.get(str(value.get("format"))) if isinstance(value, dict) else None
    if told is not None:
        raise SetupError(f"{path} is {told}", code="not-evidence")
    if isinstance(value, dict) and "credentialSubject" in value and "proof" not in value:
        raise SetupError(f"{path} is a draft, which nobody has signed", code="not-evidence")
