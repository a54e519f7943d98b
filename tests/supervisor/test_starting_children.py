from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import pykka
import pytest

from supervisor.child import Child, ChildCounts, State
from supervisor.errors import AlreadyStartedError, MaxChildrenError, SupervisorStoppedError
from supervisor.mailbox import Backlog
from supervisor.registry import Delivery
from tests.supervisor.house import House
from tests.supervisor.messages import Poll, Webhook
from tests.supervisor.puppet import BOUND, fail

if TYPE_CHECKING:
    from supervisor.actor import Context


def test_a_child_that_was_started_is_shown_and_can_be_addressed(house: House) -> None:
    house.start()
    assert house.journal.get(timeout=BOUND) == "setup 1"
    child = house.shown()
    assert (child.state, child.generation, child.restarts) == (State.RUNNING, 1, 0)
    assert (child.last_exit, child.next_start) == (None, None)
    assert house.supervisor.which_children() == (child,)
    assert house.supervisor.count_children() == ChildCounts(specs=1, active=1)
    assert house.registry.send("app", Poll()) is Delivery.DELIVERED
    assert house.journal.get(timeout=BOUND) == Poll()


def test_children_are_shown_in_the_order_they_were_started(house: House) -> None:
    for key in "cab":
        house.start(key)
    assert [child.key for child in house.supervisor.which_children()] == ["c", "a", "b"]


def test_a_child_is_shown_with_the_backlog_of_its_mailbox(house: House) -> None:
    house.start()
    gate = house.hang()
    house.registry.send("app", Poll())
    house.clock.advance(3)
    house.registry.send("app", Webhook())
    assert house.shown().backlog == Backlog(depth=2, oldest_seconds=3)
    assert house.supervisor.which_children()[0].backlog == Backlog(depth=2, oldest_seconds=3)
    gate.set()


def test_a_second_child_of_a_key_is_refused_by_name(house: House) -> None:
    house.start()
    with pytest.raises(AlreadyStartedError, match="app is already started \\(running\\)"):
        house.supervisor.start_child(house.spec())
    house.crash()
    with pytest.raises(AlreadyStartedError, match="app is already started \\(restarting\\)"):
        house.supervisor.start_child(house.spec())


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(1)])
def test_a_start_that_fails_is_discarded_and_its_error_goes_to_the_caller(
    house: House, error: BaseException
) -> None:
    with pytest.raises(type(error)):
        house.supervisor.start_child(house.spec(start=fail(error)))
    assert house.supervisor.which_children() == ()
    assert house.registry.send("app", Poll()) is Delivery.UNKNOWN
    house.start()


def test_what_a_failed_start_left_behind_has_no_effect_and_its_end_is_no_news(house: House) -> None:
    def start_and_fail(context: Context) -> NoReturn:
        house.puppet(context)
        raise ValueError("afterwards")

    with pytest.raises(ValueError, match="afterwards"):
        house.supervisor.start_child(house.spec(start=start_and_fail))
    (context,) = house.contexts
    assert context.fence.closed
    assert context.stopping.is_set()
    pykka.ActorRegistry.stop_all()
    house.settle()
    assert house.changes.empty()


def test_there_are_never_more_children_than_allowed() -> None:
    house = House(max_children=2)
    house.start("a")
    house.start("b")
    with pytest.raises(MaxChildrenError, match="c is one more than the 2 children allowed"):
        house.supervisor.start_child(house.spec("c"))
    assert house.supervisor.terminate_child("a").result(BOUND)
    assert [house.change("a"), house.change("a")] == ["stopping", "ended"]
    house.start("c")
    house.close()


def test_a_stopped_supervisor_starts_nothing(house: House) -> None:
    house.supervisor.stop(BOUND)
    with pytest.raises(SupervisorStoppedError):
        house.supervisor.start_child(house.spec())


def test_an_actor_can_start_another_child_from_its_handler(house: House) -> None:
    house.start("parent")
    house.do(lambda _: house.supervisor.start_child(house.spec("child")), "parent")
    assert house.change("child") == "running"


def test_a_callback_can_start_and_terminate_children() -> None:
    def replace(child: Child) -> None:
        if child.key == "first" and child.state is State.RUNNING:
            house.supervisor.start_child(house.spec("second"))
            house.supervisor.terminate_child("first")

    house = House(on_change=replace)
    house.start("first")
    assert house.change("second") == "running"
    assert [house.change("first"), house.change("first")] == ["stopping", "ended"]
    house.close()


def test_many_threads_may_start_terminate_and_ask_at_once(house: House) -> None:
    def live(name: str) -> None:
        for _ in range(20):
            house.supervisor.start_child(house.spec(name))
            house.supervisor.which_children()
            house.registry.send(name, Poll())
            assert house.supervisor.terminate_child(name).result(BOUND)

    threads = [threading.Thread(target=partial(live, name)) for name in "abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(BOUND)
    assert house.supervisor.count_children() == ChildCounts(specs=0, active=0)


def test_a_child_can_begin_parked_and_no_message_shortens_it(house: House) -> None:
    house.supervisor.start_child(replace(house.spec("app"), parked_for=60.0))
    assert house.change() == "parked"
    assert house.registry.send("app", Webhook(("early",))) is Delivery.RESTARTING

    house.clock.advance(59.9)
    child = house.supervisor.child("app")
    assert child is not None
    assert (child.state, child.generation) == ("parked", 0)
    house.clock.advance(0.1)

    assert house.change() == "running"
    assert house.supervisor.child("app") is not None


def test_a_child_that_follows_a_stopping_one_can_begin_parked_too(house: House) -> None:
    house.start()
    go_on = house.hang()
    ended = house.supervisor.terminate_child("app")
    assert house.change() == "stopping"
    house.supervisor.start_child(house.spec(parked_for=60.0))

    go_on.set()
    ended.result(BOUND)

    assert [house.change(), house.change()] == ["ended", "parked"]
    house.clock.advance(60)
    assert house.change() == "running"


def test_a_start_without_a_thread_to_be_had_leaves_no_actor_behind(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.start()  # by now the supervisor has a thread of its own
    monkeypatch.setattr(threading.Thread, "start", fail(RuntimeError("can't start new thread")))

    with pytest.raises(RuntimeError, match="can't start new thread"):
        house.supervisor.start_child(house.spec("other"))

    monkeypatch.undo()
    assert len(pykka.ActorRegistry.get_all()) == 1
    assert house.supervisor.child("other") is None
