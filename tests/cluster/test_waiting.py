from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from supervisor.deadline import DeadlineExceededError, Fence, FencedError, Watchdog
from tests.supervisor.manual_clock import ManualClock
from workers.cluster.waiting import pause, rest, tries

if TYPE_CHECKING:
    from collections.abc import Iterator


class SteppingClock(ManualClock):
    """Moves on by itself as soon as somebody waits, and remembers how long."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, changed: threading.Condition, until: float | None) -> None:
        if until is None:
            super().wait(changed, until)
            return
        self.waits.append(round(until - self.monotonic(), 3))
        self._now = until


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def fence(clock: SteppingClock) -> Iterator[Fence]:
    watchdog = Watchdog(clock)
    yield Fence(watchdog)
    watchdog.close()


def test_a_pause_lasts_as_long_as_it_should(fence: Fence, clock: SteppingClock) -> None:
    pause(fence.deadline(60), 2.5)

    assert clock.monotonic() == 2.5


def test_a_pause_of_nothing_is_over_at_once(fence: Fence, clock: SteppingClock) -> None:
    pause(fence.deadline(60), 0)

    assert clock.monotonic() == 0


def test_a_pause_ends_with_its_deadline(fence: Fence, clock: SteppingClock) -> None:
    with pytest.raises(DeadlineExceededError):
        pause(fence.deadline(1), 2.5)

    assert clock.monotonic() == 1


def test_a_pause_ends_when_the_work_is_given_up() -> None:
    watchdog = Watchdog()
    fence = Fence(watchdog)
    closer = threading.Timer(0.05, fence.close)
    closer.start()

    with pytest.raises(FencedError):
        pause(fence.deadline(60), 60)
    closer.join()
    watchdog.close()


def test_a_rest_outlives_a_machine_that_slept() -> None:
    clock = ManualClock()
    watchdog = Watchdog(clock)
    fence = Fence(watchdog)
    rested = threading.Event()
    asleep = threading.Event()

    def run() -> None:
        asleep.set()
        rest(fence, 2)
        rested.set()

    thread = threading.Thread(target=run)
    thread.start()
    asleep.wait(5)
    while not rested.wait(0.01):
        clock.advance(3600)

    thread.join(5)
    watchdog.close()


def test_tries_come_at_doubling_distances_until_time_is_over(fence: Fence, clock: SteppingClock) -> None:
    times = [round(clock.monotonic(), 3) for _ in tries(fence.deadline(4), first=0.02, most=1.0)]

    assert times == [0, 0.02, 0.06, 0.14, 0.3, 0.62, 1.26, 2.26, 3.26]
    assert clock.monotonic() == 4
