from __future__ import annotations

import queue
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from supervisor.clock import SystemClock
from supervisor.timetable import Timetable, TimetableClosedError
from tests.supervisor.puppet import BOUND, fail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.supervisor.manual_clock import ManualClock

Calls = queue.Queue[str]


@pytest.fixture
def calls() -> Calls:
    return queue.Queue()


@pytest.fixture
def timetable(clock: ManualClock) -> Iterator[Timetable]:
    timetable = Timetable(clock)
    yield timetable
    timetable.close()


def settled(timetable: Timetable, calls: Calls) -> list[str]:
    """Return the calls made so far, when the thread has nothing more to do now."""
    idle = threading.Event()
    timetable.call_at(timetable.clock.monotonic(), idle.set)
    assert idle.wait(BOUND)
    return [calls.get_nowait() for _ in range(calls.qsize())]


def test_calls_are_made_when_their_time_has_come(
    timetable: Timetable, calls: Calls, clock: ManualClock
) -> None:
    timetable.call_at(10, partial(calls.put, "ten"))
    timetable.call_at(5, partial(calls.put, "five"))
    clock.advance(5)
    assert settled(timetable, calls) == ["five"]
    clock.advance(5)
    assert settled(timetable, calls) == ["ten"]


def test_an_earlier_call_that_comes_later_wakes_the_thread(
    timetable: Timetable, calls: Calls, clock: ManualClock
) -> None:
    timetable.call_at(10, partial(calls.put, "ten"))
    settled(timetable, calls)
    timetable.call_at(5, partial(calls.put, "five"))
    clock.advance(5)
    assert calls.get(timeout=BOUND) == "five"


def test_calls_of_one_time_are_made_in_order_and_soon_ones_first(timetable: Timetable, calls: Calls) -> None:
    gate = threading.Event()
    timetable.call_soon(partial(gate.wait, BOUND))
    for name in "abc":
        timetable.call_at(-1, partial(calls.put, name))
    for name in "xyz":
        timetable.call_soon(partial(calls.put, name))
    gate.set()
    assert settled(timetable, calls) == ["x", "y", "z", "a", "b", "c"]


def test_a_forgotten_call_is_not_made(timetable: Timetable, calls: Calls, clock: ManualClock) -> None:
    first = timetable.call_at(1, partial(calls.put, "first"))
    second = timetable.call_at(2, partial(calls.put, "second"))
    timetable.call_at(3, partial(calls.put, "third"))
    timetable.forget(second)
    timetable.forget(first)
    timetable.forget(first)
    clock.advance(3)
    assert settled(timetable, calls) == ["third"]


def test_a_call_forgotten_behind_an_earlier_one_is_not_made(
    timetable: Timetable, calls: Calls, clock: ManualClock
) -> None:
    timetable.call_at(1, partial(calls.put, "first"))
    second = timetable.call_at(2, partial(calls.put, "second"))
    timetable.call_at(3, partial(calls.put, "third"))
    timetable.forget(second)
    clock.advance(3)
    assert settled(timetable, calls) == ["first", "third"]


def test_a_call_that_was_made_can_be_forgotten(timetable: Timetable, calls: Calls) -> None:
    number = timetable.call_at(0, partial(calls.put, "made"))
    assert settled(timetable, calls) == ["made"]
    timetable.forget(number)


@pytest.mark.parametrize("error", [ValueError("boom"), SystemExit(1)])
def test_a_call_that_raises_is_logged_and_the_next_one_is_made(
    timetable: Timetable, calls: Calls, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    timetable.call_soon(fail(error))
    timetable.call_soon(partial(calls.put, "next"))
    assert settled(timetable, calls) == ["next"]
    assert [record.getMessage() for record in caplog.records] == ["a call of the timetable failed"]


def test_closing_makes_the_calls_that_wait_and_drops_the_timed_ones(
    timetable: Timetable, calls: Calls, clock: ManualClock
) -> None:
    gate = threading.Event()
    timetable.call_soon(partial(gate.wait, BOUND))
    timetable.call_at(1, partial(calls.put, "timed"))
    timetable.call_soon(partial(calls.put, "soon"))
    closing = threading.Thread(target=timetable.close, args=(BOUND,))
    closing.start()
    gate.set()
    closing.join(BOUND)
    clock.advance(1)
    assert list(calls.queue) == ["soon"]


def test_a_closed_timetable_refuses_calls(timetable: Timetable) -> None:
    timetable.close()
    timetable.close()
    with pytest.raises(TimetableClosedError):
        timetable.call_soon(timetable.close)


def test_what_the_last_calls_ask_for_is_called_too(timetable: Timetable, calls: Calls) -> None:
    gate = threading.Event()
    timetable.call_soon(partial(gate.wait, BOUND))
    timetable.call_soon(lambda: timetable.call_soon(partial(calls.put, "last")))
    closing = threading.Thread(target=timetable.close, args=(BOUND,))
    closing.start()
    gate.set()
    closing.join(BOUND)
    assert list(calls.queue) == ["last"]


def test_it_can_be_closed_from_its_own_thread(timetable: Timetable, calls: Calls) -> None:
    timetable.call_soon(timetable.close)
    timetable.call_at(-1, partial(calls.put, "timed"))
    timetable.close(BOUND)
    assert calls.empty()


def test_it_knows_its_own_thread(timetable: Timetable) -> None:
    seen: queue.Queue[bool] = queue.Queue()
    timetable.call_soon(lambda: seen.put(timetable.is_current))
    assert seen.get(timeout=BOUND) is True
    assert not timetable.is_current


def test_it_keeps_real_time_too() -> None:
    timetable, called = Timetable(), threading.Event()
    timetable.call_at(SystemClock().monotonic() + 0.01, called.set)
    assert called.wait(BOUND)
    timetable.close()


def test_it_tells_how_long_the_call_under_way_has_taken(timetable: Timetable, clock: ManualClock) -> None:
    began, ends = threading.Event(), threading.Event()

    def call() -> None:
        began.set()
        ends.wait(BOUND)

    timetable.call_soon(call)
    began.wait(BOUND)
    clock.advance(12)
    during = timetable.busy_seconds
    ends.set()
    timetable.close(BOUND)

    assert (during, timetable.busy_seconds) == (12.0, 0.0)


def test_dropped_calls_do_not_pile_up_behind_one_that_stays(timetable: Timetable) -> None:
    timetable.call_at(1, partial(int))
    for _ in range(1000):
        timetable.forget(timetable.call_at(100, partial(int)))

    assert len(timetable._due) < 100
