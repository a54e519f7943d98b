"""Slots: work in parallel, never more than there are, and never more than half of them for one caller."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.supervisor.puppet import BOUND, fail
from workers.controller.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def slots() -> Iterator[Slots]:
    slots = Slots(8)
    yield slots
    slots.close()


def nothing() -> None:
    pass


class Crowd:
    """Work that waits until so many are at it at once, and remembers the most there ever were."""

    def __init__(self, expected: int) -> None:
        self._changed = threading.Condition()
        self._expected = expected
        self._now = 0
        self.most = 0

    def work(self, item: int) -> int:
        with self._changed:
            self._now += 1
            self.most = max(self.most, self._now)
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self.most >= self._expected, BOUND)
            self._now -= 1
        return item * item


def test_every_item_is_worked_on_once(slots: Slots) -> None:
    assert sorted(slots.run(lambda item: item * item, range(20), nothing)) == [n * n for n in range(20)]


def test_nothing_to_do_gives_nothing(slots: Slots) -> None:
    assert list(slots.run(fail(AssertionError("called")), [], fail(AssertionError("asked")))) == []


def test_one_caller_has_half_of_the_slots_at_once(slots: Slots) -> None:
    crowd = Crowd(4)

    assert sorted(slots.run(crowd.work, range(12), nothing)) == [n * n for n in range(12)]
    assert crowd.most == 4


def test_two_callers_share_all_slots(slots: Slots) -> None:
    crowd = Crowd(8)
    other = threading.Thread(target=lambda: list(slots.run(crowd.work, range(8), nothing)))
    other.start()

    assert len(list(slots.run(crowd.work, range(8), nothing))) == 8
    other.join(BOUND)

    assert crowd.most == 8


def test_three_callers_never_have_more_than_all_slots() -> None:
    slots = Slots(2)
    crowd = Crowd(2)
    callers = [
        threading.Thread(target=lambda: list(slots.run(crowd.work, range(6), nothing))) for _ in range(3)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(BOUND)
    slots.close()

    assert crowd.most == 2


def test_a_single_slot_is_enough_for_any_work() -> None:
    slots = Slots(1)

    assert sorted(slots.run(lambda item: item, range(5), nothing)) == [0, 1, 2, 3, 4]
    slots.close()


def test_a_single_item_is_worked_on_by_the_callers_own_thread(slots: Slots) -> None:
    assert list(slots.run(lambda _: threading.current_thread(), [1], nothing)) == [threading.current_thread()]


def test_several_items_are_worked_on_by_other_threads(slots: Slots) -> None:
    workers = set(slots.run(lambda _: threading.current_thread().name, range(4), nothing))

    assert all(name.startswith("apply") for name in workers)


@pytest.mark.parametrize("items", [1, 4])
def test_the_caller_is_asked_before_each_item(slots: Slots, items: int) -> None:
    asked: list[threading.Thread] = []

    list(slots.run(lambda item: item, range(items), lambda: asked.append(threading.current_thread())))

    assert asked == [threading.current_thread()] * items


@pytest.mark.parametrize("items", [1, 6])
def test_a_caller_that_has_to_end_begins_nothing_more(slots: Slots, items: int) -> None:
    done: list[int] = []

    with pytest.raises(InterruptedError):
        list(slots.run(done.append, range(items), fail(InterruptedError("stop"))))

    assert done == []


def test_a_caller_that_has_to_end_waits_for_what_it_has_begun(slots: Slots) -> None:
    begun, release, done = threading.Event(), threading.Event(), threading.Event()
    permitted = iter([None])

    def work(_: int) -> None:
        begun.set()
        assert release.wait(BOUND)
        done.set()

    def proceed() -> None:
        if next(permitted, "no more") is not None:
            assert begun.wait(BOUND)
            release.set()
            raise InterruptedError("stop")

    with pytest.raises(InterruptedError):
        list(slots.run(work, range(3), proceed))

    assert done.is_set()


@pytest.mark.parametrize("items", [1, 3])
def test_a_bug_in_the_work_is_the_callers(slots: Slots, items: int) -> None:
    with pytest.raises(ZeroDivisionError):
        list(slots.run(lambda item: 1 // (item * 0), range(items), nothing))

    assert sorted(slots.run(lambda item: item, range(8), nothing)) == list(range(8))
