"""Time as a value that is handed in, so that tests never wait."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Two readings of time; never mix them."""

    def monotonic(self) -> float:
        """Return seconds that only grow, for durations and deadlines."""

    def now(self) -> datetime:
        """Return the wall clock in UTC, for what people read."""


class SystemClock:
    """The clocks of the machine."""

    def monotonic(self) -> float:
        """Return ``time.monotonic()``."""
        return time.monotonic()

    def now(self) -> datetime:
        """Return the wall clock in UTC."""
        return datetime.now(UTC)
