"""A semaphore whose wait ends with a deadline."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supervisor.deadline import Deadline


class Gate:
    """Lets ``places`` threads pass at a time."""

    def __init__(self, places: int = 1) -> None:
        self._changed = threading.Condition()
        self._free = places

    @contextmanager
    def passing(self, deadline: Deadline) -> Iterator[None]:
        """Wait for a place and hold it inside the block; raises what ``deadline.check`` raises."""
        self._enter(deadline)
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify()

    def _enter(self, deadline: Deadline) -> None:
        with deadline.cutting(self._wake, effect=False), self._changed:
            while not self._free:
                deadline.check()
                self._changed.wait()
            self._free -= 1

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
