"""Which files of a source are read as manifests."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

_KUSTOMIZATION_FILES = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})
_MANIFEST_SUFFIXES = (".yaml", ".yml", ".json")


class File(Protocol):
    """A file of a source."""

    @property
    def path(self) -> str:
        """The path from the repository's root."""

    @property
    def blob(self) -> str:
        """The id of the content."""

    @property
    def size(self) -> int:
        """The size in bytes."""


def manifest_files(files: Iterable[File], path: str) -> tuple[File, ...]:
    """Return the files under the folder ``path`` that hold manifests, sorted by path.

    ``path`` is empty for the repository's root. Hidden files and folders below it are left out; that the
    folder itself may be hidden is the user's choice.
    """
    prefix = _prefix(path)
    chosen = [
        file for file in files if file.path.startswith(prefix) and _is_manifest(file.path[len(prefix) :])
    ]
    return tuple(sorted(chosen, key=lambda file: file.path))


def kustomization_file(files: Iterable[File], path: str) -> str | None:
    """Return the kustomization file directly in the folder ``path``, None without one."""
    wanted = {_prefix(path) + name for name in _KUSTOMIZATION_FILES}
    return min((file.path for file in files if file.path in wanted), default=None)


def _prefix(path: str) -> str:
    folder = posixpath.normpath(path).strip("/")
    return "" if folder == "." else f"{folder}/"


def _is_manifest(relative: str) -> bool:
    return relative.endswith(_MANIFEST_SUFFIXES) and "/." not in f"/{relative}"
