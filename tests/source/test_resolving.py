"""What a branch points at, asked of a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.parts.git_server import ANNOUNCEMENT, INFO_REFS, LS_REFS, altered, saying, status
from tests.source.desk import failure
from workers.model.errors import Reason
from workers.source.remote import BasicAuth, Remote

if TYPE_CHECKING:
    from tests.parts.git_server import Fault, FaultyGitServer
    from tests.source.desk import Desk


def test_each_poll_is_one_ref_query_and_the_repository_is_announced_once(
    git_server: FaultyGitServer, desk: Desk
) -> None:
    repository, remote = git_server.create("app"), Remote(git_server.url("app"), "main")
    first = repository.commit({"a.yaml": "a: 1"})
    assert desk.resolve(remote) == first

    second = repository.commit({"a.yaml": "a: 2"})
    assert desk.resolve(remote) == second
    assert desk.resolve(remote) == second

    assert [asked.operation for asked in git_server.asked] == [INFO_REFS, LS_REFS, LS_REFS, LS_REFS]
    assert desk.observed == [("info-refs", "success")] + [("ls-refs", "success")] * 3


def test_polls_share_one_connection(git_server: FaultyGitServer, desk: Desk) -> None:
    git_server.create("app").commit({"a.yaml": "a: 1"})
    remote = Remote(git_server.url("app"), "main")

    for _ in range(5):
        desk.resolve(remote)

    assert len({asked.client for asked in git_server.asked}) == 1


def test_a_branch_is_found_by_its_whole_name(git_server: FaultyGitServer, desk: Desk) -> None:
    repository = git_server.create("app")
    commits = {name: repository.commit({"a": name}, branch=name) for name in ("main", "main2", "x/main")}

    for name, commit in commits.items():
        assert desk.resolve(Remote(git_server.url("app"), name)) == commit


def test_a_forced_push_is_followed(git_server: FaultyGitServer, desk: Desk) -> None:
    repository, remote = git_server.create("app"), Remote(git_server.url("app"), "main")
    old = repository.commit({"a.yaml": "a: 1"})
    repository.commit({"a.yaml": "a: 2"})
    desk.resolve(remote)

    repository.git("update-ref", "refs/heads/main", old)

    assert desk.resolve(remote) == old


def test_a_missing_branch_is_named_and_recovers_when_it_is_pushed(
    git_server: FaultyGitServer, desk: Desk
) -> None:
    repository, remote = git_server.create("app"), Remote(git_server.url("app"), "prod")
    repository.commit({"a.yaml": "a: 1"})

    error = failure(lambda: desk.resolve(remote))

    assert error.reason is Reason.REVISION_NOT_FOUND
    assert error.message == ("the repository at 127.0.0.1 has no branch prod; push it or correct spec.branch")
    assert git_server.count(LS_REFS) == 1
    commit = repository.commit({"a.yaml": "a: 1"}, branch="prod")
    assert desk.resolve(remote) == commit


def test_a_repository_without_its_default_branch_is_not_empty(
    git_server: FaultyGitServer, desk: Desk
) -> None:
    git_server.create("app").commit({"a.yaml": "a: 1"}, branch="other")

    assert failure(lambda: desk.resolve(Remote(git_server.url("app"), "main"))).reason is (
        Reason.REVISION_NOT_FOUND
    )


def test_an_empty_repository_says_so(git_server: FaultyGitServer, desk: Desk) -> None:
    git_server.create("app")

    error = failure(lambda: desk.resolve(Remote(git_server.url("app"), "main")))

    assert error.reason is Reason.REPOSITORY_EMPTY
    assert error.message == "the repository at 127.0.0.1 has no commits; push one"


def test_credentials_are_sent_unasked(git_server: FaultyGitServer, desk: Desk) -> None:
    commit = git_server.create("app", auth=("alice", "hunter2")).commit({"a.yaml": "a: 1"})

    assert desk.resolve(Remote(git_server.url("app"), "main", BasicAuth("alice", "hunter2"))) == commit
    assert [asked.operation for asked in git_server.asked] == [INFO_REFS, LS_REFS]


@pytest.mark.parametrize(
    ("auth", "message"),
    [
        (None, "127.0.0.1 asks for credentials (HTTP 401); name a Secret in spec.secretRef"),
        (
            BasicAuth("alice", "swordfish"),
            "127.0.0.1 refused the credentials (HTTP 401); check the Secret in spec.secretRef",
        ),
    ],
)
def test_wrong_or_missing_credentials_are_told_apart(
    git_server: FaultyGitServer, desk: Desk, auth: BasicAuth | None, message: str
) -> None:
    git_server.create("app", auth=("alice", "hunter2")).commit({"a.yaml": "a: 1"})

    error = failure(lambda: desk.resolve(Remote(git_server.url("app"), "main", auth)))

    assert (error.reason, error.message) == (Reason.AUTHENTICATION_FAILED, message)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (status(401), (Reason.AUTHENTICATION_FAILED, None)),
        (status(403), (Reason.AUTHENTICATION_FAILED, None)),
        (status(403, Retry_After="7"), (Reason.RATE_LIMITED, 7.0)),
        (status(404), (Reason.GIT_OPERATION_FAILED, None)),
        (status(410), (Reason.GIT_OPERATION_FAILED, None)),
        (status(418), (Reason.GIT_OPERATION_FAILED, None)),
        (status(429), (Reason.RATE_LIMITED, None)),
        (status(429, Retry_After="30"), (Reason.RATE_LIMITED, 30.0)),
        (status(503, Retry_After="86400"), (Reason.RATE_LIMITED, 3600.0)),
        (status(503, Retry_After="soon"), (Reason.RATE_LIMITED, None)),
        (status(500), (Reason.GIT_OPERATION_FAILED, None)),
        (status(502), (Reason.GIT_OPERATION_FAILED, None)),
        (status(204), (Reason.GIT_OPERATION_FAILED, None)),
    ],
)
@pytest.mark.parametrize("operation", [INFO_REFS, LS_REFS])
def test_each_refusal_has_its_reason(
    git_server: FaultyGitServer,
    desk: Desk,
    operation: str,
    answer: Fault,
    expected: tuple[Reason, float | None],
) -> None:
    git_server.create("app").commit({"a.yaml": "a: 1"})
    git_server.faults[operation] = answer

    error = failure(lambda: desk.resolve(Remote(git_server.url("app"), "main")))

    assert (error.reason, error.retry_after) == expected
    assert "127.0.0.1" in error.message
    assert desk.observed[-1] == (operation, str(error.reason))


@pytest.mark.parametrize(
    ("operation", "answer", "says"),
    [
        (INFO_REFS, saying(b"<html>sign in</html>", "text/html"), "instead of Git's protocol"),
        (INFO_REFS, saying(b"<html>sign in</html>", ANNOUNCEMENT), "instead of Git's protocol"),
        (INFO_REFS, saying(b"001e# service=git-upload-pack\n0000", ANNOUNCEMENT), "instead of Git's"),
        (
            INFO_REFS,
            saying(
                b"001e# service=git-upload-pack\n0000" + b"003d" + b"1" * 40 + b" refs/heads/main\n",
                ANNOUNCEMENT,
            ),
            "only speaks an old Git protocol",
        ),
        (INFO_REFS, saying(b"000eversion 2\n0019object-format=sha256\n0000", ANNOUNCEMENT), "SHA-256"),
        (LS_REFS, saying(b"<html>sign in</html>", "text/html"), "instead of Git's protocol"),
        (LS_REFS, saying(b"0000", "text/plain"), "instead of Git's protocol"),
        (LS_REFS, saying(b"003d1234"), "instead of Git's protocol"),
        (LS_REFS, saying(b"0016ERR access denied\n"), "refused the request"),
        (LS_REFS, altered(lambda part: part[:-4]), "instead of Git's protocol"),
    ],
)
def test_what_is_no_git_server_is_told_in_a_sentence_without_its_words(
    git_server: FaultyGitServer, desk: Desk, operation: str, answer: Fault, says: str
) -> None:
    git_server.create("app").commit({"a.yaml": "a: 1"})
    git_server.faults[operation] = answer

    error = failure(lambda: desk.resolve(Remote(git_server.url("app"), "main")))

    assert error.reason is Reason.GIT_OPERATION_FAILED
    assert says in error.message
    assert "sign in" not in error.message
    assert "access denied" not in error.message


def test_a_repository_that_moved_is_looked_for_again(git_server: FaultyGitServer, desk: Desk) -> None:
    repository, remote = git_server.create("app"), Remote(git_server.url("app"), "main")
    commit = repository.commit({"a.yaml": "a: 1"})
    desk.resolve(remote)
    git_server.faults[LS_REFS] = status(404)
    failure(lambda: desk.resolve(remote))
    git_server.faults.clear()

    assert desk.resolve(remote) == commit
    assert git_server.count(INFO_REFS) == 2
