"""Where the files of one user belong, by the XDG Base Directory Specification."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder for what can be had again."""
    return _folder(environment, "XDG_CACHE_HOME", ".cache")


def data_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder for what the user wants to find again."""
    return _folder(environment, "XDG_DATA_HOME", ".local/share")


def _folder(environment: Mapping[str, str], variable: str, default: str) -> Path:
    # A relative path in the variable is invalid and must be ignored, says the specification.
    named = Path(environment.get(variable, ""))
    return (named if named.is_absolute() else Path.home() / default) / "alumiini"
