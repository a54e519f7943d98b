"""Blocking work that really ends: deadlines that cut, and fences that refuse.

A thread cannot be killed. So whatever blocks (a socket, a child process) is given a way to be cut from
outside, and one watchdog thread cuts it when its time has passed. Whatever has an effect asks its deadline
first, so that an actor that was given up (its fence is closed) can no longer write anything.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from supervisor.clock import Clock, SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class DeadlineExceededError(Exception):
    """The time for this piece of work is over."""


class FencedError(Exception):
    """The work was given up: its actor was stopped or replaced, nothing of it may take effect now."""


class Watchdog:
    """One daemon thread that calls back at given times; it starts with the first use.

    Callbacks must be quick and must not block: they shut sockets and signal processes.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._changed = threading.Condition()
        self._due: list[tuple[float, int]] = []
        self._calls: dict[int, Callable[[], None]] = {}
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    @property
    def clock(self) -> Clock:
        """The clock by which times are meant."""
        return self._clock

    def call_at(self, at: float, call: Callable[[], None]) -> int:
        """Call back once at the monotonic time ``at``; returns a number for ``forget``."""
        with self._changed:
            number = next(self._numbers)
            self._calls[number] = call
            heapq.heappush(self._due, (at, number))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
                self._thread.start()
            elif self._due[0][1] == number:
                self._changed.notify()
            return number

    def forget(self, number: int) -> None:
        """Drop a callback; nothing happens if it was called already."""
        with self._changed:
            self._calls.pop(number, None)
            while self._due and self._due[0][1] not in self._calls:
                heapq.heappop(self._due)

    def _run(self) -> None:
        while True:
            self._next()()

    def _next(self) -> Callable[[], None]:
        with self._changed:
            while True:
                wait = self._due[0][0] - self._clock.monotonic() if self._due else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                _, number = heapq.heappop(self._due)
                call = self._calls.pop(number, None)
                if call is not None:
                    return call


class Fence:
    """What stands between a generation of an actor and the world; closed once, for ever."""

    def __init__(self, watchdog: Watchdog) -> None:
        self._watchdog = watchdog
        self._lock = threading.Lock()
        self._closed = False
        self._cuts: dict[int, Callable[[], None]] = {}
        self._numbers = itertools.count()

    @property
    def closed(self) -> bool:
        """Whether effects are refused."""
        return self._closed

    def close(self) -> None:
        """Refuse every later effect and cut everything that blocks now."""
        with self._lock:
            self._closed = True
            cuts = list(self._cuts.values())
            self._cuts.clear()
        for cut in cuts:
            cut()

    def check(self) -> None:
        """Raise FencedError when closed."""
        if self._closed:
            raise FencedError("this actor was stopped or replaced; its work has no effect any more")

    def deadline(self, seconds: float) -> Deadline:
        """Return a deadline ``seconds`` from now that also ends when the fence closes."""
        return Deadline(self, self._watchdog, self._watchdog.clock.monotonic() + seconds)

    @contextmanager
    def cutting(self, cut: Callable[[], None]) -> Iterator[None]:
        """Call ``cut`` from another thread if the fence closes inside the block."""
        with self._lock:
            self.check()
            number = next(self._numbers)
            self._cuts[number] = cut
        try:
            yield
        finally:
            with self._lock:
                self._cuts.pop(number, None)


class Deadline:
    """The moment by which a piece of work must have ended; immutable, so share it freely."""

    def __init__(self, fence: Fence, watchdog: Watchdog, at: float) -> None:
        self._fence = fence
        self._watchdog = watchdog
        self._at = at

    def remaining(self) -> float:
        """Return the seconds that are left, never below 0."""
        return max(0.0, self._at - self._watchdog.clock.monotonic())

    def within(self, seconds: float) -> Deadline:
        """Return the earlier of this deadline and ``seconds`` from now."""
        return Deadline(
            self._fence, self._watchdog, min(self._at, self._watchdog.clock.monotonic() + seconds)
        )

    def check(self) -> None:
        """Raise FencedError or DeadlineExceededError when work must not go on; call it before each effect."""
        self._fence.check()
        if self.remaining() <= 0:
            raise DeadlineExceededError("the time for this is over")

    @contextmanager
    def cutting(self, cut: Callable[[], None]) -> Iterator[None]:
        """Call ``cut`` from another thread if the deadline passes or the fence closes inside the block.

        ``cut`` must make the blocking call return (shut its socket, kill its process) and not block itself.
        After the block, ``check`` tells why it was cut.
        """
        self.check()
        number = self._watchdog.call_at(self._at, cut)
        try:
            with self._fence.cutting(cut):
                yield
        finally:
            self._watchdog.forget(number)
