"""What tests of the cluster package are built from: kubeconfigs, and a connection that counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

from supervisor.clock import SystemClock
from supervisor.deadline import Deadline, Fence, Watchdog
from workers.cluster.access import Access, find_access
from workers.cluster.connection import Connection
from workers.cluster.discovery import Discovery
from workers.cluster.objects import Objects

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from supervisor.clock import AlarmClock

SECONDS = 20.0


def write_kubeconfig(folder: Path, url: str, *, user: dict[str, Any], **cluster: Any) -> Path:  # noqa: ANN401 -- any field
    """Write a kubeconfig (as JSON, which is YAML) for one server and one user."""
    path = folder / "kubeconfig"
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "here",
                "clusters": [{"name": "here", "cluster": {"server": url, **cluster}}],
                "users": [{"name": "me", "user": user}],
                "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
            }
        )
    )
    return path


class Cluster:
    """Everything of the package over one connection; ``calls`` has method and status of each request."""

    def __init__(
        self,
        access: Access,
        *,
        clock: AlarmClock | None = None,
        guard: Callable[[], None] = lambda: None,
        manager: str = "alumiini",
    ) -> None:
        self.clock = clock or SystemClock()
        self.watchdog = Watchdog(self.clock)
        self.fence = Fence(self.watchdog)
        self.calls: list[tuple[str, int]] = []
        self.connection = Connection(
            access,
            user_agent="alumiini/test",
            clock=self.clock,
            guard=guard,
            observe=lambda method, status, _seconds: self.calls.append((method, status)),
        )
        self.objects = Objects(self.connection, manager)
        self.discovery = Discovery(self.connection, self.clock)

    @classmethod
    def of(cls, kubeconfig: Path) -> Self:
        return cls(find_access(str(kubeconfig)))

    @property
    def deadline(self) -> Deadline:
        return self.fence.deadline(SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()
        self.watchdog.close()
