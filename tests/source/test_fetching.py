"""How commits get here: each once, only what is new, whole or not at all."""

from __future__ import annotations

import threading
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.parts.git_server import FETCH, altered, cut_after, held_until, recording, saying
from tests.source.desk import Desk, failure, in_thread
from workers.model.errors import Reason
from workers.source.limits import Limits
from workers.source.mirror import COMMITS, PACKS
from workers.source.remote import Remote

if TYPE_CHECKING:
    from supervisor.deadline import Fence
    from tests.parts.git_server import Fault, FaultyGitServer, FaultyHandler, Proceed

PATIENCE = 30
HUGE = {"a.yaml": Random(1).randbytes(400_000).hex()}
MANY = {f"apps/{number}.yaml": f"number: {number}\n" for number in range(300)}


@pytest.fixture
def remote(git_server: FaultyGitServer) -> Remote:
    git_server.create("app")
    return Remote(git_server.url("app"), "main")


def commit(server: FaultyGitServer, files: dict[str, str | None], branch: str = "main") -> str:
    return server.repository("app").commit(files, branch=branch)


def test_a_commit_is_read_as_it_was_pushed(git_server: FaultyGitServer, remote: Remote, desk: Desk) -> None:
    commit(git_server, dict(MANY))

    assert desk.contents(remote) == MANY


def test_a_commit_that_is_here_is_not_fetched_again(
    git_server: FaultyGitServer, remote: Remote, desk: Desk
) -> None:
    commit(git_server, {"a.yaml": "a: 1"})

    with desk.tree(remote) as first, desk.tree(remote) as second:
        assert (first.fetched, second.fetched) == (True, False)
        assert first.id == second.id

    assert git_server.count(FETCH) == 1


def test_what_follows_is_fetched_as_what_changed(
    git_server: FaultyGitServer, remote: Remote, desk: Desk
) -> None:
    commit(git_server, dict(MANY))
    desk.tree(remote).close()
    sent: list[bytes] = []

    git_server.faults[FETCH] = recording(sent)

    commit(git_server, {"apps/7.yaml": "number: seven\n", "apps/8.yaml": None})

    expected = MANY | {"apps/7.yaml": "number: seven\n"}
    del expected["apps/8.yaml"]
    assert desk.contents(remote) == expected
    assert len(b"".join(sent)) < 1000


def test_forced_history_is_read_like_any_other(
    git_server: FaultyGitServer, remote: Remote, desk: Desk
) -> None:
    old = commit(git_server, {"a.yaml": "a: 1"})
    commit(git_server, {"a.yaml": "a: 2"})
    assert desk.contents(remote) == {"a.yaml": "a: 2"}

    git_server.repository("app").git("update-ref", "refs/heads/main", old)
    assert desk.contents(remote) == {"a.yaml": "a: 1"}

    other = commit(git_server, {"b.yaml": "b: 1"}, branch="unrelated")
    git_server.repository("app").git("update-ref", "refs/heads/main", other)
    assert desk.contents(remote) == {"b.yaml": "b: 1"}


def test_branches_of_one_repository_share_a_mirror(
    git_server: FaultyGitServer, remote: Remote, desk: Desk
) -> None:
    commit(git_server, {"a.yaml": "a: 1"})
    commit(git_server, {"a.yaml": "a: 2"}, branch="prod")

    for _ in range(2):
        assert desk.contents(remote) == {"a.yaml": "a: 1"}
        assert desk.contents(Remote(remote.url, "prod")) == {"a.yaml": "a: 2"}

    assert len(desk.mirrors()) == 1
    assert git_server.count(FETCH) == 2


def test_all_who_want_one_commit_at_once_share_one_fetch(
    git_server: FaultyGitServer, remote: Remote, desk: Desk
) -> None:
    wanted, answer = commit(git_server, dict(MANY)), threading.Event()
    git_server.faults[FETCH] = held_until(answer)
    working = [in_thread(lambda: desk.tree(remote, wanted, "apps")) for _ in range(20)]
    git_server.wait_until_asked(FETCH)

    answer.set()

    trees = [found.result(PATIENCE) for found in working]
    assert sorted(tree.fetched for tree in trees) == [False] * 19 + [True]
    assert len({tree.id for tree in trees}) == 1
    assert git_server.count(FETCH) == 1
    for tree in trees:
        tree.close()


def test_one_who_fails_does_not_fail_those_who_wait(
    git_server: FaultyGitServer, remote: Remote, desk: Desk
) -> None:
    wanted, answer = commit(git_server, {"a.yaml": "a: 1"}), threading.Event()

    def first_fails(handler: FaultyHandler, proceed: Proceed) -> None:
        git_server.faults.clear()
        held_until(answer)(handler, lambda: cut_after(3)(handler, proceed))

    git_server.faults[FETCH] = first_fails
    failing = in_thread(lambda: desk.tree(remote, wanted))
    git_server.wait_until_asked(FETCH)
    waiting = in_thread(lambda: desk.tree(remote, wanted))
    answer.set()

    assert failure(lambda: failing.result(PATIENCE)).reason is Reason.GIT_OPERATION_FAILED
    with waiting.result(PATIENCE) as tree:
        assert tree.fetched


