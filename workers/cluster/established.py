"""CustomResourceDefinitions that were applied a moment ago."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workers.cluster.resources import CUSTOM_RESOURCE_DEFINITION
from workers.cluster.waiting import tries
from workers.model.errors import Reason, SyncError

if TYPE_CHECKING:
    from supervisor.deadline import Deadline
    from workers.cluster.objects import Objects
    from workers.model.keys import ObjectKey

_SECONDS = 10.0


def await_established(objects: Objects, key: ObjectKey, deadline: Deadline) -> None:
    """Wait until the API server serves a CRD, for at most 10 s; raises SyncError when it does not."""
    for _ in tries(deadline.within(_SECONDS)):
        document = objects.get(CUSTOM_RESOURCE_DEFINITION, key, deadline)
        if document is None:
            raise SyncError(Reason.APPLY_FAILED, f"{key} was deleted right after it was applied")
        conditions = _conditions(document)
        if conditions.get("Established") == "True":
            return
        if conditions.get("NamesAccepted") == "False":
            raise SyncError(
                Reason.APPLY_FAILED, f"{key} asks for names that another kind has already", slowly=True
            )
    deadline.check()
    raise SyncError(Reason.APPLY_FAILED, f"{key} was not established within {_SECONDS:.0f} s")


def _conditions(crd: dict[str, Any]) -> dict[str, str]:
    """Return the status of each condition; a new CRD has ``null`` instead of a list."""
    conditions = (crd.get("status") or {}).get("conditions") or ()
    return {condition["type"]: condition["status"] for condition in conditions}
