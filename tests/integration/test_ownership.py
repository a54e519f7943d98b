"""Whose an object is, and what becomes of objects of others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.parts.api_client import eventually
from tests.parts.stage import DOMAIN, config_map, manifest

if TYPE_CHECKING:
    from tests.parts.control_plane import Kubectl
    from tests.parts.controller import Controllers
    from tests.parts.stage import Stage

UID = f"{DOMAIN}/owner-uid"
PART_OF = "applyset.kubernetes.io/part-of"


def test_copies_of_our_labels_by_others_are_neither_counted_nor_pruned(
    stage: Stage, controllers: Controllers
) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow()
    controller = controllers.start()
    stage.until_synced(repository.head())

    one = stage.config_map("one") or {}
    kept = {key: one["metadata"][key] for key in ("labels", "annotations")}
    copy = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "copy", **kept}}
    stage.api.create("configmaps", copy, stage.namespace)
    stage.annotate(requestedAt="look again")
    stage.until_handled("look again")
    controller.push(stage.url(), repository.commit({"two.yaml": config_map("two")}))
    assert stage.until_synced(repository.head())["resources"] == {
        "total": 2, "applied": 1, "unchanged": 1, "pruned": 0, "failed": 0
    }  # fmt: skip
    assert stage.config_maps() == {"one", "two", "copy"}


def test_the_endpoint_slice_of_a_service_is_left_to_its_controller(
    stage: Stage, controllers: Controllers
) -> None:
    service = manifest("Service", "web", spec={"selector": {"app": "web"}, "ports": [{"port": 80}]})
    repository = stage.repository(files={"web.yaml": service})
    stage.follow()
    controllers.start()
    stage.until_synced(repository.head())
    selector = f"{DOMAIN}/name=app"
    slices = eventually(
        lambda: stage.api.names("endpointslices", stage.namespace, selector), "a slice has the labels"
    )
    stage.annotate(requestedAt="look again")
    stage.until_handled("look again")
    assert stage.condition()["status"] == "True"
    assert stage.status()["resources"]["pruned"] == 0
    assert stage.api.names("endpointslices", stage.namespace, selector) == slices


def test_objects_of_an_earlier_namesake_are_adopted_if_in_git_and_never_pruned(
    stage: Stage, controllers: Controllers
) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one"), "two.yaml": config_map("two")})
    earlier = stage.follow()["metadata"]["uid"]
    controllers.start()
    stage.until_synced(repository.head())
    stage.change(suspend=True)
    stage.api.merge("gitrepositories", "app", {"metadata": {"finalizers": None}}, stage.namespace)
    stage.delete()
    stage.until_gone()

    repository.commit({"one.yaml": None})
    later = stage.follow()["metadata"]["uid"]
    stage.until_synced(repository.head())
    assert stage.owner_of("two") == later
    assert stage.owner_of("one") == earlier


def test_an_object_that_nobody_owns_is_taken_over(stage: Stage, controllers: Controllers) -> None:
    stage.api.create("configmaps", json.loads(config_map("one", "by hand")), stage.namespace)
    repository = stage.repository(files={"one.yaml": config_map("one", "from Git")})
    uid = stage.follow()["metadata"]["uid"]
    controllers.start()
    stage.until_synced(repository.head())
    assert stage.value("one") == "from Git"
    assert stage.owner_of("one") == uid


def test_an_object_of_another_git_repository_is_not_stolen(stage: Stage, controllers: Controllers) -> None:
    first = stage.repository("first", files={"one.yaml": config_map("one", "of the first")})
    owner = stage.follow("first")["metadata"]["uid"]
    controller = controllers.start()
    stage.until_synced(first.head(), "first")

    files = {"one.yaml": config_map("one", "of the second"), "two.yaml": config_map("two")}
    second = stage.repository("second", files=files)
    stage.follow("second")
    conflict = stage.until_failed("Conflict", "second")
    assert f"GitRepository/{stage.namespace}/first" in conflict["message"]
    assert stage.value("one") == "of the first"
    assert stage.owner_of("one") == owner
    assert stage.value("two") == "1"
    assert stage.condition("Ready", "first")["status"] == "True"

    controller.push(stage.url("second"), second.commit({"one.yaml": None}))
    stage.until_synced(second.head(), "second")
    assert stage.value("one") == "of the first"


def test_an_object_that_its_owner_gives_up_is_taken_by_the_one_that_waits(
    stage: Stage, controllers: Controllers
) -> None:
    first = stage.repository("first", files={"one.yaml": config_map("one", "1"), "x.yaml": config_map("x")})
    stage.follow("first")
    controller = controllers.start()
    stage.until_synced(first.head(), "first")
    second = stage.repository("second", files={"one.yaml": config_map("one", "2")})
    stage.follow("second")
    stage.until_failed("Conflict", "second")

    controller.push(stage.url("first"), first.commit({"one.yaml": None}))
    stage.until_synced(first.head(), "first")
    stage.until_synced(second.head(), "second")
    assert stage.value("one") == "2"


def test_a_git_repository_in_its_own_source_is_never_pruned_by_itself(
    stage: Stage, controllers: Controllers
) -> None:
    repository = stage.repository()
    itself = manifest(
        "GitRepository", "app", api_version=f"{DOMAIN}/v1alpha1", spec={"url": stage.url(), "interval": "2h"}
    )
    repository.commit({"app.yaml": itself, "one.yaml": config_map("one")})
    stage.follow()
    controller = controllers.start()
    stage.until_synced(repository.head())
    assert stage.git_repository()["spec"]["interval"] == "2h"

    controller.push(stage.url(), repository.commit({"app.yaml": None}))
    stage.until_synced(repository.head())
    assert "deletionTimestamp" not in stage.git_repository()["metadata"]


def test_fields_that_others_set_on_our_objects_stay(
    stage: Stage, controllers: Controllers, kubectl: Kubectl
) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow()
    controller = controllers.start()
    stage.until_synced(repository.head())
    kubectl("label", "configmap", "one", "theirs=yes", "-n", stage.namespace)
    controller.push(stage.url(), repository.commit({"one.yaml": config_map("one", "2")}))
    stage.until_value("one", "2")
    assert (stage.config_map("one") or {})["metadata"]["labels"]["theirs"] == "yes"