def bad_pack(part: bytes) -> bytes:
    """Spoil the last bytes, where the checksum of the pack is."""
    return part[:-12] + b"\0" * 8 + part[-4:]


@pytest.mark.parametrize("files", [{"a.yaml": "a: 1"}, MANY, HUGE], ids=["small", "many", "huge"])
@pytest.mark.parametrize(
    "fault",
    [
        cut_after(0),
        cut_after(3),
        cut_after(60),
        cut_after(200),
        altered(bad_pack),
        saying(b"0000"),
        saying(b"000dpackfile\n0000"),
        saying(b"000dpackfile\n0009\x01PACK0000"),
        saying(b"000dpackfile\n0009\x03gone0000"),
        saying(b"0021ERR upload-pack: not our ref\n"),
    ],
)
def test_a_pack_that_does_not_arrive_whole_changes_nothing(
    git_server: FaultyGitServer, remote: Remote, desk: Desk, files: dict[str, str | None], fault: Fault
) -> None:
    commit(git_server, files)
    git_server.faults[FETCH] = fault

    error = failure(lambda: desk.tree(remote))

    assert error.reason is Reason.GIT_OPERATION_FAILED
    assert "gone" not in error.message
    assert "not our ref" not in error.message
    assert desk.observed[-1] == ("fetch", "GitOperationFailed")
    assert not list(desk.data.rglob("tmp_*"))
    git_server.faults.clear()
    assert desk.contents(remote) == files


def test_a_commit_that_is_not_in_its_pack_is_fetched_once_more_and_then_reported(
    git_server: FaultyGitServer, remote: Remote, desk: Desk
) -> None:
    commit(git_server, {"a.yaml": "a: 1"})
    desk.tree(remote).close()
    wanted = commit(git_server, {"a.yaml": "a: 2"})
    empty = bytes.fromhex("5041434b0000000200000000029d08823bd8a8eab510ad6ac75c823cfd3ed31e")
    git_server.faults[FETCH] = saying(b"000dpackfile\n0025\x01" + empty + b"0000")

    error = failure(lambda: desk.tree(remote, wanted))

    assert error.reason is Reason.GIT_OPERATION_FAILED
    assert error.message == (
        f"127.0.0.1 sent commit {wanted[:7]} without all of its files; run git fsck on the repository there"
    )
    assert git_server.count(FETCH) == 3


def test_a_large_pack_is_handed_to_git_as_it_comes(
    git_server: FaultyGitServer, remote: Remote, desk: Desk
) -> None:
    commit(git_server, dict(HUGE))
    assert desk.contents(remote) == HUGE

    git_server.faults[FETCH] = cut_after(400_000)
    commit(git_server, {"a.yaml": Random(2).randbytes(400_000).hex()})
    assert failure(lambda: desk.tree(remote)).message == (
        "the connection to 127.0.0.1 broke; it is tried again by itself"
    )
    assert not list(desk.data.rglob("tmp_*"))


def test_a_pack_without_end_is_left_at_its_limit(
    git_server: FaultyGitServer, remote: Remote, tmp_path: Path, fence: Fence
) -> None:
    commit(git_server, dict(MANY))
    with Desk(tmp_path / "small", fence, Limits(pack_bytes=1000)) as desk:
        error = failure(lambda: desk.tree(remote))

    assert error.reason is Reason.GIT_OPERATION_FAILED
    assert error.message == "127.0.0.1 sends more than 1000 bytes; this repository is too large"


def test_a_mirror_remembers_a_few_commits(git_server: FaultyGitServer, remote: Remote, desk: Desk) -> None:
    commits = []
    for number in range(COMMITS + 3):
        commits.append(commit(git_server, {"a.yaml": f"a: {number}"}))
        desk.tree(remote).close()

    assert (desk.mirrors()[0] / "shallow").read_text().split() == commits[-COMMITS:]


def test_a_mirror_with_many_packs_is_made_anew(
    git_server: FaultyGitServer, remote: Remote, desk: Desk
) -> None:
    commit(git_server, {"a.yaml": "a: 0"})
    reader = desk.tree(remote)
    old = desk.mirrors()[0]
    for number in range(PACKS):
        (old / "objects" / "pack" / f"pack-{number:040}.pack").touch()

    commit(git_server, {"a.yaml": "a: 1"})
    assert desk.contents(remote) == {"a.yaml": "a: 1"}

    assert old in desk.mirrors()
    assert reader.read(reader.files[0].blob) == b"a: 0"
    reader.close()
    assert len(desk.mirrors()) == 1
    assert old not in desk.mirrors()


def test_nothing_is_open_when_nobody_reads(git_server: FaultyGitServer, remote: Remote, desk: Desk) -> None:
    commit(git_server, dict(MANY))

    with desk.tree(remote) as tree:
        tree.read(tree.files[0].blob)
        assert open_files(desk.data) > 1

    assert open_files(desk.data) == 1  # the lock
    with pytest.raises(RuntimeError):
        tree.read(tree.files[0].blob)


def open_files(folder: Path) -> int:
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return sum(link.readlink().is_relative_to(folder) for link in links)
