"""Where credentials go: to the host that was configured, whatever that host says."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.parts.git_server import FETCH, INFO_REFS, LS_REFS, FaultyGitServer, status
from tests.source.desk import failure
from workers.model.errors import Reason
from workers.source.remote import BasicAuth, Remote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.source.desk import Desk

ALICE = BasicAuth("alice", "hunter2")
SUFFIX = "/info/refs?service=git-upload-pack"


@pytest.fixture
def other_server(tmp_path: Path) -> Iterator[FaultyGitServer]:
    with FaultyGitServer(tmp_path / "other") as server:
        yield server


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_inside_the_host_is_followed_once_and_remembered(
    git_server: FaultyGitServer, desk: Desk, code: int
) -> None:
    commit = git_server.create("app", auth=("alice", "hunter2")).commit({"a.yaml": "a: 1"})
    git_server.redirect("/app", status(code, Location=f"/app.git{SUFFIX}"))
    remote = Remote(git_server.url("app").removesuffix(".git"), "main", ALICE)

    assert desk.resolve(remote) == commit
    assert desk.contents(remote) == {"a.yaml": "a: 1"}

    assert [(asked.operation, asked.path.partition("?")[0]) for asked in git_server.asked] == [
        (INFO_REFS, "/app/info/refs"),
        (INFO_REFS, "/app.git/info/refs"),
        (LS_REFS, "/app.git/git-upload-pack"),
        (LS_REFS, "/app.git/git-upload-pack"),
        (FETCH, "/app.git/git-upload-pack"),
    ]
    assert desk.observed.count(("info-refs", "success")) == 1


def test_a_credential_never_crosses_to_another_host(
    git_server: FaultyGitServer, other_server: FaultyGitServer, desk: Desk
) -> None:
    git_server.create("app")
    other_server.create("app").commit({"a.yaml": "a: 1"})
    git_server.faults[INFO_REFS] = status(302, Location=other_server.url("app") + SUFFIX)

    error = failure(lambda: desk.resolve(Remote(git_server.url("app"), "main", ALICE)))

    assert error.reason is Reason.GIT_OPERATION_FAILED
    assert error.message == (
        "127.0.0.1 redirects to another place, which is not followed; set spec.url to the final address"
    )
    assert other_server.asked == []


@pytest.mark.parametrize("operation", [LS_REFS, FETCH])
def test_a_query_is_never_redirected(
    git_server: FaultyGitServer, other_server: FaultyGitServer, desk: Desk, operation: str
) -> None:
    git_server.create("app").commit({"a.yaml": "a: 1"})
    other_server.create("app").commit({"a.yaml": "a: 2"})
    git_server.faults[operation] = status(307, Location=f"{other_server.url('app')}/git-upload-pack")

    error = failure(lambda: desk.tree(Remote(git_server.url("app"), "main", ALICE)))

    assert error.reason is Reason.GIT_OPERATION_FAILED
    assert other_server.asked == []


@pytest.mark.parametrize(
    "location",
    [f"https://127.0.0.1/app.git{SUFFIX}", f"http://127.0.0.1:1/app.git{SUFFIX}",
     f"http://alice@127.0.0.1/app.git{SUFFIX}", f"//evil.example{SUFFIX}", f"file:///etc/passwd{SUFFIX}",
     f"/login?next={SUFFIX}", "/login", "", f"http://[{SUFFIX}", f"/app.git\x01{SUFFIX}"],
)  # fmt: skip
def test_no_other_scheme_port_or_nonsense_is_followed(
    git_server: FaultyGitServer, desk: Desk, location: str
) -> None:
    git_server.create("app")
    git_server.faults[INFO_REFS] = status(302, Location=location)

    error = failure(lambda: desk.resolve(Remote(git_server.url("app"), "main", ALICE)))

    assert error.reason is Reason.GIT_OPERATION_FAILED
    assert "set spec.url to the final address" in error.message
    assert "passwd" not in error.message


def test_a_redirect_in_circles_ends(git_server: FaultyGitServer, desk: Desk) -> None:
    git_server.create("app")
    git_server.faults[INFO_REFS] = status(302, Location=f"/app.git{SUFFIX}")

    error = failure(lambda: desk.resolve(Remote(git_server.url("app"), "main")))

    assert error.message == "127.0.0.1 redirects more than once; set spec.url to the final address"
    assert git_server.count(INFO_REFS) == 2


def test_two_who_ask_never_see_what_only_the_other_may(git_server: FaultyGitServer, desk: Desk) -> None:
    git_server.create("app", auth=("alice", "hunter2")).commit({"a.yaml": "a: 1"})
    url = git_server.url("app")
    with desk.tree(Remote(url, "main", ALICE)) as tree:
        commit = tree.commit

    for auth in (None, BasicAuth("alice", "swordfish"), BasicAuth("bob", "hunter2")):
        error = failure(partial(desk.tree, Remote(url, "main", auth), commit))
        assert error.reason is Reason.AUTHENTICATION_FAILED


def test_no_credential_is_written_anywhere(git_server: FaultyGitServer, desk: Desk) -> None:
    git_server.create("app", auth=("alice", "hunter2")).commit({"a.yaml": "a: 1"})
    desk.contents(Remote(git_server.url("app"), "main", ALICE))

    for file in desk.data.rglob("*"):
        assert "hunter2" not in file.name
        if file.is_file():
            assert b"hunter2" not in file.read_bytes()
            assert b"127.0.0.1" not in file.read_bytes()
