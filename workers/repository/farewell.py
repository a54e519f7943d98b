"""The end of a GitRepository: tries to delete what is ours until it worked or nothing moves any more."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from supervisor.deadline import DeadlineExceededError
from workers.model.durations import seconds
from workers.model.errors import Reason, SyncError
from workers.model.pace import retry_delay
from workers.repository.deletion import Departure, depart, let_go
from workers.repository.membership import FINALIZER

if TYPE_CHECKING:
    from collections.abc import Callable

    from supervisor.deadline import Deadline
    from workers.controller.own_object import OwnObject
    from workers.repository.ports import Engines
    from workers.repository.reporter import Reporter

_DEFAULT_PATIENCE = 180.0
_log = logging.getLogger(__name__)


class Farewell:
    """One deletion, over several tries. After ``spec.timeout`` without progress what is left stays."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._since: float | None = None
        self._failures = 0

    def attempt(
        self, report: Reporter, deadline: Callable[[float], Deadline], proceed: Callable[[], None]
    ) -> float | None:
        """Try once; returns the seconds until the next try, None when the object is let go."""
        own = report.own
        if FINALIZER not in own.subject.finalizers:
            return None
        patience = _patience(own.subject.spec.get("timeout"))
        departure = self._try(own, deadline(patience), proceed)
        try:
            if departure.failure is None:
                let_go(own, deadline(patience))
                return None
            if self._is_over(departure, patience):
                self._give_up(report, departure)
                let_go(own, deadline(patience))
                return None
        except SyncError as error:
            departure = Departure(failure=error)
        return self._again(departure.failure)

    def _try(self, own: OwnObject, deadline: Deadline, proceed: Callable[[], None]) -> Departure:
        try:
            return depart(own, self._engines, deadline, proceed)
        except DeadlineExceededError:
            late = SyncError(Reason.PRUNE_FAILED, "the deletion did not end within spec.timeout")
            return Departure(failure=late)

    def _is_over(self, departure: Departure, patience: float) -> bool:
        now = self._engines.clock.monotonic()
        if self._since is None or departure.deleted:
            self._since = now
        return now - self._since >= patience

    def _give_up(self, report: Reporter, departure: Departure) -> None:
        left = ", ".join(error.object for error in departure.errors) or "what could not be listed"
        cause = departure.failure.message if departure.failure is not None else ""
        note = f"left in the cluster: {left}; {cause}"
        _log.warning("%s", note)
        self._engines.events.warning(report.regarding(), Reason.PRUNE_FAILED, note)

    def _again(self, failure: SyncError | None) -> float:
        self._failures += 1
        error = failure or SyncError(Reason.PRUNE_FAILED, "")
        _log.warning("cannot finish a deletion yet: %s", error.message)
        delay = retry_delay(error, self._failures, self._engines.random.random)
        return delay if delay is not None else _DEFAULT_PATIENCE


def _patience(written: object) -> float:
    """Return ``spec.timeout`` in seconds; a deletion goes on where it cannot be read."""
    try:
        return seconds(written) if isinstance(written, str) else _DEFAULT_PATIENCE
    except ValueError:
        return _DEFAULT_PATIENCE
