"""Letting a GitRepository go: its objects first, as its policy says, then its finalizer.

It needs neither Git nor a spec that can be read. ``MirrorPrune`` is the one policy so far: what ``prune``
says of objects that leave Git also holds when the whole GitRepository leaves; suspended ones keep everything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workers.cluster.resources import CUSTOM_RESOURCE_DEFINITION
from workers.controller.own_object import answered
from workers.model.errors import ObjectError, SyncError
from workers.model.keys import ObjectKey
from workers.model.ownership import OWNERSHIP_ANNOTATIONS, OWNERSHIP_LABELS, is_ours
from workers.repository.inventory import recall
from workers.repository.membership import recorded_kinds, without_finalizer
from workers.repository.pruning import Pruning
from workers.repository.spec import is_suspended

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from supervisor.deadline import Deadline
    from workers.controller.own_object import OwnObject
    from workers.model.keys import GroupKind
    from workers.repository.ports import Engines


@dataclass(frozen=True, slots=True)
class Departure:
    """How a deletion went: how many objects were deleted or released, and what could not be."""

    done: int = 0
    failure: SyncError | None = None
    errors: tuple[ObjectError, ...] = field(default=())


def depart(
    own: OwnObject,
    known: Collection[GroupKind],
    engines: Engines,
    deadline: Deadline,
    proceed: Callable[[], None],
) -> Departure:
    """Delete or release what is ours, once; the caller tries again while there is a failure and time.

    ``known`` are kinds of which the actor remembers objects, beside those that are written down.
    """
    pruning = Pruning(own, engines, deadline, proceed, {})
    released = 0
    try:
        with answered():
            own.reload(deadline)  # somebody may have written to it since
            kinds = recorded_kinds(own.subject) | set(known)
            pruning.inventory = recall(own.subject.owner, kinds, engines, deadline)
            if _deletes(own, engines, deadline):
                pruning.delete(pruning.judge(pruning.candidates(())))
            for key in sorted(pruning.inventory):
                proceed()
                release(key, own, engines, deadline)
                released += 1
    except SyncError as error:
        left = error.errors or tuple(
            ObjectError(str(key), "", error.reason, error.message) for key in sorted(pruning.inventory)
        )
        return Departure(pruning.deleted + released, error, left)
    return Departure(pruning.deleted + released)


def let_go(own: OwnObject, deadline: Deadline) -> None:
    """Remove our finalizer; nothing happens when the object is gone. Raises SyncError."""
    own.change_metadata(without_finalizer, deadline)


def release(key: ObjectKey, own: OwnObject, engines: Engines, deadline: Deadline) -> None:
    """Take our labels and annotations off an object that stays; one that is not ours is left alone."""
    resource = engines.discovery.preferred(key.group_kind, deadline)
    live = engines.objects.read(resource, key, deadline) if resource is not None else None
    if resource is None or live is None or not is_ours(live, own.subject.owner):
        return
    change = {
        "metadata": {
            "resourceVersion": live.resource_version,
            "labels": dict.fromkeys(OWNERSHIP_LABELS),
            "annotations": dict.fromkeys(OWNERSHIP_ANNOTATIONS),
        }
    }
    engines.own.merge_patch(resource, key, change, deadline)


def _deletes(own: OwnObject, engines: Engines, deadline: Deadline) -> bool:
    spec = own.subject.spec
    if is_suspended(spec) or spec.get("prune") is False:
        return False
    return not _definition_goes(own, engines, deadline)


def _definition_goes(own: OwnObject, engines: Engines, deadline: Deadline) -> bool:
    """Tell whether the CRD itself is being deleted: somebody removes alumiini, not the applications."""
    resource = own.resource
    key = ObjectKey(
        CUSTOM_RESOURCE_DEFINITION.group,
        CUSTOM_RESOURCE_DEFINITION.kind,
        "",
        f"{resource.plural}.{resource.group}",
    )
    definition = engines.objects.read(CUSTOM_RESOURCE_DEFINITION, key, deadline)
    return definition is None or definition.deleting
