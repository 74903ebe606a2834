"""The variables of a process: the environment, and a `.env` file where it says nothing."""

import os
from pathlib import Path
from typing import Final

DOTENV: Final = ".env"


def read_variables(folder: Path | None = None) -> dict[str, str]:
    """Return the variables that are set, by the environment or else by ``folder``/.env.

    An empty variable counts as unset. ``folder`` is the working directory when not given.
    """
    return {**read_dotenv(folder), **{name: value for name, value in os.environ.items() if value}}


def read_dotenv(folder: Path | None = None) -> dict[str, str]:
    """Return what ``folder``/.env sets, as it is written: nothing is filled in."""
    from dotenv import dotenv_values

    path = (folder or Path.cwd()) / DOTENV
    found = dotenv_values(path, interpolate=False) if path.is_file() else {}
    return {name: value for name, value in found.items() if value}
