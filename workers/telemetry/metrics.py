"""Metrics: what happened, counted under bounded labels."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_STEP_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_PUSH_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30)


class Metrics:
    """All metrics of the process, in a registry of their own; every method may be called from any thread.

    Labels never hold object names, commits or URLs. A repository has series of its own until ``forget``.
    """

    def __init__(self, version: str) -> None:
        # A second series per counter, when it was created, is of no use and doubles the text.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # prometheus-client left it untyped
        self._registry = CollectorRegistry()
        self._lock = threading.Lock()
        self._held: set[tuple[str, str]] = set()
        self._declare_repositories()
        self._declare_requests()
        self._declare_process()
        self._build.labels(version).set(1)

    def _declare_repositories(self) -> None:
        who = ("namespace", "name")
        self._ready = self._gauge("repository_ready", "1 if the repository is Ready, else 0.", *who)
        self._last_sync = self._gauge(
            "repository_last_sync_timestamp_seconds", "Unix time of the last complete sync.", *who
        )
        self._objects = self._gauge("repository_objects", "Objects that the repository owns.", *who)
        self._syncs = self._counter("sync", "Syncs that ended.", "result", "trigger")
        self._steps = self._histogram(
            "sync_duration_seconds", "Time of one step of a sync.", _STEP_SECONDS, "step"
        )
        self._pushes = self._histogram(
            "push_to_applied_seconds", "From a received webhook to its last object applied.", _PUSH_SECONDS
        )
        self._pruned = self._counter("pruned", "Objects deleted because they left Git.")
        self._prune_held = self._gauge("prune_held", "Repositories whose prune waits for a person.")

    def _declare_requests(self) -> None:
        self._git = self._counter("git_requests", "Requests to Git servers.", "operation", "result")
        self._kube = self._counter("kube_requests", "Requests to the API server.", "verb", "code")
        self._kube_seconds = self._histogram(
            "kube_request_duration_seconds",
            "Time of one request to the API server.",
            _REQUEST_SECONDS,
            "verb",
        )
        self._webhooks = self._counter(
            "webhook_requests", "Webhooks that were answered.", "provider", "result"
        )

    def _declare_process(self) -> None:
        self._restarts = self._counter("actor_restarts", "Actors that were started again.", "kind")
        self._actors = self._gauge("actors", "Actors by state.", "state")
        self._mailbox_oldest = self._gauge(
            "mailbox_oldest_seconds", "For how long the oldest message of all mailboxes has waited."
        )
        self._leader = self._gauge("leader", "1 if this process holds the lease, else 0.")
        self._build = self._gauge("build_info", "Always 1; the label says what runs.", "version")

    def repository(self, namespace: str, name: str, *, ready: bool, objects: int) -> None:
        """Show what a repository is now."""
        self._ready.labels(namespace, name).set(ready)
        self._objects.labels(namespace, name).set(objects)

    def not_ready(self, namespace: str, name: str) -> None:
        """Show that a repository is not Ready, whatever its objects are."""
        self._ready.labels(namespace, name).set(0)

    def synced(self, trigger: str, result: str, steps: Mapping[str, float]) -> None:
        """Count a sync that ended, and the seconds of each of its steps."""
        self._syncs.labels(result, trigger).inc()
        for step, seconds in steps.items():
            self._steps.labels(step).observe(seconds)

    def applied(self, namespace: str, name: str, at: float) -> None:
        """Note the Unix time at which a commit was fully applied."""
        self._last_sync.labels(namespace, name).set(at)

    def push_applied(self, seconds: float) -> None:
        """Note how long a push took from its webhook to its last object."""
        self._pushes.observe(seconds)

    def pruned(self, objects: int) -> None:
        """Count objects that were deleted because they left Git."""
        self._pruned.inc(objects)

    def prune_held(self, namespace: str, name: str, *, held: bool) -> None:
        """Note whether the prune of a repository waits for a person."""
        with self._lock:
            (self._held.add if held else self._held.discard)((namespace, name))
            self._prune_held.set(len(self._held))

    def forget(self, namespace: str, name: str) -> None:
        """Remove the series of a repository that is gone; its last act, or they come back."""
        self.prune_held(namespace, name, held=False)
        for gauge in (self._ready, self._last_sync, self._objects):
            gauge.remove(namespace, name)

    def git_request(self, operation: str, result: str) -> None:
        """Count a request to a Git server."""
        self._git.labels(operation, result).inc()

    def kube_request(self, verb: str, code: str, seconds: float) -> None:
        """Count a request to the API server; ``code`` is its HTTP status or one word for no answer."""
        self._kube.labels(verb, code).inc()
        self._kube_seconds.labels(verb).observe(seconds)

    def webhook(self, provider: str, result: str) -> None:
        """Count a webhook that was answered."""
        self._webhooks.labels(provider, result).inc()

    def actor_restarted(self, kind: str) -> None:
        """Count an actor that its supervisor started again."""
        self._restarts.labels(kind).inc()

    def actors(self, states: Mapping[str, int]) -> None:
        """Show how many actors are in each state; pass 0 for states that are empty."""
        for state, count in states.items():
            self._actors.labels(state).set(count)

    def mailbox_oldest(self, seconds: float) -> None:
        """Show for how long the oldest message of all mailboxes has waited; 0 when none waits."""
        self._mailbox_oldest.set(seconds)

    def leading(self, leader: bool) -> None:
        """Show whether this process holds the lease."""
        self._leader.set(leader)

    def render(self) -> tuple[bytes, str]:
        """Return the text of a scrape and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_PLAIN_0_0_4

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, namespace="alumiini", registry=self._registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, namespace="alumiini", registry=self._registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, text, labels, namespace="alumiini", buckets=buckets, registry=self._registry)
