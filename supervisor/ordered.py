"""The services of a static supervisor in their order, and all decisions about them, on one thread."""

from __future__ import annotations

import contextlib
import logging
import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from supervisor.child import Child, LastExit, State, Termination
from supervisor.errors import AlreadyStartedError, SupervisorStoppedError, UnknownChildError
from supervisor.exits import Crashed, Exit, Shutdown, without_frames
from supervisor.spec import Restart
from supervisor.timetable import TimetableClosedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from supervisor.roster import Roster
    from supervisor.service import Service, ServiceSpec, Strategy
    from supervisor.spec import Intensity
    from supervisor.timetable import Timetable

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Member:
    """What a static supervisor remembers of a child; only its own thread touches this.

    ``service`` is there from a start that succeeded until that service was stopped.
    """

    spec: ServiceSpec
    state: State = State.ENDED
    generation: int = 0
    restarts: int = 0
    last_exit: LastExit | None = None
    service: Service | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The name of the child."""
        return self.spec.name

    @property
    def reason(self) -> Exit | None:
        """Why its last service ended."""
        return None if self.last_exit is None else self.last_exit.reason


class OrderedChildren:
    """What ``Supervisor`` decides and does; all of it runs on ``thread``, so nothing needs a lock.

    Any thread may call ``close`` and read ``closed``: whether nothing is started any more.
    """

    def __init__(
        self,
        thread: Timetable,
        roster: Roster,
        *,
        strategy: Strategy,
        intensity: Intensity,
        on_systemic: Callable[[str], None],
    ) -> None:
        self._thread = thread
        self._clock = thread.clock
        self._roster = roster
        self._strategy = strategy
        self._intensity = intensity
        self._on_systemic = on_systemic
        self._members: dict[str, Member] = {}
        self._restarts: tuple[float, ...] = ()
        self.closed = False
        self._until = math.inf

    def close(self, until: float) -> None:
        """Start nothing from now on, give no child time beyond the monotonic ``until``; for any thread."""
        self._until = until
        self.closed = True

    def start_all(self, specs: Iterable[ServiceSpec]) -> None:
        """Start children in order, all or none."""
        try:
            for spec in specs:
                self.add(spec)
        except BaseException:
            self.stop_all()
            raise

    def add(self, spec: ServiceSpec) -> None:
        """Start one more child, after all others."""
        if spec.name in self._members:
            raise AlreadyStartedError(f"{spec.name} is there already ({self._members[spec.name].state})")
        member = self._members[spec.name] = Member(spec)
        try:
            self._launch(member)
        except BaseException:
            self._remove(member)
            raise

    def restart(self, name: str) -> None:
        """Start a child that has ended for good."""
        self._launch(self._ended(name))

    def delete(self, name: str) -> None:
        """Forget a child that has ended for good."""
        self._remove(self._ended(name))

    def terminate(self, name: str) -> Termination:
        """Stop a child for good."""
        member = self._members.get(name)
        if member is None:
            return Termination.UNKNOWN
        stopped = self._halt(member)
        self._settle(member)
        return Termination.STOPPED if stopped else Termination.ABANDONED

    def stop_all(self) -> tuple[str, ...]:
        """Stop all children for good, last first; return who was given up."""
        self.closed = True
        given_up = []
        for member in reversed(self._members.values()):
            if not self._halt(member):
                given_up.append(member.name)
            self._show(member, State.ENDED)
        return tuple(given_up)

    def _ended(self, name: str) -> Member:
        member = self._members.get(name)
        if member is None:
            raise UnknownChildError(f"there is no child {name}")
        if member.state is not State.ENDED:
            raise AlreadyStartedError(f"{name} is {member.state}; terminate it first")
        return member

    def _launch(self, member: Member) -> None:
        if self.closed:
            raise SupervisorStoppedError("the supervisor is stopping; it starts no child")
        member.generation += 1
        member.restarts += member.state is State.RESTARTING
        service = member.spec.make()
        service.start(partial(self._report, member, member.generation))
        member.service = service
        self._show(member, State.RUNNING)

    def _report(self, member: Member, generation: int, reason: Exit) -> None:
        """Take the report of a service's end, on any thread."""
        with contextlib.suppress(TimetableClosedError):  # given up by a supervisor that has ended itself
            self._thread.call_soon(partial(self._exited, member, generation, reason))

    def _exited(self, member: Member, generation: int, reason: Exit) -> None:
        if member.state is not State.RUNNING or member.generation != generation:
            _log.debug("%s, generation %d, was stopped and has ended (%s)", member.name, generation, reason)
            return
        self._halt(member)
        member.last_exit = LastExit(reason, self._clock.now())
        if member.spec.restart.follows(reason):
            self._restart(member)
        else:
            _log.info("%s ended (%s) and is not started again", member.name, reason)
            self._settle(member)

    def _restart(self, member: Member) -> None:
        """Start a child that has ended, and by the strategy others, unless that is once too often."""
        if self.closed:
            return
        now = self._clock.monotonic()
        if self._intensity.room_at(self._restarts, now) > now:
            self._give_up(member)
            return
        self._restarts = (*self._intensity.recent(self._restarts, now), now)
        names = self._strategy.affected(tuple(self._members), member.name)
        _log.error("%s ended (%s); starting %s", member.name, member.reason, ", ".join(names))
        group = [self._members[name] for name in names]
        for other in reversed(group):
            self._halt(other)
            if other.spec.restart is Restart.TEMPORARY:
                self._remove(other)
            else:
                self._show(other, State.RESTARTING)
        self._start_again(other for other in group if other.state is State.RESTARTING)

    def _start_again(self, group: Iterable[Member]) -> None:
        for member in group:
            if self.closed:
                return
            try:
                self._launch(member)
            except BaseException as error:  # noqa: BLE001 -- a failed start is a crash like any other
                _log.exception("the start of %s failed", member.name)
                member.last_exit = LastExit(Crashed(without_frames(error)), self._clock.now())
                self._thread.call_soon(self._try_again)
                return

    def _try_again(self) -> None:
        """Go on with the first child that waits; between two tries anybody may ask for something."""
        waiting = (member for member in self._members.values() if member.state is State.RESTARTING)
        first = next(waiting, None)
        if first is not None:
            self._restart(first)

    def _give_up(self, member: Member) -> None:
        limit = self._intensity
        sentence = (
            f"{member.name} ended ({member.reason}) after {limit.max_restarts} restarts within "
            f"{limit.seconds:g} s, so starting again does not help: all is stopped, the log has the errors"
        )
        self.stop_all()
        self._thread.call_soon(partial(self._on_systemic, sentence))

    def _halt(self, member: Member) -> bool:
        """Stop what runs of a child, if anything does; return whether it has ended."""
        if member.service is None:
            return True
        service, member.service = member.service, None
        member.last_exit = LastExit(Shutdown(), self._clock.now())
        self._show(member, State.STOPPING)
        try:
            ended = service.stop(min(member.spec.shutdown, max(0.0, self._until - self._clock.monotonic())))
        except BaseException:  # noqa: BLE001 -- the others must be stopped too
            _log.exception("%s could not be stopped", member.name)
            ended = False
        if not ended:
            _log.error("%s, generation %d, did not end and is abandoned", member.name, member.generation)
        return ended

    def _settle(self, member: Member) -> None:
        """Leave a child that nobody starts again: a temporary one is forgotten."""
        if member.spec.restart is Restart.TEMPORARY:
            self._remove(member)
        else:
            self._show(member, State.ENDED)

    def _remove(self, member: Member) -> None:
        member.state = State.ENDED
        del self._members[member.name]
        self._roster.remove(member.name)

    def _show(self, member: Member, state: State) -> None:
        member.state = state
        child = Child(member.name, state, member.generation, member.restarts, member.last_exit)
        self._roster.put(child, None)
