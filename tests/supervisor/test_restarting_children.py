from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from supervisor.child import ChildCounts, LastExit, State, Termination
from supervisor.exits import Crashed, Normal
from supervisor.registry import Delivery
from supervisor.spec import Backoff, Intensity, Restart
from tests.supervisor.house import BOOM, House
from tests.supervisor.messages import Poll, Webhook
from tests.supervisor.puppet import BOUND, fail, hold_until

if TYPE_CHECKING:
    import pykka

    from supervisor.actor import Context, SupervisedActor
    from tests.supervisor.puppet import Puppet

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_child_that_crashed_waits_for_its_backoff_and_starts_again(house: House) -> None:
    house.start()
    child = house.crash()
    assert (child.state, child.generation, child.restarts) == (State.RESTARTING, 1, 0)
    assert child.last_exit == LastExit(Crashed(BOOM), T0)
    assert child.next_start == T0 + timedelta(seconds=1)
    house.clock.advance(1)
    assert house.change() == "running"
    child = house.shown()
    assert (child.generation, child.restarts, child.next_start) == (2, 1, None)
    assert child.last_exit == LastExit(Crashed(BOOM), T0)


def test_the_others_do_not_notice(house: House) -> None:
    house.start("app")
    house.start("other")
    house.crash("app")
    assert house.registry.send("other", Poll()) is Delivery.DELIVERED
    assert house.supervisor.count_children() == ChildCounts(specs=2, active=1)


def delays(house: House, crashes: int) -> list[tuple[float, str]]:
    """Let a child crash again and again; return its delays and states."""
    seen = []
    for _ in range(crashes):
        child = house.crash()
        assert child.next_start is not None
        delay = (child.next_start - house.clock.now()).total_seconds()
        seen.append((delay, str(child.state)))
        house.clock.advance(delay)
        assert house.change() == "running"
    return seen


def test_delays_grow_and_at_the_cap_a_child_is_parked_and_still_started_again(house: House) -> None:
    house.start(backoff=Backoff(1, 2, 10), intensity=Intensity(100, 60))
    assert delays(house, 6) == [
        (1, "restarting"), (2, "restarting"), (4, "restarting"), (8, "restarting"),
        (10, "parked"), (10, "parked"),
    ]  # fmt: skip


def test_a_child_that_used_up_its_intensity_is_parked_until_the_window_has_room(house: House) -> None:
    house.start(backoff=Backoff(1, 1, 100), intensity=Intensity(3, 60))
    assert delays(house, 5) == [
        (1, "restarting"), (1, "restarting"), (1, "restarting"),
        (58, "parked"), (1, "parked"),
    ]  # fmt: skip


def test_failures_are_forgotten_after_a_healthy_time(house: House) -> None:
    house.start(backoff=Backoff(1, 2, 300, reset_after=600))
    assert delays(house, 3) == [(1, "restarting"), (2, "restarting"), (4, "restarting")]
    house.clock.advance(600)
    assert delays(house, 2) == [(1, "restarting"), (2, "restarting")]


def test_a_permanent_child_is_started_again_after_a_normal_end(house: House) -> None:
    house.start()
    house.do(lambda actor: actor.stop())
    assert house.change() == "restarting"
    assert house.shown().last_exit == LastExit(Normal(), T0)


@pytest.mark.parametrize("restart", [Restart.TRANSIENT, Restart.TEMPORARY])
def test_a_child_that_is_not_started_again_is_forgotten(house: House, restart: Restart) -> None:
    house.start(restart=restart)
    house.do(lambda actor: actor.stop())
    assert house.change() == "ended"
    assert house.supervisor.which_children() == ()
    assert house.registry.send("app", Poll()) is Delivery.UNKNOWN
    assert house.supervisor.terminate_child("app").result(BOUND) is Termination.UNKNOWN
    house.start()


