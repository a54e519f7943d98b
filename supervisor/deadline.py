"""Blocking work that really ends: deadlines that cut, and fences that refuse.

A thread cannot be killed. So whatever blocks (a socket, a child process) is given a way to be cut from
outside, and one watchdog thread cuts it when its time has passed. Whatever has an effect asks its deadline
first, so that an actor that was given up (its fence is closed) can no longer write anything.
"""

from __future__ import annotations

import itertools
import logging
import math
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from supervisor.timetable import Timetable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from supervisor.clock import AlarmClock


_log = logging.getLogger(__name__)


class DeadlineExceededError(Exception):
    """The time for this piece of work is over."""


class FencedError(Exception):
    """The work was given up: its actor was stopped or replaced, nothing of it may take effect now."""


class Watchdog(Timetable):
    """The timetable that cuts: its calls shut sockets and signal processes, so they never block."""

    def __init__(self, clock: AlarmClock | None = None) -> None:
        super().__init__(clock, name="watchdog")


class Fence:
    """What stands between a generation of an actor and the world; closed once, for ever."""

    def __init__(self, watchdog: Watchdog) -> None:
        self._watchdog = watchdog
        self._lock = threading.Lock()
        self._closed = False
        self._cuts: dict[int, tuple[Callable[[], None], float]] = {}
        self._in_flight_until = -math.inf
        self._numbers = itertools.count()

    @property
    def closed(self) -> bool:
        """Whether effects are refused."""
        return self._closed

    @property
    def in_flight_until(self) -> float:
        """The monotonic time by which what was cut by closing has lost its effect; the past when nothing was.

        A request whose socket was cut may still be worked on at the other end, for as long as it was given.
        """
        return self._in_flight_until

    def close(self) -> None:
        """Refuse every later effect and cut everything that blocks now; closing twice is closing once.

        A cut that raises is logged and does not spare the others.
        """
        with self._lock:
            in_flight = [] if self._closed else list(self._cuts.values())
            self._closed = True
            self._in_flight_until = max((until for _, until in in_flight), default=self._in_flight_until)
        for cut, _ in in_flight:
            try:
                cut()
            except Exception:  # noqa: BLE001 -- the other cuts must be made
                _log.exception("a cut failed while a fence closed")

    def check(self) -> None:
        """Raise FencedError when closed."""
        if self._closed:
            raise FencedError("this actor was stopped or replaced; its work has no effect any more")

    def deadline(self, seconds: float) -> Deadline:
        """Return a deadline ``seconds`` from now that also ends when the fence closes."""
        return Deadline(self, self._watchdog, self._watchdog.clock.monotonic() + seconds)

    @contextmanager
    def cutting(self, cut: Callable[[], None], effect_until: float = -math.inf) -> Iterator[None]:
        """Call ``cut`` from another thread if the fence closes inside the block.

        ``effect_until`` is when what the block does can have no effect any more, although it was cut.
        """
        with self._lock:
            self.check()
            number = next(self._numbers)
            self._cuts[number] = (cut, effect_until)
        try:
            yield
        finally:
            with self._lock:
                del self._cuts[number]


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
    def cutting(self, cut: Callable[[], None], *, effect: bool = True) -> Iterator[None]:
        """Call ``cut`` from another thread if the deadline passes or the fence closes inside the block.

        ``cut`` must make the blocking call return (shut its socket, kill its process) and not block itself.
        After the block, ``check`` tells why it was cut. Say ``effect=False`` for a wait or a read: when the
        fence cuts anything else, the actor's successor does not start before this deadline.
        """
        self.check()
        number = self._watchdog.call_at(self._at, cut)
        try:
            with self._fence.cutting(cut, self._at if effect else -math.inf):
                yield
        finally:
            self._watchdog.forget(number)
