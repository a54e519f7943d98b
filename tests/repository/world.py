"""One repository's actor under a real supervisor and a manual clock; remote and cluster are in memory."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, cast

from supervisor.deadline import Watchdog
from supervisor.dynamic import DynamicSupervisor
from supervisor.gate import Gate
from supervisor.mailbox import Lane, Message
from supervisor.registry import Registry
from supervisor.spec import ChildSpec
from tests.controller.one_object import OneObject
from tests.repository.cluster import Asked, Cluster, Kinds
from tests.repository.remote import Forge
from tests.repository.subjects import document
from tests.supervisor.manual_clock import ManualClock
from tests.supervisor.puppet import BOUND
from workers.controller.announcer import ANNOUNCER, Announcements, Announcer
from workers.controller.board import Board
from workers.controller.custom_object import CustomObject, decode
from workers.controller.markers import Markers
from workers.controller.slots import Slots
from workers.model.keys import ObjectKey, ResourceKey
from workers.repository.actor import RepositoryActor
from workers.repository.crash import CrashReports
from workers.repository.kind import GIT_REPOSITORY
from workers.repository.messages import Pushed
from workers.repository.ports import Engines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from supervisor.actor import ActorRef, Context
    from supervisor.child import Child
    from supervisor.deadline import Deadline
    from workers.cluster.events import EventRecorder, Regarding
    from workers.cluster.resources import Resource

KEY = ResourceKey("GitRepository", "shop", "web")
NAME = "GitRepository/shop/web"


class Even(Random):
    """No jitter: always the middle."""

    def random(self) -> float:
        return 0.0

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


@dataclass(frozen=True, slots=True)
class Settle(Message):
    """Nothing to do: who is answered knows that all before it is done."""

    lane: ClassVar[Lane] = Lane.STARTUP


@dataclass(slots=True)
class Heard:
    """An observer and a recorder of Events that write down."""

    syncs: list[tuple[str, str]] = field(default_factory=list)
    events: list[tuple[str, str, str]] = field(default_factory=list)
    pushes: list[float] = field(default_factory=list)
    held: bool = False
    objects: int = 0
    deleted: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def repository(self, _namespace: str, _name: str, *, ready: bool, objects: int) -> None:
        assert isinstance(ready, bool)
        self.objects = objects

    def synced(self, trigger: str, result: str, _steps: Mapping[str, float]) -> None:
        with self.changed:
            self.syncs.append((trigger, result))
            self.changed.notify_all()

    def applied(self, _namespace: str, _name: str, _at: float) -> None:
        pass

    def push_applied(self, seconds: float) -> None:
        self.pushes.append(seconds)

    def pruned(self, objects: int) -> None:
        self.deleted += objects

    def prune_held(self, _namespace: str, _name: str, *, held: bool) -> None:
        self.held = held

    def normal(self, _regarding: Regarding, reason: str, note: str) -> None:
        self.events.append(("Normal", reason, note))

    def warning(self, _regarding: Regarding, reason: str, note: str) -> None:
        self.events.append(("Warning", reason, note))


class OwnObjects(OneObject):
    """The connection for our own objects; patches of applied objects go to the cluster."""

    def __init__(self, body: Mapping[str, Any], cluster: Cluster) -> None:
        super().__init__(body)
        self.secrets: dict[str, dict[str, Any]] = {}
        self._cluster = cluster

    def get(self, resource: Resource, key: ObjectKey, deadline: Deadline) -> dict[str, Any] | None:
        if key.kind == "Secret":
            self._cluster.asked.append(Asked("read", key.name))
            return self.secrets.get(key.name)
        return super().get(resource, key, deadline)

    def merge_patch(
        self,
        resource: Resource,
        key: ObjectKey,
        change: Mapping[str, Any],
        deadline: Deadline,
        *,
        subresource: str = "",
    ) -> dict[str, Any] | None:
        if key.kind != GIT_REPOSITORY.kind:
            metadata = change["metadata"]
            self._cluster.release(key, metadata["labels"], metadata["annotations"])
            return {}
        return super().merge_patch(resource, key, change, deadline, subresource=subresource)


class World:
    """``own`` is the GitRepository in the cluster; ``settle`` waits until its actor has nothing to do."""

    key = KEY

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.watchdog = Watchdog(self.clock)
        self.registry = Registry()
        self.forge = Forge(self.clock)
        self.cluster = Cluster()
        self.kinds = Kinds()
        self.heard = Heard()
        self.own = OwnObjects(document(), self.cluster)
        self.board = Board()
        self.changes: queue.Queue[Child] = queue.Queue()
        self._slots = Slots(4)
        self._refs: queue.Queue[ActorRef] = queue.Queue()
        self._first: CustomObject | None = None
        self._ref: ActorRef | None = None
        announcements = Announcements(self.registry, self.watchdog)
        self.supervisor = DynamicSupervisor(
            self.registry,
            self.watchdog,
            on_change=self._changed,
            on_systemic=lambda _: None,
            random=Even(),
        )
        self._crashes = CrashReports(
            self.own.objects, GIT_REPOSITORY, announcements, self.clock, self.supervisor.child
        )
        self.engines = Engines(
            source=self.forge,
            objects=self.cluster.objects,
            own=self.own.objects,
            discovery=self.kinds.discovery,
            events=cast("EventRecorder", self.heard),
            announcements=announcements,
            applies=self._slots,
            syncs=Gate(1),
            markers=Markers(folder),
            observer=self.heard,
            board=self.board,
            clock=self.clock,
            random=Even(),
        )

    def start(self, **fields: Any) -> None:  # noqa: ANN401 -- those of ``document``
        """Start the actor of a GitRepository with these parts, and let it come to rest."""
        if fields:
            self.own.document = document(**fields)
        self._first = self.subject()
        self.supervisor.start_child(ChildSpec(ANNOUNCER, Announcer.start))
        self.supervisor.start_child(ChildSpec(KEY, self._start, shutdown=1.0))
        self._ref = self._refs.get(timeout=BOUND)
        self.settle()

    def restart(self) -> None:
        """End the actor, as with the whole program, and start one that knows nothing."""
        self.supervisor.terminate_child(KEY).result(BOUND)
        self.supervisor.terminate_child(ANNOUNCER).result(BOUND)
        self._settle_supervisor()
        self.start()

    def subject(self) -> CustomObject:
        """Return the GitRepository as the watch shows it now."""
        assert self.own.document is not None
        return decode("GitRepository", self.own.document)

    def edit(self, **metadata: Any) -> CustomObject:  # noqa: ANN401 -- fields of metadata, and spec
        """Change the GitRepository as a person would, and return what the watch shows then."""
        assert self.own.document is not None
        spec = metadata.pop("spec", None)
        if spec is not None:
            self.own.document["spec"] = {**self.own.document["spec"], **spec}
            metadata["generation"] = self.own.document["metadata"]["generation"] + 1
        self.own.touch(**metadata)
        return self.subject()

    def annotate(self, **values: str) -> CustomObject:
        """Write annotations of ours onto the GitRepository."""
        present = self.subject().annotations
        ours = {f"alumiini.false.systems/{key.replace('_', '-')}": value for key, value in values.items()}
        return self.edit(annotations={**present, **ours})

    def tell(self, message: Message) -> None:
        """Send a message and wait until the actor has worked on it."""
        self.registry.send(KEY, message)
        self.settle()

    def push(self, commit: str | None) -> None:
        """Let a webhook announce a commit now."""
        self.tell(Pushed(commit, self.clock.monotonic()))

    def advance(self, seconds: float) -> None:
        """Move the clock and wait until the actor has done what was due."""
        self.clock.advance(seconds)
        self.settle()

    def settle(self) -> None:
        """Wait until the actor has nothing to do; a second time for what setup or timers had begun."""
        assert self._ref is not None
        for _ in range(2):
            self._ref.ask(Settle(), timeout=BOUND)

    def wait_for_syncs(self, count: int) -> None:
        """Wait until so many syncs have ended since they are written down."""
        with self.heard.changed:
            assert self.heard.changed.wait_for(lambda: len(self.heard.syncs) >= count, BOUND)

    def wait_for_status(self, holds: Callable[[dict[str, Any]], bool]) -> None:
        """Wait until a status is written of which this holds; for what others than the actor write."""
        with self.own.changed:
            assert self.own.changed.wait_for(lambda: holds(self.status()), BOUND)

    def changes_so_far(self) -> list[Child]:
        """Return what the supervisor has announced of the actor since the last time."""
        self._settle_supervisor()
        return [self.changes.get_nowait() for _ in range(self.changes.qsize())]

    def next_life(self) -> None:
        """Let the time of the next start come, and wait for it."""
        self._settle_supervisor()
        self.clock.advance(60.0)
        self._ref = self._refs.get(timeout=BOUND)
        self.settle()

    def status(self) -> dict[str, Any]:
        """Return what stands in the status."""
        return cast("dict[str, Any]", self.own.status)

    def condition(self, kind: str) -> tuple[str, str] | None:
        """Return status and reason of a condition."""
        for each in self.status().get("conditions", ()):
            if each["type"] == kind:
                return each["status"], each["reason"]
        return None

    def forget_requests(self) -> None:
        """Begin to write down anew."""
        self.cluster.asked.clear()
        self.own.patches.clear()
        self.own.reads = 0
        self.forge.asked.clear()
        self.forge.fetched.clear()
        self.heard.syncs.clear()
        self.heard.events.clear()

    def close(self) -> None:
        self.supervisor.stop(BOUND)
        self.watchdog.close()
        self._slots.close()

    def _start(self, context: Context) -> ActorRef:
        subject, self._first = self._first, None
        ref = RepositoryActor.start(context, GIT_REPOSITORY, KEY, subject, self.engines)
        self._refs.put(ref)
        return ref

    def _changed(self, child: Child) -> None:
        self._crashes.changed(child)
        if child.key == KEY:
            self.changes.put(child)

    def _settle_supervisor(self) -> None:
        for _ in range(3):
            self.supervisor.terminate_child("nobody")
