"""Objects to actors: one actor per object, as long as the object is there."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from supervisor.spec import ChildSpec
from workers.controller.custom_object import CustomObject, decode
from workers.model.keys import ResourceKey

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    import pykka

    from supervisor.actor import Context
    from supervisor.dynamic import DynamicSupervisor
    from supervisor.registry import Registry
    from workers.cluster.view import Identity
    from workers.controller.kind import Kind

_log = logging.getLogger(__name__)

_Seen = tuple[str, tuple["Hashable", ...]]


class Controller:
    """The sink of a kind's watch: starts, tells and ends actors. Called by one thread, the watch's.

    It remembers of each object its uid and what its triggers read, so that our own status writes, which come
    back as events, wake nobody.
    """

    def __init__(
        self,
        kind: Kind,
        supervisor: DynamicSupervisor,
        registry: Registry,
        *,
        gone: Callable[[ResourceKey], None],
        shutdown: float,
    ) -> None:
        self._kind = kind
        self._supervisor = supervisor
        self._registry = registry
        self._gone = gone
        self._shutdown = shutdown
        self._seen: dict[ResourceKey, _Seen] = {}
        self._synced = threading.Event()

    @property
    def is_synced(self) -> bool:
        """Whether all objects have been told once."""
        return self._synced.is_set()

    def changed(self, document: Mapping[str, Any]) -> None:
        """Start the actor of a new object, or tell a running one what changed."""
        subject = decode(self._kind.name, document)
        before = self._seen.get(subject.key)
        if before is not None and before[0] != subject.uid:
            self._end(subject.key)
            before = None
        values = tuple(trigger.reads(subject) for trigger in self._kind.triggers)
        if before is None:
            self._begin(subject)
        else:
            self._tell(subject, before[1], values)
        self._seen[subject.key] = (subject.uid, values)

    def deleted(self, identity: Identity) -> None:
        """End the actor of an object that is gone; what it applied stays as it is."""
        key = ResourceKey(self._kind.name, identity.namespace, identity.name)
        if key in self._seen and self._seen[key][0] == identity.uid:
            self._end(key)

    def synced(self) -> None:
        """Note that all objects have been told."""
        self._synced.set()

    def _begin(self, subject: CustomObject) -> None:
        _log.info("starting an actor", extra={"repository": _name(subject.key)})
        self._supervisor.start_child(
            ChildSpec(subject.key, _Start(self._kind, subject), shutdown=self._shutdown)
        )

    def _tell(
        self, subject: CustomObject, before: tuple[Hashable, ...], values: tuple[Hashable, ...]
    ) -> None:
        for trigger, old, new in zip(self._kind.triggers, before, values, strict=True):
            if old != new:
                self._registry.send(subject.key, trigger.message(subject))

    def _end(self, key: ResourceKey) -> None:
        _log.info("ending an actor: its object is gone", extra={"repository": _name(key)})
        del self._seen[key]
        ended = self._supervisor.terminate_child(key)
        ended.add_done_callback(lambda _: None if key in self._seen else self._gone(key))


class _Start:
    """Starts generation after generation; only the first gets the object, later ones read it again."""

    def __init__(self, kind: Kind, subject: CustomObject) -> None:
        self._kind = kind
        self._key = subject.key
        self._subject: CustomObject | None = subject

    def __call__(self, context: Context) -> pykka.ActorRef[Any]:
        subject, self._subject = self._subject, None
        return self._kind.start(context, self._key, subject)


def _name(key: ResourceKey) -> str:
    return f"{key.namespace}/{key.name}"
