"""Waiting that ends when its deadline passes or its actor is given up."""

from __future__ import annotations

import math
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from supervisor.deadline import DeadlineExceededError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supervisor.deadline import Deadline, Fence


def pause(deadline: Deadline, seconds: float) -> None:
    """Wait ``seconds``; raises like ``deadline.check`` as soon as the deadline passes or its fence closes."""
    woken = threading.Event()
    with suppress(DeadlineExceededError), deadline.within(seconds).cutting(woken.set, effect=False):
        woken.wait()
    deadline.check()


def rest(fence: Fence, seconds: float) -> None:
    """Wait ``seconds``, however long the machine was asleep meanwhile; FencedError when the fence closes."""
    pause(fence.deadline(math.inf), seconds)


def tries(deadline: Deadline, first: float = 0.02, most: float = 1.0) -> Iterator[None]:
    """Yield once at once and then after pauses that double from ``first`` to ``most`` seconds.

    Ends when the deadline has passed; raises FencedError when the work was given up.
    """
    wait = first
    while True:
        yield
        try:
            pause(deadline, wait)
        except DeadlineExceededError:
            return
        wait = min(most, wait * 2)
