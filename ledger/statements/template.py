"""Templates of drafts: what a party starts from, with `<what to fill in>` in the place of its own values.

A template is `{name, title, about, type, subject, fill}`; `fill` maps JSON pointers below the subject to
`{ask, example}`.  The files are in `templates/`; reading them is left to the caller.
"""

import copy
from collections.abc import Mapping
from typing import Any, Final

from ledger.errors import MalformedError
from ledger.statements.envelope import CONTEXT

SIGNERS: Final = {
    "Accreditation": "/accreditor/did",
    "ConformityCertificate": "/body/did",
    "PolicyMeasure": "/authority/did",
    "RecognitionArrangement": "/parties/0/authority",
    "TransferRecord": "/exporter/did",
}
"""Where the subjects of a type name their issuer; those of the other types do not."""


def draft(
    template: Mapping[str, Any],
    values: Mapping[str, object],
    *,
    statement_id: str,
    valid_from: str,
    issuer: str | None = None,
) -> dict[str, Any]:
    """An unsigned document made of `template` and the `values` known so far, by pointer below the subject.

    Whatever is not given keeps its `<question>`, which `catalogue.check` reports as `not-filled-in`.

    Args:
        template: As the files of `templates/` hold it.
        values: Answers to what it asks.
        statement_id: `urn:uuid:…`.
        valid_from: As JSON writes a time.
        issuer: DID of who will sign; None: the party that the values name in its place (`SIGNERS`).

    Raises:
        MalformedError: `template-field`: a value for a pointer that the template does not ask for.
    """
    subject = copy.deepcopy(template["subject"])
    for pointer, value in values.items():
        if pointer not in template["fill"]:
            raise MalformedError(
                f"the template {template['name']} does not ask for {pointer}",
                code="template-field",
                pointer=pointer,
            )
        _put(subject, pointer, value)
    if issuer is None:
        place = SIGNERS.get(template["type"])
        question = "DID of who signs" if place is None else template["fill"][place]["ask"]
        issuer = str(values.get(place or "", f"<{question}>"))
    return {
        "@context": list(CONTEXT),
        "credentialSubject": subject,
        "id": statement_id,
        "issuer": issuer,
        "type": ["VerifiableCredential", template["type"]],
        "validFrom": valid_from,
    }


def examples(template: Mapping[str, Any]) -> dict[str, object]:
    """The example value of everything a template asks for, by pointer."""
    return {pointer: field["example"] for pointer, field in template["fill"].items()}


def _put(subject: Any, pointer: str, value: object) -> None:
    *path, last = pointer.split("/")[1:]
    place = subject
    for token in path:
        place = place[int(token)] if isinstance(place, list) else place[token]
    if isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value
