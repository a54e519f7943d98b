"""What a test of the source works at: the source, what it reports, and shorthands."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Self, TypeVar

from workers.model.errors import SyncError
from workers.source.git import GitSource
from workers.source.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from supervisor.deadline import Deadline, Fence
    from workers.source.remote import Remote
    from workers.source.tree import SourceTree

T = TypeVar("T")
SECONDS = 60.0


class Desk:
    """A source on a data folder of its own; ``observed`` is what it reported."""

    def __init__(self, data: Path, fence: Fence, limits: Limits | None = None) -> None:
        self.data = data
        self.fence = fence
        self.observed: list[tuple[str, str]] = []
        self.source = GitSource(
            data, "alumiini/test", lambda *seen: self.observed.append(seen), limits or Limits()
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.source.close()

    @property
    def deadline(self) -> Deadline:
        """A minute, by the clock of the test."""
        return self.fence.deadline(SECONDS)

    def resolve(self, remote: Remote) -> str:
        return self.source.resolve(remote, self.deadline)

    def tree(self, remote: Remote, commit: str | None = None, path: str = "") -> SourceTree:
        return self.source.tree(remote, commit or self.resolve(remote), path, self.deadline)

    def contents(self, remote: Remote, path: str = "") -> dict[str, str]:
        """Return all that is read of the branch as it is now: paths and texts."""
        with self.tree(remote, path=path) as tree:
            return {file.path: tree.read(file.blob).decode() for file in tree.files}

    def mirrors(self) -> list[Path]:
        return sorted((self.data / "mirrors").iterdir())


def failure(action: Callable[[], object]) -> SyncError:
    """Return the SyncError that an action ends with."""
    try:
        action()
    except SyncError as error:
        return error
    raise AssertionError("it did not fail")


def in_thread(action: Callable[[], T]) -> Future[T]:
    """Run an action in a thread of its own."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(action())
        except BaseException as error:  # noqa: BLE001 -- handed to whoever asks for the result
            done.set_exception(error)

    threading.Thread(target=run, name="test", daemon=True).start()
    return done
