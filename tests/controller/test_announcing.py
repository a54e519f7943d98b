"""A status written from another thread while its actor is busy never comes after the actor's own."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any

import pytest

from supervisor.deadline import DeadlineExceededError
from supervisor.spec import ChildSpec
from tests.controller.lamps import lamp
from tests.controller.one_object import OneObject, blocking
from tests.controller.test_own_object import LAMPS
from tests.supervisor.puppet import BOUND, fail
from workers.controller.announcer import ANNOUNCER, Announce, Announcements, Announcer
from workers.controller.custom_object import decode
from workers.controller.own_object import OwnObject
from workers.model.errors import Reason, SyncError
from workers.model.keys import ResourceKey

if TYPE_CHECKING:
    from supervisor.deadline import Deadline
    from tests.controller.lamps import Home
    from workers.controller.custom_object import CustomObject


DESK, SHELF = ResourceKey("Lamp", "home", "desk"), ResourceKey("Lamp", "home", "shelf")


def busy(_: CustomObject) -> dict[str, Any]:
    return {"busy": True}


def own(cluster: OneObject) -> OwnObject:
    return OwnObject(cluster.objects, LAMPS, decode("Lamp", lamp()))


def test_an_expected_announcement_is_written_once(deadline: Deadline) -> None:
    cluster = OneObject(lamp())
    ours = own(cluster)
    ours.expect_announcement()

    ours.announce(busy, deadline)
    ours.announce(fail(AssertionError("asked again")), deadline)

    assert cluster.status == {"busy": True}


def test_nothing_is_announced_that_nobody_expects(deadline: Deadline) -> None:
    cluster = OneObject(lamp())

    own(cluster).announce(busy, deadline)

    assert cluster.patches == []


def test_nothing_is_announced_once_the_actor_wrote_itself(deadline: Deadline) -> None:
    cluster = OneObject(lamp())
    ours = own(cluster)
    ours.expect_announcement()
    ours.write_status({}, deadline)  # nothing to write is an end, too

    ours.announce(busy, deadline)

    assert cluster.patches == []


def test_the_actor_writes_after_an_announcement_that_is_on_its_way(deadline: Deadline) -> None:
    cluster = OneObject(lamp())
    ours = own(cluster)
    ours.expect_announcement()
    on_its_way, go_on = threading.Event(), threading.Event()
    cluster.before = blocking(on_its_way, go_on)
    announcing = threading.Thread(target=ours.announce, args=(busy, deadline))
    announcing.start()
    assert on_its_way.wait(BOUND)
    writing = threading.Thread(target=ours.write_status, args=({"done": True}, deadline))
    writing.start()

    go_on.set()
    announcing.join(BOUND)
    writing.join(BOUND)

    assert [patch["status"] for _, patch in cluster.patches] == [
        {"busy": True},
        {"busy": None, "done": True},
    ]


@pytest.fixture
def announcements(home: Home) -> Announcements:
    home.supervisor.start_child(ChildSpec(ANNOUNCER, Announcer.start))
    return Announcements(home.registry, home.watchdog)


def test_what_is_to_be_announced_now_is_written_by_the_announcer(announcements: Announcements) -> None:
    written: queue.Queue[str] = queue.Queue()

    announcements.now(DESK, lambda _: written.put(threading.current_thread().name))

    assert written.get(timeout=BOUND) == ANNOUNCER


def test_what_is_to_be_announced_later_waits_for_its_time(home: Home, announcements: Announcements) -> None:
    written: queue.Queue[float] = queue.Queue()

    announcements.after(2.0, DESK, lambda _: written.put(home.clock.monotonic()))
    home.clock.advance(1.9)
    home.clock.advance(0.1)

    assert written.get(timeout=BOUND) == 2.0


def test_an_announcement_that_was_taken_back_never_comes(home: Home, announcements: Announcements) -> None:
    written: queue.Queue[str] = queue.Queue()
    take_back = announcements.after(2.0, DESK, lambda _: written.put("desk"))
    announcements.after(2.0, SHELF, lambda _: written.put("shelf"))

    take_back()
    home.clock.advance(2.0)

    assert written.get(timeout=BOUND) == "shelf"
    assert written.empty()


@pytest.mark.parametrize(
    "error", [SyncError(Reason.APPLY_FAILED, "the API server is gone"), DeadlineExceededError("late")]
)
def test_one_that_cannot_be_written_does_not_end_the_announcer(
    home: Home, announcements: Announcements, error: Exception
) -> None:
    written: queue.Queue[str] = queue.Queue()

    announcements.now(DESK, fail(error))
    announcements.now(SHELF, lambda _: written.put("shelf"))

    assert written.get(timeout=BOUND) == "shelf"
    child = home.supervisor.child(ANNOUNCER)
    assert child is not None
    assert child.generation == 1


def test_announcements_that_wait_are_one_message_with_the_latest_of_each() -> None:
    first, second, third = fail(ValueError()), fail(ValueError()), fail(ValueError())

    merged = Announce({DESK: first, SHELF: second}).merge(Announce({DESK: third}))

    assert merged.writes == {DESK: third, SHELF: second}
