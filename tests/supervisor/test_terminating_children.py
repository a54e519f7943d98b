from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from supervisor.child import Child, LastExit, State, Termination
from supervisor.children import GRACE
from supervisor.deadline import FencedError
from supervisor.exits import Shutdown
from supervisor.registry import Delivery
from supervisor.spec import Backoff
from tests.supervisor.house import House
from tests.supervisor.messages import Do, Poll, Webhook
from tests.supervisor.puppet import BOUND, fail, nothing

if TYPE_CHECKING:
    import pytest

    from supervisor.actor import SupervisedActor


def test_a_terminated_child_ends_in_order_and_is_forgotten(house: House) -> None:
    house.start()
    assert house.supervisor.terminate_child("app").result(BOUND) is Termination.STOPPED
    assert [house.change(), house.change()] == ["stopping", "ended"]
    assert house.written() == ["setup 1", "teardown 1"]
    assert house.contexts[0].fence.closed
    assert house.supervisor.which_children() == ()
    assert house.registry.send("app", Poll()) is Delivery.UNKNOWN


def test_its_last_change_tells_how_it_ended() -> None:
    children: list[Child] = []
    house = House(on_change=children.append)
    house.start()
    house.supervisor.terminate_child("app").result(BOUND)
    house.close()
    last = children[-1]
    assert last.state is State.ENDED
    assert last.last_exit == LastExit(Shutdown(), house.clock.now())


def test_a_key_that_nobody_has_is_unknown(house: House) -> None:
    assert house.supervisor.terminate_child("nobody").result(BOUND) is Termination.UNKNOWN
    assert not Termination.UNKNOWN
    assert Termination.STOPPED
    assert Termination.ABANDONED


def test_a_restarting_child_is_terminated_at_once_and_never_started(house: House) -> None:
    house.start()
    house.crash()
    assert house.supervisor.terminate_child("app").result(BOUND) is Termination.STOPPED
    assert house.change() == "ended"
    house.clock.advance(1000)
    house.settle()
    assert house.changes.empty()
    assert house.registry.send("app", Poll()) is Delivery.UNKNOWN


def test_messages_kept_for_a_child_go_with_it_when_it_is_terminated(house: House) -> None:
    house.start()
    house.crash()
    house.registry.send("app", Webhook(("old",)))
    house.supervisor.terminate_child("app").result(BOUND)
    assert house.change() == "ended"
    house.start()
    house.do(lambda actor: actor.stop())
    house.change()
    assert Webhook(("old",)) not in house.written()


def test_a_handler_is_told_to_stop_between_two_steps(house: House) -> None:
    entered, second_step = threading.Event(), threading.Event()

    def work(actor: SupervisedActor) -> None:
        entered.set()
        assert actor.context.stopping.wait(BOUND)
        actor.checkpoint()
        second_step.set()

    house.start()
    house.do(work)
    assert entered.wait(BOUND)
    assert house.supervisor.terminate_child("app").result(BOUND) is Termination.STOPPED
    assert not second_step.is_set()


def test_a_child_that_is_late_is_cut_and_then_ends(house: House) -> None:
    house.start(shutdown=5)
    blocking, entered = threading.Event(), threading.Event()

    def block(actor: SupervisedActor) -> None:
        deadline = actor.context.fence.deadline(3600)
        with deadline.cutting(blocking.set, effect=False):
            entered.set()
            assert blocking.wait(BOUND)
        deadline.check()

    house.do(block)
    assert entered.wait(BOUND)
    end = house.supervisor.terminate_child("app")
    house.clock.advance(4.9)
    house.settle()
    assert not blocking.is_set()
    house.clock.advance(0.1)
    assert end.result(BOUND) is Termination.STOPPED


