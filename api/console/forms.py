"""The fields of a form that a browser sent, with or without files."""

import re
from typing import Final
from urllib.parse import parse_qsl

from ledger.errors import MalformedError

_BOUNDARY: Final = re.compile(r'multipart/form-data;.{0,64}?boundary="?([^";,\s]{1,70})', re.IGNORECASE)
_NAME: Final = re.compile(rb'name="([^"]{0,64})"')
MOST_FIELDS: Final = 32


def fields_of(content_type: str, body: bytes) -> dict[str, bytes]:
    """Each field by its name; of a file its bytes.

    Raises:
        MalformedError: `form-invalid`.
    """
    found = _BOUNDARY.match(content_type)
    if found is None:
        if not content_type.startswith("application/x-www-form-urlencoded"):
            raise MalformedError("the form has another type than browsers send", code="form-invalid")
        try:
            pairs = parse_qsl(body.decode("ascii"), max_num_fields=MOST_FIELDS)
        except ValueError:
            raise MalformedError(
                "the form is not written as browsers write one", code="form-invalid"
            ) from None
        return {name: value.encode() for name, value in pairs}
    parts = body.split(b"--" + found[1].encode("latin-1"), MOST_FIELDS)
    fields: dict[str, bytes] = {}
    for part in parts[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if name is not None:
            fields[name[1].decode("latin-1")] = value.removesuffix(b"\r\n")
    return fields
