from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import pytest

from supervisor.actor import Context, SupervisedActor
from supervisor.child import Child, State, Termination
from supervisor.children import GRACE
from supervisor.dynamic import DynamicSupervisor
from supervisor.errors import SupervisorStoppedError
from supervisor.registry import Delivery, Registry
from supervisor.spec import ChildSpec
from tests.supervisor.house import House
from tests.supervisor.messages import Do, Poll, Webhook
from tests.supervisor.puppet import BOUND, Journal, Puppet, fail, hold_until

if TYPE_CHECKING:
    import pykka

    from supervisor.deadline import Watchdog


def test_all_children_stop_and_nothing_is_known_any_more(house: House) -> None:
    for key in "abc":
        house.start(key)
    house.crash("b")
    assert house.supervisor.stop(BOUND) == ()
    assert house.supervisor.which_children() == ()
    assert house.registry.keys() == ()
    assert house.supervisor.terminate_child("a").result(BOUND) is Termination.UNKNOWN
    assert house.supervisor.stop(BOUND) == ()


def test_when_it_has_stopped_every_end_was_announced(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(20):
        last: dict[object, str] = {}
        house = House(on_change=partial(_note, last))
        for key in "abc":
            house.start(key)
        house.close()
        assert last == {"a": "ended", "b": "ended", "c": "ended"}
    assert caplog.records == []


def test_it_says_whether_it_runs_and_how_long_it_has_been_at_one_thing(house: House) -> None:
    busy: list[float] = []

    def start(context: Context) -> pykka.ActorRef[Puppet]:
        house.clock.advance(3)
        busy.append(house.supervisor.busy_seconds)
        return house.puppet(context)

    house.start(start=start)
    assert busy == [3]
    before = house.supervisor.state
    house.supervisor.stop(BOUND)
    assert (before, house.supervisor.state) == (State.RUNNING, State.STOPPING)
    assert house.supervisor.busy_seconds == 0


def test_children_stop_in_parallel(house: House) -> None:
    working, together = threading.Semaphore(0), threading.Barrier(3)
    ended_together: list[str] = []

    def end_together(actor: SupervisedActor) -> None:
        working.release()
        assert actor.context.stopping.wait(BOUND)
        together.wait(BOUND)
        ended_together.append(str(actor.context.key))

    for key in "abc":
        house.start(key)
        house.do(end_together, key)
        assert working.acquire(timeout=BOUND)
    assert house.supervisor.stop(BOUND) == ()
    assert sorted(ended_together) == ["a", "b", "c"]


def test_late_children_are_fenced_and_named_in_real_time(watchdog: Watchdog) -> None:
    registry, contexts = Registry(), list[Context]()
    supervisor = DynamicSupervisor(
        registry, watchdog, on_change=lambda _: None, on_systemic=fail(AssertionError())
    )

    def start(context: Context) -> pykka.ActorRef[Puppet]:
        contexts.append(context)
        return Puppet.start(context, Journal())

    for key in ("good", "stuck"):
        supervisor.start_child(ChildSpec(key, start, shutdown=60))
    gate, entered = threading.Event(), threading.Event()
    registry.send("stuck", Do(hold_until(gate, entered)))
    assert entered.wait(BOUND)
    assert supervisor.stop(0.1) == ("stuck",)
    assert [context.fence.closed for context in contexts] == [True, True]
    gate.set()


def test_a_child_that_is_stopping_already_is_hurried(house: House) -> None:
    blocking, entered = threading.Event(), threading.Event()

    def block(actor: SupervisedActor) -> None:
        with actor.context.fence.cutting(blocking.set):
            entered.set()
            assert blocking.wait(BOUND)

    house.start(shutdown=3600)
    house.do(block)
    assert entered.wait(BOUND)
    house.supervisor.terminate_child("app")
    with ThreadPoolExecutor() as pool:
        stopped = pool.submit(house.supervisor.stop, BOUND)
        while house.supervisor.state is State.RUNNING:
            threading.Event().wait(0.001)
        house.settle()
        assert not blocking.is_set()
        house.clock.advance(BOUND - GRACE)
        assert blocking.wait(BOUND)
        assert stopped.result(BOUND) == ()


def test_a_child_that_was_abandoned_before_is_named(house: House) -> None:
    gate = house.abandon_with_a_request(30)
    assert house.supervisor.stop(BOUND) == ("app",)
    gate.set()


def test_it_cannot_be_stopped_from_its_own_callback() -> None:
    errors: list[Exception] = []

    def stop(_: Child) -> None:
        try:
            house.supervisor.stop(1)
        except RuntimeError as error:
            errors.append(error)

    house = House(on_change=stop)
    house.start()
    house.close()
    assert "from one of its callbacks" in str(errors[0])


def test_a_callback_that_hangs_does_not_hold_up_the_stop_beyond_its_time() -> None:
    gate = threading.Event()
    house = House(on_change=partial(_wait, gate))
    house.start()
    assert house.supervisor.stop(0.05) == ("app",)
    gate.set()
    house.close()


def _note(last: dict[object, str], child: Child) -> None:
    last[child.key] = str(child.state)


def _wait(gate: threading.Event, _: Child) -> None:
    gate.wait(BOUND)


def test_messages_after_the_stop_are_refused(house: House) -> None:
    house.start()
    house.crash()
    house.supervisor.stop(BOUND)
    assert house.registry.send("app", Webhook()) is Delivery.UNKNOWN


def test_more_than_half_of_many_children_crashing_within_a_minute_is_systemic(house: House) -> None:
    keys = [f"app-{number}" for number in range(22)]
    for key in keys:
        house.start(key)
    for key in keys[:11]:
        house.crash(key)
    house.settle()
    assert house.systemic.empty()
    house.crash(keys[11])
    assert house.systemic.get(timeout=BOUND) == (
        "12 of 22 children crashed within 60 s, so the fault is in none of them; the last was app-11 "
        "(crashed: ValueError): all are stopped, the log has the errors"
    )
    with pytest.raises(SupervisorStoppedError):
        house.supervisor.start_child(house.spec("one more"))
    assert house.supervisor.stop(BOUND) == ()
    assert house.systemic.empty()
    assert house.registry.send(keys[0], Poll()) is Delivery.UNKNOWN


def test_one_child_that_keeps_crashing_is_never_systemic(house: House) -> None:
    house.start()
    for _ in range(30):
        house.crash()
        house.clock.advance(300)
        assert house.change() == "running"
    assert house.systemic.empty()


def test_slow_crashes_of_all_children_are_not_systemic(house: House) -> None:
    keys = [f"app-{number}" for number in range(12)]
    for key in keys:
        house.start(key)
    for key in keys:
        house.crash(key)
        house.clock.advance(10)
        assert house.change(key) == "running"
    assert house.systemic.empty()


def test_children_that_end_otherwise_are_no_crashes(house: House) -> None:
    for number in range(12):
        house.start(f"app-{number}")
        house.do(lambda actor: actor.stop(), f"app-{number}")
        assert house.change(f"app-{number}") == "restarting"
    assert house.systemic.empty()
