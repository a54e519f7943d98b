"""The running controller: what starts when, and what stops when."""

from __future__ import annotations

import logging
import threading
from functools import partial
from typing import TYPE_CHECKING

from alumiini_py.published import Health
from alumiini_py.services import Listener, Watching, repositories
from alumiini_py.supervision import SupervisionTree
from supervisor.clock import SystemClock
from supervisor.deadline import FencedError
from supervisor.errors import SupervisorStoppedError
from supervisor.spec import Intensity
from supervisor.static import Supervisor
from webhooks.receiver import webhook_app
from webhooks.secret_file import SecretFile
from webhooks.server import HttpServer
from webhooks.status import status_app

if TYPE_CHECKING:
    from alumiini_py.composition import Parts
    from alumiini_py.settings import Settings

_log = logging.getLogger(__name__)
_EVENTS_SECONDS = 2.0
_STUCK_SECONDS = 10.0
_STILL_SECONDS = 240.0
"""A watch hears of something within 90 s, or begins again after a rest of a minute at most."""
_LISTENERS_SECONDS = 15.0
_INTENSITY = Intensity(5, 60)
"""More than five parts of the program that die in a minute are no accident."""


class Application:
    """A controller with its HTTP listeners; starts once.

    The listeners come first, so that probes are answered while the lease is waited for; then, under the
    lease, the actors and the watches that start them. ``stop`` goes the other way. What dies in between is
    started again by the root supervisor; when that is of no use, the process has to end.
    """

    def __init__(self, settings: Settings, parts: Parts) -> None:
        self._settings = settings
        self._parts = parts
        self._draining = False
        self._watches = [Watching(number, make) for number, make in enumerate(parts.watches)]
        self._leading = threading.Thread(target=self._lead, name="leader", daemon=True)
        health = Health(ready=(self._unready,), alive=(self._stuck,))
        secrets = SecretFile(settings.webhook_secret_file)
        tree = SupervisionTree(parts.supervisor, lambda: self._services)
        self._status = Listener(
            "status",
            partial(HttpServer, status_app(parts.snapshots, tree, health, health, parts.render_metrics)),
            settings.api_bind,
        )
        self._webhooks = Listener(
            "webhooks",
            partial(
                HttpServer,
                webhook_app(parts.followers, secrets.current, parts.metrics.webhook, SystemClock()),
            ),
            settings.webhook_bind,
        )
        listeners = (self._status.spec(), self._webhooks.spec())
        self._services = Supervisor(listeners, on_systemic=parts.fatal, intensity=_INTENSITY)

    @property
    def webhook_address(self) -> str:
        """The ``host:port`` of the webhook listener."""
        return self._webhooks.address

    @property
    def status_address(self) -> str:
        """The ``host:port`` of the listener for status, probes and metrics."""
        return self._status.address

    def start(self) -> None:
        """Listen, then wait for the lease in the background; raises ListenError."""
        self._services.start()
        SecretFile(self._settings.webhook_secret_file).current()  # a wrong path is in the log from the start
        self._leading.start()
        _log.info("webhooks at %s, status at %s", self.webhook_address, self.status_address)

    def stop(self) -> None:
        """Take no more work, let actors finish the step in hand, give up the lease."""
        self._draining = True
        parts = self._parts
        parts.followers.drain()
        if parts.lease is not None and not parts.lease.held:
            parts.lease.release()
        self._leading.join(self._settings.grace_seconds)
        late = self._services.stop(self._settings.grace_seconds + _LISTENERS_SECONDS)
        if late:
            _log.warning("these did not end in time and were given up: %s", ", ".join(late))
        parts.applies.close()
        parts.events.stop(_EVENTS_SECONDS)
        if parts.lease is not None:
            parts.lease.release()
        parts.markers.close()
        parts.source.close()
        for connection in parts.connections:
            connection.close()
        parts.watchdog.close()

    def _lead(self) -> None:
        try:
            self._hold_lease_and_watch()
        except (FencedError, SupervisorStoppedError):
            _log.info("told to end before the actors started")
        except Exception as error:  # noqa: BLE001 -- whatever it is, the process must not stay without actors
            _log.exception("the controller could not start its actors")
            self._parts.fatal(f"the controller could not start its actors: {type(error).__name__}")

    def _hold_lease_and_watch(self) -> None:
        """Hold the lease before the first actor starts."""
        parts = self._parts
        if parts.lease is not None:
            parts.lease.acquire()
        if self._draining:
            return
        self._services.start_child(repositories(parts.supervisor, self._settings.grace_seconds)).result()
        for watch in self._watches:
            self._services.start_child(watch.spec()).result()

    def _unready(self) -> str | None:
        if self._draining:
            return "the controller is shutting down"
        lease = self._parts.lease
        if lease is not None and not lease.held:
            return "waiting for the lease"
        if not self._parts.followers.ready():
            return "the GitRepositories have not been listed yet"
        return None

    def _stuck(self) -> str | None:
        if self._draining:
            return None
        turning = (self._parts.watchdog, self._parts.supervisor, self._services)
        if max(each.busy_seconds for each in turning) > _STUCK_SECONDS:
            return "a supervisor does not turn"
        if any(watch.still_seconds > _STILL_SECONDS for watch in self._watches):
            return "a watch of GitRepositories does not move"
        for listener in (self._webhooks, self._status):
            if not listener.alive:
                return f"the HTTP server at {listener.address} does not turn"
        return None
