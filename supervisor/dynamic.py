"""A supervisor of children that come and go, after OTP's DynamicSupervisor.

Two deliberate differences: restarts wait (a backoff per child), and intensity is per child first. A child
that keeps dying is parked and the others never notice; the supervisor gives up only when the fault is
systemic.
"""

from __future__ import annotations

from concurrent import futures
from functools import partial
from random import Random
from typing import TYPE_CHECKING, TypeVar

from supervisor.child import Child, ChildCounts, State, Termination, resolved
from supervisor.children import Children
from supervisor.errors import SupervisorStoppedError
from supervisor.roster import Roster
from supervisor.timetable import Timetable, TimetableClosedError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from concurrent.futures import Future

    from supervisor.deadline import Watchdog
    from supervisor.registry import Registry
    from supervisor.spec import ChildSpec

T = TypeVar("T")


class DynamicSupervisor:
    """Starts children, starts them again, stops them; every call may come from any thread.

    One thread of its own makes all decisions, starts all children and makes both callbacks, so these must be
    quick. ``on_change`` gets every change of every child, in order. ``on_systemic`` gets one sentence, once,
    when more than max(10, half) different children crashed within 60 s: by then all children are told to
    stop and none is started again.

    A child's messages are kept by the ``registry`` while it waits for its next start. ``max_children``
    counts all children, restarting and stopping ones too.
    """

    def __init__(  # noqa: PLR0913 -- its ports
        self,
        registry: Registry,
        watchdog: Watchdog,
        *,
        on_change: Callable[[Child], None],
        on_systemic: Callable[[str], None],
        random: Random | None = None,
        max_children: int | None = None,
    ) -> None:
        self._thread = Timetable(watchdog.clock, name="supervisor")
        self._roster = Roster()
        self._children = Children(
            registry,
            watchdog,
            self._thread,
            self._roster,
            on_change=on_change,
            on_systemic=on_systemic,
            random=random or Random(),  # noqa: S311 -- jitter, no secret
            max_children=max_children,
        )

    @property
    def busy_seconds(self) -> float:
        """For how long the supervisor has been at one and the same thing, in seconds; 0 when it rests."""
        return self._thread.busy_seconds

    @property
    def state(self) -> State:
        """RUNNING, then STOPPING for good once it was told to stop or has given up."""
        return State.STOPPING if self._children.stopping else State.RUNNING

    def start_child(self, spec: ChildSpec) -> None:
        """Start a child and return when its actor is there.

        When the old child of that key is still stopping, the spec is kept and started as soon as that one
        has ended or was abandoned. Raises AlreadyStartedError, MaxChildrenError, SupervisorStoppedError, and
        whatever ``spec.start`` raised: then the spec is discarded.
        """
        self._ask(partial(self._children.start, spec))

    def terminate_child(self, key: Hashable) -> Future[Termination]:
        """Stop a child for good; it is UNKNOWN to the registry at once. The future ends when the child has.

        The child is told to stop, after ``spec.shutdown`` seconds its fence is closed and what blocks it is
        cut, after another second (``children.GRACE``) it is abandoned.
        """
        try:
            return self._ask(partial(self._children.terminate, key))
        except SupervisorStoppedError:
            return resolved(Termination.UNKNOWN)

    def restart_child(self, key: Hashable) -> bool:
        """Start a child again now, a running one as soon as it has ended; False when there is none.

        A running child has ``spec.shutdown`` seconds to end, as when it is terminated. Messages to it are
        kept. It counts as a restart like any other.
        """
        try:
            return self._ask(partial(self._children.restart, key))
        except SupervisorStoppedError:
            return False

    def which_children(self) -> tuple[Child, ...]:
        """Return all children, in the order they were started; never waits for one."""
        return self._roster.children()

    def child(self, key: Hashable) -> Child | None:
        """Return one child."""
        return self._roster.get(key)

    def count_children(self) -> ChildCounts:
        """Return how many children there are and how many of them run."""
        return self._roster.counts()

    def stop(self, timeout: float) -> tuple[Hashable, ...]:
        """Stop all children in parallel within ``timeout`` seconds; return the keys of the abandoned ones.

        Never from a callback: that is the thread which would have to do it.
        """
        if self._thread.is_current:
            raise RuntimeError("a supervisor cannot be stopped from one of its callbacks")
        try:
            ends = self._ask(partial(self._children.stop, timeout), timeout)
        except SupervisorStoppedError:
            return ()
        except TimeoutError:  # a start or a callback blocks the supervisor itself
            return tuple(child.key for child in self.which_children())
        futures.wait(ends.values(), timeout)
        self._thread.close()
        return tuple(
            key for key, end in ends.items() if not end.done() or end.result() is Termination.ABANDONED
        )

    def _ask(self, work: Callable[[], T], timeout: float | None = None) -> T:
        if self._thread.is_current:
            return work()
        try:
            answer = self._thread.ask(work)
        except TimetableClosedError:
            raise SupervisorStoppedError("the supervisor was stopped") from None
        return answer.result(timeout)
