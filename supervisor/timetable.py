"""One thread for whatever must happen at a time or one after the other."""

from __future__ import annotations

import heapq
import itertools
import logging
import math
import threading
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from supervisor.clock import AlarmClock, SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_log = logging.getLogger(__name__)
_SPARE = 64
_SOON = -math.inf


class TimetableClosedError(Exception):
    """Nothing more is called: the timetable was closed."""


class Timetable:
    """A daemon thread that makes calls at given times, one at a time; it starts with the first use.

    A call that raises is logged and costs nothing else: the next one is made. A call that blocks delays all
    others.
    """

    def __init__(self, clock: AlarmClock | None = None, *, name: str = "timetable") -> None:
        self._clock = clock or SystemClock()
        self._name = name
        self._changed = threading.Condition()
        self._due: list[tuple[float, int]] = []
        self._calls: dict[int, Callable[[], object]] = {}
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._began: float | None = None

    @property
    def busy_seconds(self) -> float:
        """For how long the call under way has been made, in seconds; 0 when none is. For a liveness probe."""
        began = self._began
        return 0.0 if began is None else self._clock.monotonic() - began

    @property
    def clock(self) -> AlarmClock:
        """The clock by which times are meant."""
        return self._clock

    @property
    def is_current(self) -> bool:
        """Whether the caller runs on this timetable's thread."""
        return self._thread is threading.current_thread()

    def call_at(self, at: float, call: Callable[[], object]) -> int:
        """Call once at the monotonic time ``at``; returns a number for ``forget``.

        Calls of the same time are made in the order they were asked for. Raises TimetableClosedError.
        """
        with self._changed:
            if self._closed and not self.is_current:
                raise TimetableClosedError("the timetable is closed; nothing more is called")
            number = next(self._numbers)
            self._calls[number] = call
            heapq.heappush(self._due, (at, number))
            if self._thread is None:
                thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                thread.start()  # raises when the machine has no more threads
                self._thread = thread
            elif self._due[0][1] == number:
                self._changed.notify()
            return number

    def call_soon(self, call: Callable[[], object]) -> None:
        """Call once as soon as the thread is free, before all timed calls, in the order asked for."""
        self.call_at(_SOON, call)

    def ask(self, work: Callable[[], T]) -> Future[T]:
        """Call soon, and return what the call will return or raise. Raises TimetableClosedError."""
        answer: Future[T] = Future()
        answer.set_running_or_notify_cancel()  # nobody takes it back
        self.call_soon(partial(_settle, answer, work))
        return answer

    def forget(self, number: int) -> None:
        """Drop a call; nothing happens if it was made already."""
        with self._changed:
            self._calls.pop(number, None)
            while self._due and self._due[0][1] not in self._calls:
                heapq.heappop(self._due)
            if len(self._due) > 2 * len(self._calls) + _SPARE:
                self._due = [due for due in self._due if due[1] in self._calls]
                heapq.heapify(self._due)

    def close(self, timeout: float = 1.0) -> None:
        """Make the calls that wait for a free thread, drop the timed ones, end the thread.

        What those last calls ask to be called soon is called too; nobody else can ask for anything any more.
        Waits at most ``timeout`` seconds for the thread's end, not at all when called on that thread.
        """
        with self._changed:
            self._closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None and not self.is_current:
            thread.join(timeout)

    def _run(self) -> None:
        while (call := self._next()) is not None:
            self._began = self._clock.monotonic()
            try:
                call()
            except BaseException:  # noqa: BLE001 -- everybody's deadlines hang on this thread
                _log.exception("a call of the %s failed", self._name)
            self._began = None

    def _next(self) -> Callable[[], object] | None:
        with self._changed:
            while True:
                at = self._due[0][0] if self._due else None
                if self._closed and at != _SOON:
                    return None
                if at is None or at > self._clock.monotonic():
                    self._clock.wait(self._changed, at)
                    continue
                call = self._calls.pop(heapq.heappop(self._due)[1], None)
                if call is not None:
                    return call


def _settle(answer: Future[T], work: Callable[[], T]) -> None:
    try:
        answer.set_result(work())
    except BaseException as error:  # noqa: BLE001 -- it belongs to the thread that asked
        answer.set_exception(error)
