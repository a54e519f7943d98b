"""Kubernetes Events, written beside the work: they never delay it and never fail it."""

from __future__ import annotations

import json
import logging
import queue
import secrets
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cachetools import TTLCache

from supervisor.deadline import DeadlineExceededError, Fence, FencedError, Watchdog
from workers.cluster.connection import WRITE_SECONDS, Request
from workers.cluster.errors import ApiError, UnreachableError
from workers.cluster.resources import EVENT

if TYPE_CHECKING:
    from workers.cluster.connection import Connection

_log = logging.getLogger(__name__)

_WAITING = 1000
_REMEMBERED = 4096
_QUIET_SECONDS = 600.0
_NOTE_BYTES = 1024
_NAME_LENGTH = 230
_CLUSTER_WIDE = "default"


@dataclass(frozen=True, slots=True)
class Regarding:
    """The object that an event is about."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class _Event:
    regarding: Regarding
    type: str
    reason: str
    note: str


class EventRecorder:
    """Writes events.k8s.io/v1 Events in a thread of its own.

    At most 1000 wait; what comes beyond that, and what cannot be written, is logged and dropped. The same
    reason and note about the same object is written once in 10 minutes.
    """

    def __init__(self, connection: Connection, *, controller: str, instance: str, watchdog: Watchdog) -> None:
        self._connection = connection
        self._controller = controller
        self._instance = instance
        self._watchdog = watchdog
        self._fence = Fence(watchdog)
        self._lock = threading.Lock()
        self._recent: TTLCache[tuple[str, str, str], None] = TTLCache(
            _REMEMBERED, _QUIET_SECONDS, timer=watchdog.clock.monotonic
        )
        self._events: queue.Queue[_Event | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    def normal(self, regarding: Regarding, reason: str, note: str) -> None:
        """Tell of something good; returns at once."""
        self._put(_Event(regarding, "Normal", reason, note))

    def warning(self, regarding: Regarding, reason: str, note: str) -> None:
        """Tell of something that went wrong; returns at once."""
        self._put(_Event(regarding, "Warning", reason, note))

    def stop(self, seconds: float) -> None:
        """Write what waits, for at most ``seconds``, and end the thread."""
        with suppress(queue.Full):
            self._events.put(None, timeout=seconds)
        self._thread.join(seconds)
        self._fence.close()
        self._thread.join(seconds)
        if not self._events.empty():
            _log.warning("the last events are lost: the API server did not take them in time")

    def _put(self, event: _Event) -> None:
        same = (event.regarding.uid, event.reason, event.note)
        with self._lock:
            if same in self._recent:
                return
            self._recent[same] = None
        try:
            self._events.put_nowait(event)
        except queue.Full:
            _log.warning("too many events wait; dropped %s of %s", event.reason, event.regarding)

    def _run(self) -> None:
        while not self._fence.closed and (event := self._events.get()) is not None:
            try:
                self._write(event)
            except Exception:  # noqa: BLE001 -- one event is lost, not all later ones
                _log.exception("event %s of %s was not written", event.reason, event.regarding)

    def _write(self, event: _Event) -> None:
        request = Request("POST", EVENT.collection(_namespace(event)), body=self._body(event))
        try:
            self._connection.send(request, self._fence.deadline(WRITE_SECONDS))
        except (ApiError, UnreachableError, DeadlineExceededError, FencedError) as error:
            _log.warning("event %s of %s was not written: %s", event.reason, event.regarding, error)

    def _body(self, event: _Event) -> bytes:
        """Return the Event; its name is ours, so that sending it twice writes it once."""
        about = event.regarding
        document: dict[str, Any] = {
            "apiVersion": EVENT.api_version,
            "kind": EVENT.kind,
            "metadata": {
                "namespace": _namespace(event),
                "name": f"{about.name[:_NAME_LENGTH]}.{secrets.token_hex(8)}",
            },
            "eventTime": self._watchdog.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "reportingController": self._controller,
            "reportingInstance": self._instance[:128],
            "action": event.reason,
            "reason": event.reason,
            "type": event.type,
            "note": _cut(event.note),
            "regarding": {
                "apiVersion": about.api_version,
                "kind": about.kind,
                "namespace": about.namespace,
                "name": about.name,
                "uid": about.uid,
            },
        }
        return json.dumps(document).encode()


def _namespace(event: _Event) -> str:
    return event.regarding.namespace or _CLUSTER_WIDE


def _cut(note: str) -> str:
    """Return a note that the API server takes: at most 1 KiB, cut between two characters."""
    return note.encode()[:_NOTE_BYTES].decode(errors="ignore")
