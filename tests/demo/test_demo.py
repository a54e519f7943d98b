"""The demo as a person runs it: what it prints, when it says it worked, and what it leaves behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alumiini_py.demo.git_server import GitServer
from tests.parts.processes import watched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alumiini_py.controlplane.programs import Programs

pytestmark = pytest.mark.usefixtures("control_plane_programs")

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: default}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where the demo makes its folder; nothing may be left in it."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    yield temporary
    assert list(temporary.iterdir()) == []


def demo(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "alumiini_py", "demo", *arguments],
        env={**os.environ, "TMPDIR": str(folder)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def descendants(pid: int) -> list[int]:
    """Return the processes below one, by the kernel's own list."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def hints(shown: str) -> list[str]:
    """Return the lines to try that end by themselves, as a person would paste them."""
    lines = shown.partition("In another terminal:\n")[2].splitlines()
    wanted = ("  curl", "  commit=", "  body=", "    -H")
    return [line for line in lines if line.startswith(wanted)]


def test_every_step_is_shown_and_the_exit_code_is_0(folder: Path) -> None:
    ended = demo(folder, "--once")
    shown, complaints = ended.communicate(timeout=100)

    steps = re.findall(r"^  ok (.+?) \.\.+ [0-9.]+ m?s$", shown, re.MULTILINE)
    assert (ended.returncode, complaints) == (0, "")
    assert steps == [
        "control plane: etcd, kube-apiserver, kube-controller-manager",
        "the GitRepository resource is installed",
        "a Git server over HTTP",
        "the controller",
        "ConfigMap shop/greeting is in the cluster, owned by GitRepository shop",
        "Deployment shop/web is in the cluster, owned by GitRepository shop",
        "Service shop/web is in the cluster, owned by GitRepository shop",
        "a second repository, notes, is applied by an actor of its own",
        "git has the commit",
        "the webhook was answered with 202",
        "the ConfigMap has changed in the cluster, counted from the webhook",
        "Service shop/web is gone",
        "the actor of shop died; its status says WorkerCrashed",
        "meanwhile a push to notes was applied",
        "the supervisor started shop again, and its push was not lost",
    ]
    assert "Every step was verified by kubectl." in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stays_up_with_working_hints_until_it_is_told_to_end(
    number: signal.Signals, folder: Path, control_plane_programs: Programs
) -> None:
    running = demo(folder)
    output = running.stdout
    assert output is not None
    shown = ""
    while "tail -f" not in shown:
        line = output.readline()
        assert line, f"ended early: {shown}"
        shown += line
    kubeconfig = re.search(r"KUBECONFIG=(\S+)", shown)
    assert kubeconfig is not None
    listed = subprocess.run(
        [control_plane_programs.kubectl, "get", "agr", "-A", "--no-headers"],
        env={**os.environ, "KUBECONFIG": kubeconfig[1], "KUBECACHEDIR": str(folder.parent)},
        text=True,
        capture_output=True,
        check=True,
    )
    tried = subprocess.run(
        ["bash", "-ec", "\n".join(hints(shown))], text=True, capture_output=True, check=True, timeout=60
    )
    children = descendants(running.pid)

    with watched(*children) as below:
        running.send_signal(number)
        running.communicate(timeout=60)
        below.assert_gone()

    assert [line.split()[:3] for line in listed.stdout.splitlines()] == [
        ["demo", "notes", "True"],
        ["demo", "shop", "True"],
    ]
    assert '"items":[' in tried.stdout
    assert 'alumiini_actors{state="running"} 2.0' in tried.stdout
    assert '{"status":"accepted","repositories":["demo/shop"]' in tried.stdout
    assert children
    assert running.returncode == 0


def test_a_url_is_followed_in_place_of_the_sample(folder: Path, tmp_path: Path) -> None:
    with GitServer(tmp_path / "git") as git:
        git.create("other").commit({f"{name}.yaml": CONFIG_MAP.format(name=name) for name in ("a", "b")})
        ended = demo(folder, "--once", git.url("other"))
        shown, _ = ended.communicate(timeout=100)

    assert ended.returncode == 0
    assert "       2 ConfigMap\n" in shown
    assert "kubectl finds 2 objects of it in the cluster" in shown


def test_a_url_that_cannot_be_applied_is_a_failure_with_its_reason(folder: Path, tmp_path: Path) -> None:
    with GitServer(tmp_path / "git") as git:
        git.create("broken").commit({"a.yaml": "kind: ["})
        ended = demo(folder, "--once", git.url("broken"))
        shown, _ = ended.communicate(timeout=100)

    assert ended.returncode == 1
    assert "BuildFailed: a.yaml:2" in shown


def test_once_that_is_interrupted_is_no_success(folder: Path) -> None:
    running = demo(folder, "--once")
    output = running.stdout
    assert output is not None
    for line in output:
        if "the controller" in line:
            break
    running.send_signal(signal.SIGINT)
    _, complaints = running.communicate(timeout=60)

    assert (running.returncode, complaints) == (130, "alumiini: interrupted\n")


def test_a_url_that_cannot_be_is_refused_before_anything_starts(folder: Path) -> None:
    ended = demo(folder, "--once", "https://user:pass@example.org/x.git")
    shown, _ = ended.communicate(timeout=60)

    assert ended.returncode == 1
    assert shown == (
        "  FAILED spec.url holds credentials; put them into a Secret and name it in spec.secretRef\n"
    )


def test_killing_it_takes_everything_with_it(tmp_path: Path) -> None:
    running = demo(tmp_path)
    output = running.stdout
    assert output is not None
    for line in output:
        if "tail -f" in line:
            break
    with watched(*descendants(running.pid)) as below:
        running.kill()
        running.communicate(timeout=60)
        below.assert_gone()
