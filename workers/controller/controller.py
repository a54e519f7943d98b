"""Objects to actors: one actor per object, as long as the object is there."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from supervisor.child import State
from supervisor.errors import SupervisorStoppedError
from supervisor.spec import ChildSpec
from workers.controller.custom_object import CustomObject, decode
from workers.model.keys import ResourceKey

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Mapping

    from supervisor.actor import ActorRef, Context
    from supervisor.dynamic import DynamicSupervisor
    from supervisor.registry import Registry
    from workers.cluster.view import Identity
    from workers.controller.kind import Kind

_log = logging.getLogger(__name__)

_TRY_AGAIN_SECONDS = 10.0

_Seen = tuple[str, tuple["Hashable", ...]]


class Controller:
    """Starts, tells and ends the actors of a kind as its watches say: one for all namespaces, or one each.

    It remembers of each object its uid and what its triggers read, so that our own status writes, which come
    back as events, wake nobody.
    """

    def __init__(
        self,
        kind: Kind,
        supervisor: DynamicSupervisor,
        registry: Registry,
        *,
        shutdown: float,
        parked_for: Callable[[ResourceKey], float] = lambda _: 0.0,
    ) -> None:
        self._kind = kind
        self._supervisor = supervisor
        self._registry = registry
        self._shutdown = shutdown
        self._parked_for = parked_for
        self._lock = threading.Lock()
        # Never held while the supervisor is asked: its thread takes it when an actor has ended.
        self._telling = threading.Lock()
        self._seen: dict[ResourceKey, _Seen] = {}
        self._sinks: dict[str, WatchSink] = {}

    def sink(self, namespace: str) -> WatchSink:
        """Return a new sink for the watch of a namespace (empty: all), in place of the sink of its last life.

        Ask for those of all namespaces before the first watch runs.
        """
        self._sinks[namespace] = sink = WatchSink(self, namespace)
        return sink

    def changed(self, document: Mapping[str, Any]) -> ResourceKey:
        """Start the actor of a new object, or tell a running one what changed; returns its key."""
        subject = decode(self._kind.name, document)
        with self._lock:
            self._take(subject)
        return subject.key

    def deleted(self, identity: Identity) -> None:
        """End the actor of an object that is gone; what it applied stays as it is."""
        key = ResourceKey(self._kind.name, identity.namespace, identity.name)
        with self._lock:
            if key in self._seen and self._seen[key][0] == identity.uid:
                with self._telling:
                    del self._seen[key]
                    self._kind.audience.leaving(key)
                self._end(key)

    def listed(self, namespace: str, present: Collection[ResourceKey]) -> None:
        """Take that these are all the objects of a namespace; others went while nobody watched.

        Tells the audience once all watches have told all they have.
        """
        with self._lock:
            gone = [key for key in self._seen if namespace in {"", key.namespace} and key not in present]
            for key in gone:
                with self._telling:
                    del self._seen[key]
                    self._kind.audience.leaving(key)
                self._end(key)
        if all(sink.complete for sink in self._sinks.values()):
            self._kind.audience.all_seen()

    def _take(self, subject: CustomObject) -> None:
        before = self._seen.get(subject.key)
        values = tuple(trigger.reads(subject) for trigger in self._kind.triggers)
        with self._telling:
            self._seen[subject.key] = (subject.uid, values)
            self._kind.audience.seen(subject)
        if before is not None and before[0] == subject.uid:
            self._tell(subject, before[1], values)
            return
        if before is not None:
            self._end(subject.key)
        self._begin(subject)

    def _begin(self, subject: CustomObject) -> None:
        _log.info("starting an actor", extra={"repository": subject.key.place})
        start, parked_for = _Start(self._kind, subject), self._parked_for(subject.key)
        spec = ChildSpec(subject.key, start, shutdown=self._shutdown, parked_for=parked_for)
        try:
            self._supervisor.start_child(spec)
        except SupervisorStoppedError:
            _log.info("not started: the process ends", extra={"repository": subject.key.place})
        except Exception:  # noqa: BLE001 -- no thread to be had, say: from now on its supervisor tries
            _log.exception("an actor could not be started", extra={"repository": subject.key.place})
            self._supervisor.start_child(replace(spec, parked_for=_TRY_AGAIN_SECONDS))

    def _tell(
        self, subject: CustomObject, before: tuple[Hashable, ...], values: tuple[Hashable, ...]
    ) -> None:
        for trigger, old, new in zip(self._kind.triggers, before, values, strict=True):
            if old != new:
                self._registry.send(subject.key, trigger.message(subject))
                self._release(subject.key)

    def _release(self, key: ResourceKey) -> None:
        """Start a suspect at once: what a person has changed may be the cure, or a deletion."""
        child = self._supervisor.child(key)
        if child is not None and child.state is State.PARKED and child.last_exit is None:
            self._supervisor.restart_child(key)

    def _end(self, key: ResourceKey) -> None:
        _log.info("ending an actor: its object is gone", extra={"repository": key.place})
        self._supervisor.terminate_child(key).add_done_callback(lambda _: self._ended(key))

    def _ended(self, key: ResourceKey) -> None:
        """Let the audience forget an object, unless one of its name has come meanwhile."""
        with self._telling:
            if key not in self._seen:
                self._kind.audience.gone(key)


class WatchSink:
    """What one watch, in one life, tells the controller."""

    def __init__(self, controller: Controller, namespace: str) -> None:
        self._controller = controller
        self._namespace = namespace
        self._present: set[ResourceKey] = set()
        self.complete = False

    def changed(self, document: Mapping[str, Any]) -> None:
        """Pass on an object that is there."""
        key = self._controller.changed(document)
        if not self.complete:
            self._present.add(key)

    def deleted(self, identity: Identity) -> None:
        """Pass on an object that is gone."""
        self._controller.deleted(identity)

    def synced(self) -> None:
        """Note that this watch has told all it has; from now on it tells of every deletion by itself."""
        if not self.complete:
            self.complete = True
            present, self._present = self._present, set()
            self._controller.listed(self._namespace, present)


class _Start:
    """Starts generation after generation; only the first gets the object, later ones read it again."""

    def __init__(self, kind: Kind, subject: CustomObject) -> None:
        self._kind = kind
        self._key = subject.key
        self._subject: CustomObject | None = subject

    def __call__(self, context: Context) -> ActorRef:
        subject, self._subject = self._subject, None
        return self._kind.start(context, self._key, subject)
