"""Work in parallel without one caller taking it all."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")


class Slots:
    """A number of slots that all callers share; one caller holds at most half of them at once.

    Threads start with the first work and stay. ``close`` waits for what runs.
    """

    def __init__(self, count: int) -> None:
        self._free = threading.BoundedSemaphore(count)
        self._width = max(1, count // 2)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="apply")

    def run(self, work: Callable[[T], R], items: Iterable[T], proceed: Callable[[], None]) -> Iterator[R]:
        """Give the results of ``work`` for each item, in no order, as they come.

        ``proceed`` is called on the caller's thread before each item is begun; what it raises ends the run
        once the items in hand are done. ``work`` must not raise for expected failures: it returns them.
        """
        waiting = list(reversed(list(items)))
        if len(waiting) == 1:
            proceed()
            yield self._guarded(work, waiting.pop())
            return
        yield from self._run_wide(work, waiting, proceed)

    def close(self) -> None:
        """Take no more work and wait for what runs."""
        self._threads.shutdown(cancel_futures=True)

    def _guarded(self, work: Callable[[T], R], item: T) -> R:
        with self._free:
            return work(item)

    def _run_wide(self, work: Callable[[T], R], waiting: list[T], proceed: Callable[[], None]) -> Iterator[R]:
        running: set[Future[R]] = set()
        try:
            while waiting or running:
                while waiting and len(running) < self._width:
                    proceed()
                    running.add(self._threads.submit(self._guarded, work, waiting.pop()))
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            wait(running)
