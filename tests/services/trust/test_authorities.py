"""Authorities of a node: asked for with proof of possession, named by the settings, told by the claim."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.config import Settings, encode_settings, parse_settings
from ledger.core.times import format_time
from ledger.core.trust import parse_trust_list
from ledger.errors import LedgerError, NotFoundError, RefusedError, SetupError
from ledger.services.home.folder import save_settings
from ledger.services.keys.keyfile import HolderKey, make_holder_key
from ledger.services.trust.authorities import with_authority, without_key
from ledger.services.trust.claim import claim_of
from ledger.statements.request import make
from tests.services.homes import CHAIN, DAY, NOW, chance, home

AUTHORITY = "did:web:authority.example.xa"


def key(name: str = AUTHORITY, key_id: str = "#1", seed: str = "") -> HolderKey:
    return make_holder_key(name, key_id, "eddsa-jcs-2022", chance(name + key_id + seed)(48))


def request(made: HolderKey | None = None, **changes: Any) -> bytes:
    held = made or key()
    dates = {
        "from": format_time(changes.pop("begins", NOW)),
        "until": format_time(changes.pop("ends", NOW + 99 * DAY)),
    }
    subject = {
        "party": held.holder,
        "jurisdiction": "XA",
        "identifiers": [],
        "roles": ["accreditor", "authority"],
        "keys": [{"id": held.id, "publicKeyMultibase": held.multikey, **dates}],
        **changes,
    }
    return make(subject, {held.id: held.private}, created=NOW)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return home(tmp_path).settings


def test_an_authority_stands_in_the_next_version_of_the_claim(tmp_path: Path) -> None:
    made = home(tmp_path)
    first = claim_of(made, CHAIN, now=NOW)
    changed = save_settings(made, with_authority(made.settings, request(), ["authority"], now=NOW + 5))
    listed = parse_trust_list(claim_of(changed, CHAIN, now=NOW + 9, previous=first))
    assert listed.version == 2
    assert listed.previous == parse_trust_list(first).list_hash
    named = listed.authorities[AUTHORITY]
    assert (named.jurisdiction, named.roles) == ("XA", {"authority"})
    (told,) = named.keys.values()
    assert told.key == key().private.public
    assert told.valid_from == NOW + 5  # nobody becomes an authority in the past
    assert told.revoked_at is None


def test_settings_with_authorities_are_read_back_as_they_were_written(settings: Settings) -> None:
    changed = with_authority(settings, request(), ["authority", "accreditor"], now=NOW)
    changed = with_authority(changed, request(key("did:web:a.example.xa")), ["accreditor"], now=NOW)
    changed, _ = without_key(changed, AUTHORITY, None, at=NOW + 1, reason="keyCompromise")
    assert parse_settings(encode_settings(changed).encode()) == changed


def test_a_second_request_adds_a_key_and_sets_the_roles(settings: Settings) -> None:
    changed = with_authority(settings, request(), ["authority"], now=NOW)
    changed = with_authority(changed, request(key(key_id="#2")), ["accreditor"], now=NOW)
    (authority,) = changed.authorities
    assert authority.roles == ("accreditor",)
    assert [one.id for one in authority.keys] == ["#1", "#2"]


def test_a_revoked_key_stays_in_the_claim_as_revoked(tmp_path: Path) -> None:
    made = home(tmp_path)
    changed = with_authority(made.settings, request(), ["authority"], now=NOW)
    changed, revoked = without_key(changed, AUTHORITY, "#1", at=NOW + 7, reason="superseded")
    assert revoked == ("#1",)
    listed = parse_trust_list(claim_of(replace(made, settings=changed), CHAIN, now=NOW))
    told = listed.authorities[AUTHORITY].keys["#1"]
    assert (told.revoked_at, told.revoked_reason) == (NOW + 7, "superseded")


def test_a_revocation_is_never_moved_to_a_later_time(settings: Settings) -> None:
    changed = with_authority(settings, request(), ["authority"], now=NOW)
    changed, _ = without_key(changed, AUTHORITY, None, at=NOW + 7, reason="keyCompromise")
    changed, _ = without_key(changed, AUTHORITY, None, at=NOW + 70, reason="superseded")
    (authority,) = changed.authorities
    assert [(one.revoked_at, one.revoked_reason) for one in authority.keys] == [(NOW + 7, "keyCompromise")]


@pytest.mark.parametrize(
    ("data", "roles", "now", "code"),
    [
        (request(jurisdiction="XB"), ["authority"], NOW, "request-jurisdiction"),
        (request(roles=["accreditor"]), ["authority"], NOW, "request-role"),
        (request(roles=["body", "authority"]), ["body"], NOW, "request-role"),
        (request(), [], NOW, "request-role"),
        (request(), ["authority"], NOW + 31 * DAY, "request-stale"),
        (request(), ["authority"], NOW - DAY, "request-in-future"),
        (request(ends=NOW + 1), ["authority"], NOW + 2, "request-key-ended"),
        (request(key("did:web:registrar.example.xa")), ["authority"], NOW, "authority-is-registrar"),
        (
            request().replace(b'"created":"2026', b'"created":"2025'),
            ["authority"],
            NOW,
            "possession-not-proven",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_request_that_does_not_fit_is_refused(
    settings: Settings, data: bytes, roles: list[str], now: int, code: str
) -> None:
    with pytest.raises(LedgerError) as refused:
        with_authority(settings, data, roles, now=now)
    assert refused.value.code == code


def test_a_key_id_is_never_given_to_another_key(settings: Settings) -> None:
    changed = with_authority(settings, request(), ["authority"], now=NOW)
    with pytest.raises(RefusedError) as refused:
        with_authority(changed, request(key(seed="another")), ["authority"], now=NOW)
    assert refused.value.code == "authority-key-taken"


@pytest.mark.parametrize(("name", "key_id"), [("did:web:other.example.xa", None), (AUTHORITY, "#9")])
def test_what_is_not_named_cannot_be_revoked(settings: Settings, name: str, key_id: str | None) -> None:
    changed = with_authority(settings, request(), ["authority"], now=NOW)
    with pytest.raises(NotFoundError) as refused:
        without_key(changed, name, key_id, at=NOW, reason="superseded")
    assert refused.value.code == "authority-unknown"


@pytest.mark.parametrize(
    "lines",
    [
        'id = "did:web:registrar.example.xa"\nroles = ["authority"]',
        'id = "did:web:authority.example.xa"\nroles = ["registrar"]',
        'id = "did:web:authority.example.xa"\nroles = []',
        'id = "authority.example.xa"\nroles = ["authority"]',
        'id = "did:web:authority.example.xa"\nroles = ["authority"]\nzone = "XA"',
    ],
)
def test_settings_that_name_an_authority_wrongly_are_refused(settings: Settings, lines: str) -> None:
    held = key()
    keys = f"""
[[authorities.keys]]
id = "#1"
public-key = "{held.multikey}"
from = "2026-11-22T04:00:00Z"
until = "2028-11-21T04:00:00Z"
"""
    good = '[[authorities]]\nid = "did:web:authority.example.xa"\nroles = ["authority"]'
    text = encode_settings(settings)
    assert parse_settings(f"{text}\n{good}\n{keys}".encode()).authorities
    with pytest.raises(SetupError) as refused:
        parse_settings(f"{text}\n[[authorities]]\n{lines}\n{keys}".encode())
    assert refused.value.code == "settings-invalid"
