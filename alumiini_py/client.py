"""A connection to the cluster for commands that do one thing and end."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alumiini_py.version import __version__
from supervisor.clock import SystemClock
from supervisor.deadline import Deadline, Fence, Watchdog
from workers.cluster.access import find_access
from workers.cluster.connection import Connection
from workers.cluster.discovery import Discovery

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Client:
    """A cluster, and until when the command has to be done."""

    connection: Connection
    discovery: Discovery
    deadline: Deadline


@contextmanager
def connected(kubeconfig: str | None, context: str | None, seconds: float) -> Iterator[Client]:
    """Give the cluster that kubectl would find, for so many seconds; raises UnreachableError without one."""
    clock = SystemClock()
    watchdog = Watchdog(clock)
    connection = Connection(
        find_access(kubeconfig, context), user_agent=f"alumiini/{__version__}", clock=clock
    )
    try:
        yield Client(connection, Discovery(connection, clock), Fence(watchdog).deadline(seconds))
    finally:
        connection.close()
        watchdog.close()
