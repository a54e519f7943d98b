"""The answers of the HTTP contract, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.exceptions import HTTPException
    from starlette.requests import Request

    from webhooks.ports import Follower

_RETRY_AFTER = "5"
"""Seconds that a client should wait while this process starts or drains."""

_ERRORS = {404: "not_found", 405: "method_not_allowed"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a webhook is answered; ``result`` is the same in one word, for metrics and logs."""

    status: int
    result: str
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> JSONResponse:
        """Return the answer as starlette sends it."""
        return JSONResponse(self.body, self.status, headers=self.headers)


class RefusedError(Exception):
    """The request ends here, with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.result)
        self.answer = answer


def accepted(followers: Sequence[Follower], ref: str, commit: str | None) -> Answer:
    """Return 202: the message is in the mailboxes of these repositories."""
    names = [str(follower) for follower in followers]
    body = {"status": "accepted", "repositories": names, "ref": ref, "commit": commit}
    return Answer(202, "accepted", body)


def ignored(reason: str) -> Answer:
    """Return 200: understood, and nothing is to be done."""
    return Answer(200, reason, {"status": "ignored", "reason": reason})


def refused(status: int, error: str) -> RefusedError:
    """Return the error to raise for a refusal; one that time will heal says when to come again."""
    headers = {"Retry-After": _RETRY_AFTER} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return RefusedError(Answer(status, error, {"error": error}, headers))


async def http_error(_request: Request, error: Exception) -> JSONResponse:
    """Answer what routing refuses (unknown route, wrong method) in JSON like everything else."""
    refusal: HTTPException = error  # type: ignore[assignment]  # registered for this class alone
    body = {"error": _ERRORS.get(refusal.status_code, "refused")}
    return JSONResponse(body, refusal.status_code, headers=refusal.headers)


async def internal_error(_request: Request, _error: Exception) -> JSONResponse:
    """Answer a bug without a word on it; starlette raises it on, and so it is logged."""
    return JSONResponse({"error": "internal"}, 500)
