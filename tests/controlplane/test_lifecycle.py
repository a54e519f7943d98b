"""A control plane of real programs starts, serves, survives a fault, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import astuple, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alumiini_py.controlplane import plane as plane_module
from alumiini_py.controlplane.claim import running
from alumiini_py.controlplane.data_folder import User
from alumiini_py.controlplane.errors import AlreadyRunningError, ProgramEndedError
from alumiini_py.controlplane.plane import ControlPlane
from tests.parts.control_plane import Kubectl
from tests.parts.processes import watched

if TYPE_CHECKING:
    from alumiini_py.controlplane.programs import Programs

OWNER = """
import sys
from pathlib import Path
from alumiini_py.controlplane.plane import ControlPlane
from alumiini_py.controlplane.programs import Programs

plane = ControlPlane.start(Path(sys.argv[1]), programs=Programs(*map(Path, sys.argv[2:])))
print("ready", flush=True)
sys.stdin.readline()
"""


def pids(folder: Path) -> list[int]:
    """Return the process ids of the keeper and of its three programs."""
    lines = (folder / "logs" / "keeper.log").read_text().splitlines()
    return [int((folder / "keeper.pid").read_text()), *(int(line.split()[2]) for line in lines)]


def test_all_four_processes_end_with_the_block(control_plane_programs: Programs, tmp_path: Path) -> None:
    with ControlPlane.start(tmp_path, programs=control_plane_programs) as plane:
        keeper, *programs = pids(tmp_path)
        assert len(programs) == 3
        assert running(tmp_path) == keeper
        with watched(keeper, *programs) as everything:
            plane.stop()
            everything.assert_gone(0)

    assert running(tmp_path) is None


def test_all_four_processes_end_with_a_killed_owner(control_plane_programs: Programs, tmp_path: Path) -> None:
    command = [sys.executable, "-c", OWNER, str(tmp_path), *map(str, astuple(control_plane_programs))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"ready\n"
        with watched(*pids(tmp_path)) as everything:
            owner.kill()

            everything.assert_gone()


def test_the_programs_end_with_a_killed_keeper(control_plane_programs: Programs, tmp_path: Path) -> None:
    with ControlPlane.start(tmp_path, programs=control_plane_programs):
        keeper, *programs = pids(tmp_path)
        with watched(*programs) as everything:
            os.kill(keeper, signal.SIGKILL)

            everything.assert_gone()


def test_what_was_stored_is_there_after_a_kill_and_a_new_start(
    control_plane_programs: Programs, tmp_path: Path
) -> None:
    with ControlPlane.start(tmp_path, programs=control_plane_programs) as plane:
        Kubectl(control_plane_programs.kubectl, plane.kubeconfig)("create", "configmap", "kept")
        os.kill(pids(tmp_path)[0], signal.SIGKILL)
        old = plane.token

    with ControlPlane.start(tmp_path, programs=control_plane_programs) as plane:
        assert Kubectl(control_plane_programs.kubectl, plane.kubeconfig).exists("configmap", "kept")
        assert plane.token != old


def test_the_api_server_goes_and_comes_back_at_the_same_address(
    control_plane_programs: Programs, tmp_path: Path
) -> None:
    with ControlPlane.start(tmp_path, programs=control_plane_programs) as plane:
        kubectl = Kubectl(control_plane_programs.kubectl, plane.kubeconfig)
        kubectl("create", "configmap", "kept")

        plane.stop_api_server()
        refused = kubectl.run("get", "configmap", "kept")
        plane.start_api_server()

        assert "connection refused" in refused.stderr
        assert kubectl.exists("configmap", "kept")


def test_a_folder_in_use_is_left_alone(control_plane_programs: Programs, tmp_path: Path) -> None:
    with ControlPlane.start(tmp_path, programs=control_plane_programs) as plane:
        before = plane.kubeconfig.read_text()

        with pytest.raises(AlreadyRunningError, match="is running in"):
            ControlPlane.start(tmp_path, programs=control_plane_programs)

        assert plane.kubeconfig.read_text() == before


def test_an_api_server_that_does_not_start_shows_its_last_lines(
    control_plane_programs: Programs, tmp_path: Path
) -> None:
    not_a_folder = tmp_path / "file" / "audit.log"
    not_a_folder.parent.touch()

    with pytest.raises(ProgramEndedError) as failed:
        ControlPlane.start(tmp_path / "plane", programs=control_plane_programs, audit_log=not_a_folder)

    first_line = str(failed.value).splitlines()[0]
    assert first_line == "kube-apiserver ended with status 1; its last lines were:"
    assert "not a directory" in failed.value.log
    assert running(tmp_path / "plane") is None


def test_a_port_that_was_taken_meanwhile_is_exchanged(
    control_plane_programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = plane_module._free_port()
        ports = iter([taken.getsockname()[1], free])
        monkeypatch.setattr(plane_module, "_free_port", lambda: next(ports))  # the race, made certain

        with ControlPlane.start(tmp_path, programs=control_plane_programs, progress=lines.append) as plane:
            assert plane.url == f"https://127.0.0.1:{free}"

    assert "another program took the port of the API server; trying another port" in lines


def test_other_users_may_only_do_what_they_were_allowed(
    control_plane_programs: Programs, tmp_path: Path
) -> None:
    users = {"dev": User("dev-token", ("team",))}
    with ControlPlane.start(tmp_path, programs=control_plane_programs, users=users) as plane:
        kubectl = Kubectl(control_plane_programs.kubectl, plane.kubeconfig)
        kubectl("create", "rolebinding", "team", "--clusterrole=view", "--group=team")

        def as_dev(*arguments: str) -> str:
            return kubectl.run("--token=dev-token", *arguments).stderr

        assert as_dev("get", "configmaps") == "No resources found in default namespace.\n"
        assert 'User "dev" cannot create resource "configmaps"' in as_dev("create", "configmap", "x")


def test_every_request_is_a_line_of_the_audit_log(control_plane_programs: Programs, tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    with ControlPlane.start(tmp_path / "plane", programs=control_plane_programs, audit_log=log) as plane:
        Kubectl(control_plane_programs.kubectl, plane.kubeconfig)("create", "configmap", "counted")

    requests = [json.loads(line) for line in log.read_text().splitlines()]
    ours = [
        (request["verb"], request["responseStatus"]["code"])
        for request in requests
        if request["user"]["username"] == "admin" and request.get("objectRef", {}).get("name") == "counted"
    ]
    assert ours == [("create", 201)]


def test_a_missing_program_says_so(control_plane_programs: Programs, tmp_path: Path) -> None:
    programs = replace(control_plane_programs, etcd=tmp_path / "etcd")

    with pytest.raises(ProgramEndedError, match=r"etcd ended before it began.*\n.*No such file or directory"):
        ControlPlane.start(tmp_path, programs=programs)
