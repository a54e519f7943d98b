"""A push that a forge announces, and what comes to that port besides."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.parts.api_client import eventually
from tests.parts.git_server import LS_REFS, held_until
from tests.parts.stage import Stage, config_map

if TYPE_CHECKING:
    from alumiini_py.demo.git_repository import Repository
    from tests.parts.audit import AuditLog
    from tests.parts.controller import Controller, Controllers

COMMIT = "0" * 39 + "1"


@pytest.fixture
def controller(controllers: Controllers) -> Controller:
    return controllers.start()


@pytest.fixture
def repository(stage: Stage, controller: Controller) -> Repository:
    """A repository that is synced and not polled."""
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow()
    controller.until_ready()
    stage.until_synced(repository.head())
    return repository


def test_an_announced_push_is_applied(stage: Stage, controller: Controller, repository: Repository) -> None:
    commit = repository.commit({"one.yaml": config_map("one", "2")})
    answer = controller.push(stage.url(), commit)
    assert (answer.status, answer.body) == (
        202,
        {
            "status": "accepted",
            "repositories": [f"{stage.namespace}/app"],
            "ref": "refs/heads/main",
            "commit": commit,
        },
    )
    stage.until_synced(commit)
    assert stage.value("one") == "2"


def test_the_answer_does_not_wait_for_git(
    stage: Stage, controller: Controller, repository: Repository
) -> None:
    go_on = threading.Event()
    stage.git.faults[LS_REFS] = held_until(go_on)
    commit = repository.commit({"one.yaml": config_map("one", "2")})
    assert controller.push(stage.url(), commit).status == 202
    assert stage.value("one") == "1"
    go_on.set()
    stage.until_synced(commit)


def test_pushes_during_a_sync_become_one_more_sync(
    stage: Stage, controller: Controller, repository: Repository
) -> None:
    go_on = threading.Event()
    stage.git.faults[LS_REFS] = held_until(go_on)
    asked = stage.git.count(LS_REFS)
    controller.push(stage.url(), repository.commit({"one.yaml": config_map("one", "0")}))
    stage.git.wait_until_asked(LS_REFS, asked + 1)
    for number in range(1, 11):
        commit = repository.commit({"one.yaml": config_map("one", str(number))})
        assert controller.push(stage.url(), commit).status == 202
    go_on.set()
    stage.until_synced(commit)
    assert stage.value("one") == "10"
    assert stage.git.count(LS_REFS) <= asked + 2


def test_every_git_repository_that_follows_the_branch_is_told(
    stage: Stage, controller: Controller, repository: Repository
) -> None:
    stage.follow("same", url=stage.url(), path="only-here")
    stage.follow("other", url=stage.url(), branch="other")
    eventually(lambda: stage.condition("Ready", "other"), "it was tried")
    eventually(lambda: stage.condition("Ready", "same"), "it was tried")
    answer = controller.push(stage.url(), repository.commit({"only-here/two.yaml": config_map("two")}))
    assert answer.body["repositories"] == [f"{stage.namespace}/app", f"{stage.namespace}/same"]


def test_a_push_that_the_remote_does_not_show_yet_is_asked_for_again(
    stage: Stage, controller: Controller, repository: Repository
) -> None:
    before = repository.head() or ""
    commit = repository.commit({"one.yaml": config_map("one", "2")})
    repository.git("update-ref", "refs/heads/main", before)
    asked = stage.git.count(LS_REFS)
    controller.push(stage.url(), commit)
    stage.git.wait_until_asked(LS_REFS, asked + 1)
    repository.git("update-ref", "refs/heads/main", commit)
    stage.until_synced(commit)
    assert stage.value("one") == "2"


def test_a_commit_that_is_on_no_branch_of_ours_is_never_applied(
    stage: Stage, controller: Controller, repository: Repository
) -> None:
    head = repository.head()
    fork = repository.commit({"evil.yaml": config_map("evil")}, branch="fork")
    asked = stage.git.count(LS_REFS)
    assert controller.push(stage.url(), fork).status == 202
    stage.git.wait_until_asked(LS_REFS, asked + 3)
    assert stage.config_maps() == {"one"}
    assert stage.status()["lastSyncedCommit"] == head


def test_a_wrong_signature_is_unauthorised_and_asks_git_nothing(
    stage: Stage, controller: Controller, repository: Repository
) -> None:
    commit = repository.commit({"one.yaml": config_map("one", "2")})
    asked = len(stage.git.asked)
    for secret in ("wrong", ""):
        answer = controller.push(stage.url(), commit, secret=secret)
        assert (answer.status, answer.body) == (401, {"error": "unauthorized"})
    assert len(stage.git.asked) == asked
    assert controller.push(stage.url(), commit).status == 202
    stage.until_synced(commit)
    assert len(stage.git.asked) > asked


def test_a_body_of_two_mebibytes_is_refused_and_the_next_push_is_applied(
    stage: Stage, controller: Controller, repository: Repository
) -> None:
    commit = repository.commit({"one.yaml": config_map("one", "2")})
    assert controller.push(stage.url(), commit, size=2 * 1024 * 1024).status == 413
    assert controller.push(stage.url(), commit).status == 202
    stage.until_synced(commit)


def test_an_unknown_branch_or_repository_asks_neither_git_nor_the_api_server(
    stage: Stage, controller: Controller, repository: Repository, audit: AuditLog
) -> None:
    assert repository.head()
    stage.until_told()
    audit.begin()
    asked = len(stage.git.asked)
    ignored = {"status": "ignored", "reason": "no_match"}
    assert controller.push(stage.url(), COMMIT, "feature").body == ignored
    assert controller.push(stage.url() + "-evil", COMMIT).body == ignored
    assert len(stage.git.asked) == asked
    assert audit.requests() == []


def test_a_push_for_a_suspended_one_is_ignored(
    stage: Stage, controller: Controller, repository: Repository
) -> None:
    stage.change(suspend=True)
    eventually(lambda: stage.status()["observedGeneration"] == 2, "it rests")
    answer = controller.push(stage.url(), repository.commit({"one.yaml": config_map("one", "2")}))
    assert (answer.status, answer.body) == (200, {"status": "ignored", "reason": "suspended"})
    assert stage.value("one") == "1"
