"""What our controller asked of the API server, as the API server's own audit log tells it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.parts.api_client import ApiClient, eventually

if TYPE_CHECKING:
    from pathlib import Path

_READING = frozenset({"get", "list", "watch"})


@dataclass(frozen=True, slots=True, order=True)
class Asked:
    """One request of the controller, such as ``patch configmaps`` or ``patch gitrepositories/status``."""

    verb: str
    resource: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}"


class AuditLog:
    """The audit log from a moment on; ``begin`` moves the moment to now."""

    def __init__(self, file: Path, api: ApiClient) -> None:
        self._file = file
        self._api = api
        self._from = 0
        self._marks = 0

    def begin(self) -> None:
        """Forget what was asked until now."""
        self._until_written()
        self._from = self._file.stat().st_size

    def requests(self) -> list[Asked]:
        """Return what the controller asked, in the order of the answers; the end of a watch is none."""
        self._until_written()
        lines = [json.loads(line) for line in self._since(self._from).splitlines()]
        return [_asked(line) for line in lines if _counts(line)]

    def writes(self) -> list[Asked]:
        """Return those that change something; the renewal of a lease is none."""
        return [one for one in self.requests() if one.verb not in _READING and one.resource != "leases"]

    def _until_written(self) -> None:
        """Wait until a request of our own is in the log: all that were answered before it are then, too."""
        self._marks += 1
        mark = f"mark-{id(self)}-{self._marks}"
        before = self._file.stat().st_size
        self._api.get("configmaps", mark, "default")
        eventually(lambda: mark.encode() in self._since(before), "the audit log is written")

    def _since(self, position: int) -> bytes:
        with self._file.open("rb") as log:
            log.seek(position)
            return log.read()


def _counts(line: dict[str, Any]) -> bool:
    if not str(line.get("userAgent", "")).startswith("alumiini/"):
        return False
    return bool(line["verb"] != "watch" or line["stage"] == "ResponseStarted")


def _asked(line: dict[str, Any]) -> Asked:
    reference = line.get("objectRef") or {}
    resource = reference.get("resource", line["requestURI"])
    subresource = f"/{reference['subresource']}" if "subresource" in reference else ""
    return Asked(line["verb"], resource + subresource, reference.get("name", ""))
