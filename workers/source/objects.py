"""Git objects by their ids, read from a bare repository; nothing of its configuration is looked at."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING

import pygit2
from pygit2.enums import ObjectType

if TYPE_CHECKING:
    from pathlib import Path

_OID_BYTES = 20
_CACHE_BYTES = 64 * 1024 * 1024
pygit2.settings.cache_max_size(_CACHE_BYTES)


class DamagedError(Exception):
    """An object that must be there is missing or is not what its id says."""


class MalformedError(Exception):
    """An object is what its id says, but makes no sense."""


class Mode(IntEnum):
    """What an entry is; git knows regular files in two modes and their old spellings."""

    FOLDER = 0o040000
    FILE = 0o100000
    LINK = 0o120000
    SUBMODULE = 0o160000


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a tree."""

    mode: Mode
    name: bytes
    oid: str


class Objects:
    """The objects of one repository; holds a file descriptor per pack until ``close``.

    Methods raise DamagedError and MalformedError. Content is checked against its id as it is read.
    """

    def __init__(self, git_dir: Path) -> None:
        self._odb: pygit2.Odb | None = pygit2.Odb(str(git_dir / "objects"))

    def close(self) -> None:
        """Free the file descriptors."""
        self._odb = None

    def read(self, oid: str) -> tuple[int, bytes]:
        """Return the type (git's number) and the content of an object."""
        try:
            return self._open().read(oid)
        except (pygit2.GitError, ValueError) as error:
            raise DamagedError(oid) from error

    def write(self, kind: int, data: bytes) -> None:
        """Add an object under the name that its content gives it; raises OSError."""
        try:
            self._open().write(kind, data)
        except pygit2.GitError as error:
            raise OSError(errno.EIO, str(error)) from error

    def size(self, oid: str) -> int:
        """Return the size of an object in bytes without reading it."""
        try:
            return self._open().read_header(oid)[1]
        except (pygit2.GitError, ValueError) as error:
            raise DamagedError(oid) from error

    def blob(self, oid: str) -> bytes:
        """Return the content of a file."""
        return self._read(oid, ObjectType.BLOB)

    def tree_of(self, commit: str) -> str:
        """Return the id of the tree of a commit."""
        keyword, _, oid = self._read(commit, ObjectType.COMMIT).partition(b"\n")[0].partition(b" ")
        if keyword != b"tree" or len(oid) != 2 * _OID_BYTES:
            raise MalformedError(f"commit {commit}")
        return oid.decode("ascii", "replace")

    def tree(self, oid: str) -> tuple[Entry, ...]:
        """Return the entries of a tree in git's order."""
        return parse_tree(self._read(oid, ObjectType.TREE))

    def _read(self, oid: str, kind: ObjectType) -> bytes:
        found, data = self.read(oid)
        if found != kind:
            raise MalformedError(f"object {oid}")
        return data

    def _open(self) -> pygit2.Odb:
        if self._odb is None:
            raise RuntimeError("read from a tree that is closed")
        return self._odb


def parse_tree(data: bytes) -> tuple[Entry, ...]:
    """Read a tree object: mode, space, name, zero byte and raw id, again and again."""
    entries, at = [], 0
    while at < len(data):
        space = data.find(b" ", at)
        end = data.find(b"\0", space)
        oid = data[end + 1 : end + 1 + _OID_BYTES]
        if space < 0 or end < 0 or len(oid) != _OID_BYTES:
            raise MalformedError("a tree")
        entries.append(Entry(_mode(data[at:space]), data[space + 1 : end], oid.hex()))
        at = end + 1 + _OID_BYTES
    return tuple(entries)


@lru_cache(maxsize=64)
def _mode(octal: bytes) -> Mode:
    try:
        return Mode(int(octal, 8) & 0o170000)
    except ValueError:
        raise MalformedError("a tree") from None
