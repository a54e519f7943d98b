"""A supervisor of a fixed tree of services, after OTP's supervisor."""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from supervisor.child import State
from supervisor.clock import SystemClock
from supervisor.errors import SupervisorStoppedError
from supervisor.ordered import OrderedChildren
from supervisor.roster import Roster
from supervisor.service import Strategy
from supervisor.spec import Intensity
from supervisor.timetable import Timetable, TimetableClosedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from supervisor.child import Child, ChildCounts, Termination
    from supervisor.clock import AlarmClock
    from supervisor.service import ServiceSpec

T = TypeVar("T")

_PATIENCE = 0.9
"""The share of the time to stop that children get; the rest is for those told to stop with no time left."""


class Supervisor:
    """Starts services in order, starts them again by a strategy, stops them in reverse order.

    A child that ended is started again at once, and at most ``intensity`` often over all children: then all
    are stopped and ``on_systemic`` gets one sentence, once, on the supervisor's thread.

    One thread of its own makes all decisions, starts and stops; every call may come from any thread. Calls
    that change something return a future, since a service that is being stopped may take its time.
    """

    def __init__(
        self,
        specs: Iterable[ServiceSpec],
        *,
        on_systemic: Callable[[str], None],
        strategy: Strategy = Strategy.ONE_FOR_ONE,
        intensity: Intensity | None = None,
        clock: AlarmClock | None = None,
    ) -> None:
        self.intensity = intensity or Intensity(3, 5)
        self._specs = tuple(specs)
        self._thread = Timetable(clock or SystemClock(), name="root supervisor")
        self._roster = Roster()
        self._children = OrderedChildren(
            self._thread,
            self._roster,
            strategy=strategy,
            intensity=self.intensity,
            on_systemic=on_systemic,
        )

    @property
    def busy_seconds(self) -> float:
        """For how long the supervisor has been at one and the same thing, in seconds; 0 when it rests."""
        return self._thread.busy_seconds

    @property
    def state(self) -> State:
        """RUNNING, then STOPPING for good once it was told to stop or has given up."""
        return State.STOPPING if self._children.closed else State.RUNNING

    def start(self) -> None:
        """Start all children in order, and return when they run.

        When a start fails, those before it are stopped, last first, and what it raised is raised; the
        supervisor has then stopped.
        """
        self._ask(self._start_all).result()

    def start_child(self, spec: ServiceSpec) -> Future[None]:
        """Start one more child, after all others; a failed start discards it.

        AlreadyStartedError when there is a child of that name, ended or not; SupervisorStoppedError.
        """
        return self._ask(partial(self._children.add, spec))

    def restart_child(self, name: str) -> Future[None]:
        """Start a child that has ended for good; AlreadyStartedError, UnknownChildError."""
        return self._ask(partial(self._children.restart, name))

    def terminate_child(self, name: str) -> Future[Termination]:
        """Stop a child; unless temporary it stays until deleted, and can start again together with others."""
        return self._ask(partial(self._children.terminate, name))

    def delete_child(self, name: str) -> Future[None]:
        """Forget a child that has ended for good; AlreadyStartedError, UnknownChildError."""
        return self._ask(partial(self._children.delete, name))

    def which_children(self) -> tuple[Child, ...]:
        """Return all children in the order of their start; never waits."""
        return self._roster.children()

    def count_children(self) -> ChildCounts:
        """Return how many children there are and how many of them run."""
        return self._roster.counts()

    def stop(self, timeout: float) -> tuple[str, ...]:
        """Stop all children, last first, within ``timeout`` seconds; return those that did not end.

        A start that is under way is the last one. Never from ``on_systemic`` or from a service: that is the
        thread which would have to do it.
        """
        if self._thread.is_current:
            raise RuntimeError("a supervisor cannot be stopped from its own thread")
        self._children.close(self._thread.clock.monotonic() + timeout * _PATIENCE)
        stopped = self._ask(self._children.stop_all)
        try:
            given_up = stopped.result(timeout)
        except SupervisorStoppedError:
            return ()
        except TimeoutError:  # a service blocks the supervisor itself
            given_up = tuple(
                str(child.key) for child in self.which_children() if child.state is not State.ENDED
            )
        self._thread.close(0)
        return given_up

    def _ask(self, work: Callable[[], T]) -> Future[T]:
        try:
            return self._thread.ask(work)
        except TimetableClosedError:
            answer: Future[T] = Future()
            answer.set_exception(SupervisorStoppedError("the supervisor was stopped"))
            return answer

    def _start_all(self) -> None:
        try:
            self._children.start_all(self._specs)
        except BaseException:
            self._thread.close()
            raise
