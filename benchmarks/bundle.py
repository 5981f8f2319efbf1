"""Verifying: a bundle against the bare checks of its signatures."""

from collections.abc import Callable
from functools import partial
from unittest.mock import patch

from coincurve import PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from benchmarks.evidence import NOW, example, sealed_example
from benchmarks.measure import Row, at_most, by_turns, microseconds
from ledger.core import mldsa, secp256k1, suites
from ledger.core.evm.seals import quorum_of
from ledger.core.trust import parse_trust_list
from ledger.verify.verifier import verify_bundle

GOAL = 2.5
"""docs/adr/0010-one-reader-of-bundles.md; of sealed bundles 0011-sealed-bundles-like-all-others.md"""
CALLS = 40


def rows() -> list[Row]:
    """`verify_bundle` in process against its own signature checks."""
    return [
        _against_its_signatures("`verify_bundle` in process", example(), GOAL),
        *(
            _against_its_signatures(
                f"`verify_bundle` of a bundle sealed by {quorum_of(count)} of {count}",
                sealed_example(count),
                GOAL,
            )
            for count in (4, 7)
        ),
    ]


def _against_its_signatures(what: str, evidence: tuple[bytes, bytes], goal: float) -> Row:
    bundle, trust_list = evidence
    trust = parse_trust_list(trust_list)
    calls, told = bare_checks(bundle, trust_list)

    def bare() -> None:
        for call in calls:
            call()

    pair = by_turns(lambda: verify_bundle(bundle, trust, now=NOW), bare, calls=CALLS)
    detail = (
        f"two sections, {len(bundle):,} bytes: {microseconds(pair.ours)}; {told} by `cryptography` and `coincurve`,"
        f" keys loaded before: {microseconds(pair.limit)}"
    )
    return at_most(f"{what}, against its bare signature checks", pair, goal, detail)


def bare_checks(bundle: bytes, trust_list: bytes) -> tuple[list[Callable[[], object]], str]:
    """The library calls that verifying this bundle cannot do without, noted while it is verified; and their number."""
    trust = parse_trust_list(trust_list)
    recover = secp256k1.recover
    with (
        patch.object(suites, "_verify_ed25519", wraps=suites._verify_ed25519) as ed25519,  # noqa: SLF001
        patch.object(mldsa, "verify", wraps=mldsa.verify) as post_quantum,
        patch.object(secp256k1, "recover", wraps=recover) as head,
        patch("ledger.verify.finality.recover", wraps=recover) as finality,
        patch("ledger.core.evm.seals.recover", wraps=recover) as seals,
    ):
        report = verify_bundle(bundle, trust, now=NOW)
    if report.verdict != "verified":
        raise SystemExit(f"the example bundle is {report.verdict}: {report.missing}")
    calls: list[Callable[[], object]] = []
    for raw, message, signature in (call.args for call in ed25519.call_args_list):
        calls.append(partial(Ed25519PublicKey.from_public_bytes(raw).verify, signature, message))
    for public, message, signature in (call.args for call in post_quantum.call_args_list):
        calls.append(partial(MLDSA44PublicKey.from_public_bytes(public).verify, signature, message))
    recovered = [
        call.args for call in (*head.call_args_list, *finality.call_args_list, *seals.call_args_list)
    ]
    for digest, signature in recovered:
        plain = signature[:64] + bytes([signature[64] - 27])
        calls.append(partial(PublicKey.from_signature_and_message, plain, digest, hasher=None))
    told = f"{ed25519.call_count} Ed25519, {post_quantum.call_count} ML-DSA-44, {len(recovered)} secp256k1 recoveries"
    return calls, told
