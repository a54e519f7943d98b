"""``status`` of a GitRepository, computed in one place from what stands there and what happened."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from workers.model.conditions import (
    READY,
    RECONCILING,
    STALLED,
    Condition,
    conditions,
    find,
    shorten,
    timestamp,
)
from workers.model.errors import Reason, Recovery, SyncError
from workers.model.ownership import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from workers.controller.custom_object import CustomObject
    from workers.model.errors import ObjectError
    from workers.repository.state import Outcome

_REQUESTED_AT = f"{DOMAIN}/requestedAt"
HANDLED = "lastHandledReconcileAt"
SHORT_COMMIT = 7
_MOST_ERRORS = 20
_REQUEST_LENGTH = 1024
_MOST_BYTES = 60 * 1024
_OBJECT_LENGTH, _FILE_LENGTH, _ERROR_LENGTH = 600, 300, 700


@dataclass(frozen=True, slots=True)
class Report:
    """A sync that ended: what is to be told of it.

    ``asked`` is the ``requestedAt`` that it answers; ``next_sync`` is when it looks again by itself.
    """

    branch: str
    asked: str | None
    outcome: Outcome
    failures: int
    now: datetime
    next_sync: datetime


def after(subject: CustomObject, report: Report) -> dict[str, Any]:
    """Return the status after a sync."""
    status = dict(subject.status) | {
        "observedGeneration": subject.generation,
        "lastAttemptTime": timestamp(report.now),
        "nextSyncTime": timestamp(report.next_sync),
        "failures": report.failures,
    }
    if report.asked is not None:
        status[HANDLED] = shorten(report.asked, _REQUEST_LENGTH)
    if report.outcome.commit:
        status["lastAttemptedCommit"] = report.outcome.commit
    if report.outcome.failure is None:
        status |= _success(subject, report)
        status.pop("errors", None)
        status.pop("errorsTruncated", None)
        said = [Condition(READY, True, Reason.SYNCED, f"applied {status['lastSyncedRevision']}")]
        return _with(status, subject, said, report.now)
    status["phase"] = "Failed"
    if report.outcome.counts is not None:
        status["resources"] = asdict(report.outcome.counts)
    status = _with(status, subject, _failed(report.outcome.failure), report.now)
    return with_errors(status, report.outcome.errors)


def during(subject: CustomObject, message: str, now: datetime, *, new: bool) -> dict[str, Any]:
    """Return the status while work goes on; ``new`` when it is on a spec that was never applied."""
    status = dict(subject.status) | {"phase": "Syncing", "observedGeneration": subject.generation}
    said = [Condition(RECONCILING, True, Reason.PROGRESSING, message)]
    ready = find(subject.status.get("conditions") or (), READY)
    if new or ready is None:
        said.insert(0, Condition(READY, False, Reason.PROGRESSING, message))
        return _with(status, subject, said, now)
    return _with(status, subject, [_again(ready), *said], now)


def suspended(subject: CustomObject, now: datetime) -> dict[str, Any]:
    """Return the status at rest: conditions keep what they said of their own generation."""
    status = dict(subject.status) | {"observedGeneration": subject.generation}
    status.pop("nextSyncTime", None)
    present = subject.status.get("conditions") or []
    if find(present, READY) is None:
        said = [Condition(READY, False, Reason.PROGRESSING, "suspended before its first sync")]
        return _with(status | {"phase": "Pending"}, subject, said, now)
    if status.get("phase") == "Syncing":  # the sync that said so was given up
        status["phase"] = _phase(subject.status)
    status["conditions"] = [condition for condition in present if condition.get("type") != RECONCILING]
    return status


def crashed(subject: CustomObject, message: str, now: datetime) -> dict[str, Any]:
    """Return the status of a repository whose actor died; its next life will say the rest."""
    status = dict(subject.status) | {"phase": "Failed", "observedGeneration": subject.generation}
    said = [
        Condition(READY, False, Reason.WORKER_CRASHED, message),
        Condition(RECONCILING, True, "ProgressingWithRetry", message),
    ]
    return _with(status, subject, said, now)


def with_errors(status: dict[str, Any], errors: Iterable[ObjectError]) -> dict[str, Any]:
    """Return the status with the first 20 errors, or fewer where it would grow too large; counts the rest."""
    lines = [_line(error) for error in errors]
    shown = lines[:_MOST_ERRORS]
    while True:
        whole = {**status, "errors": shown, "errorsTruncated": len(lines) - len(shown)}
        if not shown or len(json.dumps(whole, ensure_ascii=False).encode()) <= _MOST_BYTES:
            break
        shown = shown[:-1]
    return {key: value for key, value in whole.items() if key not in {"errors", "errorsTruncated"} or value}


def requested_at(subject: CustomObject) -> str | None:
    """Return what a person wrote to ask for a sync, None when nobody ever did."""
    written = subject.annotations.get(_REQUESTED_AT)
    return None if written is None else str(written)


def is_ready(status: Mapping[str, Any]) -> bool:
    """Tell whether a status says Ready."""
    ready = find(status.get("conditions") or (), READY)
    return ready is not None and ready.get("status") == "True"


def _phase(status: Mapping[str, Any]) -> str:
    """Return the phase of who does nothing now."""
    if is_ready(status):
        return "Synced"
    ready = find(status.get("conditions") or (), READY) or {}
    return "Pending" if ready.get("reason") == Reason.PROGRESSING else "Failed"


def _success(subject: CustomObject, report: Report) -> dict[str, Any]:
    """Return what a success changes: nothing of the last one where it only found everything in place."""
    outcome, before = report.outcome, subject.status
    same = before.get("lastSyncedCommit") == outcome.commit and is_ready(before)
    known = {
        "phase": "Synced",
        "lastSyncedCommit": outcome.commit,
        "shortCommit": outcome.commit[:SHORT_COMMIT],
        "lastSyncedRevision": f"{report.branch}@sha1:{outcome.commit}",
    }
    if same and not outcome.touched:
        return known
    known["lastSyncTime"] = timestamp(report.now)
    return known | ({"resources": asdict(outcome.counts)} if outcome.counts is not None else {})


def _failed(failure: SyncError) -> list[Condition]:
    ready = Condition(READY, False, failure.reason, failure.message)
    if failure.recovery is Recovery.PERSON:
        return [ready, Condition(STALLED, True, failure.reason, failure.message)]
    return [ready, Condition(RECONCILING, True, "ProgressingWithRetry", failure.message)]


def _again(ready: Mapping[str, Any]) -> Condition:
    return Condition(
        READY, ready.get("status") == "True", str(ready.get("reason")), str(ready.get("message"))
    )


def _with(
    status: dict[str, Any], subject: CustomObject, said: Iterable[Condition], now: datetime
) -> dict[str, Any]:
    present = subject.status.get("conditions") or []
    return status | {"conditions": conditions(said, present, subject.generation, now)}


def _line(error: ObjectError) -> dict[str, str]:
    return {
        "object": shorten(error.object, _OBJECT_LENGTH),
        "file": shorten(error.file, _FILE_LENGTH),
        "reason": error.reason,
        "message": shorten(error.message, _ERROR_LENGTH),
    }
