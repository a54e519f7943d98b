"""A commit becomes objects in the cluster, and only what changed is sent."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.parts.git_server import FETCH, LS_REFS
from tests.parts.stage import DOMAIN, config_map, manifest

if TYPE_CHECKING:
    from tests.parts.audit import AuditLog
    from tests.parts.control_plane import Kubectl
    from tests.parts.controller import Controllers
    from tests.parts.stage import Stage

HASH = f"{DOMAIN}/hash"


def test_every_applied_object_says_whose_it_is(stage: Stage, controllers: Controllers) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one", labels={"app": "shop"})})
    uid = stage.follow()["metadata"]["uid"]
    controllers.start()
    stage.until_synced(repository.head())

    found = stage.config_map("one")
    assert found is not None
    assert found["data"] == {"value": "1"}
    digest = hashlib.sha256(f"app.{stage.namespace}.GitRepository.{DOMAIN}".encode()).digest()
    applyset = f"applyset-{base64.urlsafe_b64encode(digest).decode().rstrip('=')}-v1"
    assert found["metadata"]["labels"] == {
        "app": "shop",
        f"{DOMAIN}/name": "app",
        f"{DOMAIN}/namespace": stage.namespace,
        f"{DOMAIN}/kind": "GitRepository",
        "applyset.kubernetes.io/part-of": applyset,
    }
    annotations = found["metadata"]["annotations"]
    assert re.fullmatch("sha256:[0-9a-f]{64}", annotations.pop(HASH))
    assert annotations == {
        f"{DOMAIN}/owner": f"GitRepository/{stage.namespace}/app",
        f"{DOMAIN}/owner-uid": uid,
    }
    (entry,) = found["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == ("alumiini", "Apply")


def test_the_git_repository_is_the_parent_of_its_apply_set(stage: Stage, controllers: Controllers) -> None:
    files = {"one.yaml": config_map("one"), "far.yaml": config_map("far", namespace="default")}
    repository = stage.repository(files=files)
    stage.follow()
    controllers.start()
    stage.until_synced(repository.head())

    metadata = stage.git_repository()["metadata"]
    one = stage.config_map("one") or {}
    assert metadata["labels"] == {
        "applyset.kubernetes.io/id": one["metadata"]["labels"]["applyset.kubernetes.io/part-of"]
    }
    assert metadata["annotations"] == {
        "applyset.kubernetes.io/tooling": "alumiini/v1",
        "applyset.kubernetes.io/contains-group-kinds": "ConfigMap",
        "applyset.kubernetes.io/additional-namespaces": "default",
    }
    assert metadata["finalizers"] == [f"{DOMAIN}/finalizer"]


def test_other_spelling_of_the_same_object_sends_nothing(
    stage: Stage, controllers: Controllers, audit: AuditLog
) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow()
    controller = controllers.start()
    stage.until_synced(repository.head())
    stage.until_told()

    audit.begin()
    same = "# a comment\nkind: ConfigMap\napiVersion: v1\ndata: {value: '1'}\nmetadata:\n  name: one\n"
    controller.push(stage.url(), repository.commit({"one.yaml": same}))
    stage.until_synced(repository.head())
    stage.until_told(2)
    assert [str(one) for one in audit.writes()] == ["patch gitrepositories/status", "create events"]


def test_a_poll_without_a_new_commit_asks_the_api_server_nothing(
    stage: Stage, controllers: Controllers, audit: AuditLog
) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow(interval="1s")
    controllers.start()
    stage.until_synced(repository.head())
    stage.until_told()
    stage.git.wait_until_asked(LS_REFS, 2)

    audit.begin()
    asked = len(stage.git.asked)
    stage.git.wait_until_asked(LS_REFS, stage.git.count(LS_REFS) + 2)
    assert [one.operation for one in stage.git.asked[asked:]] == [LS_REFS, LS_REFS]
    assert audit.requests() == []


def test_one_changed_file_among_200_is_one_fetch_one_apply_one_status_and_one_event(
    stage: Stage, controllers: Controllers, audit: AuditLog
) -> None:
    repository = stage.repository(files={f"{n}.yaml": config_map(f"map-{n}") for n in range(200)})
    stage.follow()
    controller = controllers.start()
    stage.until_synced(repository.head())
    stage.until_told()

    audit.begin()
    fetches = stage.git.count(FETCH)
    commit = repository.commit({"17.yaml": config_map("map-17", "2")})
    assert controller.push(stage.url(), commit).status == 202
    assert stage.until_synced(commit)["resources"] == {
        "total": 200, "applied": 1, "unchanged": 199, "pruned": 0, "failed": 0
    }  # fmt: skip
    stage.until_told(2)
    assert stage.git.count(FETCH) == fetches + 1
    assert [f"{one} {one.name}" for one in audit.requests()][:2] == [
        "patch configmaps map-17",
        "patch gitrepositories/status app",
    ]
    assert [str(one) for one in audit.requests()][2:] == ["create events"]


def test_a_new_repository_with_four_objects_takes_at_most_eight_requests(
    stage: Stage, controllers: Controllers, audit: AuditLog
) -> None:
    repository = stage.repository(files={f"{n}.yaml": config_map(f"map-{n}") for n in range(4)})
    warm = stage.repository("warm", files={"warm.yaml": config_map("warm")})
    stage.follow("warm")
    controllers.start()
    stage.until_synced(warm.head(), "warm")
    stage.until_told(name="warm")

    audit.begin()
    stage.follow()
    stage.until_synced(repository.head())
    stage.until_told()
    assert len(audit.requests()) <= 8
    assert [str(one) for one in audit.requests()].count("patch configmaps") == 4


def test_a_definition_and_its_object_in_one_commit(stage: Stage, controllers: Controllers) -> None:
    group = f"{stage.namespace}.example.com"
    definition = {
        "group": group,
        "scope": "Namespaced",
        "names": {"kind": "Moon", "plural": "moons"},
        "versions": [{
            "name": "v1", "served": True, "storage": True,
            "schema": {"openAPIV3Schema": {
                "type": "object",
                "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}},
            }},
        }],
    }  # fmt: skip
    files = {
        "a.yaml": manifest("Moon", "io", api_version=f"{group}/v1", spec={"size": 3}),
        "b.yaml": manifest(
            "CustomResourceDefinition",
            f"moons.{group}",
            api_version="apiextensions.k8s.io/v1",
            spec=definition,
        ),
    }
    repository = stage.repository(files=files)
    stage.follow()
    controllers.start()
    stage.until_synced(repository.head())
    moon = stage.api.get(f"moons.{group}/v1", "io", stage.namespace) or {}
    assert moon["spec"] == {"size": 3}
    stage.api.delete("customresourcedefinitions", f"moons.{group}")


def test_a_namespace_and_its_object_in_one_commit(stage: Stage, controllers: Controllers) -> None:
    name = f"{stage.namespace}-new"
    files = {"a.yaml": config_map("one", namespace=name), "b.yaml": manifest("Namespace", name)}
    repository = stage.repository(files=files)
    stage.follow()
    controllers.start()
    stage.until_synced(repository.head())
    assert stage.api.get("configmaps", "one", name)
    stage.api.delete("namespaces", name)


def test_a_manifest_exported_from_a_cluster_is_applied(
    stage: Stage, controllers: Controllers, kubectl: Kubectl
) -> None:
    stage.api.create("configmaps", json.loads(config_map("one", "exported")), stage.namespace)
    exported = kubectl(
        "get", "configmap", "one", "-n", stage.namespace, "-o", "yaml", "--show-managed-fields"
    )
    assert "resourceVersion" in exported
    assert "uid" in exported
    stage.api.delete("configmaps", "one", stage.namespace)

    repository = stage.repository(files={"one.yaml": exported})
    stage.follow()
    controllers.start()
    stage.until_synced(repository.head())
    assert stage.value("one") == "exported"


@pytest.mark.parametrize(
    ("reason", "secret"),
    [
        ("PartialFailure", {"data": {"password": "hunter2 is not base64!"}}),
        ("PartialFailure", {"type": "kubernetes.io/tls", "stringData": {"tls.key": "hunter2"}}),
        ("PartialFailure", {"stringData": {"password": "x"}, "unknown": {"field": "hunter2"}}),
        ("BuildFailed", {"stringData": {"password": {"in": "hunter2"}}}),
        ("BuildFailed", {"stringData": "hunter2"}),
    ],
)
def test_values_of_secrets_never_appear_in_a_message(
    stage: Stage,
    controllers: Controllers,
    caplog: pytest.LogCaptureFixture,
    reason: str,
    secret: dict[str, Any],
) -> None:
    caplog.set_level("DEBUG")
    stage.repository(files={"ok.yaml": config_map("one"), "secret.yaml": manifest("Secret", "s", **secret)})
    stage.follow()
    controllers.start()
    stage.until_failed(reason)
    stage.until_told()
    assert stage.status()["errors"][0]["file"].startswith("secret.yaml:1")
    for said in (json.dumps(stage.git_repository()), json.dumps(stage.events()), caplog.text):
        assert "hunter2" not in said
        assert base64.b64encode(b"hunter2").decode() not in said


def test_a_target_namespace_that_is_missing_is_not_created(stage: Stage, controllers: Controllers) -> None:
    stage.repository(files={"one.yaml": config_map("one")})
    missing = f"{stage.namespace}-missing"
    stage.follow(targetNamespace=missing)
    controllers.start()
    failed = stage.until_failed("ApplyFailed")
    assert missing in failed["message"]
    assert stage.api.get("namespaces", missing) is None
    assert stage.api.find("configmaps", stage.namespace, f"{DOMAIN}/name=app") == []


def test_a_changed_target_namespace_moves_the_objects(stage: Stage, controllers: Controllers) -> None:
    elsewhere = f"{stage.namespace}-elsewhere"
    stage.api.create("namespaces", json.loads(manifest("Namespace", elsewhere)))
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow()
    controllers.start()
    stage.until_synced(repository.head())

    stage.change(targetNamespace=elsewhere)
    stage.until_synced(repository.head())
    assert stage.api.get("configmaps", "one", elsewhere)
    assert stage.config_map("one") is None
    stage.api.delete("namespaces", elsewhere)


def test_another_url_is_followed_at_once_and_from_its_own_content(
    stage: Stage, controllers: Controllers
) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    other = stage.repository("other", files={"two.yaml": config_map("two")})
    stage.follow()
    controllers.start()
    stage.until_synced(repository.head())

    stage.change(url=stage.url("other"))
    stage.until_synced(other.head())
    assert stage.config_maps() == {"two"}


def test_only_the_folder_of_path_and_the_branch_are_read(stage: Stage, controllers: Controllers) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    files = {"prod/two.yaml": config_map("two"), "dev/three.yaml": config_map("three")}
    commit = repository.commit(files, branch="release/1.2")
    stage.follow(branch="release/1.2", path="prod")
    controllers.start()
    status = stage.until_synced(commit)
    assert stage.config_maps() == {"two"}
    assert status["lastSyncedRevision"] == f"release/1.2@sha1:{commit}"


def test_what_leaves_an_object_in_git_leaves_it_in_the_cluster(
    stage: Stage, controllers: Controllers
) -> None:
    both = manifest("ConfigMap", "one", data={"value": "1", "more": "2"})
    repository = stage.repository(files={"one.yaml": both})
    stage.follow()
    controller = controllers.start()
    stage.until_synced(repository.head())

    stage.api.merge("configmaps", "one", {"data": {"theirs": "3"}}, stage.namespace)
    controller.push(stage.url(), repository.commit({"one.yaml": config_map("one")}))
    stage.until_synced(repository.head())
    assert (stage.config_map("one") or {})["data"] == {"value": "1", "theirs": "3"}
