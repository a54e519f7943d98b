"""What a repository's actor needs of the world, composed in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from supervisor.clock import Clock
    from supervisor.deadline import Deadline
    from supervisor.gate import Gate
    from workers.cluster.discovery import Discovery
    from workers.cluster.events import EventRecorder
    from workers.cluster.objects import Objects
    from workers.controller.announcer import Announcements
    from workers.controller.board import Board
    from workers.controller.markers import Markers
    from workers.controller.slots import Slots
    from workers.source.remote import Remote
    from workers.source.tree import SourceTree


class Source(Protocol):
    """Where commits come from."""

    def resolve(self, remote: Remote, deadline: Deadline) -> str:
        """Return the commit that the remote's branch shows now: one ref query."""

    def tree(self, remote: Remote, commit: str, path: str, deadline: Deadline) -> SourceTree:
        """Return the files under a folder of a commit, fetching it when it is not here yet."""


class Observer(Protocol):
    """Who counts what happens."""

    def repository(self, namespace: str, name: str, *, ready: bool, objects: int) -> None:
        """Show what a repository is now."""

    def synced(self, trigger: str, result: str, steps: Mapping[str, float]) -> None:
        """Count a sync that ended, with the seconds of its steps."""

    def applied(self, namespace: str, name: str, at: float) -> None:
        """Note the Unix time at which a commit was fully applied."""

    def push_applied(self, seconds: float) -> None:
        """Note how long a push took from its webhook to its last object."""

    def pruned(self, objects: int) -> None:
        """Count objects that were deleted because they left Git."""

    def prune_held(self, namespace: str, name: str, *, held: bool) -> None:
        """Note whether a prune waits for a person."""


@dataclass(frozen=True, slots=True)
class Engines:
    """The engines that all repositories share; every one may be used from any thread.

    ``objects`` writes what comes from Git, ``own`` writes our own objects over a connection of its own, so
    that a status is never behind a queue of applies. ``syncs`` bounds how many of them build and list at
    once; nobody holds a place of it while it waits for Git. ``markers`` note whose code in C is at work.
    """

    source: Source
    objects: Objects
    own: Objects
    discovery: Discovery
    events: EventRecorder
    announcements: Announcements
    applies: Slots
    syncs: Gate
    markers: Markers
    observer: Observer
    board: Board
    clock: Clock
    random: Random
