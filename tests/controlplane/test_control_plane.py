"""The embedded control plane behaves like a real cluster where the tests and the demo rely on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.parts.control_plane import Kubectl


def test_a_namespace_has_its_default_service_account(kubectl: Kubectl, namespace: str) -> None:
    kubectl("wait", "--for=create", "serviceaccount/default", "-n", namespace, "--timeout=30s")

    assert kubectl("create", "token", "default", "-n", namespace).count(".") == 2


def test_a_deployment_makes_its_pods(kubectl: Kubectl, namespace: str) -> None:
    kubectl("wait", "--for=create", "serviceaccount/default", "-n", namespace, "--timeout=30s")

    kubectl("create", "deployment", "web", "--image=example.org/web", "--replicas=2", "-n", namespace)

    kubectl("wait", "--for=jsonpath={.status.replicas}=2", "deployment/web", "-n", namespace, "--timeout=30s")
    assert len(kubectl.json("get", "pods", "-n", namespace)["items"]) == 2


def test_what_an_owner_leaves_is_collected(kubectl: Kubectl, namespace: str) -> None:
    kubectl("create", "configmap", "owner", "-n", namespace)
    owner = kubectl.json("get", "configmap", "owner", "-n", namespace)["metadata"]
    kubectl.apply({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "owned",
            "namespace": namespace,
            "ownerReferences": [
                {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["uid"]}
            ],
        },
    })  # fmt: skip

    kubectl("delete", "configmap", "owner", "-n", namespace)

    kubectl("wait", "--for=delete", "configmap/owned", "-n", namespace, "--timeout=60s")


def test_a_deleted_namespace_goes_away_with_what_is_in_it(kubectl: Kubectl) -> None:
    kubectl("create", "namespace", "goes-away")
    kubectl("create", "configmap", "inside", "-n", "goes-away")

    kubectl("delete", "namespace", "goes-away", "--timeout=60s")

    assert not kubectl.exists("namespace", "goes-away")


def test_the_aggregated_roles_have_rules(kubectl: Kubectl) -> None:
    kubectl("wait", "--for=jsonpath={.rules[0]}", "clusterrole/view", "--timeout=30s")
