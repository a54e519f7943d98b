"""What an actor tells the world of its syncs: status, Events on edges, metrics, a snapshot, the log."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from workers.cluster.events import Regarding
from workers.model.conditions import READY, find, shorten, timestamp
from workers.model.errors import Reason, Recovery, SyncError
from workers.model.pace import retry_delay
from workers.repository import status
from workers.repository.messages import SaveStatus
from workers.repository.snapshot import RepositorySnapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from supervisor.deadline import Deadline
    from supervisor.mailbox import Message, Timer
    from workers.controller.own_object import OwnObject
    from workers.model.errors import ObjectError
    from workers.repository.ports import Engines
    from workers.repository.run import Cause, Run
    from workers.repository.state import Outcome, State

_WRITE_SECONDS = 10.0
_MOST_SECONDS = 60.0
_log = logging.getLogger(__name__)


class Reporter:
    """Tells of one repository. A status that cannot be written is kept and written later."""

    def __init__(
        self,
        own: OwnObject,
        engines: Engines,
        state: State,
        send_after: Callable[[float, Message], Timer],
        deadline: Callable[[float], Deadline],
    ) -> None:
        self.own = own
        self._engines = engines
        self._state = state
        self._send_after = send_after
        self._deadline = deadline
        self._said: Mapping[str, Any] = own.subject.status
        self._unsaved: dict[str, Any] | None = None
        self._saving: Timer | None = None
        self._save_failures = 0
        self._errors: tuple[ObjectError, ...] = ()
        self._steps: Mapping[str, float] = {}
        self._publish()

    def begin(self, run: Run) -> None:
        """Tell that a sync begins; in the status only when the spec is new."""
        subject = self.own.subject
        self._publish(run)
        if self._is_new():
            now = self._engines.clock.now()
            message = f"syncing {run.spec.branch}"
            self._save(status.during(subject, message, now, new=True), keep=False)
        self.own.expect_announcement()

    def announce(self, run: Run, deadline: Deadline) -> None:
        """Tell in the status that a sync takes long; called from another thread."""
        now = self._engines.clock.now()
        self.own.announce(
            lambda subject: status.during(subject, f"syncing {run.spec.branch}", now, new=False), deadline
        )

    def ended(self, run: Run | None, cause: Cause, outcome: Outcome, failures: int, delay: float) -> None:
        """Tell how a sync ended and that the next one comes in ``delay`` seconds."""
        now = self._engines.clock.now()
        branch = run.spec.branch if run is not None else ""
        asked = run.asked if run is not None else status.requested_at(self.own.subject)
        report = status.Report(branch, asked, outcome, failures, now, now + timedelta(seconds=delay))
        before = self.own.subject.status
        written = status.after(self.own.subject, report)
        self._errors = outcome.errors
        self._steps = run.steps if run is not None else {}
        self._save(written)
        self._tell_edges(before, written, outcome)
        self._measure(cause, outcome)
        self._publish()

    def has_said(self, outcome: Outcome) -> bool:
        """Tell whether this is the failure that the status tells of already, and only a person can end it."""
        failure, told = outcome.failure, self.own.subject.status
        ready = find(told.get("conditions") or (), READY) or {}
        return (
            failure is not None
            and failure.recovery is Recovery.PERSON
            and ready.get("reason") == failure.reason
            and ready.get("message") == shorten(failure.message)
            and ready.get("observedGeneration") == self.own.subject.generation
            and told.get("lastAttemptedCommit", "") == (outcome.commit or told.get("lastAttemptedCommit", ""))
        )

    def suspended(self) -> None:
        """Tell that it rests."""
        self._save(status.suspended(self.own.subject, self._engines.clock.now()))
        self._publish()

    def save(self) -> None:
        """Write a status that could not be written before."""
        if self._unsaved is not None:
            self._save(self._unsaved)

    def _save(self, wanted: dict[str, Any], *, keep: bool = True) -> None:
        self._unsaved = None
        self._said = wanted
        try:
            self.own.write_status(wanted, self._deadline(_WRITE_SECONDS))
        except SyncError as error:
            _log.warning("cannot write the status: %s", error.message, extra=self._labels())
            if keep:
                self._unsaved = wanted
                self._save_later(error)
        else:
            self._save_failures = 0

    def _save_later(self, error: SyncError) -> None:
        """Let one message come, whatever was planned before."""
        if self._saving is not None:
            self._saving.cancel()
        self._save_failures += 1
        delay = retry_delay(error, self._save_failures, self._engines.random.random)
        self._saving = self._send_after(_MOST_SECONDS if delay is None else delay, SaveStatus())

    def _is_new(self) -> bool:
        subject = self.own.subject
        known = find(subject.status.get("conditions") or (), READY)
        return known is None or subject.status.get("observedGeneration") != subject.generation

    def _tell_edges(self, before: Mapping[str, Any], after: Mapping[str, Any], outcome: Outcome) -> None:
        """Write an Event and a log line where readiness, its reason or the commit changed."""
        failure = outcome.failure
        if failure is None:
            news = before.get("lastSyncedCommit") != after.get("lastSyncedCommit")
            if news or outcome.touched or not status.is_ready(before):
                self._say(f"applied {after['lastSyncedRevision']}{_counted(outcome)}")
            return
        was = find(before.get("conditions") or (), READY) or {}
        is_now = find(after["conditions"], READY) or {}
        if (was.get("reason"), was.get("message")) != (is_now.get("reason"), is_now.get("message")):
            _log.warning("%s: %s", failure.reason, failure.message, extra=self._labels())
            self._engines.events.warning(self.regarding(), failure.reason, failure.message)

    def _say(self, sentence: str) -> None:
        _log.info("%s", sentence, extra=self._labels())
        self._engines.events.normal(self.regarding(), Reason.SYNCED, sentence)

    def _measure(self, cause: Cause, outcome: Outcome) -> None:
        observer, key, clock = self._engines.observer, self.own.subject.key, self._engines.clock
        observer.synced(cause, "failure" if outcome.failure is not None else "success", self._steps)
        observer.repository(
            key.namespace, key.name, ready=outcome.failure is None, objects=len(self._state.inventory or ())
        )
        held = outcome.failure is not None and outcome.failure.reason is Reason.PRUNE_HELD
        observer.prune_held(key.namespace, key.name, held=held)
        if outcome.failure is None:
            observer.applied(key.namespace, key.name, clock.now().timestamp())

    def _publish(self, run: Run | None = None) -> None:
        self._engines.board.publish(
            self.own.subject.key,
            RepositorySnapshot(
                self.own.subject,
                self._said,
                timestamp(self._engines.clock.now()) if run is not None else "",
                run,
                self._state.inventory if self._state.inventory is not None else {},
                self._errors,
                self._steps,
            ),
        )

    def regarding(self) -> Regarding:
        """Return our object as the subject of Events."""
        key = self.own.subject.key
        version = self.own.resource.api_version
        return Regarding(version, key.kind, key.namespace, key.name, self.own.subject.uid)

    def _labels(self) -> dict[str, str]:
        return {"repository": self.own.subject.key.place}


def _counted(outcome: Outcome) -> str:
    counts = outcome.counts
    if counts is None:
        return ""
    return f": {counts.applied} applied, {counts.unchanged} unchanged, {counts.pruned} pruned"
