"""A clock that stands still until a test moves it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class ManualClock:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0.0
        self._sleepers: set[threading.Condition] = set()

    def monotonic(self) -> float:
        return self._now

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._now)

    def wait(self, changed: threading.Condition, until: float | None) -> None:
        with self._lock:
            if until is not None and until <= self._now:
                return
            self._sleepers.add(changed)
        changed.wait()

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds
            sleepers = list(self._sleepers)
            self._sleepers.clear()
        for changed in sleepers:
            with changed:
                changed.notify_all()
