"""The cases of Elixir's ``dynamic_supervisor_test.exs`` that apply, under their own names.

Not ported, with the reason:

- *can be supervised directly*, *multiple supervisors can be supervised and identified with simple child
  spec*, *with registered process*, *with spawn_opt*, *sets initial call to the same as a regular supervisor*:
  names, links and process flags of the Erlang VM.
- *generates child_spec/1*, *set default options*, *with non-ok init*, *supports old child spec*, *supports
  new child spec as tuple*, *with invalid child spec*, *supports extra arguments*, *restarting a child with
  extra_arguments successfully restarts child*: shapes of tuples and modules; a ``ChildSpec`` is typed.
- *with non-ok init*, *with ok init* of *code_change/3*: no hot upgrade.
- *with different returns*, *child is restarted with different values*: a start returns an actor or raises;
  there is no ``ignore``.
- *terminates children with brutal kill*, *terminates child with brutal kill*, *terminates with mixed
  children*: a thread cannot be killed; a shutdown time of 0 fences at once.
- *terminates children with infinity shutdown*, also *and abnormal reason*: no waiting without a bound.

``assert_kill(pid, reason)`` is an end of that kind from inside the actor: one that stops by itself is
``normal``, one that is fenced ``shutdown``, one that raises has crashed.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from supervisor.actor import StoppedError, SupervisedActor
from supervisor.child import ChildCounts, Termination
from supervisor.children import GRACE
from supervisor.deadline import FencedError
from supervisor.errors import MaxChildrenError
from supervisor.exits import Crashed, Shutdown
from supervisor.spec import ChildSpec, Intensity, Restart
from tests.supervisor.house import House
from tests.supervisor.puppet import BOUND, fail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pykka

    from supervisor.actor import Context
    from supervisor.child import Child
    from supervisor.exits import Exit
    from tests.supervisor.puppet import Puppet

    Start = Callable[[Context], pykka.ActorRef[Puppet]]

NORMAL = "normal"
SHUTDOWN = FencedError("shutdown")
WHATEVER = ValueError("whatever")
LONG = 1000.0
"""Seconds after which every backoff is over."""


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.close()


def kill(house: House, reason: str | Exception, key: str = "app") -> None:
    """End a child for that reason, let every backoff pass and wait for what comes of it."""
    house.do(_stop if isinstance(reason, str) else fail(reason), key)
    if house.change(key) in {"restarting", "parked"}:
        house.clock.advance(LONG)
        house.change(key)


def _stop(actor: SupervisedActor) -> None:
    actor.stop()


def counts(house: House) -> tuple[int, int]:
    """Return OTP's ``workers`` and ``active``."""
    children = house.supervisor.count_children()
    return children.specs, children.active


def start_that_fails_once(house: House) -> Start:
    """Return a start of which the second one, the first restart, raises."""

    def start(context: Context) -> pykka.ActorRef[Puppet]:
        if context.generation == 2:
            raise WHATEVER
        return house.puppet(context)

    return start


def start_that_fails_from_the_second_on(house: House) -> Start:
    def start(context: Context) -> pykka.ActorRef[Puppet]:
        if context.generation > 1:
            raise WHATEVER
        return house.puppet(context)

    return start


def test_supports_new_child_spec(house: House) -> None:
    house.supervisor.start_child(ChildSpec("app", house.puppet))
    assert counts(house) == (1, 1)


