"""Fixtures of the real control plane: one per test run, one namespace per test."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from alumiini_py.controlplane import programs
from alumiini_py.controlplane.errors import ControlPlaneError
from alumiini_py.controlplane.plane import ControlPlane

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alumiini_py.controlplane.programs import Programs

_numbers = itertools.count(1)


class Kubectl:
    """The real kubectl as the administrator of the control plane: a client independent of our own."""

    def __init__(self, program: Path, kubeconfig: Path) -> None:
        self._command = [str(program), "--kubeconfig", str(kubeconfig)]
        # What it remembers of an API server must not meet the next one at the same port.
        self._environment = {**os.environ, "KUBECACHEDIR": str(kubeconfig.with_name("kubectl-cache"))}

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run kubectl and return how it ended, whatever that was."""
        return subprocess.run(
            [*self._command, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=90,
            env=self._environment,
            check=False,
        )

    def __call__(self, *arguments: str, stdin: str = "") -> str:
        """Run kubectl and return what it printed; the test fails with its message when it fails."""
        ended = self.run(*arguments, stdin=stdin)
        assert ended.returncode == 0, f"kubectl {' '.join(arguments)}: {ended.stderr}"
        return ended.stdout

    def json(self, *arguments: str) -> Any:  # noqa: ANN401 -- what JSON may be
        """Run kubectl with ``-o json`` and return the parsed answer."""
        return json.loads(self(*arguments, "-o", "json"))

    def apply(self, manifest: dict[str, Any], *arguments: str) -> None:
        """Apply one manifest."""
        self("apply", "-f", "-", *arguments, stdin=json.dumps(manifest))

    def exists(self, *arguments: str) -> bool:
        """Whether ``get`` finds exactly this object."""
        return bool(self("get", "--ignore-not-found", "-o", "name", *arguments))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Obtain the programs before the first test: minutes on an empty machine are not a test that hangs."""
    needed = any("control_plane_programs" in getattr(item, "fixturenames", ()) for item in session.items)
    if needed and not session.config.option.collectonly:
        try:
            programs.obtain(session.config.get_terminal_writer().line)
        except ControlPlaneError as error:
            pytest.exit(str(error), returncode=1)


@pytest.fixture(scope="session")
def control_plane_programs() -> Programs:
    """The four programs of the control plane."""
    return programs.obtain(_show)


@pytest.fixture(scope="session")
def audit_log_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The audit log of the shared control plane."""
    return tmp_path_factory.mktemp("audit") / "audit.log"


@pytest.fixture(scope="session")
def control_plane(
    control_plane_programs: Programs, tmp_path_factory: pytest.TempPathFactory, audit_log_file: Path
) -> Iterator[ControlPlane]:
    """A control plane for the whole run; a test that stops or floods it starts one of its own instead."""
    folder = tmp_path_factory.mktemp("control-plane")
    with ControlPlane.start(
        folder, programs=control_plane_programs, audit_log=audit_log_file, progress=_show
    ) as plane:
        yield plane


@pytest.fixture(scope="session")
def kubectl(control_plane: ControlPlane, control_plane_programs: Programs) -> Kubectl:
    """The real kubectl, connected to the shared control plane."""
    return Kubectl(control_plane_programs.kubectl, control_plane.kubeconfig)


@pytest.fixture
def namespace(kubectl: Kubectl) -> Iterator[str]:
    """A namespace for one test; its deletion is not waited for."""
    name = f"test-{os.getpid()}-{next(_numbers)}"
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


def _show(line: str) -> None:
    print(line)  # noqa: T201 -- pytest shows it when the fixture fails
