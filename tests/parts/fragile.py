"""A second control plane for the tests that stop its API server or change the definition, with a stage."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alumiini_py.controlplane.plane import ControlPlane
from tests.parts.api_client import ApiClient, eventually
from tests.parts.control_plane import Kubectl
from tests.parts.controller import Controllers
from tests.parts.slow_proxy import SlowProxy
from tests.parts.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alumiini_py.controlplane.programs import Programs
    from tests.parts.git_server import FaultyGitServer

CRD = Path(__file__).parents[2] / "deploy" / "crd.yaml"
_numbers = itertools.count(1)


class ApiServer:
    """The API server of that control plane, as something that goes and comes."""

    def __init__(self, plane: ControlPlane, kubectl: Kubectl) -> None:
        self._plane = plane
        self._kubectl = kubectl
        self.away = False

    def stop(self) -> None:
        """Kill it."""
        self.away = True
        self._plane.stop_api_server()

    def start(self) -> None:
        """Start it; returns when it serves GitRepositories too, which is a little after it is ready."""
        self._plane.start_api_server()
        served = ("get", "gitrepositories")
        eventually(lambda: self._kubectl.run(*served).returncode == 0, "GitRepositories are served")
        self.away = False


@pytest.fixture(scope="session")
def fragile_plane(
    control_plane_programs: Programs, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ControlPlane]:
    """A control plane that a test may hurt, if it leaves it whole: with the definition as we deploy it."""
    folder = tmp_path_factory.mktemp("fragile-plane")
    with ControlPlane.start(folder, programs=control_plane_programs) as plane:
        yield plane


@pytest.fixture(scope="session")
def fragile_kubectl(control_plane_programs: Programs, fragile_plane: ControlPlane) -> Kubectl:
    kubectl = Kubectl(control_plane_programs.kubectl, fragile_plane.kubeconfig)
    kubectl("apply", "-f", str(CRD))
    kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", str(CRD))
    return kubectl


@pytest.fixture
def api_server(fragile_plane: ControlPlane, fragile_kubectl: Kubectl) -> ApiServer:
    return ApiServer(fragile_plane, fragile_kubectl)


@pytest.fixture
def fragile_stage(
    fragile_plane: ControlPlane, fragile_kubectl: Kubectl, git_server: FaultyGitServer
) -> Iterator[Stage]:
    """A namespace of its own there."""
    namespace = f"fragile-{next(_numbers)}"
    fragile_kubectl("create", "namespace", namespace)
    with ApiClient(fragile_plane) as api:
        yield Stage(api, git_server, namespace)


@pytest.fixture
def fragile_proxy(fragile_plane: ControlPlane, tmp_path: Path) -> Iterator[SlowProxy]:
    """Stands before it."""
    with SlowProxy(fragile_plane, tmp_path) as proxy:
        yield proxy


@pytest.fixture
def fragile_controllers(
    fragile_plane: ControlPlane, fragile_stage: Stage, tmp_path: Path
) -> Iterator[Controllers]:
    """Starts controllers for the namespace of the test."""
    with Controllers(fragile_plane, tmp_path / "controller", fragile_stage.namespace) as controllers:
        yield controllers