def test_with_throw_error_exit(house: House) -> None:
    for error in (ValueError("oops"), SystemExit("oops"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            house.supervisor.start_child(house.spec(start=fail(error)))
    assert counts(house) == (0, 0)


def test_with_max_children() -> None:
    house = House(max_children=0)
    with pytest.raises(MaxChildrenError):
        house.supervisor.start_child(house.spec())
    house.close()


@pytest.mark.parametrize("reason", [NORMAL, SHUTDOWN, WHATEVER])
def test_temporary_child_is_not_restarted_regardless_of_reason(house: House, reason: str | Exception) -> None:
    house.start(restart=Restart.TEMPORARY)
    kill(house, reason)
    assert counts(house) == (0, 0)


@pytest.mark.parametrize(
    ("reason", "left"), [(NORMAL, (0, 0)), (SHUTDOWN, (0, 0)), (StoppedError(), (0, 0)), (WHATEVER, (1, 1))]
)
def test_transient_child_is_restarted_unless_normal_or_shutdown(
    house: House, reason: str | Exception, left: tuple[int, int]
) -> None:
    house.start(restart=Restart.TRANSIENT)
    kill(house, reason)
    assert counts(house) == left


@pytest.mark.parametrize("reason", [NORMAL, SHUTDOWN, WHATEVER])
def test_permanent_child_is_restarted_regardless_of_reason(house: House, reason: str | Exception) -> None:
    house.start(restart=Restart.PERMANENT)
    kill(house, reason)
    assert counts(house) == (1, 1)


def test_restarting_on_init_children_counted_in_max_children() -> None:
    house = House(max_children=1)
    house.start(start=start_that_fails_once(house))
    kill(house, WHATEVER)
    assert counts(house) == (1, 0)
    with pytest.raises(MaxChildrenError):
        house.supervisor.start_child(house.spec("other"))
    house.close()


def test_restarting_on_exit_children_counted_in_max_children() -> None:
    house = House(max_children=1)
    house.start()
    house.crash()
    assert counts(house) == (1, 0)
    with pytest.raises(MaxChildrenError):
        house.supervisor.start_child(house.spec("other"))
    house.close()


def test_child_is_restarted_when_trying_again(house: House) -> None:
    house.start(start=start_that_fails_once(house))
    kill(house, SHUTDOWN)
    assert counts(house) == (1, 0)
    house.clock.advance(LONG)
    assert house.change() == "running"
    assert counts(house) == (1, 1)


def test_child_triggers_maximum_restarts(house: House) -> None:
    """The deliberate difference: the child is parked, the supervisor and its other children go on."""
    house.start("other")
    house.start(intensity=Intensity(1, 5000))
    kill(house, WHATEVER)
    house.do(fail(WHATEVER))
    assert house.change() == "parked"
    assert house.supervisor.count_children() == ChildCounts(specs=2, active=1)
    assert house.systemic.empty()
    house.clock.advance(5000)
    assert house.change() == "running"


def test_child_triggers_maximum_intensity_when_trying_again(house: House) -> None:
    """The same difference when it is the start that fails."""
    house.start("other")
    house.start(start=start_that_fails_from_the_second_on(house), intensity=Intensity(2, 5000))
    house.do(fail(WHATEVER))
    assert house.change() == "restarting"
    house.clock.advance(LONG)
    assert house.change() == "restarting"
    house.clock.advance(LONG)
    assert house.change() == "parked"
    assert house.supervisor.count_children() == ChildCounts(specs=2, active=1)
    assert house.systemic.empty()


@pytest.mark.parametrize("shutdown", [0.0, 1.0])
def test_with_valid_shutdown(house: House, shutdown: float) -> None:
    house.start(shutdown=shutdown)
    kill(house, SHUTDOWN)
    assert counts(house) == (1, 1)


def test_with_invalid_valid_shutdown(house: House) -> None:
    with pytest.raises(ValueError, match="shutdown >= 0"):
        house.spec(shutdown=-1)


@pytest.mark.parametrize("shutdown", [1.0, 3600.0])
def test_terminates_children_with_integer_shutdown(shutdown: float) -> None:
    assert reasons_of_three(_wait_for_stop, shutdown=shutdown) == [Shutdown()] * 3


def test_terminates_children_with_integer_shutdown_and_abnormal_reason() -> None:
    assert reasons_of_three(_crash_when_stopped) == [Crashed(WHATEVER)] * 3


def test_terminates_children_with_permanent_restart_and_normal_reason() -> None:
    """Here an end after the request to stop is a shutdown, also when the actor stops by itself then."""
    assert reasons_of_three(_stop_when_stopped, restart=Restart.PERMANENT) == [Shutdown()] * 3


def reasons_of_three(work: Callable[[SupervisedActor], None], **settings: object) -> list[Exit]:
    """Let three children work, stop the supervisor and return why they ended."""
    last: dict[object, Child] = {}
    house = House(on_change=lambda child: last.update({child.key: child}))
    working = threading.Semaphore(0)

    def begin(actor: SupervisedActor) -> None:
        working.release()
        work(actor)

    for key in "abc":
        house.start(key, **settings)
        house.do(begin, key)
        assert working.acquire(timeout=BOUND)
    assert house.supervisor.stop(BOUND) == ()
    house.watchdog.close()
    return [child.last_exit.reason for child in last.values() if child.last_exit is not None]


def _wait_for_stop(actor: SupervisedActor) -> None:
    assert actor.context.stopping.wait(BOUND)
    actor.checkpoint()


def _stop_when_stopped(actor: SupervisedActor) -> None:
    assert actor.context.stopping.wait(BOUND)
    actor.stop()


def _crash_when_stopped(actor: SupervisedActor) -> None:
    assert actor.context.stopping.wait(BOUND)
    raise WHATEVER


def test_terminates_children_with_expired_integer_shutdown(house: House) -> None:
    house.start("good", shutdown=1)
    house.start("late", shutdown=1)
    gate = house.hang("late")
    ends = {key: house.supervisor.terminate_child(key) for key in ("good", "late")}
    assert ends["good"].result(BOUND) is Termination.STOPPED
    house.clock.advance(1)
    house.settle()
    house.clock.advance(GRACE)
    assert ends["late"].result(BOUND) is Termination.ABANDONED
    gate.set()


def test_terminates_child_with_integer_shutdown(house: House) -> None:
    house.start(shutdown=1)
    assert house.supervisor.terminate_child("app").result(BOUND) is Termination.STOPPED
    assert house.supervisor.terminate_child("app").result(BOUND) is Termination.UNKNOWN
    assert counts(house) == (0, 0)


def test_terminates_restarting_child(house: House) -> None:
    house.start(start=start_that_fails_once(house))
    kill(house, SHUTDOWN)
    assert house.supervisor.terminate_child("app").result(BOUND) is Termination.STOPPED
    assert house.supervisor.terminate_child("app").result(BOUND) is Termination.UNKNOWN
    assert counts(house) == (0, 0)
