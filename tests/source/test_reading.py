"""What of a commit is read, and what is refused before it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.source.desk import Desk, failure
from workers.model.errors import ObjectError, Reason
from workers.source.limits import Limits
from workers.source.remote import Remote

if TYPE_CHECKING:
    from pathlib import Path

    from alumiini_py.demo.git_repository import Repository
    from supervisor.deadline import Fence
    from tests.parts.git_server import FaultyGitServer


@pytest.fixture
def repository(git_server: FaultyGitServer) -> Repository:
    return git_server.create("app")


@pytest.fixture
def remote(git_server: FaultyGitServer, repository: Repository) -> Remote:
    assert repository.path.exists()
    return Remote(git_server.url("app"), "main")


def write_tree(repository: Repository, *entries: tuple[str, bytes, str]) -> str:
    """Write a tree that no honest Git would write: entries of mode, name and id."""
    raw = b"".join(mode.encode() + b" " + name + b"\0" + bytes.fromhex(oid) for mode, name, oid in entries)
    return repository.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=raw).strip()


def write_blob(repository: Repository, content: bytes) -> str:
    return repository.git("hash-object", "-w", "--stdin", stdin=content).strip()


def push_tree(repository: Repository, tree: str) -> None:
    raw = f"tree {tree}\nauthor a <a@b> 1 +0000\ncommitter a <a@b> 1 +0000\n\nmade by hand\n".encode()
    commit = repository.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=raw)
    repository.git("update-ref", "refs/heads/main", commit.strip())


def test_manifests_are_found_in_all_folders_sorted_and_nothing_else(
    repository: Repository, remote: Remote, desk: Desk
) -> None:
    repository.commit({
        "b.yaml": "b",
        "a/z.yml": "z",
        "a.yaml": "a",
        "a/deep/er/x.json": "x",
        "a/Kustomization": "k",
        "README.md": "-",
        "script.yaml.sh": "-",
        "UPPER.YAML": "-",
        ".hidden.yaml": "-",
        ".github/workflows/ci.yaml": "-",
        "a/.cache/x.yaml": "-",
    })  # fmt: skip

    assert list(desk.contents(remote).items()) == [
        ("a.yaml", "a"),
        ("a/Kustomization", "k"),
        ("a/deep/er/x.json", "x"),
        ("a/z.yml", "z"),
        ("b.yaml", "b"),
    ]


@pytest.mark.parametrize("path", ["apps/prod", "apps/prod/", "./apps/prod", "apps//prod/."])
def test_only_what_lies_under_the_path_is_read(
    repository: Repository, remote: Remote, desk: Desk, path: str
) -> None:
    repository.commit({"apps/prod/a.yaml": "a", "apps/prod2/b.yaml": "b", "apps/c.yaml": "c", "d.yaml": "d"})

    assert desk.contents(remote, path) == {"apps/prod/a.yaml": "a"}


def test_a_path_may_be_hidden_when_it_is_asked_for(
    repository: Repository, remote: Remote, desk: Desk
) -> None:
    repository.commit({".deploy/a.yaml": "a"})

    assert desk.contents(remote, ".deploy") == {".deploy/a.yaml": "a"}


def test_the_id_of_a_path_changes_only_with_what_lies_under_it(
    repository: Repository, remote: Remote, desk: Desk
) -> None:
    ids = []
    for files in ({"apps/a.yaml": "1", "docs/x.md": "1"}, {"docs/x.md": "2"}, {"apps/a.yaml": "2"}):
        repository.commit(files)
        with desk.tree(remote, path="apps") as tree:
            ids.append(tree.id)

    assert ids[0] == ids[1] != ids[2]


def test_a_folder_without_manifests_is_an_empty_source(
    repository: Repository, remote: Remote, desk: Desk
) -> None:
    repository.commit({"docs/x.md": "1"})

    assert desk.contents(remote, "docs") == {}


def test_a_missing_folder_is_named(repository: Repository, remote: Remote, desk: Desk) -> None:
    commit = repository.commit({"apps/a.yaml": "a"})

    error = failure(lambda: desk.tree(remote, path="apps/prod"))

    assert error.reason is Reason.PATH_NOT_FOUND
    assert error.message == (
        f"there is no folder apps/prod in commit {commit[:7]}; push it or correct spec.path"
    )


@pytest.mark.parametrize("path", ["..", "apps/../..", "/apps", "/", "apps\n", "apps/\x00"])
def test_a_path_that_leads_out_is_refused_without_asking_anybody(
    git_server: FaultyGitServer, remote: Remote, desk: Desk, path: str
) -> None:
    error = failure(lambda: desk.tree(remote, "1" * 40, path))

    assert error.reason is Reason.INVALID_PATH
    assert "relative and without .." in error.message
    assert git_server.asked == []


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("file", "leads through file, which is a file"),
        ("file/deeper", "leads through file, which is a file"),
        ("link", "leads through link, which is a symbolic link"),
        ("link/prod", "leads through link, which is a symbolic link"),
        ("module", "leads through module, which is a submodule"),
    ],
)
def test_a_path_through_anything_but_folders_is_refused(
    repository: Repository, remote: Remote, desk: Desk, path: str, says: str
) -> None:
    blob = write_blob(repository, b"apps")
    entries = [("100644", b"file", blob), ("120000", b"link", blob), ("160000", b"module", "1" * 40)]
    push_tree(repository, write_tree(repository, *entries))

    error = failure(lambda: desk.tree(remote, path=path))

    assert error.reason is Reason.INVALID_PATH
    assert says in error.message


def test_links_and_submodules_are_passed_by(repository: Repository, remote: Remote, desk: Desk) -> None:
    blob = write_blob(repository, b"/etc/passwd")
    push_tree(
        repository,
        write_tree(
            repository,
            ("100755", b"executable.yaml", blob),
            ("120000", b"link.yaml", blob),
            ("160000", b"module.yaml", "1" * 40),
            ("100664", b"old-mode.yaml", blob),
        ),
    )

    assert list(desk.contents(remote)) == ["executable.yaml", "old-mode.yaml"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"..", ".."),
        (b".", "."),
        (b".git", ".git"),
        (b".GiT", ".GiT"),
        (b"git~1", "git~1"),
        (b".git ", ".git "),
        (b"a/b.yaml", "a/b.yaml"),
        (b"a\nb.yaml", "a?b.yaml"),
        (b"\x1b[2J.txt", "?[2J.txt"),
        (".g\u200cit".encode(), ".g?it"),
    ],
)
def test_an_entry_that_cannot_be_is_named_and_nothing_is_read(
    repository: Repository, remote: Remote, desk: Desk, name: bytes, shown: str
) -> None:
    evil = write_tree(repository, ("100644", name, write_blob(repository, b"a: 1")))
    push_tree(repository, write_tree(repository, ("40000", b"apps", evil)))

    error = failure(lambda: desk.tree(remote))

    message = f"apps/{shown} has a name that Git does not allow"
    assert error.reason is Reason.BUILD_FAILED
    assert error.message == message
    assert error.errors == (ObjectError("", f"apps/{shown}", "BuildFailed", message),)


def test_names_that_are_not_utf_8_can_be_read(repository: Repository, remote: Remote, desk: Desk) -> None:
    blob = write_blob(repository, b"a: 1")
    push_tree(repository, write_tree(repository, ("100644", b"caf\xe9.yaml", blob)))

    assert desk.contents(remote) == {"caf\\xe9.yaml": "a: 1"}


@pytest.mark.parametrize(
    "raw",
    [b"100644 a.yaml", b"no-mode a.yaml\0" + bytes(20), b"100644 a.yaml\0" + bytes(3),
     b"040000\0" + bytes(20), b"010000 fifo\0" + bytes(20)],
)  # fmt: skip
def test_a_tree_that_makes_no_sense_is_no_damage(
    repository: Repository, remote: Remote, desk: Desk, raw: bytes
) -> None:
    tree = repository.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=raw)
    push_tree(repository, tree.strip())

    error = failure(lambda: desk.tree(remote))

    assert error.reason in (Reason.BUILD_FAILED, Reason.GIT_OPERATION_FAILED)
    assert len(desk.mirrors()) <= 1


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(file_bytes=9), "b/large.yaml is larger than 9 bytes; split it"),
        (
            Limits(source_bytes=11),
            "b/large.yaml makes the source larger than 11 bytes; split the source",
        ),
        (Limits(depth=0), "b/ lies more than 0 folders deep"),
        (Limits(entries=2), "b/large.yaml is one of more than 2 files and folders"),
    ],
)
def test_each_limit_names_what_is_beyond_it(
    git_server: FaultyGitServer, tmp_path: Path, fence: Fence, limits: Limits, message: str
) -> None:
    git_server.create("app").commit({"a.yaml": "12", "b/large.yaml": "1234567890"})
    remote = Remote(git_server.url("app"), "main")

    with Desk(tmp_path / "limited", fence, limits) as desk:
        error = failure(lambda: desk.tree(remote))

    assert (error.reason, error.message) == (Reason.BUILD_FAILED, message)


def test_a_tree_that_unfolds_into_billions_is_left_early(
    repository: Repository, remote: Remote, desk: Desk
) -> None:
    tree = write_tree(repository, ("100644", b"a.yaml", write_blob(repository, b"a: 1")))
    for _ in range(12):
        tree = write_tree(repository, *[("40000", b"%02d" % number, tree) for number in range(10)])
    push_tree(repository, tree)

    error = failure(lambda: desk.tree(remote))

    assert error.reason is Reason.BUILD_FAILED
    assert "one of more than 200000 files and folders" in error.message


def test_a_file_that_is_small_only_when_deflated_is_measured_before_it_is_read(
    repository: Repository, remote: Remote, desk: Desk
) -> None:
    repository.commit({"bomb.yaml": b"\0" * (32 * 1024 * 1024)})

    error = failure(lambda: desk.tree(remote))

    assert error.reason is Reason.BUILD_FAILED
    assert error.message == "bomb.yaml is larger than 5242880 bytes; split it"
