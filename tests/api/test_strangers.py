"""Ways to what is another's that are no read of it: naming it in a statement of one's own, and asking by it."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest

from ledger.core.statement import Statement
from ledger.services.keys.keyfile import HolderKey
from ledger.verify.bundle import parse_bundle
from tests.api.served import BUNDLE, IMPORTER, Served, holder, serving
from tests.api.signing import code_of, read

STRANGER = "did:web:stranger.example.xa"


@dataclass
class Two:
    """A node that answers its parties, with two exporters; one has a private record."""

    served: Served
    private: Statement
    stranger: HolderKey

    def says(self, key: HolderKey, reference: str, **members: object) -> Statement:
        """A record of an exporter's own, registered."""
        subject = self.served.subject(reference, **members)
        subject["exporter"] = {"scheme": "DID", "id": key.holder, "did": key.holder, "jurisdiction": "XA"}
        made = self.served.sign("TransferRecord", subject, key)
        answer = self.served.post("/v1/statements", made.encoded)
        assert answer.status_code == 201, answer.text
        return made

    def bundle(self, key: HolderKey, about: Statement, more: str = "") -> httpx2.Response:
        return read(
            self.served, f"/v1/statements/{about.digest.hex()}/bundle?allowUnanchored=true{more}", key
        )


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    with serving(tmp_path_factory.mktemp("strangers"), reads="parties") as served:
        stranger = holder(STRANGER)
        served.enrol(stranger, "exporter")
        private = served.record("PRIVATE-1")
        assert served.post("/v1/statements", private.encoded).status_code == 201
        yield Two(served, private, stranger)


def carried(answer: httpx2.Response) -> set[bytes]:
    assert answer.status_code == 200, answer.text
    return {item.statement.digest for _, item in parse_bundle(answer.content).items}


@pytest.mark.parametrize("more", ["", "&partners=true"])
@pytest.mark.parametrize("how", ["parents", "supersedes", "certificate"])
def test_whoever_names_a_private_record_in_one_of_its_own_is_not_given_it(
    two: Two, how: str, more: str
) -> None:
    name = two.private.digest.hex()
    members: dict[str, dict[str, object]] = {
        "parents": {"parents": [{"digest": name, "rel": "derivedFrom"}]},
        "supersedes": {"supersedes": name},
        "certificate": {"mechanism": {"type": "certification", "certificate": name}},
    }
    mine = two.says(two.stranger, f"NAMING-{how}{len(more)}", **members[how])
    assert code_of(read(two.served, f"/v1/statements/{name}", two.stranger)) == (403, "access-denied")
    assert two.private.digest not in carried(two.bundle(two.stranger, mine, more))


def test_who_received_a_record_is_given_the_earlier_one_of_its_sender(two: Two) -> None:
    exporter, importer = two.served.exporter, holder(IMPORTER)
    two.served.enrol(importer, "importer")
    elsewhere = {"scheme": "DID", "id": STRANGER, "did": STRANGER, "jurisdiction": "XC"}
    first = two.says(exporter, "CHAIN-1", importer=elsewhere)
    second = two.says(exporter, "CHAIN-2", parents=[{"digest": first.digest.hex(), "rel": "revises"}])
    name = first.digest.hex()
    assert code_of(read(two.served, f"/v1/statements/{name}", importer)) == (403, "access-denied")
    assert {first.digest, second.digest} <= carried(two.bundle(importer, second))


def test_nobody_is_told_of_a_private_transfer_by_asking_what_a_certificate_is_worth_for_it(two: Two) -> None:
    mine = two.says(two.stranger, "ASKING-1")
    bundle = two.bundle(two.stranger, mine).content
    answer = two.served.post(f"/v1/verify?for={two.private.digest.hex()}", bundle, BUNDLE)
    assert code_of(answer) == (403, "access-denied")
