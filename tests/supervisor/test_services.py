"""Threads and supervisors as children of a static supervisor, in real time."""

from __future__ import annotations

import queue
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from supervisor.deadline import FencedError
from supervisor.dynamic import DynamicSupervisor
from supervisor.errors import SystemicFaultError
from supervisor.exits import Crashed, Exit, Normal, Shutdown
from supervisor.registry import Registry
from supervisor.service import ServiceSpec, Strategy
from supervisor.services import SupervisorService, ThreadService
from supervisor.spec import ChildSpec, Intensity
from supervisor.static import Supervisor
from tests.supervisor.messages import Do
from tests.supervisor.puppet import BOUND, Journal, Puppet, fail, nothing

if TYPE_CHECKING:
    from collections.abc import Callable

    import pykka

    from supervisor.actor import Context
    from supervisor.deadline import Watchdog


@pytest.fixture
def exits() -> queue.Queue[Exit]:
    return queue.Queue()


def test_a_function_that_returns_has_ended_normally(exits: queue.Queue[Exit]) -> None:
    service = ThreadService("loop", nothing, nothing)
    service.start(exits.put)
    assert exits.get(timeout=BOUND) == Normal()
    assert service.stop(BOUND)
    assert exits.empty()


@pytest.mark.parametrize("error", [ValueError("boom"), SystemExit(1), KeyboardInterrupt(), MemoryError()])
def test_whatever_a_function_raises_is_its_crash_and_is_logged(
    exits: queue.Queue[Exit], error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    service = ThreadService("loop", fail(error), nothing)
    service.start(exits.put)
    assert exits.get(timeout=BOUND) == Crashed(error)
    assert error.__traceback__ is None
    assert service.stop(BOUND)
    assert exits.empty()
    assert [record.getMessage() for record in caplog.records] == ["loop failed"]


def test_a_function_that_was_fenced_or_cut_has_shut_down(exits: queue.Queue[Exit]) -> None:
    fenced = ThreadService("fenced", fail(FencedError()), nothing)
    fenced.start(exits.put)
    assert exits.get(timeout=BOUND) == Shutdown()
    cut = threading.Event()
    loop = ThreadService("loop", cut.wait, cut.set)
    loop.start(exits.put)
    assert loop.stop(BOUND)
    assert exits.get(timeout=BOUND) == Shutdown()
    fenced.stop(BOUND)


def test_a_function_that_does_not_return_is_given_up(exits: queue.Queue[Exit]) -> None:
    gate = threading.Event()
    service = ThreadService("stuck", gate.wait, nothing)
    service.start(exits.put)
    assert not service.stop(0.01)
    gate.set()
    assert exits.get(timeout=BOUND) == Shutdown()


def test_a_thread_that_dies_is_started_again_and_never_runs_twice() -> None:
    running, most, starts = [0], [0], queue.Queue[threading.Event]()
    lock = threading.Lock()

    def run() -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        die = threading.Event()
        starts.put(die)
        assert die.wait(BOUND)
        with lock:
            running[0] -= 1

    current: list[threading.Event] = []

    def cut() -> None:
        current[-1].set()

    spec = ServiceSpec("loop", lambda: ThreadService("loop", run, cut))
    supervisor = Supervisor([spec], on_systemic=fail(AssertionError()), intensity=Intensity(50, 60))
    supervisor.start()
    for _ in range(20):
        current.append(starts.get(timeout=BOUND))
        current[-1].set()
    current.append(starts.get(timeout=BOUND))
    assert supervisor.stop(BOUND) == ()
    assert most == [1]
    assert supervisor.which_children()[0].restarts == 20


def repositories(
    registry: Registry, watchdog: Watchdog, journal: Journal, on_systemic: Callable[[str], None]
) -> DynamicSupervisor:
    """Start a dynamic supervisor with 11 children."""

    def puppet(context: Context) -> pykka.ActorRef[Puppet]:
        return Puppet.start(context, journal)

    supervisor = DynamicSupervisor(registry, watchdog, on_change=lambda _: None, on_systemic=on_systemic)
    for number in range(11):
        supervisor.start_child(ChildSpec(number, puppet))
    return supervisor


def test_a_dynamic_supervisor_that_gives_up_starts_again_with_what_depends_on_it(watchdog: Watchdog) -> None:
    registry, journal = Registry(), Journal()
    watches: queue.Queue[threading.Event] = queue.Queue()

    def watch() -> ThreadService:
        cut = threading.Event()
        watches.put(cut)
        return ThreadService("watch", cut.wait, cut.set)

    tree = Supervisor(
        [
            ServiceSpec(
                "repositories",
                lambda: SupervisorService(partial(repositories, registry, watchdog, journal)),
            ),
            ServiceSpec("watch", watch),
        ],
        strategy=Strategy.REST_FOR_ONE,
        on_systemic=fail(AssertionError()),
    )
    tree.start()
    first = watches.get(timeout=BOUND)
    for number in range(11):
        registry.send(number, Do(fail(ValueError("boom"))))
    assert watches.get(timeout=BOUND) is not first
    assert first.is_set()
    child = tree.which_children()[0]
    assert child.last_exit is not None
    assert isinstance(child.last_exit.reason, Crashed)
    assert isinstance(child.last_exit.reason.error, SystemicFaultError)
    assert len(registry.keys()) == 11
    assert tree.stop(BOUND) == ()
    assert registry.keys() == ()


def test_a_supervisor_with_children_that_do_not_end_has_not_ended(exits: queue.Queue[Exit]) -> None:
    gate = threading.Event()
    stuck = ServiceSpec("stuck", lambda: ThreadService("stuck", gate.wait, nothing), shutdown=0)

    def below(on_systemic: Callable[[str], None]) -> Supervisor:
        supervisor = Supervisor([stuck], on_systemic=on_systemic)
        supervisor.start()
        return supervisor

    service = SupervisorService(below)
    service.start(exits.put)
    assert not service.stop(BOUND)
    assert exits.empty()
    gate.set()
