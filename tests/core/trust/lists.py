"""Trust lists for tests: the committed one, taken apart and signed again."""

import copy
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from ledger.core import canonical
from ledger.core.suites import EDDSA, PrivateKey, encode_multikey
from ledger.core.trust import TrustList, list_hash, parse_trust_list, sign_trust_list

VECTORS = Path(__file__).parents[2] / "vectors"
INDEX = json.loads((VECTORS / "trust.json").read_text())
V1_BYTES = (VECTORS / "trust" / "v1.json").read_bytes()
V2_BYTES = (VECTORS / "trust" / "v2.json").read_bytes()


def test_key(name: str) -> PrivateKey:
    return PrivateKey(EDDSA, sha256(f"evidence-ledger test key: {name}".encode()).digest())


test_key.__test__ = False  # type: ignore[attr-defined]

KEYS = {f"#{n}": test_key(f"publisher {n}") for n in range(1, 7)}


def body(data: bytes = V1_BYTES) -> Any:
    """The list without signatures, free to be changed."""
    document = json.loads(data)
    del document["signatures"]
    return copy.deepcopy(document)


def signed_anyhow(document: Any, keys: Mapping[str, PrivateKey]) -> bytes:
    """Sign whatever it is, without the checks of `sign_trust_list`."""
    from ledger.core.multibase import base58btc_encode
    from ledger.core.suites import sign

    message = b"evidence-ledger/trust-list/v1\n" + list_hash(document)
    signatures = [
        {"key": name, "value": base58btc_encode(sign(keys[name], message))} for name in sorted(keys)
    ]
    return canonical.encode_decoded({**document, "signatures": signatures})


def chosen(*names: str) -> dict[str, PrivateKey]:
    return {name: KEYS[name] for name in names}


def publisher_keys(*names: str) -> list[dict[str, str]]:
    return [{"id": name, "publicKeyMultibase": encode_multikey(KEYS[name].public)} for name in names]


def version(
    number: int,
    before: TrustList | None,
    *,
    listed: tuple[str, ...] = ("#1", "#2"),
    signed: tuple[str, ...] = ("#1", "#2"),
    **changes: Any,
) -> TrustList:
    """A list of version `number` after `before`, published by the keys `listed` and signed by `signed`."""
    document = body()
    document["version"] = number
    if before is not None:
        document["prev"] = before.list_hash.hex()
    document["publisher"]["keys"] = publisher_keys(*listed)
    document.update(changes)
    return parse_trust_list(sign_trust_list(document, chosen(*signed)))