def test_a_child_that_never_ends_is_abandoned_and_has_no_effect_when_it_comes_back_to_life(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    effects: list[str] = []
    entered, gate = threading.Event(), threading.Event()

    def hang_and_write(actor: SupervisedActor) -> None:
        deadline = actor.context.fence.deadline(3600)
        entered.set()
        assert gate.wait(BOUND)
        try:
            deadline.check()
        except FencedError as error:
            effects.append(type(error).__name__)
            raise
        effects.append("written")

    house.start(shutdown=5)
    house.do(hang_and_write)
    assert entered.wait(BOUND)
    end = house.supervisor.terminate_child("app")
    house.clock.advance(5)
    house.settle()
    assert house.shown().state is State.STOPPING
    house.clock.advance(GRACE)
    assert end.result(BOUND) is Termination.ABANDONED
    assert [house.change(), house.change()] == ["stopping", "ended"]
    assert "app, generation 1, did not end and is abandoned" in [r.getMessage() for r in caplog.records]
    house.start()
    gate.set()
    assert house.journal.get(timeout=BOUND) == "setup 1"
    while house.journal.get(timeout=BOUND) != "teardown 1":
        pass
    house.settle()
    assert effects == ["FencedError"]
    assert house.shown().state is State.RUNNING
    assert house.changes.empty()


def test_all_who_ask_for_the_end_of_a_child_are_told(house: House) -> None:
    house.start(shutdown=5)
    gate = house.hang()
    ends = [house.supervisor.terminate_child("app") for _ in range(3)]
    gate.set()
    assert [end.result(BOUND) for end in ends] == [Termination.STOPPED] * 3


def test_a_termination_cannot_be_taken_back(house: House) -> None:
    house.start(shutdown=5)
    gate = house.hang()
    end = house.supervisor.terminate_child("app")
    assert not end.cancel()
    gate.set()
    assert end.result(BOUND) is Termination.STOPPED


def test_a_new_spec_for_a_stopping_child_starts_when_the_old_one_has_ended(house: House) -> None:
    house.start(shutdown=5)
    gate = house.hang()
    house.supervisor.terminate_child("app")
    assert house.change() == "stopping"
    assert house.registry.send("app", Webhook(("lost",))) is Delivery.UNKNOWN
    house.supervisor.start_child(house.spec())
    assert house.registry.send("app", Webhook(("kept",))) is Delivery.RESTARTING
    assert len(house.contexts) == 1
    gate.set()
    assert [house.change(), house.change()] == ["ended", "running"]
    child = house.shown()
    assert (child.generation, child.restarts, child.last_exit) == (2, 0, None)
    assert [house.journal.get(timeout=BOUND) for _ in range(4)] == [
        "setup 1", "teardown 1", "setup 2", Webhook(("kept",)),
    ]  # fmt: skip


def test_the_newest_spec_for_a_stopping_child_counts(house: House) -> None:
    house.start(shutdown=5)
    gate = house.hang()
    house.supervisor.terminate_child("app")
    house.supervisor.start_child(house.spec(start=fail(AssertionError("replaced"))))
    house.supervisor.start_child(house.spec())
    gate.set()
    assert [house.change(), house.change(), house.change()] == ["stopping", "ended", "running"]


def test_terminating_a_stopping_child_again_drops_the_spec_that_waits(house: House) -> None:
    house.start(shutdown=5)
    gate = house.hang()
    house.supervisor.terminate_child("app")
    house.supervisor.start_child(house.spec())
    end = house.supervisor.terminate_child("app")
    assert house.registry.send("app", Poll()) is Delivery.UNKNOWN
    gate.set()
    assert end.result(BOUND) is Termination.STOPPED
    house.settle()
    assert house.supervisor.which_children() == ()


def test_a_spec_that_waited_and_fails_to_start_is_tried_again(house: House) -> None:
    house.start(shutdown=5)
    gate = house.hang()
    house.supervisor.terminate_child("app")
    house.supervisor.start_child(house.spec(start=fail(ValueError("boom"))))
    gate.set()
    assert [house.change(), house.change(), house.change()] == ["stopping", "ended", "restarting"]


def test_a_successor_waits_until_a_request_that_was_cut_can_have_no_effect(house: House) -> None:
    house.start(shutdown=5)
    cut, entered = threading.Event(), threading.Event()

    def send_a_request(actor: SupervisedActor) -> None:
        with actor.context.fence.deadline(30).cutting(cut.set):
            entered.set()
            assert cut.wait(BOUND)

    house.do(send_a_request)
    assert entered.wait(BOUND)
    end = house.supervisor.terminate_child("app")
    house.supervisor.start_child(house.spec())
    house.clock.advance(5)
    assert end.result(BOUND) is Termination.STOPPED
    house.clock.advance(24)
    house.settle()
    assert len(house.contexts) == 1
    assert house.change() == "stopping"
    assert house.supervisor.terminate_child("app").result(BOUND) is Termination.STOPPED
    house.supervisor.start_child(house.spec())
    house.clock.advance(1)
    assert [house.change(), house.change()] == ["ended", "running"]


def test_an_abandoned_child_that_ends_leaves_its_successor_waiting_for_the_request(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    gate = house.abandon_with_a_request(30)
    caplog.clear()
    house.supervisor.start_child(house.spec())
    gate.set()
    while house.journal.get(timeout=BOUND) != "teardown 1":
        pass
    house.clock.advance(23)
    house.settle()
    assert len(house.contexts) == 1
    house.clock.advance(1)
    assert [house.change(), house.change()] == ["ended", "running"]
    assert caplog.records == []


def test_a_child_that_is_terminated_while_a_message_hurries_it_stays_ended() -> None:
    def hurry_and_terminate(child: Child) -> None:
        if child.state is State.RESTARTING and child.generation == 2:
            house.registry.send("app", Webhook())
            house.supervisor.terminate_child("app")

    house = House(on_change=hurry_and_terminate)
    house.start(backoff=Backoff(1, 10, 1000))
    house.crash()
    house.clock.advance(1)
    assert house.change() == "running"
    house.crash()
    assert house.change() == "ended"
    house.clock.advance(1000)
    house.settle()
    assert house.changes.empty()
    assert len(house.contexts) == 2
    house.close()


def test_a_child_that_crashed_beside_a_request_in_flight_waits_for_it_too(house: House) -> None:
    house.start()
    entered, leave = threading.Event(), threading.Event()
    others = []

    def crash_beside_a_request(actor: SupervisedActor) -> None:
        def request() -> None:
            with actor.context.fence.deadline(30).cutting(nothing):
                entered.set()
                leave.wait(BOUND)

        others.append(threading.Thread(target=request))
        others[0].start()
        assert entered.wait(BOUND)
        raise ValueError("boom")

    house.registry.send("app", Do(crash_beside_a_request))
    child = house.changes.get(timeout=BOUND)
    assert child.state is State.RESTARTING
    assert child.next_start is not None
    assert (child.next_start - house.clock.now()).total_seconds() == 30
    leave.set()
