"""Drafts of measures from those that ship: the rules as somebody read them, with an authority to be filled in."""

import copy
import json
from importlib.resources import files
from typing import Any, Final

_ASKED: Final = {
    "did": {"ask": "DID of the authority that publishes it", "example": "did:web:authority.example.xa"},
    "id": {"ask": "the same DID", "example": "did:web:authority.example.xa"},
    "jurisdiction": {"ask": "country of the authority, ISO 3166-1 alpha-2", "example": "XA"},
}
_TEXT: Final = {"ask": "SHA-256 of the file with the text", "example": "5e" * 32}


def measure_templates() -> dict[str, dict[str, Any]]:
    """The templates, by the name of the measure that ships."""
    found = {}
    for file in sorted(files("ledger.rules").joinpath("measures").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".json"):
            name = file.name.removesuffix(".json")
            found[name] = _template(name, json.loads(file.read_bytes()))
    return found


def _template(name: str, held: dict[str, Any]) -> dict[str, Any]:
    subject = copy.deepcopy(held["subject"])
    fill: dict[str, dict[str, str]] = {}
    for member, asked in _ASKED.items():
        fill[f"/authority/{member}"] = asked
    subject["authority"] = {"scheme": "DID", **{name: f"<{one['ask']}>" for name, one in _ASKED.items()}}
    subject["applies"]["jurisdiction"] = f"<{_ASKED['jurisdiction']['ask']}>"
    fill["/applies/jurisdiction"] = _ASKED["jurisdiction"]
    for place, text in enumerate(subject["texts"]):
        text["sha256"] = f"<{_TEXT['ask']}>"
        fill[f"/texts/{place}/sha256"] = _TEXT
    return {
        "name": name,
        "title": held["subject"]["title"][0]["text"],
        "about": f"{held['summary']} {held['notice']}",
        "type": "PolicyMeasure",
        "subject": subject,
        "fill": fill,
    }
