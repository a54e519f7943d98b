"""Discovery on a real API server: two requests, and none while nothing is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster.parts import Cluster
from tests.supervisor.manual_clock import ManualClock
from workers.cluster.access import find_access
from workers.cluster.resources import Resource
from workers.model.keys import GroupKind
from workers.model.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alumiini_py.controlplane.plane import ControlPlane
    from tests.parts.control_plane import Kubectl


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def cluster(control_plane: ControlPlane, clock: ManualClock) -> Iterator[Cluster]:
    with Cluster(find_access(str(control_plane.kubeconfig)), clock=clock) as connected:
        yield connected


def test_all_kinds_come_with_two_requests(cluster: Cluster) -> None:
    deployment = cluster.discovery.resource("apps/v1", "Deployment", cluster.deadline)
    namespace = cluster.discovery.resource("v1", "Namespace", cluster.deadline)

    assert deployment is not None
    assert namespace is not None
    assert (deployment.plural, deployment.scope) == ("deployments", Scope.NAMESPACED)
    assert (namespace.plural, namespace.scope) == ("namespaces", Scope.CLUSTER)
    assert {"get", "list", "watch", "patch", "delete"} <= deployment.verbs
    assert cluster.calls == [("GET", 200), ("GET", 200)]


def test_scopes_are_the_same_value_until_something_changes(cluster: Cluster) -> None:
    scopes = cluster.discovery.scopes(cluster.deadline)
    cluster.discovery.refresh(cluster.deadline)

    assert scopes.get(GroupKind("", "ConfigMap")) is Scope.NAMESPACED
    assert scopes.get(GroupKind("rbac.authorization.k8s.io", "ClusterRole")) is Scope.CLUSTER
    assert cluster.discovery.scopes(cluster.deadline) is scopes
    assert cluster.calls == [("GET", 200)] * 2 + [("GET", 304)] * 2


def test_an_unknown_kind_is_asked_for_at_most_every_5_seconds(cluster: Cluster, clock: ManualClock) -> None:
    for _ in range(3):
        assert cluster.discovery.resource("nope.example.com/v1", "Nope", cluster.deadline) is None
    assert len(cluster.calls) == 2

    clock.advance(5)
    for _ in range(3):
        assert cluster.discovery.resource("nope.example.com/v1", "Nope", cluster.deadline) is None
    assert len(cluster.calls) == 4


def test_a_new_kind_is_found_and_a_deleted_one_is_forgotten(cluster: Cluster, kubectl: Kubectl) -> None:
    before = cluster.discovery.scopes(cluster.deadline)
    kubectl.apply(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "moons.discovery.example.com"},
            "spec": {
                "group": "discovery.example.com",
                "scope": "Cluster",
                "names": {"kind": "Moon", "plural": "moons"},
                "versions": [
                    {
                        "name": "v1",
                        "served": True,
                        "storage": True,
                        "schema": {"openAPIV3Schema": {"type": "object"}},
                    }
                ],
            },
        }
    )
    kubectl("wait", "--for=condition=Established", "crd/moons.discovery.example.com", "--timeout=30s")

    cluster.discovery.refresh(cluster.deadline)
    moon = cluster.discovery.resource("discovery.example.com/v1", "Moon", cluster.deadline)
    assert moon is not None
    assert moon == Resource("discovery.example.com", "v1", "Moon", "moons", Scope.CLUSTER, moon.verbs)
    assert cluster.discovery.scopes(cluster.deadline) is not before

    kubectl("delete", "crd/moons.discovery.example.com")
    cluster.discovery.refresh(cluster.deadline)
    assert cluster.discovery.resource("discovery.example.com/v1", "Moon", cluster.deadline) is None


def test_a_kind_of_an_api_whose_server_is_away_blocks_no_other(cluster: Cluster, kubectl: Kubectl) -> None:
    kubectl.apply(
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": "v1.broken.example.com"},
            "spec": {
                "group": "broken.example.com",
                "version": "v1",
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                "service": {"name": "nobody", "namespace": "default"},
                "insecureSkipTLSVerify": True,
            },
        }
    )
    try:
        assert cluster.discovery.resource("apps/v1", "Deployment", cluster.deadline) is not None
        assert cluster.discovery.resource("broken.example.com/v1", "Thing", cluster.deadline) is None
    finally:
        kubectl("delete", "apiservice/v1.broken.example.com")
