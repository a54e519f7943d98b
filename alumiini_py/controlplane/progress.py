"""What a person sees while a long step runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Progress = Callable[[str], None]

PERIOD = 10.0


def silent(_line: str) -> None:
    """Show nothing."""


@contextmanager
def step(progress: Progress, doing: str, period: float = PERIOD) -> Iterator[None]:
    """Say what begins, and every ``period`` seconds (from a thread of its own) how long it has taken."""
    progress(doing)
    begun = time.monotonic()
    ended = threading.Event()

    def remind() -> None:
        while not ended.wait(period):
            progress(f"{doing}: {time.monotonic() - begun:.0f} s so far")

    reminder = threading.Thread(target=remind, name="progress", daemon=True)
    reminder.start()
    try:
        yield
    finally:
        ended.set()
        reminder.join()
