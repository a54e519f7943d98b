"""What is ours in the cluster, read from the cluster: it is the only database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workers.model.ownership import HASH_ANNOTATION, PART_OF_LABEL, LiveObject, is_ours
from workers.repository.state import Entry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from supervisor.deadline import Deadline
    from workers.cluster.resources import Resource
    from workers.model.keys import GroupKind, ObjectKey
    from workers.model.ownership import Owner
    from workers.repository.ports import Engines

_FRESH_SECONDS = 10.0
"""A kind may have moved to another version since discovery was asked; who ask at once share the answer."""


def recall(
    owner: Owner, kinds: Collection[GroupKind], engines: Engines, deadline: Deadline
) -> dict[ObjectKey, Entry]:
    """Return all objects of ours of these kinds: one list of metadata per kind. Raises SyncError."""
    if kinds:
        engines.discovery.refresh(deadline, older_than=_FRESH_SECONDS)
    return {
        live.key: Entry(live.uid, live.annotations.get(HASH_ANNOTATION, ""), live.created, resource.version)
        for kind in sorted(kinds)
        if (resource := engines.discovery.preferred(kind, deadline)) is not None  # else it is gone
        for live in members(owner, resource, engines, deadline)
    }


def members(owner: Owner, resource: Resource, engines: Engines, deadline: Deadline) -> Iterator[LiveObject]:
    """Give the objects of a kind that are ours and not on their way out."""
    selector = f"{PART_OF_LABEL}={owner.applyset}"
    for live in engines.objects.list(resource, selector, deadline):
        if is_ours(live, owner) and not live.deleting:
            yield live
