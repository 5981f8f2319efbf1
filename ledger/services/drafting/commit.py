"""Committing to private files and values: the commitments go into the draft, the openings stay with the signer.

Source: docs/spec/commitments.md.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from ledger.core.canonical import Json
from ledger.core.commitment import SALT_SIZE, Opening, Openings, commitment
from ledger.errors import RefusedError
from ledger.services.drafting.drafts import put
from ledger.services.files import reported
from ledger.statements.catalogue import check, commitments

_PIECE = 1 << 20


def file_hash(path: Path) -> bytes:
    """SHA-256 of a file, read in pieces, so that its size does not matter.

    Raises:
        SetupError: It cannot be read.
    """
    hashed = sha256()
    with reported("read file", path), path.open("rb") as opened:
        while piece := opened.read(_PIECE):
            hashed.update(piece)
    return hashed.digest()


def commit(
    document: dict[str, Any],
    *,
    contents: Mapping[str, Path],
    values: Mapping[str, Json],
    random: Callable[[int], bytes],
) -> Openings:
    """Put commitments into a draft, in place, and return what opens them.

    Args:
        document: The draft; not signed.
        contents: Files by the name of their commitment, such as `payload`.
        values: Values by the name of theirs, such as `document.number`.
        random: `os.urandom`, or as good; salts come from it.

    Raises:
        RefusedError: `signed-already`; `commitment-place`: the type of statement commits to nothing of that name.
        SetupError: A file cannot be read.
    """
    if "proof" in document:
        raise RefusedError(
            "the document is signed already; commitments go into a draft",
            code="signed-already",
            pointer="/proof",
        )
    openings: dict[str, Opening] = {}
    for name in (*contents, *values):
        place = _place(document, name)
        salt = random(SALT_SIZE)
        if name in contents:
            opening = Opening(salt, file_sha256=file_hash(contents[name]), name=contents[name].name)
        else:
            opening = Opening(salt, value=values[name], name=name)
        made = commitment(document["id"], place, salt, opening.committed)
        put(document["credentialSubject"], (*name.split("."), "commitment"), made.hex())
        openings[place] = opening
    return Openings(document["id"], openings)


def merged(kept: Openings, added: Openings) -> Openings:
    """The openings of both.

    Raises:
        RefusedError: `openings-of-another`: of another statement; `opening-exists`: a place is opened already, and
            what it opens may have been signed.
    """
    if kept.statement != added.statement:
        raise RefusedError(
            f"the openings there are of {kept.statement}, the draft is {added.statement}; name another file",
            code="openings-of-another",
        )
    twice = sorted(kept.openings.keys() & added.openings.keys())
    if twice:
        raise RefusedError(
            f"there is an opening for {twice[0]} already, which is never overwritten; name another file",
            code="opening-exists",
            pointer=twice[0],
        )
    return Openings(kept.statement, {**kept.openings, **added.openings})


def _place(document: dict[str, Any], name: str) -> str:
    """The pointer of the commitment called `name`; its place is made where the type of statement has one."""
    places = commitments(document)
    if name in places:
        return places[name]
    path = (*name.split("."), "commitment")
    pointer = "/".join(("", "credentialSubject", *path))
    before = {problem.pointer for problem in check(document) if problem.code == "member-unknown"}
    put(document["credentialSubject"], path, "0" * 64)
    unknown = [
        problem
        for problem in check(document)
        if problem.code in {"member-unknown", "wrong-type"}
        and pointer.startswith(problem.pointer)
        and problem.pointer not in before
    ]
    if unknown:
        has = f"; it commits to {', '.join(places)}" if places else ""
        raise RefusedError(f"the draft has no place for {name}{has}", code="commitment-place")
    return pointer
