"""What goes over the wire of recognition stays small."""

from benchmarks.evidence import certificate_example
from benchmarks.recognition import list_of_one_percent
from ledger.core.trust import parse_trust_list
from ledger.verify.verifier import verify_bundle
from tests.verify.mutual import NOW


def test_a_status_list_of_which_a_hundredth_is_withdrawn_has_five_kilobytes_at_most() -> None:
    assert len(list_of_one_percent()) <= 5_000


def test_a_certificates_whole_evidence_of_two_logs_has_eighty_kilobytes_at_most() -> None:
    bundle, trust = certificate_example()
    assert len(bundle) <= 80_000
    report = verify_bundle(
        bundle, parse_trust_list(trust), now=NOW, into="XB", require=[10], require_now=True
    )
    assert report.verdict == "verified", report.step(10).detail
