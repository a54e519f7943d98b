"""What a GitRepository says of itself, and how it is told to sync, to rest and to go on."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.parts.api_client import eventually
from tests.parts.git_server import FETCH, held_until
from tests.parts.stage import config_map, manifest

if TYPE_CHECKING:
    from tests.parts.audit import AuditLog
    from tests.parts.controller import Controllers
    from tests.parts.stage import Stage


def test_before_anybody_looked_nothing_can_be_taken_for_ready(stage: Stage) -> None:
    stage.follow()
    assert stage.status() == {"observedGeneration": -1}


def test_a_good_sync_says_what_is_applied(stage: Stage, controllers: Controllers) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    commit = repository.head() or ""
    stage.follow()
    controllers.start()
    status = stage.until_synced(commit)
    assert status["phase"] == "Synced"
    assert status["shortCommit"] == commit[:7]
    assert status["lastSyncedRevision"] == f"main@sha1:{commit}"
    assert status["lastAttemptedCommit"] == commit
    assert status["failures"] == 0
    assert status["resources"] == {"total": 1, "applied": 1, "unchanged": 0, "pruned": 0, "failed": 0}
    assert status["lastSyncTime"] < status["nextSyncTime"]
    assert [one["type"] for one in status["conditions"]] == ["Ready"]
    eventually(lambda: [reason for reason, _ in stage.events()] == ["Synced"], "the event is written")


def test_a_long_sync_says_that_it_works(stage: Stage, controllers: Controllers) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow()
    controller = controllers.start()
    stage.until_synced(repository.head())

    go_on = threading.Event()
    stage.git.faults[FETCH] = held_until(go_on)
    controller.push(stage.url(), repository.commit({"one.yaml": config_map("one", "2")}))
    eventually(lambda: stage.condition("Reconciling").get("reason") == "Progressing", "it says Reconciling")
    assert stage.status()["phase"] == "Syncing"
    assert stage.condition("Ready")["status"] == "True"
    assert controller.snapshot(stage.namespace, "app").body["actor"]["busySince"]
    go_on.set()
    stage.until_synced(repository.head())
    assert stage.condition("Reconciling") == {}


def test_a_new_spec_is_not_ready_until_it_is_applied(stage: Stage, controllers: Controllers) -> None:
    repository = stage.repository(files={"a/one.yaml": config_map("one")})
    stage.follow()
    controllers.start()
    stage.until_synced(repository.head())

    go_on = threading.Event()
    stage.git.faults[FETCH] = held_until(go_on)
    commit = repository.commit({"a/one.yaml": config_map("one", "2")})
    stage.change(path="a")
    ready = stage.until_failed("Progressing")
    assert ready["observedGeneration"] == 2
    go_on.set()
    stage.until_synced(commit)


def test_a_requested_sync_checks_everything_and_is_echoed(stage: Stage, controllers: Controllers) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one"), "two.yaml": config_map("two")})
    stage.follow()
    controllers.start()
    stage.until_synced(repository.head())

    stage.api.delete("configmaps", "one", stage.namespace)
    stage.annotate(requestedAt="2026-01-02T03:04:05Z")
    stage.until_handled("2026-01-02T03:04:05Z")
    assert stage.config_maps() == {"one", "two"}
    assert stage.status()["resources"]["applied"] == 1


def test_suspended_it_asks_and_writes_nothing_until_it_goes_on(
    stage: Stage, controllers: Controllers, audit: AuditLog
) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow(interval="1s")
    controllers.start()
    before = stage.until_synced(repository.head())

    stage.change(suspend=True)
    eventually(lambda: stage.status()["observedGeneration"] == 2, "it rests")
    status = stage.status()
    assert status["conditions"] == before["conditions"]
    assert "nextSyncTime" not in status
    audit.begin()
    asked = len(stage.git.asked)
    commit = repository.commit({"one.yaml": config_map("one", "2")})
    stage.annotate(requestedAt="while it rests")
    calm = stage.repository("calm", files={"calm.yaml": config_map("calm")})
    stage.follow("calm")
    stage.until_synced(calm.head(), "calm")  # meanwhile ...
    assert [one for one in stage.git.asked[asked:] if "-app.git" in one.path] == []
    assert {one.name for one in audit.writes()} & {"one", "app"} == set()
    assert "lastHandledReconcileAt" not in stage.status()

    stage.change(suspend=False)
    stage.until_synced(commit)
    assert stage.status()["lastHandledReconcileAt"] == "while it rests"


def test_more_than_twenty_errors_are_counted(stage: Stage, controllers: Controllers) -> None:
    files = {f"{n:02}.yaml": f"apiVersion: v1\nkind: ConfigMap\n# no name in {n}\n" for n in range(25)}
    stage.repository(files=files)
    stage.follow()
    controllers.start()
    stage.until_failed("BuildFailed")
    status = stage.status()
    assert [error["file"].split(":")[0] for error in status["errors"]] == sorted(files)[:20]
    assert status["errorsTruncated"] == 5


def test_a_failure_that_stays_the_same_is_one_event(stage: Stage, controllers: Controllers) -> None:
    stage.repository(files={"bad.yaml": manifest("Moon", "io", api_version="space.example.com/v1")})
    stage.follow()
    controllers.start()
    eventually(lambda: stage.status().get("failures") == 2, "it was tried again")
    assert [reason for reason, _ in stage.events()] == ["ApplyFailed"]


def test_the_status_api_and_the_metrics_say_what_the_cluster_says(
    stage: Stage, controllers: Controllers
) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow()
    controller = controllers.start()
    status = stage.until_synced(repository.head())
    eventually(lambda: controller.snapshot(stage.namespace, "app").body["ready"], "the snapshot follows")
    snapshot = controller.snapshot(stage.namespace, "app").body
    assert snapshot["commit"] == status["lastSyncedCommit"]
    assert snapshot["objects"] == [
        {
            "group": "",
            "version": "v1",
            "kind": "ConfigMap",
            "namespace": stage.namespace,
            "name": "one",
            "state": "synced",
            "message": "",
        }
    ]
    labels = f'{{name="app",namespace="{stage.namespace}"}}'
    assert f"alumiini_repository_ready{labels} 1.0" in controller.metrics()
    assert f"alumiini_repository_objects{labels} 1.0" in controller.metrics()
