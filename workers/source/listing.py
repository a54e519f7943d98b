"""What of a commit is read: the manifest files under one folder, found by names and sizes alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workers.model.errors import ObjectError, Reason, SyncError
from workers.source.limits import MEBIBYTE
from workers.source.names import is_impossible
from workers.source.objects import Entry, Mode

if TYPE_CHECKING:
    from workers.source.limits import Limits
    from workers.source.objects import Objects

_SUFFIXES = (b".yaml", b".yml", b".json")
_KUSTOMIZATION = b"Kustomization"
_TREE_BYTES = 16 * MEBIBYTE
_WHAT = {Mode.FILE: "a file", Mode.LINK: "a symbolic link", Mode.SUBMODULE: "a submodule"}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file: its path from the root of the repository, the id of its content, its size in bytes."""

    path: str
    blob: str
    size: int


def segments(path: str) -> tuple[str, ...]:
    """Return the folders of ``spec.path``; raises SyncError with ``InvalidPath``."""
    found = tuple(part for part in path.split("/") if part not in ("", "."))
    if path.startswith("/") or ".." in found or not path.isprintable():
        raise _invalid(path, "must be a folder inside the repository, relative and without ..")
    return found


def find_folder(objects: Objects, commit: str, folders: tuple[str, ...]) -> str:
    """Return the id of the tree inside the given folders; raises SyncError unless it may be read."""
    oid, path = objects.tree_of(commit), "/".join(folders)
    for name in folders:
        _check_size(objects, oid, path)
        entry = next((found for found in objects.tree(oid) if found.name == name.encode()), None)
        if entry is None:
            raise SyncError(
                Reason.PATH_NOT_FOUND,
                f"there is no folder {path} in commit {commit[:7]}; push it or correct spec.path",
            )
        if entry.mode is not Mode.FOLDER:
            raise _invalid(path, f"leads through {name}, which is {_WHAT[entry.mode]}; name a folder")
        oid = entry.oid
    return oid


class Listing:
    """Walks one folder and all inside; each limit ends the walk with ``BuildFailed``."""

    def __init__(self, objects: Objects, limits: Limits) -> None:
        self._objects = objects
        self._limits = limits
        self._files: list[SourceFile] = []
        self._entries = 0
        self._bytes = 0

    def files(self, tree: str, folders: tuple[str, ...]) -> tuple[SourceFile, ...]:
        """Return the manifest files under the tree that lies inside the given folders, sorted by path."""
        self._walk(tree, "".join(f"{name}/" for name in folders), 0)
        return tuple(sorted(self._files, key=lambda file: file.path))

    def _walk(self, tree: str, prefix: str, depth: int) -> None:
        if depth > self._limits.depth:
            raise _unreadable(prefix, f"lies more than {self._limits.depth} folders deep")
        _check_size(self._objects, tree, prefix)
        for entry in self._objects.tree(tree):
            self._visit(entry, prefix, depth)

    def _visit(self, entry: Entry, prefix: str, depth: int) -> None:
        path = prefix + entry.name.decode("utf-8", "backslashreplace")
        self._entries += 1
        if self._entries > self._limits.entries:
            raise _unreadable(path, f"is one of more than {self._limits.entries} files and folders")
        if is_impossible(entry.name):
            raise _unreadable(path, "has a name that Git does not allow")
        if entry.name.startswith(b"."):
            return
        if entry.mode is Mode.FOLDER:
            self._walk(entry.oid, f"{path}/", depth + 1)
        elif entry.mode is Mode.FILE and _is_manifest(entry.name):
            self._add(SourceFile(path, entry.oid, self._objects.size(entry.oid)))

    def _add(self, file: SourceFile) -> None:
        self._bytes += file.size
        if file.size > self._limits.file_bytes:
            raise _unreadable(file.path, f"is larger than {self._limits.file_bytes} bytes; split it")
        if self._bytes > self._limits.source_bytes:
            raise _unreadable(
                file.path, f"makes the source larger than {self._limits.source_bytes} bytes; split the source"
            )
        self._files.append(file)


def _is_manifest(name: bytes) -> bool:
    return name.endswith(_SUFFIXES) or name == _KUSTOMIZATION


def _check_size(objects: Objects, tree: str, path: str) -> None:
    if objects.size(tree) > _TREE_BYTES:
        raise _unreadable(path, "is a folder with too many entries")


def _invalid(path: str, what: str) -> SyncError:
    return SyncError(Reason.INVALID_PATH, f"spec.path {path!r} {what}")


def _unreadable(path: str, what: str) -> SyncError:
    shown = "".join(character if character.isprintable() else "?" for character in path) or "."
    return SyncError(
        Reason.BUILD_FAILED,
        f"{shown} {what}",
        errors=(ObjectError("", shown, str(Reason.BUILD_FAILED), f"{shown} {what}"),),
    )
