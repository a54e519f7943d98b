from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from supervisor.deadline import DeadlineExceededError, Fence, FencedError, Watchdog
from supervisor.gate import Gate
from tests.supervisor.puppet import BOUND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.supervisor.manual_clock import ManualClock


@pytest.fixture
def fence(clock: ManualClock) -> Iterator[Fence]:
    watchdog = Watchdog(clock)
    yield Fence(watchdog)
    watchdog.close()


def test_no_more_pass_than_there_are_places(fence: Fence) -> None:
    gate, inside, most, lock = Gate(2), [0], [0], threading.Lock()
    together = threading.Barrier(2)

    def pass_through(_: int) -> None:
        with gate.passing(fence.deadline(60)):
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            together.wait(BOUND)
            with lock:
                inside[0] -= 1

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(pass_through, range(6))) == [None] * 6
    assert most == [2]


def test_a_place_is_free_again_when_the_block_fails(fence: Fence) -> None:
    gate = Gate()
    for _ in range(2):
        with pytest.raises(ValueError, match="boom"), gate.passing(fence.deadline(60)):
            raise ValueError("boom")


def test_a_wait_ends_with_its_deadline_or_its_fence(fence: Fence, clock: ManualClock) -> None:
    gate = Gate()

    def wait(seconds: float) -> None:
        with gate.passing(fence.deadline(seconds)):
            raise AssertionError

    with ThreadPoolExecutor() as pool, gate.passing(fence.deadline(1e9)):
        late = pool.submit(wait, 5)
        fenced = pool.submit(wait, 1e6)
        while not late.done():
            clock.advance(5)
            threading.Event().wait(0.001)
        assert isinstance(late.exception(BOUND), DeadlineExceededError)
        fence.close()
        assert isinstance(fenced.exception(BOUND), FencedError)
    assert fence.in_flight_until == -math.inf, "a wait has no effect that a successor must wait for"
