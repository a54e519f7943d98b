"""When a failed sync is tried again (user's contract, "Retries")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workers.model.errors import Recovery

if TYPE_CHECKING:
    from collections.abc import Callable

    from workers.model.errors import SyncError

_LONGEST = 60.0
_JITTER = 0.1
_QUICK_TRIES = 3
_QUICK, _SLOW_FIRST, _SLOW_LONGEST = 2.0, 30.0, 300.0


def retry_delay(error: SyncError, failures: int, random: Callable[[], float]) -> float | None:
    """Return the seconds until the next try, None when only a person can help.

    ``failures`` counts consecutive failures, this one included; ``random`` gives a number in [0, 1).
    A server's Retry-After is never undercut.
    """
    if error.recovery is Recovery.PERSON:
        return None
    steady = (
        slow_delay(failures) if error.recovery is Recovery.RETRY_SLOWLY else min(failures * 1.0, _LONGEST)
    )
    return max(steady * (1 + _JITTER * random()), error.retry_after or 0.0)


def slow_delay(failures: int) -> float:
    """Return the slow pace: three tries 2 s apart, then 30 s, doubling to 5 minutes."""
    if failures <= _QUICK_TRIES:
        return _QUICK
    return min(_SLOW_FIRST * 2.0 ** min(failures - _QUICK_TRIES - 1, 10), _SLOW_LONGEST)
