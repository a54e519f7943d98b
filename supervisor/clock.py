"""Time as a value that is handed in, so that tests never wait."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading


class Clock(Protocol):
    """Two readings of time; never mix them."""

    def monotonic(self) -> float:
        """Return seconds that only grow, for durations and deadlines."""

    def now(self) -> datetime:
        """Return the wall clock in UTC, for what people read."""


class AlarmClock(Clock, Protocol):
    """A clock by which a thread can also sleep; a test's clock wakes sleepers when it is moved."""

    def wait(self, changed: threading.Condition, until: float | None) -> None:
        """Release the held condition until it is notified or ``monotonic()`` reaches ``until`` (None: never).

        May return early: the caller looks again, as after any wait on a condition.
        """


class SystemClock:
    """The clocks of the machine."""

    def monotonic(self) -> float:
        """Return ``time.monotonic()``."""
        return time.monotonic()

    def now(self) -> datetime:
        """Return the wall clock in UTC."""
        return datetime.now(UTC)

    def wait(self, changed: threading.Condition, until: float | None) -> None:
        """Wait on the condition, in real time."""
        changed.wait(None if until is None else max(0.0, until - self.monotonic()))
