"""The controller does its whole work with the rights that ``deploy/`` gives it, and with narrowed ones."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from alumiini_py.controlplane.kubeconfig import kubeconfig
from tests.parts.controller import ControllerProcess
from tests.parts.deployed import SYSTEM, deploy
from tests.parts.stage import config_map, manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alumiini_py.controlplane.plane import ControlPlane
    from tests.parts.control_plane import Kubectl
    from tests.parts.stage import Stage

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "getting-started.md"


@pytest.fixture(scope="module", autouse=True)
def shipped(kubectl: Kubectl) -> None:
    deploy(kubectl)


def rules_in_the_guide() -> list[dict[str, Any]]:
    """Return the rules that the guide gives as an example of a narrowed role."""
    (overlay,) = (
        block
        for block in re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.DOTALL)
        if "alumiini-applier" in block
    )
    (change,) = yaml.safe_load(yaml.safe_load(overlay)["patches"][0]["patch"])
    assert (change["op"], change["path"]) == ("replace", "/rules")
    rules: list[dict[str, Any]] = change["value"]
    return rules


@pytest.fixture
def narrowed(kubectl: Kubectl, namespace: str) -> str:
    """An account (namespace/name) with the shipped rights, but the applier's as the guide narrows them."""
    kubectl("create", "serviceaccount", "narrowed", "-n", namespace)
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": namespace},
        "rules": rules_in_the_guide(),
    }
    kubectl.apply(role)
    account = f"--serviceaccount={namespace}:narrowed"
    kubectl("create", "clusterrolebinding", f"{namespace}-applier", f"--clusterrole={namespace}", account)
    kubectl("create", "clusterrolebinding", namespace, "--clusterrole=alumiini-controller", account)
    kubectl("create", "rolebinding", namespace, "--role=alumiini-lease", account, "-n", SYSTEM)
    return f"{namespace}/narrowed"


@contextmanager
def controller(
    plane: ControlPlane, kubectl: Kubectl, account: str, watched: str, folder: Path
) -> Iterator[ControllerProcess]:
    """Run ``alumiini run`` as an account, with the lease where the Deployment has it, until it is stopped."""
    namespace, name = account.split("/")
    token = kubectl("create", "token", name, "-n", namespace)
    config = folder / "kubeconfig"
    config.write_text(kubeconfig(plane.url, plane.ca_file.read_bytes(), name, token))
    arguments = [
        *("--kubeconfig", str(config), "--data-dir", str(folder / "data"), "--watch-namespace", watched),
        *("--webhook-bind", "127.0.0.1:0", "--api-bind", "127.0.0.1:0", "--lease-namespace", SYSTEM),
    ]
    with ControllerProcess(arguments, folder / "controller.log") as running:
        yield running.until_ready()
        running.terminate()  # which gives the lease up, so that the next one need not wait
        assert running.exit_code() == 0


def whole_path(stage: Stage, kind: str) -> None:
    """Apply objects, prune one, and let the GitRepository go; the ConfigMap ``one`` is left to look at."""
    files = {"one.yaml": config_map("one"), "two.yaml": config_map("two"), "more.yaml": more(kind)}
    repository = stage.repository(files=files)
    stage.follow(interval="1s")
    stage.until_synced(repository.head())
    stage.until_synced(repository.commit({"two.yaml": None}))
    assert stage.config_maps() == {"one"}
    assert "Synced" in {reason for reason, _ in stage.events()}
    stage.delete()
    stage.until_gone()
    assert stage.config_maps() == set()


def more(kind: str) -> str:
    if kind == "Role":
        rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["deletecollection"]}
        return manifest("Role", "reader", api_version="rbac.authorization.k8s.io/v1", rules=[rule])
    return manifest("Service", "web", spec={"ports": [{"port": 80}]})


def test_the_shipped_rights_suffice_for_everything(
    control_plane: ControlPlane, kubectl: Kubectl, stage: Stage, tmp_path: Path
) -> None:
    account = f"{SYSTEM}/alumiini"
    with controller(control_plane, kubectl, account, stage.namespace, tmp_path) as running:
        whole_path(stage, "Role")
        assert "forbidden" not in running.log()


def test_rights_narrowed_as_the_guide_says_suffice_for_their_kinds(
    control_plane: ControlPlane, kubectl: Kubectl, stage: Stage, narrowed: str, tmp_path: Path
) -> None:
    with controller(control_plane, kubectl, narrowed, stage.namespace, tmp_path) as running:
        whole_path(stage, "Service")
        assert "forbidden" not in running.log()


def test_a_kind_that_was_narrowed_away_is_named_with_the_verb(
    control_plane: ControlPlane, kubectl: Kubectl, stage: Stage, narrowed: str, tmp_path: Path
) -> None:
    stage.repository(files={"role.yaml": more("Role")})
    with controller(control_plane, kubectl, narrowed, stage.namespace, tmp_path):
        stage.follow()
        message = stage.until_failed("AccessDenied")["message"]
    assert "cannot patch Role.rbac.authorization.k8s.io" in message


def test_git_cannot_grant_what_the_controller_does_not_have(
    control_plane: ControlPlane, kubectl: Kubectl, stage: Stage, tmp_path: Path
) -> None:
    rule = {"apiGroups": [""], "resources": ["users"], "verbs": ["impersonate"]}
    role = manifest("ClusterRole", stage.namespace, api_version="rbac.authorization.k8s.io/v1", rules=[rule])
    stage.repository(files={"role.yaml": role})
    account = f"{SYSTEM}/alumiini"
    with controller(control_plane, kubectl, account, stage.namespace, tmp_path):
        stage.follow()
        message = stage.until_failed("AccessDenied")["message"]
    assert "attempting to grant RBAC permissions not currently held" in message
