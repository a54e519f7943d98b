"""One writer at a time: a Lease that is acquired before anything starts and renewed while it runs.

Nobody compares the clocks of two machines. A standby counts from when *it* saw the lease change; the holder
counts from before it *sent* the renewal that went through. So the holder stops writing (``check``) at least
``duration - renew_within`` before a standby can take over, and a write in flight ends within that time.
"""

from __future__ import annotations

import logging
import secrets
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from supervisor.deadline import DeadlineExceededError, Fence, FencedError, Watchdog
from workers.cluster.connection import WRITE_SECONDS
from workers.cluster.errors import ChangedError, UnreachableError
from workers.cluster.objects import ABSENT
from workers.cluster.resources import LEASE
from workers.cluster.waiting import rest
from workers.model.errors import Reason, SyncError
from workers.model.keys import ObjectKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from supervisor.deadline import Deadline
    from workers.cluster.objects import Objects

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds: how long a lease holds, for how long one renewal allows writes, how often it is renewed."""

    duration: float = 15.0
    renew_within: float = 10.0
    every: float = 2.0

    def __post_init__(self) -> None:
        if self.renew_within + WRITE_SECONDS >= self.duration or self.every >= self.renew_within:
            raise ValueError(f"{self} would let two writers overlap: see the module's first lines")


@dataclass(frozen=True, slots=True)
class _Record:
    """A lease as it was read, and when this version of it was seen first."""

    holder: str
    duration: float
    transitions: int
    version: str
    seen: float


def new_identity() -> str:
    """Return a name for this process that no other and no earlier one has."""
    return f"{socket.gethostname()}_{secrets.token_hex(4)}"


class Lease:
    """One coordination.k8s.io Lease.

    ``on_lost`` is called once, by the lease's own thread, when somebody else holds it or it cannot be kept:
    the process must end.
    An API server that is away is no loss: ``check`` refuses writes after 10 s, and they go on with the next
    renewal. Give it ``Objects`` over a connection of its own, without a guard.
    """

    def __init__(  # noqa: PLR0913 -- composed in one place, all by name
        self,
        objects: Objects,
        *,
        namespace: str,
        name: str,
        identity: str,
        watchdog: Watchdog,
        on_lost: Callable[[], None],
        timing: Timing | None = None,
    ) -> None:
        self._objects = objects
        self._key = ObjectKey(LEASE.group, LEASE.kind, namespace, name)
        self._identity = identity
        self._watchdog = watchdog
        self._fence = Fence(watchdog)
        self._on_lost = on_lost
        self._timing = timing or Timing()
        self._last: _Record | None = None
        self._renewed: float | None = None
        self._said = ""
        self._thread: threading.Thread | None = None

    @property
    def held(self) -> bool:
        """Whether the lease is ours, as far as we know."""
        return self._renewed is not None

    def check(self) -> None:
        """Raise unless writing is allowed now; the guard of connections.

        FencedError when the lease is not ours; UnreachableError while its renewal is overdue.
        """
        self._fence.check()
        renewed = self._renewed
        if renewed is None:
            raise FencedError(f"the lease {self._key} is not held by this process: it may not write")
        if self._now() - renewed >= self._timing.renew_within:
            raise UnreachableError("the lease could not be renewed in time: nothing is written until it is")

    def acquire(self) -> None:
        """Wait until the lease is ours, then keep it in its own thread; FencedError after ``release``."""
        while not self._attempt():
            self._pause()
        _log.info("lease %s acquired as %s", self._key, self._identity)
        thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        thread.start()
        self._thread = thread

    def release(self) -> None:
        """Stop keeping the lease and give it up, so that a standby need not wait; takes a few seconds."""
        self._fence.close()
        if self._thread is not None:
            self._thread.join(WRITE_SECONDS)
        held, self._renewed = self.held, None
        if held and self._last is not None:
            with suppress(SyncError, DeadlineExceededError):  # else it runs out by itself
                free = {"holderIdentity": "", "leaseDurationSeconds": 1}
                self._write(free, self._last, Fence(self._watchdog))

    def _keep(self) -> None:
        try:
            while self.held:
                self._pause()
                self._attempt()
            _log.error("the lease is lost: %s", self._said)
        except FencedError:
            return
        except Exception:  # noqa: BLE001 -- logged with its traceback, and the process ends
            _log.exception("the lease cannot be kept")
            self._renewed = None
        self._on_lost()

    def _attempt(self) -> bool:
        """Try once to get or to renew the lease and tell whether that went well."""
        sent = self._now()
        try:
            ours = self._renew() or self._take()
        except (SyncError, DeadlineExceededError) as error:
            self._say(f"lease {self._key}: {error}")
            return False
        self._renewed = sent if ours else None
        return ours

    def _renew(self) -> bool:
        """Write a new time onto the version that we wrote last; False when that is not what is there."""
        if not self.held or self._last is None:
            return False
        try:
            self._write({}, self._last, self._fence)
        except ChangedError:
            return False
        return True

    def _take(self) -> bool:
        """Read the lease and take it when it is free, forgotten, ours already or not there at all."""
        record = self._read()
        if record is None:
            self._create()
        elif record.holder == self._identity:  # somebody else touched it, or an answer was lost
            self._write({}, record, self._fence)
        elif record.holder and self._now() - record.seen < record.duration:
            self._say(f"lease {self._key} is held by {record.holder}")
            return False
        else:
            claim = {**self._claim(), "leaseTransitions": record.transitions + 1}
            self._write(claim, record, self._fence)
        return True

    def _claim(self) -> dict[str, Any]:
        return {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": int(self._timing.duration),
            "acquireTime": self._time(),
        }

    def _create(self) -> None:
        spec = {**self._claim(), "renewTime": self._time(), "leaseTransitions": 0}
        manifest = {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            "metadata": {"namespace": self._key.namespace, "name": self._key.name},
            "spec": spec,
        }
        live = self._objects.apply(manifest, LEASE, self._key, self._deadline(), expected=ABSENT)
        self._last = self._record(live.resource_version, spec)

    def _write(self, spec: Mapping[str, Any], record: _Record, fence: Fence) -> None:
        """Change the lease if it still is the one that was read; ChangedError otherwise."""
        change = {
            "metadata": {"resourceVersion": record.version},
            "spec": {**spec, "renewTime": self._time()},
        }
        written = self._objects.merge_patch(LEASE, self._key, change, fence.deadline(WRITE_SECONDS))
        if written is None:
            raise ChangedError(Reason.APPLY_FAILED, f"{self._key} was deleted")
        self._last = self._record(written["metadata"]["resourceVersion"], written["spec"])

    def _read(self) -> _Record | None:
        """Return the lease; a version that was seen before keeps the time at which it was seen first."""
        document = self._objects.get(LEASE, self._key, self._deadline())
        if document is None:
            return None
        version = document["metadata"]["resourceVersion"]
        if self._last is None or self._last.version != version:
            self._last = self._record(version, document.get("spec") or {})
        return self._last

    def _record(self, version: str, spec: Mapping[str, Any]) -> _Record:
        return _Record(
            holder=spec.get("holderIdentity") or "",
            duration=float(spec.get("leaseDurationSeconds") or self._timing.duration),
            transitions=int(spec.get("leaseTransitions") or 0),
            version=version,
            seen=self._now(),
        )

    def _say(self, message: str) -> None:
        """Log what changed, not what repeats."""
        if message != self._said:
            _log.warning(message)
        self._said = message

    def _pause(self) -> None:
        rest(self._fence, self._timing.every)

    def _deadline(self) -> Deadline:
        return self._fence.deadline(WRITE_SECONDS)

    def _now(self) -> float:
        return self._watchdog.clock.monotonic()

    def _time(self) -> str:
        return self._watchdog.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
