"""The running controller: what starts when, and what stops when."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from alumiini_py.composition import announcer
from alumiini_py.published import Health
from supervisor.clock import SystemClock
from supervisor.deadline import FencedError
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


class Application:
    """A controller with its HTTP listeners; starts once.

    The listeners come first, so that probes are answered while the lease is waited for; then, under the
    lease, the actors and the watches that start them. ``stop`` goes the other way.
    """

    def __init__(self, settings: Settings, parts: Parts) -> None:
        self._settings = settings
        self._parts = parts
        self._draining = False
        self._watching: list[threading.Thread] = []
        self._leading = threading.Thread(target=self._lead, name="leader", daemon=True)
        health = Health(ready=(self._unready,), alive=(self._stuck,))
        secrets = SecretFile(settings.webhook_secret_file)
        self._webhooks = HttpServer(
            webhook_app(parts.followers, secrets.current, parts.metrics.webhook, SystemClock()),
            settings.webhook_bind,
        )
        self._status = HttpServer(
            status_app(parts.snapshots, parts.tree, health, health, parts.render_metrics), settings.api_bind
        )

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
        self._webhooks.start()
        try:
            self._status.start()
        except BaseException:
            self._webhooks.stop()
            raise
        self._leading.start()
        _log.info("webhooks at %s, status at %s", self.webhook_address, self.status_address)

    def stop(self) -> None:
        """Take no more work, let actors finish the step in hand, give up the lease."""
        self._draining = True
        parts = self._parts
        self._webhooks.stop()
        for watch in parts.watches:
            watch.stop()
        if parts.lease is not None and not parts.lease.held:
            parts.lease.release()
        self._leading.join(self._settings.grace_seconds)
        for abandoned in parts.supervisor.stop(self._settings.grace_seconds):
            _log.warning(
                "an actor did not end in time and was given up", extra={"repository": str(abandoned)}
            )
        parts.applies.close()
        parts.events.stop(_EVENTS_SECONDS)
        if parts.lease is not None:
            parts.lease.release()
        self._status.stop()
        parts.source.close()
        for connection in parts.connections:
            connection.close()
        parts.watchdog.close()

    def _lead(self) -> None:
        try:
            self._hold_lease_and_watch()
        except Exception as error:  # noqa: BLE001 -- whatever it is, the process must not stay without actors
            _log.exception("the controller could not start its actors")
            self._parts.fatal(f"the controller could not start its actors: {type(error).__name__}")

    def _hold_lease_and_watch(self) -> None:
        """Hold the lease before the first actor starts."""
        parts = self._parts
        if parts.lease is not None:
            try:
                parts.lease.acquire()
            except FencedError:
                return  # stopped while waiting
        if self._draining:
            return
        parts.supervisor.start_child(announcer())
        for number, watch in enumerate(parts.watches):
            thread = threading.Thread(target=watch.run, name=f"watch-{number}", daemon=True)
            self._watching.append(thread)
            thread.start()

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
        if not self._draining and not all(thread.is_alive() for thread in self._watching):
            return "a watch of GitRepositories has ended"
        if max(self._parts.watchdog.busy_seconds, self._parts.supervisor.busy_seconds) > _STUCK_SECONDS:
            return "the supervisor does not turn"
        for server in (self._webhooks, self._status):
            if not self._draining and not server.alive:
                return f"the HTTP server at {server.address} does not turn"
        return None
