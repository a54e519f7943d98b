"""Telling of a dead actor: its status is written by others until its next life."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from supervisor.child import Child, State
from supervisor.exits import Crashed
from workers.cluster.errors import ChangedError
from workers.controller.custom_object import decode
from workers.model.conditions import timestamp
from workers.model.keys import ObjectKey, ResourceKey
from workers.repository import status

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from supervisor.clock import Clock
    from supervisor.deadline import Deadline
    from workers.cluster.objects import Objects
    from workers.cluster.resources import Resource
    from workers.controller.announcer import Announcements

_WAITING = frozenset({State.RESTARTING, State.PARKED})


class CrashReports:
    """Writes ``WorkerCrashed`` with the time of the next start, for as long as the actor is away."""

    def __init__(
        self,
        own: Objects,
        resource: Resource,
        announcements: Announcements,
        clock: Clock,
        child: Callable[[Hashable], Child | None],
    ) -> None:
        self._own = own
        self._resource = resource
        self._announcements = announcements
        self._clock = clock
        self._child = child

    def changed(self, child: Child) -> None:
        """Take in a change of a supervisor's child; never blocks."""
        # Who waits for its first start has taken the whole process with it before.
        crashed = child.last_exit is None or isinstance(child.last_exit.reason, Crashed)
        if child.state in _WAITING and crashed and isinstance(child.key, ResourceKey):
            self._announcements.now(child.key, partial(self._write, child.key, child))

    def _write(self, key: ResourceKey, child: Child, deadline: Deadline) -> None:
        """Write the status unless the next life has begun or somebody else wrote meanwhile."""
        name = ObjectKey(self._resource.group, key.kind, key.namespace, key.name)
        document = self._own.get(self._resource, name, deadline)
        now = self._child(key)
        if document is None or now is None or (now.state, now.generation) != (child.state, child.generation):
            return
        subject = decode(key.kind, document)
        body = {
            "metadata": {"uid": subject.uid, "resourceVersion": subject.resource_version},
            "status": status.crashed(subject, _sentence(child), self._clock.now()),
        }
        with suppress(ChangedError):
            self._own.merge_patch(self._resource, name, body, deadline, subresource="status")


def _sentence(child: Child) -> str:
    start = f"it starts again at {timestamp(child.next_start)}" if child.next_start is not None else ""
    if child.last_exit is None:
        return f"the whole process ended more than once in a sync of this repository; {start}"
    often = " (it keeps dying; the log has the cause)" if child.state is State.PARKED else ""
    return f"the worker of this repository {child.last_exit.reason}; {start}{often}"
