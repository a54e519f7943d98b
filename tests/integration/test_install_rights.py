"""The shipped roles give what the controller needs, and not what nobody should have."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from alumiini_py.controlplane.kubeconfig import kubeconfig
from tests.cluster.parts import Cluster
from tests.parts.deployed import SYSTEM, deploy
from workers.cluster.access import find_access
from workers.cluster.events import EventRecorder, Regarding
from workers.cluster.lease import Lease
from workers.cluster.resources import CUSTOM_RESOURCE_DEFINITION, SECRET
from workers.model.errors import Reason, SyncError
from workers.model.keys import ObjectKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alumiini_py.controlplane.plane import ControlPlane
    from tests.parts.control_plane import Kubectl

API_VERSION = "alumiini.false.systems/v1alpha1"


@pytest.fixture(scope="module", autouse=True)
def shipped(kubectl: Kubectl) -> None:
    deploy(kubectl)


def may(kubectl: Kubectl, account: str, question: str) -> bool:
    return (
        kubectl.run("auth", "can-i", *question.split(), f"--as=system:serviceaccount:{account}").stdout
        == "yes\n"
    )


@pytest.mark.parametrize(
    "question",
    [
        "watch gitrepositories.alumiini.false.systems -A",
        "patch gitrepositories.alumiini.false.systems -A",
        "patch gitrepositories.alumiini.false.systems --subresource=status -A",
        "get secrets -A",
        "create events.events.k8s.io -A",
        f"get leases.coordination.k8s.io -n {SYSTEM}",
        "patch deployments.apps -n default",
        "create namespaces",
        "delete customresourcedefinitions",
    ],
)
def test_the_controller_may(kubectl: Kubectl, question: str) -> None:
    assert may(kubectl, f"{SYSTEM}:alumiini", question)


@pytest.mark.parametrize(
    "question",
    [
        "impersonate users",
        "impersonate groups",
        "impersonate serviceaccounts -A",
        "escalate clusterroles.rbac.authorization.k8s.io",
        "bind clusterroles.rbac.authorization.k8s.io",
        "escalate roles.rbac.authorization.k8s.io -A",
        "bind roles.rbac.authorization.k8s.io -A",
        "approve certificatesigningrequests",
        "use podsecuritypolicies",
        "get /metrics",
    ],
)
def test_nobody_gave_the_controller_the_right_to(kubectl: Kubectl, question: str) -> None:
    assert not may(kubectl, f"{SYSTEM}:alumiini", question)


@pytest.fixture
def narrow(
    kubectl: Kubectl, control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> Iterator[Cluster]:
    """The cluster as an account sees it that has the shipped rights but for ``alumiini-applier``."""
    kubectl("create", "serviceaccount", "narrow", "-n", namespace)
    account = f"--serviceaccount={namespace}:narrow"
    kubectl("create", "clusterrolebinding", namespace, "--clusterrole=alumiini-controller", account)
    kubectl("create", "rolebinding", namespace, "--role=alumiini-lease", account, "-n", SYSTEM)
    token = kubectl("create", "token", "narrow", "-n", namespace)
    path = tmp_path / "kubeconfig"
    path.write_text(kubeconfig(control_plane.url, control_plane.ca_file.read_bytes(), "narrow", token))
    with Cluster(find_access(str(path)), manager="alumiini-status") as cluster:
        yield cluster
    kubectl("delete", "clusterrolebinding", namespace)
    kubectl("delete", "rolebinding", namespace, "-n", SYSTEM)


def test_without_the_applier_role_the_program_still_has_what_is_its_own(
    kubectl: Kubectl, narrow: Cluster, namespace: str
) -> None:
    kubectl("create", "secret", "generic", "git", "--from-literal=username=me", "-n", namespace)
    kubectl.apply(
        {
            "apiVersion": API_VERSION,
            "kind": "GitRepository",
            "metadata": {"name": "app", "namespace": namespace},
            "spec": {"url": "https://git.example.com/app"},
        }
    )
    kind = narrow.discovery.resource(API_VERSION, "GitRepository", narrow.deadline)
    assert kind is not None
    key = ObjectKey(kind.group, kind.kind, namespace, "app")

    assert [live.key for live in narrow.objects.list(kind, "", narrow.deadline) if live.key == key] == [key]
    finalizer = {"metadata": {"finalizers": ["alumiini.false.systems/finalizer"]}}
    narrow.objects.merge_patch(kind, key, finalizer, narrow.deadline)
    status = {"status": {"phase": "Syncing"}}
    narrow.objects.merge_patch(kind, key, status, narrow.deadline, subresource="status")
    secret = narrow.objects.get(SECRET, ObjectKey("", "Secret", namespace, "git"), narrow.deadline)
    narrow.objects.merge_patch(kind, key, {"metadata": {"finalizers": None}}, narrow.deadline)

    definition = ObjectKey(
        CUSTOM_RESOURCE_DEFINITION.group,
        CUSTOM_RESOURCE_DEFINITION.kind,
        "",
        "gitrepositories.alumiini.false.systems",
    )
    assert narrow.objects.read(CUSTOM_RESOURCE_DEFINITION, definition, narrow.deadline) is not None
    assert secret is not None
    assert base64.b64decode(secret["data"]["username"]) == b"me"
    assert kubectl.json("get", "agr", "app", "-n", namespace)["status"]["phase"] == "Syncing"


def test_without_the_applier_role_it_can_hold_the_lease(
    kubectl: Kubectl, narrow: Cluster, namespace: str
) -> None:
    lease = Lease(
        narrow.objects,
        namespace=SYSTEM,
        name=namespace,
        identity="me",
        watchdog=narrow.watchdog,
        on_lost=lambda: None,
    )
    lease.acquire()
    holder = kubectl.json("get", "lease", namespace, "-n", SYSTEM)["spec"]["holderIdentity"]
    lease.release()
    released = kubectl.json("get", "lease", namespace, "-n", SYSTEM)["spec"]["holderIdentity"]

    assert (holder, released) == ("me", "")


def test_without_the_applier_role_it_can_write_events(
    kubectl: Kubectl, narrow: Cluster, namespace: str
) -> None:
    recorder = EventRecorder(
        narrow.connection, controller="alumiini", instance="test", watchdog=narrow.watchdog
    )
    recorder.normal(Regarding("v1", "ConfigMap", namespace, "thing", "uid"), "Synced", "all is well")
    recorder.stop(10.0)

    assert "all is well" in kubectl("get", "events.events.k8s.io", "-n", namespace, "-o", "json")


def test_without_the_applier_role_it_can_change_nothing_else(narrow: Cluster, namespace: str) -> None:
    config_map = narrow.discovery.resource("v1", "ConfigMap", narrow.deadline)
    assert config_map is not None
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": namespace}}
    key = ObjectKey("", "ConfigMap", namespace, "a")

    with pytest.raises(SyncError, match="cannot patch") as refused:
        narrow.objects.apply(manifest, config_map, key, narrow.deadline)
    assert refused.value.reason is Reason.ACCESS_DENIED
    with pytest.raises(SyncError, match="cannot list"):
        list(narrow.objects.list(SECRET, "", narrow.deadline))
