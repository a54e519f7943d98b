"""Whatever is wrong with one repository: its status says it, it recovers, and no other repository notices."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from tests.parts.api_client import eventually
from tests.parts.git_server import (
    FETCH,
    LS_REFS,
    cut_after,
    dripping_body,
    dripping_head,
    saying,
    silent,
    stalling_after,
    status,
)
from tests.parts.stage import DOMAIN, config_map, manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alumiini_py.demo.git_repository import Repository
    from tests.parts.audit import AuditLog
    from tests.parts.controller import Controller, Controllers
    from tests.parts.git_server import Fault
    from tests.parts.stage import Stage


class Neighbour:
    """A healthy repository beside the one that suffers."""

    def __init__(self, stage: Stage, controller: Controller, repository: Repository) -> None:
        self._stage = stage
        self.controller = controller
        self._repository = repository
        self._number = 0

    def assert_not_noticing(self) -> None:
        """Push a change and see it in the cluster."""
        self._number += 1
        value = f"push-{self._number}"
        commit = self._repository.commit({"calm.yaml": config_map("calm", value)})
        assert self.controller.push(self._stage.url("calm"), commit).status == 202
        self._stage.until_value("calm", value)
        self._stage.until_synced(commit, "calm")


@pytest.fixture
def controller(controllers: Controllers) -> Controller:
    return controllers.start()


@pytest.fixture
def neighbour(stage: Stage, controller: Controller) -> Iterator[Neighbour]:
    """It is healthy before the test, and at the end."""
    repository = stage.repository("calm", files={"calm.yaml": config_map("calm")})
    stage.follow("calm")
    stage.until_synced(repository.head(), "calm")
    neighbour = Neighbour(stage, controller, repository)
    yield neighbour
    neighbour.assert_not_noticing()


@pytest.mark.parametrize(
    "url", ["http://unknown.invalid/app.git", "http://127.0.0.1:1/app.git", "https://127.0.0.1:1/app.git"]
)
def test_a_host_that_is_not_there(stage: Stage, neighbour: Neighbour, url: str) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow(url=url)
    stage.until_failed("GitOperationFailed")
    assert stage.condition("Reconciling")["reason"] == "ProgressingWithRetry"
    neighbour.assert_not_noticing()
    stage.change(url=stage.url())
    assert stage.until_synced(repository.head())["failures"] == 0


@pytest.mark.parametrize(
    ("operation", "fault_and_reason"),
    [
        (LS_REFS, (status(401), "AuthenticationFailed")),
        (LS_REFS, (status(403), "AuthenticationFailed")),
        (LS_REFS, (status(404), "GitOperationFailed")),
        (LS_REFS, (status(429, Retry_After="1"), "RateLimited")),
        (LS_REFS, (status(500), "GitOperationFailed")),
        (LS_REFS, (silent, "GitTimeout")),
        (LS_REFS, (dripping_head, "GitTimeout")),
        (LS_REFS, (saying(b"nonsense"), "GitOperationFailed")),
        (FETCH, (status(500), "GitOperationFailed")),
        (FETCH, (dripping_body, "GitTimeout")),
        (FETCH, (stalling_after(10), "GitTimeout")),
        (FETCH, (cut_after(10), "GitOperationFailed")),
    ],
    ids=["401", "403", "404", "429", "500", "silent", "drips", "talks nonsense"]
    + [f"{fault} during the fetch" for fault in ("500", "drips", "stalls", "cut")],
)
def test_a_server_that_fails_after_a_good_sync(
    stage: Stage, neighbour: Neighbour, operation: str, fault_and_reason: tuple[Fault, str]
) -> None:
    fault, reason = fault_and_reason
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow(timeout="1s")
    synced = stage.until_synced(repository.head())["lastSyncedCommit"]

    stage.git.faults[operation] = lambda handler, proceed: (
        fault(handler, proceed) if f"{stage.namespace}-app.git" in handler.path else proceed()
    )
    commit = repository.commit({"one.yaml": config_map("one", "2"), "two.yaml": config_map("two")})
    neighbour.controller.push(stage.url(), commit)
    stage.until_failed(reason)
    neighbour.assert_not_noticing()
    assert stage.status()["lastSyncedCommit"] == synced
    assert stage.config_maps() == {"one", "calm"}

    stage.git.faults.clear()
    stage.annotate(requestedAt="now")
    stage.until_synced(commit)
    assert stage.config_maps() == {"one", "two", "calm"}


def secret(password: str) -> dict[str, object]:
    data = {"username": "robot", "password": password}
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "git"}, "data": encoded}


def test_a_wrong_password_then_the_right_one(
    stage: Stage, neighbour: Neighbour, caplog: pytest.LogCaptureFixture
) -> None:
    repository = stage.git.create(f"{stage.namespace}-app", auth=("robot", "right"))
    repository.commit({"one.yaml": config_map("one")})
    stage.api.create("secrets", secret("wrong-4711"), stage.namespace)
    stage.follow(secretRef={"name": "git"})
    failed = stage.until_failed("AuthenticationFailed")
    neighbour.assert_not_noticing()
    for said in (json.dumps(failed), json.dumps(stage.events()), caplog.text):
        assert "wrong-4711" not in said

    stage.api.merge("secrets", "git", {"data": secret("right")["data"]}, stage.namespace)
    stage.until_synced(repository.head())  # at the next retry, by itself


def asking_for(password: str) -> Fault:
    """Let in who has this password."""
    expected = "Basic " + base64.b64encode(f"robot:{password}".encode()).decode()
    return lambda handler, proceed: (
        proceed() if handler.headers["Authorization"] == expected else status(401)(handler, proceed)
    )


def test_a_password_that_is_changed_on_both_sides_fails_no_sync(
    stage: Stage, controller: Controller, neighbour: Neighbour
) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.api.create("secrets", secret("old"), stage.namespace)
    stage.follow(secretRef={"name": "git"})
    stage.until_synced(repository.head())

    stage.git.faults = {LS_REFS: asking_for("new"), FETCH: asking_for("new")}
    stage.api.merge("secrets", "git", {"data": secret("new")["data"]}, stage.namespace)
    controller.push(stage.url(), repository.commit({"one.yaml": config_map("one", "2")}))
    stage.until_synced(repository.head())
    assert {reason for reason, _ in stage.events()} == {"Synced"}
    stage.git.faults.clear()
    neighbour.assert_not_noticing()


def test_a_secret_that_is_missing_then_created(stage: Stage, neighbour: Neighbour) -> None:
    repository = stage.git.create(f"{stage.namespace}-app", auth=("robot", "right"))
    repository.commit({"one.yaml": config_map("one")})
    stage.follow(secretRef={"name": "git"}, interval="1s")
    assert f"{stage.namespace}/git" in stage.until_failed("SecretNotFound")["message"]
    assert stage.condition("Stalled")["status"] == "True"
    neighbour.assert_not_noticing()
    stage.api.create("secrets", secret("right"), stage.namespace)
    stage.until_synced(repository.head())  # at its interval
    assert stage.condition("Stalled") == {}


def test_a_branch_that_is_missing_then_created(stage: Stage, neighbour: Neighbour) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow(branch="later")
    assert "later" in stage.until_failed("RevisionNotFound")["message"]
    neighbour.assert_not_noticing()
    commit = repository.commit({"two.yaml": config_map("two")}, branch="later")
    stage.until_synced(commit)
    assert stage.config_maps() == {"two", "calm"}


def test_a_path_that_is_missing_then_created(
    stage: Stage, controller: Controller, neighbour: Neighbour
) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow(path="deploy")
    assert "deploy" in stage.until_failed("PathNotFound")["message"]
    neighbour.assert_not_noticing()
    controller.push(stage.url(), repository.commit({"deploy/two.yaml": config_map("two")}))
    stage.until_synced(repository.head())
    assert stage.config_maps() == {"two", "calm"}


def test_a_path_that_goes_prunes_nothing(stage: Stage, controller: Controller, neighbour: Neighbour) -> None:
    repository = stage.repository(files={"deploy/one.yaml": config_map("one"), "x.yaml": config_map("x")})
    stage.follow(path="deploy", allowEmpty=True)
    stage.until_synced(repository.head())
    controller.push(stage.url(), repository.commit({"deploy/one.yaml": None}))
    stage.until_failed("PathNotFound")
    neighbour.assert_not_noticing()
    assert stage.config_maps() == {"one", "calm"}


def test_a_repository_without_a_commit_then_with_one(
    stage: Stage, controller: Controller, neighbour: Neighbour
) -> None:
    repository = stage.repository()
    stage.follow()
    stage.until_failed("RepositoryEmpty")
    neighbour.assert_not_noticing()
    controller.push(stage.url(), repository.commit({"one.yaml": config_map("one")}))
    stage.until_synced(repository.head())


def test_a_repository_that_is_emptied_prunes_nothing(
    stage: Stage, controller: Controller, neighbour: Neighbour
) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow(allowEmpty=True)
    stage.until_synced(repository.head())
    repository.git("update-ref", "-d", "refs/heads/main")
    controller.push(stage.url(), "0" * 39 + "1")
    stage.until_failed("RepositoryEmpty")
    neighbour.assert_not_noticing()
    assert stage.config_maps() == {"one", "calm"}


def test_invalid_yaml_in_one_of_two_files_changes_nothing(
    stage: Stage, controller: Controller, neighbour: Neighbour
) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one"), "two.yaml": config_map("two")})
    stage.follow()
    stage.until_synced(repository.head())

    commit = repository.commit(
        {"one.yaml": config_map("one", "2"), "two.yaml": "kind: ConfigMap\n\tno: tabs\n"}
    )
    controller.push(stage.url(), commit)
    assert "two.yaml:2: " in stage.until_failed("BuildFailed")["message"]
    (error,) = stage.status()["errors"]
    assert error["file"] == "two.yaml:2"
    assert stage.condition("Stalled")["reason"] == "BuildFailed"
    neighbour.assert_not_noticing()
    assert stage.value("one") == "1"
    assert stage.config_maps() == {"one", "two", "calm"}

    controller.push(stage.url(), repository.commit({"two.yaml": None}))
    stage.until_synced(repository.head())
    assert stage.config_maps() == {"one", "calm"}


def test_a_manifest_that_the_api_server_refuses_stops_no_other(
    stage: Stage, controller: Controller, neighbour: Neighbour
) -> None:
    bad = manifest("Service", "bad", spec={"ports": [{"port": 99999999}]})
    repository = stage.repository(files={"bad.yaml": bad, "one.yaml": config_map("one")})
    stage.follow()
    failed = stage.until_failed("PartialFailure")
    assert "bad.yaml:1" in failed["message"]
    assert stage.value("one") == "1"
    (error,) = stage.status()["errors"]
    assert (error["object"], error["file"]) == (f"Service/{stage.namespace}/bad", "bad.yaml:1")
    neighbour.assert_not_noticing()

    good = manifest("Service", "bad", spec={"ports": [{"port": 80}]})
    controller.push(stage.url(), repository.commit({"bad.yaml": good}))
    assert stage.until_synced(repository.head())["resources"]["unchanged"] == 1


def test_only_the_refused_manifest_is_sent_again_and_slowly(
    stage: Stage, neighbour: Neighbour, audit: AuditLog
) -> None:
    bad = manifest("Service", "bad", spec={"ports": [{"port": 99999999}]})
    stage.repository(files={"bad.yaml": bad, "one.yaml": config_map("one")})
    audit.begin()
    stage.follow()
    eventually(lambda: stage.status().get("failures") == 2, "it was tried again")
    applied = [one.name for one in audit.writes() if one.resource in {"services", "configmaps"}]
    assert sorted(applied) == ["bad", "bad", "one"]
    neighbour.assert_not_noticing()


def test_all_objects_refused_is_apply_failed_and_an_unknown_kind_names_what_is_missing(
    stage: Stage, neighbour: Neighbour
) -> None:
    stage.repository(files={"moon.yaml": manifest("Moon", "io", api_version="space.example.com/v1")})
    stage.follow()
    message = stage.until_failed("ApplyFailed")["message"]
    assert "Moon" in message
    assert "space.example.com/v1" in message
    neighbour.assert_not_noticing()


def test_ownership_marks_in_git_are_an_error(stage: Stage, neighbour: Neighbour) -> None:
    marked = config_map("one", labels={f"{DOMAIN}/name": "somebody"})
    stage.repository(files={"one.yaml": marked})
    stage.follow()
    assert "one.yaml:1" in stage.until_failed("BuildFailed")["message"]
    neighbour.assert_not_noticing()
    assert stage.config_maps() == {"calm"}


def test_more_hanging_remotes_than_slots_delay_nobody(stage: Stage, neighbour: Neighbour) -> None:
    stage.git.faults[FETCH] = lambda handler, proceed: (
        proceed() if "calm" in handler.path else silent(handler, proceed)
    )
    for number in range(20):
        stage.repository(f"hangs-{number}", files={"one.yaml": config_map(f"map-{number}")})
        stage.follow(f"hangs-{number}", timeout="3s")
    stage.git.wait_until_asked(FETCH, 21)
    neighbour.assert_not_noticing()
