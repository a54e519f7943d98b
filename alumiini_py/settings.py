"""What ``alumiini run`` can be told."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

_IN_CLUSTER_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the controller; addresses are ``host:port``, port 0 takes a free one.

    ``watch_namespaces`` empty means all. ``concurrency`` bounds how many syncs work at once; those that wait
    for Git do not count.
    ``lease_namespace`` None means no leader election: then nobody else may run against this cluster.
    """

    data_dir: Path
    kubeconfig: str | None = None
    context: str | None = None
    watch_namespaces: tuple[str, ...] = ()
    webhook_bind: str = "0.0.0.0:9292"  # forges come from outside
    webhook_secret_file: Path | None = None
    api_bind: str = "0.0.0.0:9440"  # the kubelet's probes; /api/ answers loopback only
    concurrency: int = field(default_factory=lambda: 4 * (os.cpu_count() or 1))
    lease_namespace: str | None = "default"
    grace_seconds: float = 25.0


def default_lease_namespace() -> str:
    """Return the namespace of our own pod, ``default`` outside a cluster."""
    try:
        return _IN_CLUSTER_NAMESPACE.read_text().strip() or "default"
    except OSError:
        return "default"
