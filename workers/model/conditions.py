"""``metav1.Condition`` lists, computed in one place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

READY, RECONCILING, STALLED = "Ready", "Reconciling", "Stalled"
_MESSAGE_LENGTH = 2048


@dataclass(frozen=True, slots=True)
class Condition:
    """What is to be said of one aspect; a type that is not said is absent from the list."""

    type: str
    status: bool
    reason: str
    message: str


def timestamp(moment: datetime) -> str:
    """Return RFC 3339 in UTC with whole seconds, as the API server writes times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def conditions(
    said: Iterable[Condition], previous: Sequence[Mapping[str, Any]], generation: int, now: datetime
) -> list[dict[str, Any]]:
    """Return the list to write: ``lastTransitionTime`` moves only with ``status``.

    ``previous`` is what stands in the object; types that are not ours stay as they are.
    """
    before = {condition.get("type"): condition for condition in previous}
    ours = [_render(condition, before.get(condition.type), generation, now) for condition in said]
    names = {READY, RECONCILING, STALLED} | {condition["type"] for condition in ours}
    return ours + [dict(other) for kind, other in before.items() if kind not in names]


def find(present: Sequence[Mapping[str, Any]], kind: str) -> Mapping[str, Any] | None:
    """Return the condition of a type, or None."""
    return next((condition for condition in present if condition.get("type") == kind), None)


def shorten(message: str, length: int = _MESSAGE_LENGTH) -> str:
    """Return a message of at most ``length`` characters; a cut one ends in an ellipsis."""
    return message if len(message) <= length else message[: length - 3] + "..."


def _render(
    condition: Condition, before: Mapping[str, Any] | None, generation: int, now: datetime
) -> dict[str, Any]:
    status = "True" if condition.status else "False"
    unchanged = before is not None and before.get("status") == status
    since = before.get("lastTransitionTime") if before is not None and unchanged else None
    return {
        "type": condition.type,
        "status": status,
        "reason": condition.reason,
        "message": shorten(condition.message),
        "observedGeneration": generation,
        "lastTransitionTime": since or timestamp(now),
    }
