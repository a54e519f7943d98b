"""``alumiini install``, for real."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from alumiini_py import deployment
from alumiini_py.__main__ import main
from tests.parts.deployed import SYSTEM

if TYPE_CHECKING:
    from alumiini_py.controlplane.plane import ControlPlane
    from tests.parts.control_plane import Kubectl


def run(plane: ControlPlane, *flags: str) -> int:
    return main(["--kubeconfig", str(plane.kubeconfig), "install", *flags])


@pytest.fixture
def installed(control_plane: ControlPlane, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Install, and return what was printed."""
    assert run(control_plane) == 0
    return capsys.readouterr().out.splitlines()


def test_everything_is_there_afterwards(kubectl: Kubectl, installed: list[str]) -> None:
    assert len(installed) == len(deployment.documents())
    for document in deployment.documents():
        metadata = document["metadata"]
        kubectl("get", document["kind"], metadata["name"], "-n", metadata.get("namespace", "default"))


@pytest.mark.usefixtures("installed")
def test_a_git_repository_can_be_created_as_soon_as_it_returns(kubectl: Kubectl, namespace: str) -> None:
    kubectl.apply({
        "apiVersion": "alumiini.false.systems/v1alpha1",
        "kind": "GitRepository",
        "metadata": {"name": "app", "namespace": namespace},
        "spec": {"url": "https://git.example.com/app"},
    })  # fmt: skip


@pytest.mark.usefixtures("installed")
def test_a_second_time_changes_nothing(
    control_plane: ControlPlane, kubectl: Kubectl, capsys: pytest.CaptureFixture[str]
) -> None:
    def versions() -> list[str]:
        kinds = "clusterroles,clusterrolebindings,roles,rolebindings,services,serviceaccounts,crds"
        items = kubectl.json("get", kinds, "-A", "-l", "app.kubernetes.io/name=alumiini")["items"]
        return [item["metadata"]["resourceVersion"] for item in items]

    before = versions()
    assert run(control_plane) == 0
    assert all(line.endswith(" applied") for line in capsys.readouterr().out.splitlines())
    assert versions() == before


@pytest.mark.usefixtures("installed")
def test_what_was_changed_by_hand_is_as_shipped_again(control_plane: ControlPlane, kubectl: Kubectl) -> None:
    kubectl("set", "image", "deployment/alumiini", "alumiini=example.org/other:1", "-n", SYSTEM)
    assert run(control_plane) == 0
    shipped = next(d for d in deployment.documents() if d["kind"] == "Deployment")
    live = kubectl.json("get", "deployment", "alumiini", "-n", SYSTEM)
    assert image(live) == image(shipped)


def image(document: dict[str, Any]) -> object:
    return document["spec"]["template"]["spec"]["containers"][0]["image"]


def pod(**container: object) -> dict[str, Any]:
    """Return the Pod that the Deployment makes, with its container's fields changed."""
    shipped = next(d for d in deployment.documents() if d["kind"] == "Deployment")
    spec = copy.deepcopy(shipped["spec"]["template"]["spec"])
    spec["containers"][0].update(container)
    metadata = {"name": "tried", "namespace": SYSTEM}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


@pytest.mark.usefixtures("installed")
def test_its_pod_passes_the_restricted_standard_that_its_namespace_demands(kubectl: Kubectl) -> None:
    kubectl.apply(pod(), "--dry-run=server")

    with pytest.raises(AssertionError, match='violates PodSecurity "restricted:latest"'):
        kubectl.apply(pod(securityContext={"allowPrivilegeEscalation": True}), "--dry-run=server")


def test_kustomize_makes_the_same_objects(kubectl: Kubectl) -> None:
    kustomized = list(yaml.safe_load_all(kubectl("kustomize", str(deployment.find()))))
    assert sorted(kustomized, key=str) == sorted(deployment.documents(), key=str)
