"""The one taxonomy of expected failures.

    SyncError            an expected failure: a reason, one sentence that says what to do, who can help
    anything else        a bug or a broken state: the actor dies and starts clean

Foreign exceptions become a SyncError once, at the adapter that talks to the foreign library. The reason alone
decides the recovery (the table in the user's contract, "Reasons of Ready=False").
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum


class Recovery(Enum):
    """Who can end a failure, and how often we try."""

    PERSON = "a person must act; retries end, polls do not"
    RETRY = "min(failures x 1 s, 60 s)"
    RETRY_SLOWLY = "three tries 2 s apart, then 30 s, doubling to 5 min"


class Reason(StrEnum):
    """Reasons of ``Ready``; stable, scripts search for them."""

    SYNCED = "Synced"
    PROGRESSING = "Progressing"
    INVALID_SPEC = "InvalidSpec"
    INVALID_URL = "InvalidURL"
    INVALID_PATH = "InvalidPath"
    SECRET_NOT_FOUND = "SecretNotFound"  # noqa: S105 -- a reason, not a secret
    INVALID_SECRET = "InvalidSecret"  # noqa: S105 -- a reason, not a secret
    AUTHENTICATION_FAILED = "AuthenticationFailed"
    CERTIFICATE_INVALID = "CertificateInvalid"
    REVISION_NOT_FOUND = "RevisionNotFound"
    PATH_NOT_FOUND = "PathNotFound"
    REPOSITORY_EMPTY = "RepositoryEmpty"
    GIT_OPERATION_FAILED = "GitOperationFailed"
    GIT_TIMEOUT = "GitTimeout"
    RATE_LIMITED = "RateLimited"
    BUILD_FAILED = "BuildFailed"
    EMPTY_SOURCE = "EmptySource"
    PARTIAL_FAILURE = "PartialFailure"
    APPLY_FAILED = "ApplyFailed"
    CONFLICT = "Conflict"
    ACCESS_DENIED = "AccessDenied"
    PRUNE_HELD = "PruneHeld"
    PRUNE_FAILED = "PruneFailed"
    WORKER_CRASHED = "WorkerCrashed"


_STALLS = frozenset({
    Reason.INVALID_SPEC, Reason.INVALID_URL, Reason.INVALID_PATH, Reason.SECRET_NOT_FOUND,
    Reason.INVALID_SECRET, Reason.CERTIFICATE_INVALID, Reason.BUILD_FAILED, Reason.EMPTY_SOURCE,
    Reason.PRUNE_HELD,
})  # fmt: skip
_SLOW = frozenset({Reason.AUTHENTICATION_FAILED, Reason.ACCESS_DENIED})


@dataclass(frozen=True, slots=True)
class ObjectError:
    """One line of ``status.errors``: what is wrong with one object or one file.

    ``object`` is ``Kind.group/namespace/name`` or empty when the file could not be read that far;
    ``file`` is ``path:line`` or empty.
    """

    object: str
    file: str
    reason: str
    message: str


class SyncError(Exception):
    """An expected failure of a sync.

    ``message`` is one sentence that names what failed and the next step, and never holds a credential nor
    a response body of a remote. ``retry_after`` is what a server asked for, in seconds. ``slowly`` asks for
    the slow pace where the reason alone would not.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        errors: tuple[ObjectError, ...] = (),
        retry_after: float | None = None,
        slowly: bool = False,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.errors = errors
        self.retry_after = retry_after
        self.slowly = slowly

    def again(self) -> SyncError:
        """Return the same failure, to be kept or raised anew: without the frames of its first time."""
        return SyncError(
            self.reason,
            self.message,
            errors=self.errors,
            retry_after=self.retry_after,
            slowly=self.slowly,
        )

    @property
    def recovery(self) -> Recovery:
        """How this failure ends."""
        if self.reason in _STALLS:
            return Recovery.PERSON
        if self.slowly or self.reason in _SLOW:
            return Recovery.RETRY_SLOWLY
        return Recovery.RETRY
