"""What a repository's actor publishes of itself, in the shape of the status API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workers.model.conditions import READY, find
from workers.repository.spec import is_suspended

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.controller.custom_object import CustomObject
    from workers.model.errors import ObjectError
    from workers.model.keys import ObjectKey
    from workers.repository.run import Run
    from workers.repository.state import Entry

_FROM_STATUS = ("lastSyncTime", "nextSyncTime", "failures", "resources")


@dataclass(frozen=True, slots=True)
class RepositorySnapshot:
    """A moment of an actor. ``status`` is what it would say now, be it worth a write or not.

    ``busy_since`` is RFC 3339, empty while it rests; ``run`` is the sync under way. ``inventory`` is the
    actor's own; it is only copied here, when somebody asks.
    """

    subject: CustomObject
    status: Mapping[str, Any]
    busy_since: str
    run: Run | None
    inventory: Mapping[ObjectKey, Entry]
    errors: tuple[ObjectError, ...]
    durations: Mapping[str, float]

    def summary(self) -> Mapping[str, Any]:
        """Return the snapshot of lists."""
        subject, status = self.subject, self.status
        ready = find(status.get("conditions") or (), READY) or {}
        return {
            "namespace": subject.key.namespace,
            "name": subject.key.name,
            "uid": subject.uid,
            "generation": subject.generation,
            "phase": status.get("phase", "Pending"),
            "ready": ready.get("status") == "True",
            "reason": ready.get("reason", ""),
            "message": ready.get("message", ""),
            "suspended": is_suspended(subject.spec),
            "revision": status.get("lastSyncedRevision"),
            "commit": status.get("lastSyncedCommit"),
            **{field: status.get(field) for field in _FROM_STATUS},
            "actor": {
                "busySince": self.busy_since or None,
                "step": self.run.current if self.run is not None else None,
            },
        }

    def details(self) -> Mapping[str, Any]:
        """Return the objects, the last errors and the seconds of each step of the last sync."""
        failed = {error.object: error for error in self.errors if error.object}
        inventory = dict(self.inventory)  # the actor may go on writing to it
        known = {str(key): (key, entry.version) for key, entry in inventory.items()}
        return {
            "objects": [_object(name, known.get(name), failed.get(name)) for name in sorted(known | failed)],
            "errors": [
                {"object": e.object, "file": e.file, "reason": e.reason, "message": e.message}
                for e in self.errors
            ],
            "durations": {step: round(seconds, 6) for step, seconds in self.durations.items()},
        }


def _object(name: str, found: tuple[ObjectKey, str] | None, error: ObjectError | None) -> dict[str, Any]:
    state = "synced" if error is None else "conflict" if error.reason == "Conflict" else "failed"
    kind, _, place = name.partition("/")
    namespace, _, last = place.rpartition("/")
    return {
        "group": found[0].group if found is not None else kind.partition(".")[2],
        "version": found[1] if found is not None else "",
        "kind": found[0].kind if found is not None else kind.partition(".")[0],
        "namespace": namespace,
        "name": last,
        "state": state,
        "message": error.message if error is not None else "",
    }
