"""A child as its supervisor sees it, and as it shows it."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from supervisor.mailbox import EMPTY, Backlog

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from datetime import datetime

    from supervisor.clock import Clock
    from supervisor.deadline import Fence
    from supervisor.exits import Exit
    from supervisor.mailbox import Mailbox
    from supervisor.spec import ChildSpec, NextStart


class State(StrEnum):
    """Where a child is in its life.

    ``restarting`` waits for its next start. ``parked`` too, but it keeps dying: its delay has reached the
    cap of its backoff or its intensity is used up (``spec.NextStart``). ``ended`` is the last change of a
    child that is not started again; ``which_children`` never shows it.
    """

    RUNNING = "running"
    RESTARTING = "restarting"
    PARKED = "parked"
    STOPPING = "stopping"
    ENDED = "ended"


class Termination(Enum):
    """How ``terminate_child`` ended; UNKNOWN is false."""

    STOPPED = "the child has ended"
    ABANDONED = "the child did not end in time; its fence is closed and it is forgotten"
    UNKNOWN = "there is no such child"

    def __bool__(self) -> bool:
        return self is not Termination.UNKNOWN


@dataclass(frozen=True, slots=True)
class LastExit:
    """How and when the last generation ended."""

    reason: Exit
    at: datetime


@dataclass(frozen=True, slots=True)
class Child:
    """A child at one moment, for people and metrics.

    ``generation`` is 1 at the first start; ``restarts`` counts the starts after a failure since
    ``start_child``. ``next_start`` is set while restarting or parked.
    """

    key: Hashable
    state: State
    generation: int
    restarts: int
    last_exit: LastExit | None = None
    next_start: datetime | None = None
    backlog: Backlog = EMPTY


@dataclass(frozen=True, slots=True)
class ChildCounts:
    """OTP's ``count_children``: all children, and those that run."""

    specs: int
    active: int


@dataclass(slots=True, eq=False)
class Record:
    """What a supervisor remembers of a child; only its own thread touches this.

    ``fence`` and ``tell_to_stop`` are of the current generation, or of the last one. ``timer`` is the one
    thing that will happen by itself at ``timer_at``: the next start, or the next step of a shutdown.
    ``starts_over`` says of a stopping child that it is started again; ``successor`` is another that is then.
    """

    spec: ChildSpec
    fence: Fence
    generation: int = 0
    state: State = State.RESTARTING
    tell_to_stop: Callable[[], None] = lambda: None
    mailbox: Mailbox | None = None
    started_at: float = 0.0
    failures: int = 0
    restarts: int = 0
    recent_restarts: tuple[float, ...] = ()
    last_exit: LastExit | None = None
    next_start: NextStart | None = None
    timer: int | None = None
    timer_at: float = 0.0
    end: Future[Termination] = field(default_factory=Future)
    successor: ChildSpec | None = None
    starts_over: bool = False

    @property
    def key(self) -> Hashable:
        """The key of the child."""
        return self.spec.key

    def awaits_exit_of(self, generation: int) -> bool:
        """Tell whether the report of that generation's end is news."""
        is_there = self.state is State.RUNNING or (self.state is State.STOPPING and not self.end.done())
        return is_there and self.generation == generation

    def shown(self, clock: Clock) -> Child:
        """Return what others see of it."""
        start = self.next_start
        at = None if start is None else clock.now() + timedelta(seconds=start.at - clock.monotonic())
        return Child(self.key, self.state, self.generation, self.restarts, self.last_exit, at)


def resolved(end: Termination) -> Future[Termination]:
    """Return a termination that has ended already."""
    future: Future[Termination] = Future()
    future.set_result(end)
    return future
