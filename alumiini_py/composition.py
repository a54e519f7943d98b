"""The composition root: the one place that knows every part and puts them together."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from alumiini_py.followers import Followers
from alumiini_py.published import PublishedSnapshots
from alumiini_py.version import __version__
from supervisor.child import Child, State
from supervisor.deadline import Watchdog
from supervisor.dynamic import DynamicSupervisor
from supervisor.gate import Gate
from supervisor.registry import Registry
from workers.cluster.access import find_access
from workers.cluster.connection import Connection
from workers.cluster.discovery import Discovery
from workers.cluster.events import EventRecorder
from workers.cluster.lease import Lease, new_identity
from workers.cluster.objects import Objects
from workers.cluster.watching import ListWatch, Target
from workers.controller.announcer import Announcements
from workers.controller.board import Board
from workers.controller.controller import Controller
from workers.controller.markers import Markers
from workers.controller.slots import Slots
from workers.model.keys import ResourceKey
from workers.repository.crash import CrashReports
from workers.repository.kind import FIELD_MANAGER, GIT_REPOSITORY, STATUS_MANAGER, git_repository
from workers.repository.ports import Engines
from workers.repository.snapshot import RepositorySnapshot
from workers.source.git import GitSource
from workers.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from alumiini_py.settings import Settings
    from supervisor.clock import AlarmClock
    from workers.cluster.access import Access
    from workers.controller.custom_object import CustomObject
    from workers.repository.ports import Source

USER_AGENT = f"alumiini/{__version__}"
LEASE_NAME = "alumiini"
_APPLY_SLOTS = 8
_OWN_CONNECTIONS = 4
_ACTOR_SHUTDOWN = 10.0


@dataclass(frozen=True, slots=True)
class Parts:
    """The controller, put together and not started."""

    fatal: Callable[[str], None]
    metrics: Metrics
    watchdog: Watchdog
    lease: Lease | None
    source: GitSource
    markers: Markers
    connections: tuple[Connection, ...]
    events: EventRecorder
    applies: Slots
    supervisor: DynamicSupervisor
    followers: Followers
    snapshots: PublishedSnapshots
    watches: tuple[Callable[[], ListWatch], ...]

    def render_metrics(self) -> tuple[bytes, str]:
        """Return the text of a scrape, with the actors and what waits for them as they are now."""
        children = self.supervisor.which_children()
        states = Counter(child.state for child in children if isinstance(child.key, ResourceKey))
        shown = (State.RUNNING, State.RESTARTING, State.PARKED, State.STOPPING)
        self.metrics.actors({state: states[state] for state in shown})
        self.metrics.mailbox_oldest(max((child.backlog.oldest_seconds for child in children), default=0.0))
        self.metrics.leading(self.lease is None or self.lease.held)
        return self.metrics.render()


def compose(
    settings: Settings,
    fatal: Callable[[str], None],
    with_source: Callable[[Source], Source] = lambda source: source,
) -> Parts:
    """Put the controller together.

    ``fatal`` is told in one sentence that the process has to end. ``with_source`` may put something between
    the actors and Git. Raises UnreachableError without a cluster, FolderInUseError when another process
    works in the data folder.
    """
    return _Composer(settings, fatal).compose(with_source)


class _Composer:
    def __init__(self, settings: Settings, fatal: Callable[[str], None]) -> None:
        self._settings = settings
        self._fatal = fatal
        self._metrics = Metrics(__version__)
        self._watchdog = Watchdog()
        self._registry = Registry()
        self._board = Board()
        self._followers = Followers(self._registry)
        self._random = random.Random()  # noqa: S311 -- jitter, no secret

    def compose(self, with_source: Callable[[Source], Source]) -> Parts:
        access = find_access(self._settings.kubeconfig, self._settings.context)
        lease_connection = self._connection(access, 1)
        lease = self._lease(lease_connection)
        guard = lease.check if lease is not None else _allowed
        applies = self._connection(access, _APPLY_SLOTS, guard)
        own = self._connection(access, _OWN_CONNECTIONS, guard)
        source = GitSource(self._settings.data_dir, USER_AGENT, self._metrics.git_request)
        self._markers = Markers(self._settings.data_dir / "markers")  # the folder is ours from here on
        supervisor = self._supervisor(Objects(own, STATUS_MANAGER))
        engines = self._engines(with_source(source), applies, own)
        controller = self._controller(engines, supervisor)
        return Parts(
            fatal=self._fatal,
            metrics=self._metrics,
            watchdog=self._watchdog,
            lease=lease,
            source=source,
            markers=self._markers,
            connections=(lease_connection, applies, own),
            events=engines.events,
            applies=engines.applies,
            supervisor=supervisor,
            followers=self._followers,
            snapshots=PublishedSnapshots(self._board, supervisor),
            watches=self._watches(own, controller),
        )

    @property
    def _clock(self) -> AlarmClock:
        return self._watchdog.clock

    def _connection(self, access: Access, size: int, guard: Callable[[], None] | None = None) -> Connection:
        return Connection(
            access,
            user_agent=USER_AGENT,
            clock=self._clock,
            size=size,
            guard=guard or _allowed,
            observe=lambda method, status, seconds: self._metrics.kube_request(
                method.lower(), str(status or "none"), seconds
            ),
        )

    def _lease(self, connection: Connection) -> Lease | None:
        if self._settings.lease_namespace is None:
            return None
        return Lease(
            Objects(connection, STATUS_MANAGER),
            namespace=self._settings.lease_namespace,
            name=LEASE_NAME,
            identity=new_identity(),
            watchdog=self._watchdog,
            on_lost=lambda: self._fatal("another controller holds the lease now; this one ends"),
        )

    def _supervisor(self, own: Objects) -> DynamicSupervisor:
        announcements = Announcements(self._registry, self._watchdog)
        crashes: list[CrashReports] = []

        def changed(child: Child) -> None:
            if child.state is State.RUNNING and child.restarts > 0:
                self._metrics.actor_restarted(_kind(child.key))
            if child.state in {State.RESTARTING, State.PARKED} and isinstance(child.key, ResourceKey):
                self._metrics.not_ready(child.key.namespace, child.key.name)
            crashes[0].changed(child)

        supervisor = DynamicSupervisor(
            self._registry, self._watchdog, on_change=changed, on_systemic=self._fatal, random=self._random
        )
        crashes.append(CrashReports(own, GIT_REPOSITORY, announcements, self._clock, supervisor.child))
        return supervisor

    def _engines(self, source: Source, applies: Connection, own: Connection) -> Engines:
        return Engines(
            source=source,
            objects=Objects(applies, FIELD_MANAGER),
            own=Objects(own, STATUS_MANAGER),
            discovery=Discovery(applies, self._clock),
            events=EventRecorder(
                own, controller="alumiini", instance=new_identity(), watchdog=self._watchdog
            ),
            announcements=Announcements(self._registry, self._watchdog),
            applies=Slots(_APPLY_SLOTS),
            syncs=Gate(self._settings.concurrency),
            markers=self._markers,
            observer=self._metrics,
            board=self._board,
            clock=self._clock,
            random=self._random,
        )

    def _controller(self, engines: Engines, supervisor: DynamicSupervisor) -> Controller:
        kind = git_repository(engines, _Audience(self._followers, self._board, self._metrics))
        return Controller(
            kind, supervisor, self._registry, shutdown=_ACTOR_SHUTDOWN, parked_for=self._markers.parked_for
        )

    def _watches(self, connection: Connection, controller: Controller) -> tuple[Callable[[], ListWatch], ...]:
        """Return what makes a watch for each namespace; it is called again when one has died."""

        def watch(namespace: str) -> ListWatch:
            return ListWatch(
                connection,
                Target(GIT_REPOSITORY.collection(namespace)),
                controller.sink(namespace),
                watchdog=self._watchdog,
                random=self._random.random,
            )

        namespaces = self._settings.watch_namespaces or ("",)
        for namespace in namespaces:
            controller.sink(namespace)  # so that the first to be listed does not pass for all
        return tuple(partial(watch, namespace) for namespace in namespaces)


class _Audience:
    """Implements ``workers.controller.kind.Audience`` for all who index repositories."""

    def __init__(self, followers: Followers, board: Board, metrics: Metrics) -> None:
        self._followers = followers
        self._board = board
        self._metrics = metrics
        self.all_seen = followers.all_seen

    def seen(self, subject: CustomObject) -> None:
        """Let webhooks find an object, and readers until its actor says more."""
        self._followers.seen(subject)
        if self._board.get(subject.key) is None:
            at_first = RepositorySnapshot(subject, subject.status, "", None, {}, (), {})
            self._board.publish(subject.key, at_first)

    def leaving(self, key: ResourceKey) -> None:
        """Let no webhook reach an actor that ends."""
        self._followers.gone(key)

    def gone(self, key: ResourceKey) -> None:
        """Forget an object everywhere."""
        self._board.forget(key)
        self._metrics.forget(key.namespace, key.name)


def _kind(key: Hashable) -> str:
    """Return what may be a label: the kind of an object's actor, the name of another."""
    return key.kind if isinstance(key, ResourceKey) else str(key)


def _allowed() -> None:
    """Allow every write: without leader election nobody else is expected."""
