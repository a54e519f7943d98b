"""What can come back from an API server instead of what we asked for.

    ApiError            the server answered: no
    UnreachableError    the server did not answer, or we could not ask

Both are turned into a ``SyncError`` by ``explain`` where the caller's verb and object are known.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from workers.model.errors import Reason, SyncError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.model.keys import ObjectKey

_MESSAGE_LENGTH = 512
_LONGEST_WAIT = 60.0
"""What a server may ask us to wait, in seconds; whoever waits for it looks dead meanwhile."""
# Answers with status 500 that are about the manifest and not about the server (duplicate items in a list
# with keys, an unknown field, a value of the wrong type, a Secret that is not base64).
_ABOUT_THE_MANIFEST = ("failed to create typed patch object", "failed to convert new object")
_REFUSALS = frozenset({400, 413, 415, 422})


@dataclass(frozen=True, slots=True)
class Cause:
    """One detail of a refusal: the field it is about and the machine's name for what is wrong."""

    field: str
    reason: str


class UnreachableError(Exception):
    """The API server could not be asked or did not answer; ``again`` when a quick second try may help."""

    def __init__(self, message: str, *, again: bool = False) -> None:
        super().__init__(message)
        self.again = again


class ApiError(Exception):
    """The API server answered with an error.

    ``retry_after`` is what it asked for, in seconds. ``plain`` tells that the body was no ``Status`` object:
    a 404 like that means that the kind is not served (yet), not that the object is missing.
    """

    def __init__(  # noqa: PLR0913 -- what the server said, all by name
        self,
        status: int,
        message: str,
        *,
        reason: str = "",
        causes: tuple[Cause, ...] = (),
        retry_after: float | None = None,
        plain: bool = False,
    ) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.message = message
        self.reason = reason
        self.causes = causes
        self.retry_after = retry_after
        self.plain = plain

    @property
    def kind_missing(self) -> bool:
        """Whether the server does not serve the kind (yet)."""
        return self.status == HTTPStatus.NOT_FOUND and self.plain

    @property
    def about_the_manifest(self) -> bool:
        """Whether the manifest itself was refused: trying it again unchanged gives the same answer."""
        if self.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            return self.message.startswith(_ABOUT_THE_MANIFEST)
        return self.status in _REFUSALS

    @property
    def about_the_namespace(self) -> bool:
        """Whether the refusal ends by itself: the namespace is being deleted."""
        return any(cause.reason == "NamespaceTerminating" for cause in self.causes)

    @property
    def unsettled(self) -> bool:
        """Whether this is how a server answers that has not taken in a new CRD or its new schema yet."""
        return self.kind_missing or (
            self.status == HTTPStatus.INTERNAL_SERVER_ERROR and self.about_the_manifest
        )


def api_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """Read an error answer, whatever its body is."""
    retry_after = _seconds(headers.get("Retry-After"))
    answer = _status_object(body)
    if answer is None:
        text = " ".join(body[:_MESSAGE_LENGTH].decode(errors="replace").split())
        return ApiError(status, text, retry_after=retry_after, plain=True)
    details = answer.get("details") or {}
    return ApiError(
        status,
        str(answer.get("message") or ""),
        reason=str(answer.get("reason") or ""),
        causes=tuple(
            Cause(str(cause.get("field") or ""), str(cause.get("reason") or ""))
            for cause in details.get("causes") or ()
        ),
        retry_after=retry_after if retry_after is not None else _bounded(details.get("retryAfterSeconds")),
    )


def _status_object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) and answer.get("kind") == "Status" else None


def _seconds(value: str | None) -> float | None:
    return min(float(value[:9]), _LONGEST_WAIT) if value and value.isdecimal() else None


def _bounded(value: object) -> float | None:
    return min(float(value), _LONGEST_WAIT) if isinstance(value, int | float) else None


class UnansweredError(SyncError):
    """The API server did not answer: nobody knows whether it did what it was asked."""


class ChangedError(SyncError):
    """The object is not in the state that the call asked for (409): somebody wrote, created or deleted it."""


def explain(
    error: ApiError | UnreachableError,
    verb: str,
    key: ObjectKey,
    otherwise: Reason = Reason.APPLY_FAILED,
) -> SyncError:
    """Return the expected failure that an error means for ``verb`` (as RBAC names it) on an object.

    ``otherwise`` is the reason of whatever is not about access.
    """
    if isinstance(error, UnreachableError):
        return UnansweredError(otherwise, f"cannot {verb} {key}: {error}")
    message = f"cannot {verb} {key}: {_safe(error, key)}"
    if error.status in {401, 403} and not error.about_the_namespace:
        return SyncError(Reason.ACCESS_DENIED, message, retry_after=error.retry_after)
    if error.status == HTTPStatus.CONFLICT:
        return ChangedError(otherwise, message)
    if error.kind_missing:
        return SyncError(otherwise, f"cannot {verb} {key}: the cluster does not serve this kind")
    return SyncError(otherwise, message, retry_after=error.retry_after, slowly=error.about_the_manifest)


def _safe(error: ApiError, key: ObjectKey) -> str:
    """Return the server's sentence; for a Secret only which fields it is about, since it may quote values."""
    if (key.group, key.kind) != ("", "Secret") or error.status in {401, 404, 409} or _is_about_rights(error):
        return _cut(error.message or error.reason or f"status {error.status}")
    fields = ", ".join(sorted({cause.field for cause in error.causes if cause.field}))
    return f"refused ({error.status} {error.reason})".replace(" )", ")") + (
        f" because of {fields}" if fields else ""
    )


def _is_about_rights(error: ApiError) -> bool:
    """Tell whether RBAC said no; an admission webhook has words of its own, which may quote values."""
    return error.status == HTTPStatus.FORBIDDEN and ' is forbidden: User "' in error.message


def _cut(text: str) -> str:
    return text if len(text) <= _MESSAGE_LENGTH else text[: _MESSAGE_LENGTH - 1] + "…"
