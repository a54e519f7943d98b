"""``alumiini local`` starts a control plane that lives on, finds it again, and ends it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alumiini_py.controlplane.claim import end
from tests.parts.control_plane import Kubectl
from tests.parts.processes import watched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alumiini_py.controlplane.programs import Programs

LOCAL = """
import argparse, sys
from alumiini_py.commands import local

parser = argparse.ArgumentParser()
local.register(parser.add_subparsers())
sys.exit(local.run(parser.parse_args()))
"""

Local = Callable[[str], "subprocess.CompletedProcess[str]"]


def command(action: str, folder: Path) -> list[str]:
    return [sys.executable, "-c", LOCAL, "local", action, "--data-dir", str(folder)]


def wait_for_programs(keeper_log: Path) -> list[int]:
    """Return the process ids of etcd and kube-apiserver as soon as both have been started."""
    for _ in range(1000):
        lines = keeper_log.read_text().splitlines() if keeper_log.exists() else []
        if len(lines) >= 2:
            return [int(line.split()[2]) for line in lines]
        threading.Event().wait(0.02)
    pytest.fail("the programs were not started")


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    """Call ``alumiini local`` for a folder of this test, where nothing runs any more afterwards."""

    def run(action: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(action, tmp_path),
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
            cwd=Path(__file__).parents[2],
        )

    yield run
    end(tmp_path / "control-plane", 30)


def test_up_status_down(local: Local, control_plane_programs: Programs, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "control-plane" / "kubeconfig"

    assert local("status").returncode == 3

    up = local("up")
    assert up.returncode == 0, up.stderr
    assert up.stdout == f"kubeconfig: {kubeconfig}\nexport KUBECONFIG={kubeconfig}\n"
    assert Kubectl(control_plane_programs.kubectl, kubeconfig).exists("namespace", "default")

    status = local("status")
    keeper = int((kubeconfig.parent / "keeper.pid").read_text())
    assert status.stdout == f"running, kept by process {keeper}\nkubeconfig: {kubeconfig}\n"

    with watched(keeper) as process:
        assert local("down").stdout == "the control plane has ended\n"
        process.assert_gone(0)
    assert local("status").returncode == 3


@pytest.mark.usefixtures("control_plane_programs")
def test_a_second_up_says_that_it_is_running_already(local: Local, tmp_path: Path) -> None:
    first = local("up")
    token = (tmp_path / "control-plane" / "kubeconfig").read_text()

    second = local("up")

    assert second.returncode == 0
    assert second.stdout == first.stdout
    assert f"a control plane is running in {tmp_path}/control-plane already" in second.stderr
    assert (tmp_path / "control-plane" / "kubeconfig").read_text() == token


def test_down_without_a_control_plane_is_no_failure(local: Local) -> None:
    down = local("down")

    assert (down.returncode, down.stdout) == (0, "no control plane is running\n")


@pytest.mark.usefixtures("control_plane_programs")
def test_an_up_that_is_killed_before_it_is_ready_leaves_nothing(local: Local, tmp_path: Path) -> None:
    with subprocess.Popen(command("up", tmp_path), cwd=Path(__file__).parents[2]) as up:
        programs = wait_for_programs(tmp_path / "control-plane" / "logs" / "keeper.log")
        with watched(*programs) as both:
            up.send_signal(signal.SIGKILL)

            both.assert_gone()

    assert local("status").returncode == 3


@pytest.mark.usefixtures("control_plane_programs")
def test_a_folder_that_cannot_be_made_is_one_sentence(local: Local, tmp_path: Path) -> None:
    folder = tmp_path / "control-plane"
    folder.touch()

    up = local("up")

    assert up.returncode == 1
    assert up.stderr.splitlines() == [
        "starting the control plane",
        f"alumiini: {folder} is of no use (File exists); name another folder",
    ]
