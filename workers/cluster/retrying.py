"""The one rule for trying a request again at once; everything longer is the actor's retry."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from tenacity import RetryCallState, Retrying, retry_if_exception

from workers.cluster.errors import ApiError, UnreachableError
from workers.cluster.waiting import pause

if TYPE_CHECKING:
    from supervisor.deadline import Deadline

_ATTEMPTS = 4
_FIRST_WAIT = 0.1


def retrying(deadline: Deadline) -> Retrying:
    """Return the retries of one request: four attempts, within its deadline.

    Tried again are requests that never reached the server or were cut off by it (all that are sent this way
    can be repeated), after 0.1, 0.2 and 0.4 s, and answers that carry ``Retry-After``, after that time.
    """
    return Retrying(
        retry=retry_if_exception(_passing),
        wait=_wait,
        stop=lambda state: state.attempt_number >= _ATTEMPTS or state.upcoming_sleep >= deadline.remaining(),
        sleep=lambda seconds: pause(deadline, seconds),
        reraise=True,
    )


def _passing(error: BaseException) -> bool:
    if isinstance(error, ApiError):
        return error.retry_after is not None and (
            error.status == HTTPStatus.TOO_MANY_REQUESTS or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        )
    return isinstance(error, UnreachableError) and error.again


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, ApiError) and error.retry_after is not None:
        return error.retry_after
    return float(_FIRST_WAIT * 2 ** (state.attempt_number - 1))
