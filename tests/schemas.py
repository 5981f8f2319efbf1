"""What holds a value against a JSON Schema. Importing it takes seconds, so it is imported by who asks for it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator


def validator(schema: Any) -> "Draft202012Validator":
    """A validator; of a schema that is none it finds what it may."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema)
