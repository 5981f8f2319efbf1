"""The folder of a demonstration: where each thing stands, and whether there is room for it."""

from pathlib import Path
from typing import Final

from ledger.errors import SetupError
from ledger.services.files import exists, reported

README: Final = "README.txt"
_MARK: Final = "A demonstration of the evidence ledger."
_TEXT: Final = f"""{_MARK}

Companies, countries and counts are invented, and the keys are worth nothing. `evidence node serve --home FOLDER` serves
any of the nodes again. To start afresh, remove this folder.
"""


def make_folder(folder: Path) -> None:
    """Make the folder of a new demonstration.

    Raises:
        SetupError: `demo-exists`: it holds an earlier one; `demo-folder-taken`: it holds something else; or the
            disk's own fault.
    """
    if exists(folder) and not _is_empty(folder):
        mark = folder / README
        with reported("look into", folder):
            earlier = mark.is_file() and mark.read_text(errors="replace").startswith(_MARK)
        if earlier:
            raise SetupError(
                f"{folder} holds an earlier demonstration; to start afresh, remove it (rm -r {folder}) or name another"
                " folder",
                code="demo-exists",
            )
        raise SetupError(
            f"{folder} exists and is no demonstration's; name another folder", code="demo-folder-taken"
        )
    with reported("make folder", folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / README).write_text(_TEXT, encoding="utf-8")


def _is_empty(folder: Path) -> bool:
    with reported("look into", folder):
        return folder.is_dir() and not any(folder.iterdir())
