from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supervisor.child import State, Termination
from supervisor.children import GRACE
from supervisor.errors import AlreadyStartedError
from supervisor.exits import Crashed, Shutdown
from supervisor.registry import Delivery
from supervisor.spec import Backoff
from tests.supervisor.house import BOOM, House
from tests.supervisor.messages import Poll, Webhook
from tests.supervisor.puppet import BOUND

if TYPE_CHECKING:
    import threading


def test_a_running_child_ends_and_starts_at_once(house: House) -> None:
    house.start()
    assert house.supervisor.restart_child("app")
    assert [house.change() for _ in range(3)] == ["stopping", "restarting", "running"]
    child = house.shown()
    assert (child.generation, child.restarts) == (2, 1)
    assert child.last_exit is not None
    assert child.last_exit.reason == Shutdown()
    assert [house.journal.get(timeout=BOUND) for _ in range(3)] == ["setup 1", "teardown 1", "setup 2"]
    assert [context.fence.closed for context in house.contexts] == [True, False]


def hanging_and_restarted(house: House) -> threading.Event:
    """Restart a child that hangs while a webhook waits in its mailbox and another comes later."""
    house.start(shutdown=5)
    gate = house.hang()
    assert house.registry.send("app", Webhook(("before",))) is Delivery.DELIVERED
    assert house.supervisor.restart_child("app")
    assert house.registry.send("app", Webhook(("after",))) is Delivery.RESTARTING
    return gate


def test_messages_to_it_are_kept(house: House) -> None:
    hanging_and_restarted(house).set()
    assert [house.change() for _ in range(3)] == ["stopping", "restarting", "running"]
    assert [house.journal.get(timeout=BOUND) for _ in range(4)] == [
        "setup 1", "teardown 1", "setup 2", Webhook(("before", "after")),
    ]  # fmt: skip


def test_one_that_does_not_end_is_abandoned_and_its_messages_go_to_the_next(house: House) -> None:
    gate = hanging_and_restarted(house)
    house.clock.advance(5)
    house.settle()
    house.clock.advance(GRACE)
    assert [house.change() for _ in range(3)] == ["stopping", "restarting", "running"]
    assert [house.journal.get(timeout=BOUND) for _ in range(3)] == [
        "setup 1", "setup 2", Webhook(("before", "after")),
    ]  # fmt: skip
    gate.set()
    assert house.journal.get(timeout=BOUND) == "teardown 1"
    house.settle()
    assert house.changes.empty()


def test_a_child_that_waits_for_its_backoff_starts_at_once(house: House) -> None:
    house.start(backoff=Backoff(100, 2, 300))
    house.crash()
    assert house.supervisor.restart_child("app")
    assert [house.change(), house.change()] == ["restarting", "running"]
    child = house.shown()
    assert child.last_exit is not None
    assert child.last_exit.reason == Crashed(BOOM)


def test_a_parked_child_starts_at_once(house: House) -> None:
    house.start(backoff=Backoff(100, 2, 100))
    assert house.crash().state is State.PARKED
    assert house.supervisor.restart_child("app")
    assert [house.change(), house.change()] == ["restarting", "running"]


def test_a_child_whose_request_is_still_in_flight_waits_for_it(house: House) -> None:
    gate = house.abandon_with_a_request(30)
    house.supervisor.start_child(house.spec())
    assert not house.supervisor.restart_child("app")
    gate.set()


def test_nobody_there_is_no_restart(house: House) -> None:
    assert not house.supervisor.restart_child("nobody")
    house.start()
    gate = house.hang()
    house.supervisor.terminate_child("app")
    assert not house.supervisor.restart_child("app")
    gate.set()
    house.supervisor.stop(BOUND)
    assert not house.supervisor.restart_child("app")


def test_while_it_ends_it_is_there_and_a_second_wish_changes_nothing(house: House) -> None:
    gate = hanging_and_restarted(house)
    assert house.supervisor.restart_child("app")
    with pytest.raises(AlreadyStartedError):
        house.supervisor.start_child(house.spec())
    gate.set()
    assert [house.change() for _ in range(3)] == ["stopping", "restarting", "running"]
    house.settle()
    assert house.changes.empty()


def test_a_termination_meanwhile_counts(house: House) -> None:
    gate = hanging_and_restarted(house)
    end = house.supervisor.terminate_child("app")
    assert house.registry.send("app", Poll()) is Delivery.UNKNOWN
    gate.set()
    assert end.result(BOUND) is Termination.STOPPED
    assert [house.change(), house.change()] == ["stopping", "ended"]
    house.settle()
    assert house.changes.empty()
