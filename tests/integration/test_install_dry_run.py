"""``alumiini install --dry-run``: the API server checks everything, rights too, and keeps nothing."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from alumiini_py import deployment
from alumiini_py.__main__ import main
from alumiini_py.controlplane.data_folder import User
from alumiini_py.controlplane.kubeconfig import kubeconfig
from alumiini_py.controlplane.plane import ControlPlane
from alumiini_py.installer import Installer
from tests.cluster.parts import Cluster
from tests.parts.control_plane import Kubectl
from workers.model.errors import Reason, SyncError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alumiini_py.controlplane.programs import Programs

OBJECTS = [
    "CustomResourceDefinition.apiextensions.k8s.io/gitrepositories.alumiini.false.systems",
    "Namespace/alumiini-system",
    "ServiceAccount/alumiini-system/alumiini",
    "ClusterRole.rbac.authorization.k8s.io/alumiini-controller",
    "ClusterRoleBinding.rbac.authorization.k8s.io/alumiini-controller",
    "ClusterRole.rbac.authorization.k8s.io/alumiini-applier",
    "ClusterRoleBinding.rbac.authorization.k8s.io/alumiini-applier",
    "Role.rbac.authorization.k8s.io/alumiini-system/alumiini-lease",
    "RoleBinding.rbac.authorization.k8s.io/alumiini-system/alumiini-lease",
    "Deployment.apps/alumiini-system/alumiini",
    "Service/alumiini-system/alumiini-webhooks",
]
NOBODY, WRITER = "nobody", "writer"
MAY_WRITE_BUT_NOT_GRANT = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": WRITER},
    "rules": [
        {
            "apiGroups": ["", "apps", "apiextensions.k8s.io", "rbac.authorization.k8s.io"],
            "resources": [
                *("customresourcedefinitions", "namespaces", "serviceaccounts", "deployments", "services"),
                *("clusterroles", "clusterrolebindings", "roles", "rolebindings"),
            ],
            "verbs": ["get", "create", "patch"],
        }
    ],
}


@pytest.fixture(scope="module")
def empty_plane(
    control_plane_programs: Programs, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ControlPlane]:
    """A control plane that nobody has installed anything into."""
    folder = tmp_path_factory.mktemp("empty")
    users = {NOBODY: User(NOBODY), WRITER: User(WRITER)}
    with ControlPlane.start(folder, programs=control_plane_programs, users=users) as plane:
        yield plane


@pytest.fixture(scope="module")
def admin(empty_plane: ControlPlane, control_plane_programs: Programs) -> Kubectl:
    return Kubectl(control_plane_programs.kubectl, empty_plane.kubeconfig)


@pytest.fixture
def cluster(empty_plane: ControlPlane) -> Iterator[Cluster]:
    with Cluster.of(empty_plane.kubeconfig) as cluster:
        yield cluster


def kubeconfig_of(plane: ControlPlane, user: str, folder: Path) -> Path:
    path = folder / user
    path.write_text(kubeconfig(plane.url, plane.ca_file.read_bytes(), user, user))
    return path


def run(config: Path, *flags: str) -> int:
    return main(["--kubeconfig", str(config), "install", *flags])


def everything_named_alumiini(kubectl: Kubectl) -> list[str]:
    kinds = kubectl("api-resources", "--verbs=list", "-o", "name").split()
    names = kubectl("get", ",".join(kinds), "-A", "-o", "name").split()
    return [name for name in names if "alumiini" in name]


def test_on_an_empty_cluster_everything_is_checked_and_nothing_is_left(
    empty_plane: ControlPlane, admin: Kubectl, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(empty_plane.kubeconfig, "--dry-run") == 0

    output = capsys.readouterr()
    stand_in = ", checked in the namespace default since its own does not exist yet"
    assert output.out.splitlines() == [
        f"{name} would be created (dry run){stand_in if '/alumiini-system/' in name else ''}"
        for name in OBJECTS
    ]
    assert output.err == ""
    assert everything_named_alumiini(admin) == []


def test_the_crd_can_be_had_alone(empty_plane: ControlPlane, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(empty_plane.kubeconfig, "--dry-run", "--crds-only") == 0
    assert capsys.readouterr().out == f"{OBJECTS[0]} would be created (dry run)\n"


def test_who_may_not_install_is_told_so_for_every_object(
    empty_plane: ControlPlane, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(kubeconfig_of(empty_plane, NOBODY, tmp_path), "--dry-run") == 1

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(OBJECTS)
    assert all(line.startswith("alumiini: cannot ") and "forbidden" in line for line in lines)


def test_who_may_not_grant_the_rights_is_told_so(
    empty_plane: ControlPlane, admin: Kubectl, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    admin.apply(MAY_WRITE_BUT_NOT_GRANT)
    admin("create", "clusterrolebinding", WRITER, f"--clusterrole={WRITER}", f"--user={WRITER}")

    assert run(kubeconfig_of(empty_plane, WRITER, tmp_path), "--dry-run") == 1

    refused = capsys.readouterr().err.splitlines()
    roles = [name for name in OBJECTS if name.startswith(("ClusterRole.", "Role."))]
    for role in roles:
        assert any(
            line.startswith(f"alumiini: cannot patch {role}: ")
            and "attempting to grant RBAC permissions not currently held" in line
            for line in refused
        )


def changed(kind: str, *path: str | int, to: object) -> dict[str, Any]:
    """Return the shipped object of a kind with one field changed."""
    document = copy.deepcopy(next(d for d in deployment.documents() if d["kind"] == kind))
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return document


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (changed("Deployment", "spec", "replica", to=1), ".spec.replica: field not declared in schema"),
        (changed("Deployment", "spec", "strategy", "type", to="Gentle"), "spec.strategy: Unsupported value"),
        (changed("Deployment", "spec", "selector", to={}), "spec.selector: Invalid value"),
        (changed("Service", "spec", "ports", 0, "port", to=0), "spec.ports[0].port: Invalid value: 0"),
        (changed("ServiceAccount", "metadata", "name", to="-"), "metadata.name: Invalid value"),
        (changed("RoleBinding", "subjects", 0, "kind", to="Robot"), 'Unsupported value: "Robot"'),
        (changed("ClusterRole", "rules", 0, "verbs", to=[]), "verbs must contain at least one value"),
        (changed("Namespace", "metadata", "labels", to={"a b": ""}), "metadata.labels: Invalid value"),
        (changed("CustomResourceDefinition", "spec", "scope", to="World"), 'Unsupported value: "World"'),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else value,
)
def test_a_mistake_in_any_of_the_objects_is_found(
    cluster: Cluster, document: dict[str, Any], complaint: str
) -> None:
    installer = Installer(cluster.connection, cluster.discovery, dry_run=True)
    with pytest.raises(SyncError) as refused:
        installer.apply(document, cluster.deadline)
    assert refused.value.reason is Reason.APPLY_FAILED
    assert complaint in refused.value.message


def test_a_kind_that_the_cluster_does_not_have_is_named(cluster: Cluster) -> None:
    installer = Installer(cluster.connection, cluster.discovery, dry_run=True)
    document = {"apiVersion": "example.org/v1", "kind": "Robot", "metadata": {"name": "r"}}
    with pytest.raises(SyncError, match=r"^the cluster does not serve Robot in example\.org/v1$"):
        installer.apply(document, cluster.deadline)


def test_no_cluster_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = tmp_path / "nowhere"
    cluster = {"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}
    context = {"name": "c", "context": {"cluster": "c", "user": ""}}
    nowhere.write_text(json.dumps({"clusters": [cluster], "contexts": [context], "current-context": "c"}))

    assert run(nowhere, "--dry-run") == 1

    error = capsys.readouterr().err
    assert "the API server at http://127.0.0.1:1 cannot be reached" in error
    assert error.count("\n") == 1


def test_a_kubeconfig_that_is_not_there_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "missing") == 1
    assert capsys.readouterr().err.startswith(f"alumiini: kubeconfig {tmp_path / 'missing'} does not exist")
