"""The children of a supervisor and all decisions about them, on one thread."""

from __future__ import annotations

import contextlib
import logging
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from supervisor.actor import Context, tell_to_stop
from supervisor.child import LastExit, Record, State, Termination, resolved
from supervisor.deadline import Fence
from supervisor.errors import AlreadyStartedError, MaxChildrenError, SupervisorStoppedError
from supervisor.exits import Crashed, without_frames
from supervisor.spec import NextStart
from supervisor.systemic import WINDOW, Crashes, is_systemic
from supervisor.timetable import TimetableClosedError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from random import Random

    from supervisor.child import Child
    from supervisor.deadline import Watchdog
    from supervisor.exits import Exit, Exited
    from supervisor.mailbox import Mailbox, Message
    from supervisor.registry import Registry
    from supervisor.roster import Roster
    from supervisor.spec import ChildSpec
    from supervisor.timetable import Timetable

_log = logging.getLogger(__name__)

GRACE = 1.0
"""Seconds that a child has to end after its fence was closed and what blocked it was cut."""


class Children:
    """What ``DynamicSupervisor`` decides and does; all of it runs on ``thread``, so nothing needs a lock.

    ``stopping`` may be read from any thread: whether all children were told to stop.
    """

    def __init__(  # noqa: PLR0913 -- its ports
        self,
        registry: Registry,
        watchdog: Watchdog,
        thread: Timetable,
        roster: Roster,
        *,
        on_change: Callable[[Child], None],
        on_systemic: Callable[[str], None],
        random: Random,
        max_children: int | None,
    ) -> None:
        self._registry = registry
        self._watchdog = watchdog
        self._thread = thread
        self._clock = thread.clock
        self._roster = roster
        self._on_change = on_change
        self._on_systemic = on_systemic
        self._random = random
        self._max_children = max_children
        self._records: dict[Hashable, Record] = {}
        self._crashes = Crashes()
        self.stopping = False

    def start(self, spec: ChildSpec) -> None:
        """Start a child, or keep its spec while the old child of that key is stopping."""
        self._refuse(spec)
        record = self._records.get(spec.key)
        if record is not None:
            record.successor = spec
            self._registry.hold(spec.key, None)
            return
        record = self._records[spec.key] = Record(spec, Fence(self._watchdog))
        if spec.parked_for > 0:
            self._park(record)
            return
        try:
            self._launch(record)
        except BaseException:
            del self._records[spec.key]
            raise

    def terminate(self, key: Hashable) -> Future[Termination]:
        """Stop a child for good."""
        record = self._records.get(key)
        if record is None:
            return resolved(Termination.UNKNOWN)
        return self._terminate_record(record, record.spec.shutdown)

    def restart(self, key: Hashable) -> bool:
        """Start a child again now, or as soon as it has ended."""
        record = self._records.get(key)
        if record is None or (record.state is State.STOPPING and not record.starts_over):
            return False
        if record.state is State.RUNNING:
            record.starts_over = True
            self._registry.hold(key, None)
            self._tell_to_stop(record, record.spec.shutdown)
        elif record.state is not State.STOPPING:
            self._start_over(record)
        return True

    def stop(self, timeout: float) -> dict[Hashable, Future[Termination]]:
        """Tell all children to stop, each in its own time but cut early enough for ``timeout``."""
        self.stopping = True
        patience = max(timeout - GRACE, timeout / 2)
        return {
            record.key: self._terminate_record(record, min(record.spec.shutdown, patience))
            for record in list(self._records.values())
        }

    def _refuse(self, spec: ChildSpec) -> None:
        if self.stopping:
            raise SupervisorStoppedError("the supervisor is stopping; it starts no child")
        record = self._records.get(spec.key)
        if record is not None and (record.state is not State.STOPPING or record.starts_over):
            raise AlreadyStartedError(f"{spec.key} is already started ({record.state})")
        if record is None and self._max_children is not None and len(self._records) >= self._max_children:
            raise MaxChildrenError(f"{spec.key} is one more than the {self._max_children} children allowed")

    def _launch(self, record: Record) -> None:
        record.generation += 1
        record.started_at = self._clock.monotonic()
        record.fence = Fence(self._watchdog)
        context = Context(
            record.key, record.generation, record.fence, self._clock, partial(self._report_exit, record)
        )
        try:
            ref = record.spec.start(context)
        except BaseException:  # whatever it left behind shall end and have no effect
            context.stopping.set()
            record.fence.close()
            raise
        record.tell_to_stop = partial(tell_to_stop, context, ref)
        record.mailbox = cast("Mailbox", ref.actor_inbox)
        record.next_start = None
        self._registry.bind(record.key, ref)
        self._show(record, State.RUNNING)

    def _report_exit(self, record: Record, exited: Exited) -> None:
        """Take the report of an actor's end, on the actor's thread."""
        with contextlib.suppress(TimetableClosedError):  # abandoned by a supervisor that has ended itself
            self._thread.call_soon(partial(self._exited, record, exited))

    def _exited(self, record: Record, exited: Exited) -> None:
        if not record.awaits_exit_of(exited.generation):
            _log.info("%s, generation %d, was given up and has ended now", exited.key, exited.generation)
            return
        record.fence.close()  # also for threads that the actor may have left behind
        record.last_exit = LastExit(exited.reason, self._clock.now())
        if record.state is State.STOPPING:
            self._gone(record, Termination.STOPPED, exited.unread)
            return
        came = self._registry.hold(record.key, partial(self._wake_soon, record), exited.unread)
        if not record.spec.restart.follows(exited.reason):
            self._remove(record)
            return
        self._failed(record, exited.reason)
        if came:
            self._wake(record)

    def _failed(self, record: Record, reason: Exit) -> None:
        """Plan the next start of a child that has ended by itself, unless the fault is systemic."""
        now, spec = self._clock.monotonic(), record.spec
        record.failures = spec.backoff.failures_after(record.failures, now - record.started_at)
        start = spec.next_start(record.failures, record.recent_restarts, now, self._random)
        self._plan(record, start.not_before(record.fence.in_flight_until))
        if isinstance(reason, Crashed):
            crashed = self._crashes.add(record.key, now)
            if is_systemic(crashed, len(self._records)):
                self._give_up(crashed, record.key, reason)

    def _plan_at(self, record: Record, at: float, *, parked: bool) -> None:
        self._plan(record, NextStart(at, soonest=at, parked=parked))

    def _plan(self, record: Record, start: NextStart) -> None:
        record.next_start = start
        self._set_timer(record, start.at, self._restart)
        self._show(record, State.PARKED if start.parked else State.RESTARTING)

    def _restart(self, record: Record) -> None:
        now = self._clock.monotonic()
        record.restarts += 1
        record.recent_restarts = (*record.spec.intensity.recent(record.recent_restarts, now), now)
        self._launch_or_plan(record)

    def _launch_or_plan(self, record: Record) -> None:
        try:
            self._launch(record)
        except BaseException as error:  # noqa: BLE001 -- a failed start is a crash like any other
            _log.exception("the start of %s failed", record.key)
            reason = Crashed(without_frames(error))
            record.last_exit = LastExit(reason, self._clock.now())
            self._registry.hold(record.key, partial(self._wake_soon, record))
            self._failed(record, reason)

    def _wake_soon(self, record: Record) -> None:
        """Bring the next start nearer, for a sender on its own thread."""
        with contextlib.suppress(TimetableClosedError):  # no start is left to bring nearer
            self._thread.call_soon(partial(self._wake, record))

    def _wake(self, record: Record) -> None:
        start = record.next_start
        if start is not None and start.soonest < start.at:
            self._plan(record, replace(start, at=start.soonest))

    def _give_up(self, crashed: int, last: Hashable, reason: Crashed) -> None:
        sentence = (
            f"{crashed} of {len(self._records)} children crashed within {WINDOW:.0f} s, so the fault is in "
            f"none of them; the last was {last} ({reason}): all are stopped, the log has the errors"
        )
        self.stopping = True
        for record in list(self._records.values()):
            self._terminate_record(record, record.spec.shutdown)
        self._thread.call_soon(partial(self._on_systemic, sentence))

    def _terminate_record(self, record: Record, shutdown: float) -> Future[Termination]:
        self._registry.unbind(record.key)
        record.successor, record.starts_over = None, False
        if record.state in {State.RESTARTING, State.PARKED}:
            if record.fence.in_flight_until > self._clock.monotonic():
                record.next_start = None
                self._show(record, State.STOPPING)
                self._set_timer(record, record.fence.in_flight_until, self._remove)
            else:
                self._remove(record)
            return resolved(Termination.STOPPED)
        at = self._clock.monotonic() + shutdown
        if record.state is State.RUNNING:
            self._tell_to_stop(record, shutdown)
        elif not record.fence.closed and at < record.timer_at:
            self._set_timer(record, at, self._cut)
        return record.end

    def _tell_to_stop(self, record: Record, shutdown: float) -> None:
        record.end = Future()
        record.end.set_running_or_notify_cancel()  # nobody takes a termination back
        self._set_timer(record, self._clock.monotonic() + shutdown, self._cut)
        self._show(record, State.STOPPING)
        record.tell_to_stop()

    def _cut(self, record: Record) -> None:
        """Let nothing of it take effect from now on: the time to end by itself is over."""
        record.fence.close()
        self._set_timer(record, self._clock.monotonic() + GRACE, self._abandon)

    def _abandon(self, record: Record) -> None:
        _log.error("%s, generation %d, did not end and is abandoned", record.key, record.generation)
        self._gone(record, Termination.ABANDONED, record.mailbox.take() if record.mailbox else ())

    def _gone(self, record: Record, end: Termination, unread: tuple[Message, ...]) -> None:
        """Tell those who wait; the key is free when what was cut in flight can have no effect any more."""
        record.end.set_result(end)
        if record.starts_over:
            self._registry.hold(record.key, None, unread)
            self._start_over(record)
        else:
            self._set_timer(record, record.fence.in_flight_until, self._remove)

    def _start_over(self, record: Record) -> None:
        record.starts_over = False
        self._plan_at(record, max(self._clock.monotonic(), record.fence.in_flight_until), parked=False)

    def _remove(self, record: Record) -> None:
        self._drop_timer(record)
        record.next_start = None
        del self._records[record.key]
        self._roster.remove(record.key)
        self._show(record, State.ENDED)
        if record.successor is not None:
            self._succeed(record, record.successor)
        elif lost := self._registry.unbind(record.key):
            _log.warning("%s ended for good with %d messages unread", record.key, lost)

    def _succeed(self, record: Record, spec: ChildSpec) -> None:
        successor = Record(spec, Fence(self._watchdog), record.generation)
        self._records[spec.key] = successor
        if spec.parked_for > 0:
            self._park(successor)
        else:
            self._launch_or_plan(successor)

    def _park(self, record: Record) -> None:
        self._registry.hold(record.key, None)
        self._plan_at(record, self._clock.monotonic() + record.spec.parked_for, parked=True)

    def _set_timer(self, record: Record, at: float, call: Callable[[Record], None]) -> None:
        self._drop_timer(record)
        record.timer_at = at
        record.timer = self._thread.call_at(at, partial(call, record))

    def _drop_timer(self, record: Record) -> None:
        if record.timer is not None:
            self._thread.forget(record.timer)
            record.timer = None

    def _show(self, record: Record, state: State) -> None:
        record.state = state
        child = record.shown(self._clock)
        if state is not State.ENDED:
            self._roster.put(child, record.mailbox)
        self._thread.call_soon(partial(self._on_change, child))
