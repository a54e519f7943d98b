"""The demo's Git server, used as people use one: with the git program."""

from __future__ import annotations

import http.client
import subprocess
from random import Random
from typing import TYPE_CHECKING

import pytest

from alumiini_py.demo.git_repository import git_environment
from alumiini_py.demo.git_server import GitServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(tmp_path / "served") as server:
        yield server


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.invalid"]
    return subprocess.run(
        ["git", *identity, *arguments],
        cwd=folder,
        env=git_environment() | {"GIT_TERMINAL_PROMPT": "0"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_git_clones_in_every_version_of_the_protocol(server: GitServer, tmp_path: Path, version: str) -> None:
    commit = server.create("app").commit({"a.yaml": "a: 1\n", "sub/b.yaml": "b: 1\n"})

    done = git(tmp_path, "-c", f"protocol.version={version}", "clone", "-q", server.url("app"), "clone")

    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "clone" / "sub" / "b.yaml").read_text() == "b: 1\n"
    assert git(tmp_path / "clone", "rev-parse", "HEAD").stdout.strip() == commit


def test_git_pushes_small_and_large_changes(server: GitServer, tmp_path: Path) -> None:
    repository = server.create("app")
    repository.commit({"a.yaml": "a: 1\n"})
    git(tmp_path, "clone", "-q", server.url("app"), "clone")
    clone = tmp_path / "clone"

    for content in ("a: 2\n", Random(1).randbytes(2_000_000).hex()):  # the second is sent in chunks
        (clone / "a.yaml").write_text(content)
        git(clone, "commit", "-qam", "Change")
        done = git(clone, "push", "-q")
        assert (done.returncode, done.stderr) == (0, "")
        assert repository.git("show", "main:a.yaml") == content


def test_a_fetch_with_much_history_is_sent_compressed_and_understood(
    server: GitServer, tmp_path: Path
) -> None:
    repository = server.create("app")
    for number in range(40):
        repository.commit({"a.yaml": f"a: {number}\n"}, branch=f"branch-{number % 20}")
    repository.commit({"a.yaml": "a: 1\n"})
    git(tmp_path, "clone", "-q", server.url("app"), "clone")

    commit = repository.commit({"a.yaml": "a: 2\n"})
    done = git(tmp_path / "clone", "pull", "-q")

    assert (done.returncode, done.stderr) == (0, "")
    assert git(tmp_path / "clone", "rev-parse", "HEAD").stdout.strip() == commit


def test_a_repository_may_ask_for_a_password(server: GitServer, tmp_path: Path) -> None:
    server.create("app", auth=("alice", "hunter2")).commit({"a.yaml": "a: 1\n"})

    with_it = server.url("app").replace("//", "//alice:hunter2@")
    assert git(tmp_path, "ls-remote", with_it).stdout.endswith("refs/heads/main\n")
    assert git(tmp_path, "ls-remote", server.url("app")).returncode != 0
    assert git(tmp_path, "ls-remote", with_it.replace("hunter2", "wrong")).returncode != 0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/missing.git/info/refs?service=git-upload-pack", 404),
        ("GET", "/app.git/info/refs", 404),
        ("GET", "/app.git/info/refs?service=git-shell", 404),
        ("GET", "/app.git/HEAD", 404),
        ("GET", "/../app.git/info/refs?service=git-upload-pack", 404),
        ("POST", "/missing.git/git-upload-pack", 404),
        ("POST", "/app.git/git-shell", 404),
    ],
)
def test_nothing_but_git_is_served(server: GitServer, method: str, path: str, status: int) -> None:
    server.create("app").commit({"a.yaml": "a: 1\n"})
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)

    connection.request(method, path)

    assert connection.getresponse().status == status
    connection.close()


def test_stopping_does_not_wait_for_idle_clients(tmp_path: Path) -> None:
    server = GitServer(tmp_path / "served")
    server.start()
    server.create("app").commit({"a.yaml": "a: 1\n"})
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", "/app.git/info/refs?service=git-upload-pack")
    connection.getresponse().read()

    server.stop()

    assert connection.sock.recv(1) == b""
    connection.close()


def test_a_commit_adds_changes_and_deletes(tmp_path: Path) -> None:
    server = GitServer(tmp_path / "served")
    with server:
        repository = server.create("app")
        assert repository.head() is None
        first = repository.commit({"a.yaml": "a: 1\n", "b c/d.yaml": b"\xff\x00"})
        second = repository.commit({"a.yaml": None, "e.yaml": ""}, "Say why", branch="main")

    assert repository.git("log", "--format=%H %s", "main").splitlines() == [
        f"{second} Say why",
        f"{first} Change",
    ]
    assert repository.git("ls-tree", "-r", "--name-only", "main").splitlines() == ["b c/d.yaml", "e.yaml"]
