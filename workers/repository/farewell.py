"""The end of a GitRepository: tries to delete what is ours until it worked or nothing moves any more."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from workers.cluster.errors import UnansweredError
from workers.model.durations import seconds
from workers.model.errors import Reason, SyncError
from workers.model.pace import retry_delay
from workers.repository.deletion import Departure, depart, let_go
from workers.repository.membership import FINALIZER

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from supervisor.deadline import Deadline
    from workers.model.keys import GroupKind
    from workers.repository.ports import Engines
    from workers.repository.reporter import Reporter

_DEFAULT_PATIENCE = 180.0
_LEAST_SECONDS = 30.0
"""A try has so long even where spec.timeout is shorter: a list alone may take seconds."""
_log = logging.getLogger(__name__)


class Farewell:
    """One deletion, over several tries. After ``spec.timeout`` without progress what is left stays."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._since: float | None = None
        self._failures = 0

    def attempt(
        self,
        report: Reporter,
        known: Collection[GroupKind],
        deadline: Callable[[float], Deadline],
        proceed: Callable[[], None],
    ) -> float | None:
        """Try once; returns the seconds until the next try, None when the object is let go."""
        own = report.own
        if FINALIZER not in own.subject.finalizers:
            return None
        patience = _patience(own.subject.spec.get("timeout"))
        departure = depart(own, known, self._engines, deadline(max(patience, _LEAST_SECONDS)), proceed)
        try:
            if departure.failure is not None and not self._is_over(departure, patience):
                return self._again(departure.failure)
            if departure.failure is not None:
                self._give_up(report, departure)
            let_go(own, deadline(_LEAST_SECONDS))
        except SyncError as error:
            return self._again(error)
        return None

    def _is_over(self, departure: Departure, patience: float) -> bool:
        now = self._engines.clock.monotonic()
        away = isinstance(departure.failure, UnansweredError)  # an outage is no refusal
        if self._since is None or departure.done or away:
            self._since = now
        return now - self._since >= patience

    def _give_up(self, report: Reporter, departure: Departure) -> None:
        left = ", ".join(error.object for error in departure.errors) or "what could not be listed"
        cause = departure.failure.message if departure.failure is not None else ""
        note = f"left in the cluster: {left}; {cause}"
        _log.warning("%s", note)
        self._engines.events.warning(report.regarding(), Reason.PRUNE_FAILED, note)

    def _again(self, error: SyncError) -> float:
        self._failures += 1
        _log.warning("cannot finish a deletion yet: %s", error.message)
        delay = retry_delay(error, self._failures, self._engines.random.random)
        return delay if delay is not None else _DEFAULT_PATIENCE


def _patience(written: object) -> float:
    """Return ``spec.timeout`` in seconds; a deletion goes on where it cannot be read."""
    try:
        return seconds(written) if isinstance(written, str) else _DEFAULT_PATIENCE
    except ValueError:
        return _DEFAULT_PATIENCE
