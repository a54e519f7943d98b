"""What HTTP shows of the program: snapshots with their actors, readiness, liveness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alumiini_py.supervision import life
from supervisor.child import State
from workers.model.errors import Reason
from workers.model.keys import ResourceKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from supervisor.child import Child
    from supervisor.dynamic import DynamicSupervisor
    from workers.controller.board import Board, Snapshot

_KIND = "GitRepository"
_AWAY = frozenset({State.RESTARTING, State.PARKED})


class PublishedSnapshots:
    """Implements ``webhooks.ports.Snapshots``: what actors published, with what their supervisor knows."""

    def __init__(self, board: Board, supervisor: DynamicSupervisor) -> None:
        self._board = board
        self._supervisor = supervisor

    def all(self) -> Sequence[Mapping[str, Any]]:
        """Return one snapshot per repository."""
        children = {child.key: child for child in self._supervisor.which_children()}
        return [_with_actor(snapshot, children.get(key)) for key, snapshot in self._board.all()]

    def get(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """Return one snapshot with its details, or None."""
        key = ResourceKey(_KIND, namespace, name)
        snapshot = self._board.get(key)
        if snapshot is None:
            return None
        return {**_with_actor(snapshot, self._supervisor.child(key)), **snapshot.details()}


class Health:
    """Implements ``webhooks.ports.Readiness`` and ``Liveness`` from named checks, asked in their order.

    A check returns None, or one sentence on what is amiss.
    """

    def __init__(
        self, ready: Sequence[Callable[[], str | None]], alive: Sequence[Callable[[], str | None]]
    ) -> None:
        self._ready = ready
        self._alive = alive

    def unready_reason(self) -> str | None:
        """Return the first reason not to send traffic here, or None."""
        return _first(self._ready)

    def stuck_reason(self) -> str | None:
        """Return the first sign that the process makes no progress, or None."""
        return _first(self._alive)


def _first(checks: Sequence[Callable[[], str | None]]) -> str | None:
    return next((reason for check in checks if (reason := check()) is not None), None)


def _with_actor(snapshot: Snapshot, child: Child | None) -> dict[str, Any]:
    summary = dict(snapshot.summary())
    if child is not None and child.state in _AWAY:  # what it published is from its last life
        summary |= {
            "ready": False,
            "reason": Reason.WORKER_CRASHED,
            "message": "the worker of this repository died; it starts again at actor.nextStart",
            "actor": {"busySince": None, "step": None},
        }
    if child is not None:
        summary["actor"] = {**summary["actor"], **life(child)}
    return summary
