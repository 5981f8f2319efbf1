"""Commands run in this process, and drafts for them to work on."""

import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from ledger.cli.app import run_app

RECORD = (
    "--template", "vehicle-after-sales", "--jurisdiction", "XA", "--importer", "did:web:importer.example.xb",
    "--importer-jurisdiction", "XB", "--set", "lines.0.persons.count=1200", "--set", "lines.0.persons.ytdCount=48000",
    "--set", "retentionUntil=2031-12-31", "--set", "dataLocation.0=XB", "--set", "reference=WTY-2026-000431",
)  # fmt: skip
"""`transfer new` with all but the commitments."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    status: int
    output: bytes
    told: str

    @property
    def text(self) -> str:
        return self.output.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.output)


def evidence(*arguments: object, stdin: bytes = b"") -> Ran:
    """Run `evidence` with these arguments; what it writes, and its exit status."""
    out, err = io.BytesIO(), io.BytesIO()
    with (
        patch.object(sys, "stdout", io.TextIOWrapper(out, write_through=True)),
        patch.object(sys, "stderr", io.TextIOWrapper(err, write_through=True)),
        patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin))),
    ):
        status = run_app([str(argument) for argument in arguments])
        return Ran(status, out.getvalue(), err.getvalue().decode())


def done(*arguments: object, stdin: bytes = b"") -> Ran:
    """Run a command that must end with 0."""
    ran = evidence(*arguments, stdin=stdin)
    if ran.status != 0:
        pytest.fail(f"{arguments}: exit status {ran.status}: {ran.text} {ran.told}")
    return ran


def draft(folder: Path, key: Path, *more: object, name: str = "record.json") -> Path:
    """A transfer record that is ready to be signed, with a file and a number committed to."""
    made, content = folder / name, folder / "dataset.csv"
    content.write_bytes(b"vehicle,claims\nA,1\n" * 1000)
    done("transfer", "new", *RECORD, "--key", key, *more, "--out", made)
    done(
        "commit", f"payload={content}", 'mechanism.reference:="CAC-2026-0042"', "--statement", made,
    )  # fmt: skip
    return made
