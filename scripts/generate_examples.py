"""Write examples/*.json from the examples of the statement types; a test compares."""

import json
from pathlib import Path

from ledger.statements import catalogue

TARGET = Path(__file__).parents[1] / "examples"


def generate() -> dict[str, str]:
    """File name -> text, one unsigned example a type."""
    return {
        f"{_kebab(name)}.json": json.dumps(catalogue.example(name), indent=2, ensure_ascii=False) + "\n"
        for name in catalogue.TYPES
    }


def _kebab(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")


if __name__ == "__main__":
    for file, text in generate().items():
        (TARGET / file).write_text(text, encoding="utf-8")
