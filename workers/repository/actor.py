"""The actor of one GitRepository: decides when to sync, and tells how it went."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from supervisor.actor import SupervisedActor
from workers.controller.custom_object import decode
from workers.controller.own_object import OwnObject, answered
from workers.model.errors import SyncError
from workers.model.keys import ObjectKey
from workers.model.pace import retry_delay
from workers.repository.farewell import Farewell
from workers.repository.messages import (
    DeletionRequested,
    Poll,
    PruneAllowed,
    Pushed,
    SaveStatus,
    SpecChanged,
    Startup,
    SyncRequested,
)
from workers.repository.reporter import Reporter
from workers.repository.run import Cause, Run
from workers.repository.spec import decode_spec, is_suspended
from workers.repository.state import Outcome, State
from workers.repository.status import requested_at
from workers.repository.sync import synchronise

if TYPE_CHECKING:
    from supervisor.actor import Context
    from supervisor.mailbox import Message, Timer
    from workers.cluster.resources import Resource
    from workers.controller.custom_object import CustomObject
    from workers.model.keys import ResourceKey
    from workers.repository.ports import Engines
    from workers.repository.spec import RepositorySpec

_ASK_AGAIN_AFTER = (0.2, 0.5, 1.0, 2.0, 5.0)
_SLOW = 2.0
_CALL_SECONDS = 10.0
_MOST_SUPERSEDED = 5
_RESTING_POLL = 300.0
_URGENT = (SpecChanged, SyncRequested, DeletionRequested, Pushed)

_log = logging.getLogger(__name__)


class SupersededError(Exception):
    """The sync works on what is no longer wanted; the message that says so is next."""


class RepositoryActor(SupervisedActor):
    """Keeps the cluster equal to one ref. Everything here runs on the actor's own thread.

    ``subject`` is None in a life after a crash: the object is read again first.
    """

    def __init__(
        self,
        context: Context,
        resource: Resource,
        key: ResourceKey,
        subject: CustomObject | None,
        engines: Engines,
    ) -> None:
        super().__init__(context)
        self._resource = resource
        self._key = key
        self._subject = subject
        self._engines = engines
        self._state = State()
        self._reporter: Reporter | None = None
        self._farewell = Farewell(engines)
        self._failures = 0
        self._superseded = 0
        self._next: Timer | None = None
        self._ask_again: Timer | None = None
        self._has_begun = False
        self._owes_thorough = True

    def setup(self) -> None:
        """Begin with a sync that trusts nothing."""
        self.send_after(0, Startup())

    def handle(self, message: Message) -> None:
        """Work on one message; every expected failure ends in the status, never here."""
        if not self._is_there():
            return
        match message:
            case Startup():
                if not self._has_begun:
                    self._work(Cause.STARTUP)
            case Poll():
                self._work(Cause.RETRY if self._failures else Cause.POLL)
            case Pushed():
                self._on_push(message)
            case SpecChanged(subject) | SyncRequested(subject) | DeletionRequested(subject):
                self._on_change(message, subject)
            case PruneAllowed(subject):
                self._own.observe(subject)
                self._work(Cause.REQUEST)
            case SaveStatus():
                self._reports.save()

    @property
    def _reports(self) -> Reporter:
        if self._reporter is None:
            raise RuntimeError("the object is not read yet")
        return self._reporter

    @property
    def _own(self) -> OwnObject:
        return self._reports.own

    def _is_there(self) -> bool:
        """Read our own object where we have none yet; False when that was not possible (yet)."""
        if self._reporter is not None:
            return True
        try:
            subject = self._subject or self._read()
        except SyncError as error:
            _log.warning("cannot read the object: %s", error.message, extra=self._labels())
            self._failures += 1
            delay = retry_delay(error, self._failures, self._engines.random.random)
            if self._next is not None:
                self._next.cancel()
            self._next = self.send_after(delay if delay is not None else _CALL_SECONDS, Startup())
            return False
        if subject is None:
            return False  # it is gone; the watch will say so
        reborn = self._subject is None
        own = OwnObject(self._engines.own, self._resource, subject, doubted=reborn)
        failures = subject.status.get("failures")
        self._failures = failures if isinstance(failures, int) else 0
        self._reporter = Reporter(
            own, self._engines, self._state, self.send_after, self.context.fence.deadline
        )
        return True

    def _read(self) -> CustomObject | None:
        key = ObjectKey(self._resource.group, self._key.kind, self._key.namespace, self._key.name)
        deadline = self.context.fence.deadline(_CALL_SECONDS)
        with answered():
            document = self._engines.own.get(self._resource, key, deadline)
        return None if document is None else decode(self._key.kind, document)

    def _on_push(self, message: Pushed) -> None:
        """Ask the remote; when it does not show the announced commit yet, ask again a little later."""
        if self._ask_again is not None:
            self._ask_again.cancel()
        outcome = self._work(Cause.WEBHOOK)
        if outcome is None:
            return
        if outcome.touched:
            self._engines.observer.push_applied(self.context.clock.monotonic() - message.received)
        shows_another = bool(outcome.commit) and message.commit not in {None, outcome.commit}
        if shows_another and message.asked < len(_ASK_AGAIN_AFTER):
            later = Pushed(message.commit, message.received, message.asked + 1)
            self._ask_again = self.send_after(_ASK_AGAIN_AFTER[message.asked], later)

    def _on_change(self, message: Message, subject: CustomObject) -> None:
        self._own.observe(subject)
        if isinstance(message, SpecChanged) and self._own.subject.deleting:
            return  # a deletion is a new generation too, and has a message of its own
        self._failures = 0
        self._state.refusals.clear()
        if isinstance(message, SyncRequested):
            self._owes_thorough = True
        self._work(Cause.REQUEST if isinstance(message, SyncRequested) else Cause.SPEC)

    def _work(self, cause: Cause) -> Outcome | None:
        """Do what the object's state asks for now; returns the outcome of a sync that ran to its end."""
        self._has_begun = True
        if self._next is not None:
            self._next.cancel()
        subject = self._own.subject
        if subject.deleting:
            self._depart()
            return None
        if is_suspended(subject.spec):
            self._reports.suspended()
            return None
        try:
            spec = decode_spec(subject.spec, subject.key.namespace)
        except SyncError as error:
            return self._finish(None, cause, Outcome(failure=error))
        return self._sync(spec, cause)

    def _sync(self, spec: RepositorySpec, cause: Cause) -> Outcome | None:
        run = Run(
            own=self._own,
            spec=spec,
            cause=cause,
            thorough=self._owes_thorough,
            asked=requested_at(self._own.subject),
            deadline=self.context.fence.deadline(spec.timeout),
            proceed=self.checkpoint,
            give_way=self._give_way,
            clock=self.context.clock,
        )
        self._reports.begin(run)
        quiet = self._engines.announcements.after(_SLOW, self._key, partial(self._reports.announce, run))
        try:
            outcome = synchronise(run, self._state, self._engines)
        except SupersededError:
            self._superseded += 1
            return None
        finally:
            quiet()
        self._superseded = 0
        self._owes_thorough = self._owes_thorough and not run.looked
        return self._finish(run, cause, outcome)

    def _give_way(self) -> None:
        """End a sync between two steps when something newer waits; not for ever, or none would end."""
        self.checkpoint()
        if self._superseded < _MOST_SUPERSEDED and self.superseded_by(*_URGENT):
            raise SupersededError

    def _finish(self, run: Run | None, cause: Cause, outcome: Outcome) -> Outcome:
        if outcome.failure is None:
            self._failures = 0
        elif not self._reports.has_said(outcome):
            self._failures += 1
        delay = self._delay(run, outcome)
        self._reports.ended(run, cause, outcome, self._failures, delay)
        self._next = self.send_after(delay, Poll())
        return outcome

    def _delay(self, run: Run | None, outcome: Outcome) -> float:
        """Return the seconds until it looks again by itself."""
        random = self._engines.random
        if outcome.failure is not None:
            delay = retry_delay(outcome.failure, self._failures, random.random)
            if delay is not None:
                return delay
        interval = run.spec.interval if run is not None else _RESTING_POLL
        return interval * random.uniform(0.95, 1.05)

    def _depart(self) -> None:
        kinds = {key.group_kind for key in self._state.inventory or ()}
        again = self._farewell.attempt(self._reports, kinds, self.context.fence.deadline, self.checkpoint)
        if again is not None:
            self._next = self.send_after(again, Poll())

    def _labels(self) -> dict[str, str]:
        return {"repository": self._key.place}
