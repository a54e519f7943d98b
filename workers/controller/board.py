"""Where actors publish what they are, so that who asks never waits for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.model.keys import ResourceKey


class Snapshot(Protocol):
    """What an actor says of itself; immutable."""

    def summary(self) -> Mapping[str, Any]:
        """Return what lists show."""

    def details(self) -> Mapping[str, Any]:
        """Return what is shown of one object beside the summary."""


class Board:
    """The latest snapshot of each object; any thread may read, each actor writes its own."""

    def __init__(self) -> None:
        self._snapshots: dict[ResourceKey, Snapshot] = {}

    def publish(self, key: ResourceKey, snapshot: Snapshot) -> None:
        """Replace the snapshot of an object."""
        self._snapshots[key] = snapshot

    def forget(self, key: ResourceKey) -> None:
        """Drop an object that is gone."""
        self._snapshots.pop(key, None)

    def all(self) -> tuple[tuple[ResourceKey, Snapshot], ...]:
        """Return every snapshot, in no order."""
        return tuple(self._snapshots.items())

    def get(self, key: ResourceKey) -> Snapshot | None:
        """Return the snapshot of an object, or None."""
        return self._snapshots.get(key)
