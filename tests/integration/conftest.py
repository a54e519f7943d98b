"""What tests of the whole controller need: its definition in the cluster, a stage, controllers, a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.parts.api_client import ApiClient
from tests.parts.audit import AuditLog
from tests.parts.controller import Controllers
from tests.parts.fragile import (
    CRD,
    api_server,
    fragile_controllers,
    fragile_kubectl,
    fragile_plane,
    fragile_proxy,
    fragile_stage,
)
from tests.parts.git_server import FaultyGitServer, git_server
from tests.parts.slow_proxy import proxy
from tests.parts.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alumiini_py.controlplane.plane import ControlPlane
    from tests.parts.control_plane import Kubectl

__all__ = [
    "CRD",
    "api_server",
    "fragile_controllers",
    "fragile_kubectl",
    "fragile_plane",
    "fragile_proxy",
    "fragile_stage",
    "git_server",
    "proxy",
]


@pytest.fixture(scope="session")
def definition(kubectl: Kubectl) -> None:
    """The CRD, applied and established."""
    kubectl("apply", "-f", str(CRD))
    kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", str(CRD))


@pytest.fixture(scope="session")
def api(control_plane: ControlPlane) -> Iterator[ApiClient]:
    with ApiClient(control_plane) as api:
        yield api


@pytest.fixture
def stage(api: ApiClient, git_server: FaultyGitServer, namespace: str, definition: None) -> Stage:  # noqa: ARG001 -- it must be there
    return Stage(api, git_server, namespace)


@pytest.fixture
def controllers(control_plane: ControlPlane, stage: Stage, tmp_path: Path) -> Iterator[Controllers]:
    """Starts controllers for the namespace of the test."""
    with Controllers(control_plane, tmp_path / "controller", stage.namespace) as controllers:
        yield controllers


@pytest.fixture
def audit(audit_log_file: Path, api: ApiClient) -> AuditLog:
    return AuditLog(audit_log_file, api)
