"""Processes that a test wants to see end."""

from __future__ import annotations

import os
import select
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Watched:
    """Open handles of processes: a number that is given out again does not deceive them."""

    def __init__(self, handles: dict[int, int]) -> None:
        self._handles = handles

    def assert_gone(self, seconds: float = 20) -> None:
        """Wait for every process to end; the test fails with those that do not."""
        alive = [
            pid for pid, handle in self._handles.items() if not select.select([handle], [], [], seconds)[0]
        ]
        assert not alive


@contextmanager
def watched(*pids: int) -> Iterator[Watched]:
    """Open the processes, which must be running now."""
    with ExitStack() as stack:
        handles = {pid: os.pidfd_open(pid) for pid in pids}
        for handle in handles.values():
            stack.callback(os.close, handle)
        yield Watched(handles)