def test_messages_lost_with_a_child_that_is_not_started_again_are_logged(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.start(restart=Restart.TEMPORARY)

    def stop_with_unread(actor: SupervisedActor) -> None:
        actor.stop()
        house.registry.send("app", Webhook())

    house.do(stop_with_unread)
    assert house.change() == "ended"
    house.settle()
    assert [record.getMessage() for record in caplog.records] == ["app ended for good with 1 messages unread"]


def test_a_start_that_fails_during_a_restart_counts_as_a_crash(house: House) -> None:
    failures = [ValueError("first"), SystemExit(1)]

    def start(context: Context) -> pykka.ActorRef[Puppet]:
        if context.generation in {2, 3}:
            raise failures[context.generation - 2]
        return house.puppet(context)

    house.start(start=start)
    assert house.crash().next_start == T0 + timedelta(seconds=1)
    house.clock.advance(1)
    assert house.change() == "restarting"
    child = house.shown()
    assert (child.generation, child.restarts) == (2, 1)
    assert child.last_exit == LastExit(Crashed(failures[0]), T0 + timedelta(seconds=1))
    house.clock.advance(2)
    assert house.change() == "restarting"
    assert house.shown().last_exit == LastExit(Crashed(failures[1]), T0 + timedelta(seconds=3))
    house.clock.advance(4)
    assert house.change() == "running"
    assert house.shown().generation == 4


def test_the_end_of_what_a_failed_start_left_behind_is_no_news(house: House) -> None:
    left_behind = []

    def start(context: Context) -> pykka.ActorRef[Puppet]:
        ref = house.puppet(context)
        if context.generation == 2:
            left_behind.append(ref)
            raise BOOM
        return ref

    house.start(start=start)
    house.crash()
    house.clock.advance(1)
    assert house.change() == "restarting"
    house.clock.advance(2)
    assert house.change() == "running"
    left_behind[0].stop()
    house.settle()
    assert (house.shown().state, house.shown().generation) == (State.RUNNING, 3)
    assert house.changes.empty()


def test_what_waited_in_the_mailbox_of_a_crashed_child_is_delivered_to_its_next_generation(
    house: House,
) -> None:
    house.start()
    gate, entered = threading.Event(), threading.Event()

    def hang_and_crash(actor: SupervisedActor) -> None:
        hold_until(gate, entered)(actor)
        raise BOOM

    house.do(hang_and_crash)
    assert entered.wait(BOUND)
    house.registry.send("app", Webhook(("a",)))
    house.registry.send("app", Webhook(("b",)))
    gate.set()
    assert house.change() == "restarting"
    house.clock.advance(1)
    assert house.change() == "running"
    assert next_message(house) == Webhook(("a", "b"))


def test_a_message_to_a_restarting_child_is_kept_and_shortens_its_backoff_to_the_initial_delay(
    house: House,
) -> None:
    house.start(backoff=Backoff(1, 10, 1000))
    delays(house, 2)
    child = house.crash()
    assert child.next_start == house.clock.now() + timedelta(seconds=100)
    assert house.registry.send("app", Webhook(("a",))) is Delivery.RESTARTING
    assert house.change() == "restarting"
    assert house.shown().next_start == house.clock.now() + timedelta(seconds=1)
    house.clock.advance(1)
    assert house.change() == "running"
    assert next_message(house) == Webhook(("a",))


def test_a_message_that_came_before_the_crash_was_known_shortens_the_backoff_too() -> None:
    gate = threading.Event()
    gate.set()
    house = House(on_change=lambda _: gate.wait(BOUND))
    house.start(backoff=Backoff(1, 10, 1000))
    delays(house, 1)
    gate.clear()
    house.supervisor.start_child(house.spec("other"))
    house.do(fail(BOOM))
    while next_entry(house) != "teardown 2":
        pass
    assert house.registry.send("app", Webhook(("a",))) is Delivery.RESTARTING
    gate.set()
    assert house.change("other") == "running"
    assert [house.change(), house.change()] == ["restarting", "restarting"]
    assert house.shown().next_start == house.clock.now() + timedelta(seconds=1)
    house.close()


def test_a_storm_of_messages_to_a_crashing_child_makes_no_hot_loop(house: House) -> None:
    def start(context: Context) -> pykka.ActorRef[Puppet]:
        if context.generation > 1:
            raise BOOM
        return house.puppet(context)

    house.start(start=start, backoff=Backoff(1, 10, 1000), intensity=Intensity(3, 60))
    house.crash()
    starts: list[float] = []
    while house.clock.monotonic() < 120:
        before = house.shown().restarts
        for _ in range(20):
            house.registry.send("app", Webhook(("storm",)))
        house.settle()
        house.clock.advance(0.5)
        house.settle()
        starts += [house.clock.monotonic()] * (house.shown().restarts - before)
    assert 4 <= len(starts) <= 6
    for first, fourth in zip(starts, starts[3:], strict=False):
        assert fourth - first >= 60
    for first, second in itertools.pairwise(starts):
        assert second - first >= 1


def test_a_callback_that_raises_is_logged_and_costs_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    house = House(on_change=fail(BOOM))
    house.start()
    house.crash()
    house.clock.advance(1)
    assert house.change() == "running"
    house.close()
    assert "a call of the supervisor failed" in {record.getMessage() for record in caplog.records}


def next_entry(house: House) -> object:
    """Return what a puppet wrote down next."""
    return house.journal.get(timeout=BOUND)


def next_message(house: House) -> object:
    """Return the next message that a puppet read."""
    while isinstance(entry := next_entry(house), str):
        pass
    return entry
