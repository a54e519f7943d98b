"""A sink that a test can wait on."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.cluster.view import Identity


class RecordingSink:
    """Remembers what it was told, as ``+name``, ``-name`` and ``synced``; raises for names in ``refuses``."""

    def __init__(self, *, refuses: str = "") -> None:
        self._refuses = refuses
        self._told = threading.Condition()
        self.told: list[str] = []

    def changed(self, document: Mapping[str, Any]) -> None:
        name = document["metadata"]["name"]
        if name == self._refuses:
            raise RuntimeError(f"{name} is refused")
        self._tell(f"+{name}")

    def deleted(self, identity: Identity) -> None:
        self._tell(f"-{identity.name}")

    def synced(self) -> None:
        self._tell("synced")

    def wait_for(self, *expected: str) -> None:
        """Wait until all of this was told, in any order."""
        with self._told:
            arrived = self._told.wait_for(lambda: set(expected) <= set(self.told), 20)
        assert arrived, f"{expected} did not all come: {self.told}"

    def forget(self) -> None:
        with self._told:
            self.told.clear()

    def _tell(self, what: str) -> None:
        with self._told:
            self.told.append(what)
            self._told.notify_all()
