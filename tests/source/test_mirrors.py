"""Mirrors outlive what happens to them: damage, a kill in the middle, a second process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.parts.git_server import FETCH, recording, saying, stalling_after
from tests.source.desk import Desk, failure
from workers.model.errors import Reason
from workers.source.git import GitSource
from workers.source.mirrors import FolderInUseError
from workers.source.remote import BasicAuth, Remote

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from supervisor.deadline import Fence
    from tests.parts.git_server import FaultyGitServer

MANY = {f"apps/{number}.yaml": f"number: {number}\n" for number in range(300)}
ONE = {"apps/a.yaml": "a: 1\n"}
HUGE = {"apps/a.yaml": Random(1).randbytes(400_000).hex()}
"""Cannot be deflated to less than git gets while it is still coming in."""

READER = """
import sys
from pathlib import Path
from supervisor.deadline import Fence, Watchdog
from workers.source.git import GitSource
from workers.source.remote import Remote
data, url, commit = sys.argv[1:]
source = GitSource(Path(data), "alumiini/test", lambda *_: None)
source.tree(Remote(url, "main"), commit, "", Fence(Watchdog()).deadline(60))
"""


@pytest.fixture(params=[ONE, MANY], ids=["small", "large"])
def files(request: pytest.FixtureRequest) -> dict[str, str]:
    return dict(request.param)


@pytest.fixture
def remote(git_server: FaultyGitServer, files: dict[str, str]) -> Remote:
    git_server.create("app").commit(files)
    return Remote(git_server.url("app"), "main")


def objects(desk: Desk) -> list[Path]:
    return [path for path in desk.mirrors()[0].joinpath("objects").rglob("*") if path.is_file()]


def remove_all(paths: list[Path]) -> None:
    for path in paths:
        path.unlink()


def empty_all(paths: list[Path]) -> None:
    for path in paths:
        path.chmod(0o600)
        path.write_bytes(b"")


def spoil_all(paths: list[Path]) -> None:
    for path in paths:
        path.chmod(0o600)
        path.write_bytes(bytes(255 - byte for byte in path.read_bytes()))


@pytest.mark.parametrize("damage", [remove_all, empty_all, spoil_all])
def test_a_damaged_mirror_is_fetched_anew(
    git_server: FaultyGitServer,
    remote: Remote,
    desk: Desk,
    files: dict[str, str],
    damage: Callable[[list[Path]], None],
) -> None:
    desk.tree(remote).close()

    damage(objects(desk))

    assert desk.contents(remote) == files
    assert git_server.count(FETCH) == 2
    assert len(desk.mirrors()) == 1


def test_a_file_that_is_damaged_while_it_is_read_heals_with_the_next_try(
    git_server: FaultyGitServer, desk: Desk
) -> None:
    git_server.create("app").commit(ONE)
    remote = Remote(git_server.url("app"), "main")
    with desk.tree(remote) as tree:
        blob = tree.files[0].blob
        empty_all([path for path in objects(desk) if path.parent.name + path.name == blob])

        error = failure(lambda: tree.read(blob))

    assert error.reason is Reason.GIT_OPERATION_FAILED
    assert error.message == "the local copy of the repository is damaged; the next try fetches it anew"
    assert desk.contents(remote) == ONE


def test_a_record_that_cannot_be_read_is_an_empty_mirror(
    git_server: FaultyGitServer, remote: Remote, tmp_path: Path, fence: Fence, files: dict[str, str]
) -> None:
    with Desk(tmp_path / "data", fence) as desk:
        desk.tree(remote).close()
        (desk.mirrors()[0] / "shallow").write_bytes(b"\xff\0nonsense\n")

    with Desk(tmp_path / "data", fence) as desk:
        assert desk.contents(remote) == files
    assert git_server.count(FETCH) == 2


def test_a_mirror_is_found_again_after_a_restart(
    git_server: FaultyGitServer, remote: Remote, tmp_path: Path, fence: Fence, files: dict[str, str]
) -> None:
    for _ in range(2):
        with Desk(tmp_path / "data", fence) as desk:
            assert desk.contents(remote) == files

    assert git_server.count(FETCH) == 1


@pytest.mark.parametrize(
    ("files", "received"),
    [(ONE, 0), (ONE, 100), (MANY, 5000), (HUGE, 100_000), (HUGE, 400_000)],
)
def test_a_kill_in_the_middle_of_a_fetch_leaves_nothing_that_disturbs(
    git_server: FaultyGitServer, tmp_path: Path, fence: Fence, files: dict[str, str], received: int
) -> None:
    commit, remote = git_server.create("app").commit(files), Remote(git_server.url("app"), "main")
    git_server.faults[FETCH] = stalling_after(received)
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(tmp_path / "data"), remote.url, commit]
    ) as reader:
        git_server.wait_until_stalled()
        os.kill(reader.pid, signal.SIGKILL)
    git_server.wait_until_clients_went()
    git_server.faults.clear()

    with Desk(tmp_path / "data", fence) as desk:
        assert desk.contents(remote) == files
        assert len(desk.mirrors()) == 1
        assert not list(desk.data.rglob("tmp_*"))


def test_what_a_kill_left_behind_is_removed_at_the_next_start(
    remote: Remote, tmp_path: Path, fence: Fence, files: dict[str, str]
) -> None:
    with Desk(tmp_path / "data", fence) as desk:
        desk.tree(remote).close()
        mirror = desk.mirrors()[0]
        (mirror / "objects" / "pack" / "tmp_pack_x").touch()
        (mirror / "objects" / "tmp_object_git2_x").touch()
        shutil.copytree(mirror, mirror.with_suffix(".unfinished"), ignore=shutil.ignore_patterns("shallow"))

    with Desk(tmp_path / "data", fence) as desk:
        assert desk.contents(remote) == files
        assert desk.mirrors() == [mirror]
        assert not list(desk.data.rglob("tmp_*"))


def test_two_processes_never_work_in_one_folder(desk: Desk) -> None:
    with pytest.raises(FolderInUseError, match=r"another process works in .*data; stop it"):
        GitSource(desk.data, "alumiini/test", lambda *_: None)


def test_nobody_else_can_look_into_the_data_folder(
    git_server: FaultyGitServer, remote: Remote, desk: Desk
) -> None:
    desk.tree(remote).close()

    assert git_server.count(FETCH) == 1
    for folder in (desk.data, desk.data / "mirrors", *desk.mirrors()):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert (desk.data / "key").stat().st_mode & 0o777 == 0o600


def test_the_name_of_a_mirror_depends_on_address_credential_and_folder(
    git_server: FaultyGitServer, remote: Remote, tmp_path: Path, fence: Fence
) -> None:
    names = set()
    for data in ("one", "two"):
        with Desk(tmp_path / data, fence) as desk:
            for auth in (None, BasicAuth("a", "bc"), BasicAuth("ab", "c")):
                desk.tree(Remote(remote.url, "main", auth)).close()
            desk.tree(Remote(f"{remote.url}/", "main")).close()
            names |= {mirror.name.partition(".")[0] for mirror in desk.mirrors()}

    assert len(names) == 6
    assert git_server.count(FETCH) == 6


def test_a_disk_that_refuses_is_said_in_a_sentence(remote: Remote, desk: Desk) -> None:
    (desk.data / "mirrors").rmdir()

    error = failure(lambda: desk.tree(remote))

    assert error.reason is Reason.GIT_OPERATION_FAILED
    assert error.message == (
        "the data folder cannot be used (No such file or directory); check its space and its permissions"
    )


def test_a_machine_without_git_is_told_to_install_it(
    git_server: FaultyGitServer, desk: Desk, elsewhere: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = git_server.create("app").commit(MANY)
    remote = Remote(git_server.url("app"), "main")
    answer: list[bytes] = []
    git_server.faults[FETCH] = recording(answer)
    elsewhere.tree(remote).close()
    desk.resolve(remote)
    git_server.faults[FETCH] = saying(b"".join(answer))
    monkeypatch.setenv("PATH", "")

    error = failure(lambda: desk.tree(remote, commit))

    assert error.message == "the git program is not on the controller's PATH; install it"
