"""What /health tells of the node as an attester of others' chains, and of those who attest its own."""

from typing import Any

from ledger.services.node.assembly import Node


def attesting_of(node: Node) -> dict[str, Any]:
    """The members `attester` and `finalityTrouble`."""
    contradictions = node.attester.count_contradictions()
    told: dict[str, Any] = {
        "attester": {
            "address": "0x" + node.attester.address.hex(),
            "attested": node.attester.attested,
            "splits": contradictions.get("split-view", 0),
            "blocks": contradictions.get("two-blocks", 0),
        }
    }
    trouble = None if node.finalising is None else node.finalising.trouble
    if trouble is not None:
        told["finalityTrouble"] = {"code": trouble.code, "detail": str(trouble)}
    return told
