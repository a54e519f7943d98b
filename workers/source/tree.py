"""The files of one commit under one path, open for reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from workers.source.listing import SourceFile


class SourceTree:
    """What one commit holds under one path; keeps its mirror in place until it is closed.

    ``id`` names the whole content under the path: where it is equal, all files are. ``files`` are sorted by
    path. ``fetched`` tells whether the commit had to be fetched for this.
    """

    def __init__(  # noqa: PLR0913 -- a value and what it holds open
        self,
        commit: str,
        tree: str,
        files: tuple[SourceFile, ...],
        read: Callable[[str], bytes],
        close: Callable[[], None],
        *,
        fetched: bool,
    ) -> None:
        self.commit = commit
        self.id = tree
        self.files = files
        self.fetched = fetched
        self._read = read
        self._close = close

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, blob: str) -> bytes:
        """Return the content of a file by its id.

        Raises SyncError when the local copy is damaged; the next ``tree`` fetches it anew.
        """
        return self._read(blob)

    def close(self) -> None:
        """Let go of the mirror; nothing can be read afterwards."""
        self._close()
