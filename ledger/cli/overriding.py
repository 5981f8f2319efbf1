"""A node's home as a command uses it: with what the environment overrides of its settings."""

import os
from dataclasses import replace
from pathlib import Path

from ledger.config import with_environment
from ledger.services.home.folder import Home, open_home


def opened_home(folder: Path) -> Home:
    """Read a home for this run; for one that is to be saved again, `open_home`.

    Raises:
        SetupError, MalformedError: As `open_home`, and `settings-invalid`, naming a variable.
    """
    home = open_home(folder)
    return replace(home, settings=with_environment(home.settings, os.environ))
