from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

import pytest

from supervisor.deadline import DeadlineExceededError, Fence, FencedError, Watchdog
from tests.supervisor.puppet import BOUND, fail, nothing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.supervisor.manual_clock import ManualClock


@pytest.fixture
def watchdog(clock: ManualClock) -> Iterator[Watchdog]:
    watchdog = Watchdog(clock)
    yield watchdog
    watchdog.close()


@pytest.fixture
def fence(watchdog: Watchdog) -> Fence:
    return Fence(watchdog)


def test_a_deadline_counts_down_and_then_refuses(fence: Fence, clock: ManualClock) -> None:
    deadline = fence.deadline(10)
    clock.advance(4)
    assert deadline.remaining() == 6
    deadline.check()
    clock.advance(6)
    assert deadline.remaining() == 0
    with pytest.raises(DeadlineExceededError):
        deadline.check()


def test_a_part_of_a_deadline_never_outlasts_it(fence: Fence, clock: ManualClock) -> None:
    deadline = fence.deadline(10)
    clock.advance(4)
    assert deadline.within(2).remaining() == 2
    assert deadline.within(60).remaining() == 6


def test_what_blocks_is_cut_when_the_deadline_passes(fence: Fence, clock: ManualClock) -> None:
    blocking = threading.Event()
    deadline = fence.deadline(10)
    with deadline.cutting(blocking.set):
        clock.advance(10)
        assert blocking.wait(BOUND)
    with pytest.raises(DeadlineExceededError):
        deadline.check()


def test_what_has_ended_is_not_cut_any_more(fence: Fence, clock: ManualClock) -> None:
    cut, later = threading.Event(), threading.Event()
    with fence.deadline(10).cutting(cut.set):
        pass
    with fence.deadline(20).cutting(later.set):
        clock.advance(20)
        assert later.wait(BOUND)
    fence.close()
    assert not cut.is_set()


def test_nothing_begins_after_its_deadline(fence: Fence, clock: ManualClock) -> None:
    deadline = fence.deadline(1)
    clock.advance(1)
    with pytest.raises(DeadlineExceededError), deadline.cutting(fail(AssertionError())):
        pytest.fail("the block was entered")


def test_closing_a_fence_cuts_everything_that_blocks_at_once(fence: Fence) -> None:
    first, second = threading.Event(), threading.Event()
    deadline = fence.deadline(10)
    with deadline.cutting(first.set), deadline.within(5).cutting(second.set):
        assert not fence.closed
        fence.close()
        assert first.is_set()
        assert second.is_set()
    assert fence.closed


def test_a_closed_fence_refuses_every_later_effect(fence: Fence) -> None:
    deadline = fence.deadline(10)
    fence.close()
    with pytest.raises(FencedError):
        fence.check()
    with pytest.raises(FencedError):
        deadline.check()
    with pytest.raises(FencedError), deadline.cutting(nothing):
        pytest.fail("the block was entered")
    with pytest.raises(FencedError), fence.cutting(nothing):
        pytest.fail("the block was entered")


def test_a_fence_that_closes_between_check_and_cut_still_refuses(fence: Fence) -> None:
    class ClosingWatchdog(Watchdog):
        def call_at(self, at: float, call: object) -> int:
            del at, call
            fence.close()
            return 0

    watchdog = ClosingWatchdog()
    with (
        pytest.raises(FencedError),
        type(fence.deadline(1))(fence, watchdog, math.inf).cutting(fail(AssertionError())),
    ):
        pytest.fail("the block was entered")


def test_closing_twice_cuts_once(fence: Fence) -> None:
    cuts: list[str] = []
    with fence.cutting(lambda: cuts.append("cut")):
        fence.close()
        fence.close()
    assert cuts == ["cut"]


def test_a_cut_that_raises_does_not_spare_the_others(fence: Fence, caplog: pytest.LogCaptureFixture) -> None:
    cut = threading.Event()
    with fence.cutting(fail(OSError("already closed"))), fence.cutting(cut.set):
        fence.close()
    assert cut.is_set()
    assert [record.getMessage() for record in caplog.records] == ["a cut failed while a fence closed"]


def test_a_cut_that_raises_leaves_the_watchdog_at_work(fence: Fence, clock: ManualClock) -> None:
    cut = threading.Event()
    with fence.deadline(1).cutting(fail(OSError("already closed"))), fence.deadline(2).cutting(cut.set):
        clock.advance(2)
        assert cut.wait(BOUND)


def test_a_request_that_was_cut_may_take_effect_until_its_deadline(fence: Fence) -> None:
    assert fence.in_flight_until == -math.inf
    deadline = fence.deadline(30)
    with (
        deadline.within(10).cutting(nothing),
        deadline.within(20).cutting(nothing),
        deadline.cutting(nothing, effect=False),
    ):
        fence.close()
    assert fence.in_flight_until == 20
    fence.close()
    assert fence.in_flight_until == 20


def test_a_request_that_was_answered_before_is_not_in_flight(fence: Fence) -> None:
    with fence.deadline(10).cutting(nothing):
        pass
    fence.close()
    assert fence.in_flight_until == -math.inf
