"""What a supervisor shows of its children, for readers on any thread."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from supervisor.child import Child, ChildCounts, State

if TYPE_CHECKING:
    from collections.abc import Hashable

    from supervisor.mailbox import Mailbox


class Roster:
    """The newest ``Child`` of every key, with the mailbox it stands for while its actor runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown: dict[Hashable, tuple[Child, Mailbox | None]] = {}

    def put(self, child: Child, mailbox: Mailbox | None) -> None:
        """Show a child; it keeps its place."""
        with self._lock:
            self._shown[child.key] = (child, mailbox)

    def remove(self, key: Hashable) -> None:
        """Show a child no more."""
        with self._lock:
            self._shown.pop(key, None)

    def children(self) -> tuple[Child, ...]:
        """Return all children, oldest first."""
        with self._lock:
            shown = list(self._shown.values())
        return tuple(_with_backlog(child, mailbox) for child, mailbox in shown)

    def get(self, key: Hashable) -> Child | None:
        """Return one child."""
        with self._lock:
            shown = self._shown.get(key)
        return None if shown is None else _with_backlog(*shown)

    def counts(self) -> ChildCounts:
        """Return how many children there are and how many of them run."""
        with self._lock:
            running = sum(child.state is State.RUNNING for child, _ in self._shown.values())
            return ChildCounts(specs=len(self._shown), active=running)


def _with_backlog(child: Child, mailbox: Mailbox | None) -> Child:
    return child if mailbox is None else replace(child, backlog=mailbox.backlog())
