"""What operators see, as a test says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webhooks.status import status_app

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.webhooks.serving import Stage


def snapshot(namespace: str, name: str, phase: str = "Synced") -> dict[str, Any]:
    return {"namespace": namespace, "name": name, "phase": phase, "ready": phase == "Synced"}


class Published:
    def __init__(self, stage: Stage) -> None:
        self.snapshots: list[Mapping[str, Any]] = []
        self.root: Mapping[str, Any] = {}
        self.unready: str | None = None
        self.stuck: str | None = None
        self.metrics = (b"", "text/plain")
        stage.app = status_app(self, self, self, self, lambda: self.metrics)

    def all(self) -> Sequence[Mapping[str, Any]]:
        return self.snapshots

    def get(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        found = (one for one in self.snapshots if (one["namespace"], one["name"]) == (namespace, name))
        return next(({**one, "objects": []} for one in found), None)

    def tree(self) -> Mapping[str, Any]:
        return self.root

    def unready_reason(self) -> str | None:
        return self.unready

    def stuck_reason(self) -> str | None:
        return self.stuck
