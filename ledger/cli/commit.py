"""`evidence commit`: name private files and values in a draft by commitments, and keep what opens them."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli import output
from ledger.cli.documents import write_draft
from ledger.cli.drafting import as_typed
from ledger.cli.options import AsJson, alone, command
from ledger.core.canonical import STATEMENT_LIMIT, Json
from ledger.core.commitment import OPENINGS_LIMIT, Openings, encode_openings, parse_openings
from ledger.errors import MalformedError
from ledger.services.drafting.commit import commit as commit_to
from ledger.services.drafting.commit import merged
from ledger.services.drafting.drafts import read_document, read_value
from ledger.services.files import exists, read_bounded, read_private, replace, write_new

app = alone()


@command(
    app,
    None,
    purpose="Commit to private files and values: commitments go into the draft, openings into a file of your own.",
    runs="anywhere",
    example="evidence commit payload=dataset.csv --statement record.json\n"
    "evidence commit document=invoice.xml 'document.number:=\"INV-2026-77\"' lines.0.volume:=4200"
    " --statement record.json --out committed.json --openings invoice.openings.json",
    more="Nothing is sent anywhere. Each commitment has a fresh 32-byte salt. The openings file holds the salts and the"
    " values: back it up, since without it nothing can be shown, and give it to nobody but whom it is shown to.",
)
def commit(
    *,
    contents: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME=FILE|NAME:=JSON…", help="A file, or a value, and the place it has in the draft."
        ),
    ],
    statement: Annotated[Path, typer.Option(metavar="DRAFT", help="The draft.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the draft goes then; else in its own place.")
    ] = None,
    openings: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The openings; else NAME.openings.json beside the draft."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Commit to files and values."""
    with as_typed():
        files, values = _named(contents)
    document = read_document(read_bounded(statement, limit=STATEMENT_LIMIT, what="draft"), what="draft")
    _require_draft(document)
    with as_typed():
        made = commit_to(document, contents=files, values=values, random=os.urandom)
    target = statement if out is None else out
    kept = target.with_name(f"{_stem(target)}.openings.json") if openings is None else openings
    _keep(kept, made, lambda: write_draft(document, target, made_of=statement))
    places = {name: place for place in made.openings for name in (_name(place),)}
    told = {"statement": str(target), "openings": str(kept), "commitments": places}
    lines = [f"{name}: committed at {place}" for name, place in places.items()]
    output.show(told, [*lines, f"draft {target}, openings {kept}"], as_json=as_json)
    output.say(
        f"back up {kept}: without it nothing that was committed to can be shown; it never goes to a node"
    )
    return output.DONE


def _named(contents: list[str]) -> tuple[dict[str, Path], dict[str, Json]]:
    """Files and values by name."""
    files: dict[str, Path] = {}
    values: dict[str, Json] = {}
    for text in contents:
        name, equals, given = text.partition("=")
        bare = name.removesuffix(":")
        if not equals or not bare or not given:
            raise typer.BadParameter(f"{text} is neither NAME=FILE nor NAME:=JSON")
        if bare in files or bare in values:
            raise typer.BadParameter(f"{bare} is given twice")
        if name.endswith(":"):
            values[bare] = read_value(given, bare)
        elif not Path(given).is_file():
            raise typer.BadParameter(
                f"{given} is no file; a value is given as {bare}:='\"TEXT\"' or {bare}:=42"
            )
        else:
            files[bare] = Path(given)
    return files, values


def _require_draft(document: dict[str, Any]) -> None:
    """Refuse what has no id or no subject to put commitments into."""
    identifier = document.get("id")
    sound = isinstance(identifier, str) and identifier.startswith("urn:uuid:")
    if not sound or not isinstance(document.get("credentialSubject"), dict):
        raise MalformedError(
            "the draft has no id or no credentialSubject; evidence transfer new begins one",
            code="statement-malformed",
        )


def _keep(path: Path, made: Openings, write: Any) -> None:
    """Write the openings, durably, and the draft after them; without the draft the openings are as before."""
    if not exists(path):
        write_new(path, encode_openings(made), what="openings file")
        before = None
    else:
        before = read_private(path, limit=OPENINGS_LIMIT, what="openings file")
        replace(path, encode_openings(merged(parse_openings(before), made)), what="openings file")
    try:
        write()
    except BaseException:
        if before is None:
            path.unlink(missing_ok=True)
        else:
            replace(path, before, what="openings file")
        raise


def _stem(path: Path) -> str:
    return path.name.removesuffix(".json") if str(path) != "-" else "statement"


def _name(place: str) -> str:
    return place.removeprefix("/credentialSubject/").removesuffix("/commitment").replace("/", ".")
