"""GitRepositories for tests, as the API server would give them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from workers.controller.custom_object import CustomObject, decode

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
NOW_TEXT = "2026-03-01T12:00:00Z"
EARLIER = "2026-02-28T08:00:00Z"
COMMIT = "1" * 40
NEXT_COMMIT = "2" * 40
SPEC: Mapping[str, Any] = {"url": "https://git.example.org/shop/web"}


def document(
    *,
    spec: Mapping[str, Any] = SPEC,
    status: Mapping[str, Any] | None = None,
    **metadata: Any,  # noqa: ANN401 -- fields of metadata
) -> dict[str, Any]:
    """Return a GitRepository shop/web."""
    return {
        "apiVersion": "alumiini.false.systems/v1alpha1",
        "kind": "GitRepository",
        "metadata": {
            "namespace": "shop",
            "name": "web",
            "uid": "uid-1",
            "resourceVersion": "1",
            "generation": 1,
            **metadata,
        },
        "spec": dict(spec),
        "status": dict({"observedGeneration": -1} if status is None else status),
    }


def subject(**fields: Any) -> CustomObject:  # noqa: ANN401 -- those of ``document``
    """Return a GitRepository shop/web, decoded."""
    return decode("GitRepository", document(**fields))


def condition(kind: str, status: str, reason: str, message: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 -- fields of a condition
    """Return a condition that has stood since ``EARLIER``."""
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "observedGeneration": 1,
        "lastTransitionTime": EARLIER,
        **fields,
    }


SYNCED: Mapping[str, Any] = {
    "observedGeneration": 1,
    "phase": "Synced",
    "lastSyncedCommit": COMMIT,
    "shortCommit": "1111111",
    "lastSyncedRevision": f"main@sha1:{COMMIT}",
    "lastSyncTime": EARLIER,
    "lastAttemptedCommit": COMMIT,
    "lastAttemptTime": EARLIER,
    "nextSyncTime": EARLIER,
    "failures": 0,
    "resources": {"total": 2, "applied": 2, "unchanged": 0, "pruned": 0, "failed": 0},
    "conditions": [condition("Ready", "True", "Synced", f"applied main@sha1:{COMMIT}")],
}
"""What stands in the cluster after a good sync of COMMIT."""
