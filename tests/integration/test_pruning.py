"""What left Git leaves the cluster: only what is ours, only after a clean sync, never too much at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.parts.stage import DOMAIN, config_map, manifest

if TYPE_CHECKING:
    from tests.parts.control_plane import Kubectl
    from tests.parts.controller import Controllers
    from tests.parts.stage import Stage

PRUNE = f"{DOMAIN}/prune"
TWO = {"one.yaml": config_map("one"), "two.yaml": config_map("two")}
TEN = {f"{n}.yaml": config_map(f"map-{n}") for n in range(10)}
SIX_LESS = {f"{n}.yaml": None for n in range(6)}
CLAIM = {
    "accessModes": ["ReadWriteOnce"],
    "resources": {"requests": {"storage": "1Gi"}},
    "storageClassName": "none",
}


def test_an_object_whose_file_is_removed_is_deleted(stage: Stage, controllers: Controllers) -> None:
    repository = stage.repository(files=TWO)
    stage.follow()
    controller = controllers.start()
    stage.until_synced(repository.head())

    controller.push(stage.url(), repository.commit({"one.yaml": None}))
    assert stage.until_synced(repository.head())["resources"]["pruned"] == 1
    assert stage.config_maps() == {"two"}


def test_an_object_that_moves_to_another_file_stays_the_same(stage: Stage, controllers: Controllers) -> None:
    repository = stage.repository(files=TWO)
    stage.follow()
    controller = controllers.start()
    stage.until_synced(repository.head())
    before = stage.config_map("one")

    controller.push(stage.url(), repository.commit({"one.yaml": None, "new/one.yaml": config_map("one")}))
    stage.until_synced(repository.head())
    assert stage.config_map("one") == before


def test_nothing_is_pruned_while_an_object_cannot_be_applied(stage: Stage, controllers: Controllers) -> None:
    repository = stage.repository(files=TWO)
    stage.follow()
    controller = controllers.start()
    stage.until_synced(repository.head())

    bad = manifest("ConfigMap", "bad", data={"value": "1"}, unknown="field")
    commit = repository.commit({"one.yaml": None, "bad.yaml": bad, "new.yaml": config_map("new")})
    controller.push(stage.url(), commit)
    stage.until_failed("PartialFailure")
    assert stage.config_maps() == {"one", "two", "new"}

    controller.push(stage.url(), repository.commit({"bad.yaml": None}))
    stage.until_synced(repository.head())
    assert stage.config_maps() == {"two", "new"}


@pytest.mark.parametrize(
    "emptied", [{"one.yaml": None, "two.yaml": None}, {"one.yaml": "# nothing\n", "two.yaml": None}]
)
def test_an_empty_source_is_taken_for_a_mistake(
    stage: Stage, controllers: Controllers, emptied: dict[str, str | None]
) -> None:
    repository = stage.repository(files={**TWO, "README.md": "hello"})
    stage.follow()
    controller = controllers.start()
    stage.until_synced(repository.head())

    controller.push(stage.url(), repository.commit(emptied))
    stage.until_failed("EmptySource")
    assert stage.condition("Stalled")["reason"] == "EmptySource"
    assert stage.config_maps() == {"one", "two"}

    stage.change(allowEmpty=True)
    stage.until_synced(repository.head())
    assert stage.config_maps() == set()


def test_more_than_the_limit_waits_for_a_person_and_the_rest_is_applied(
    stage: Stage, controllers: Controllers
) -> None:
    repository = stage.repository(files=TEN)
    stage.follow()
    controller = controllers.start()
    stage.until_synced(repository.head())

    commit = repository.commit(
        {**SIX_LESS, "9.yaml": config_map("map-9", "2"), "new.yaml": config_map("new")}
    )
    controller.push(stage.url(), commit)
    held = stage.until_failed("PruneHeld")
    assert f"{DOMAIN}/allow-prune={commit}" in held["message"]
    assert stage.condition("Stalled")["status"] == "True"
    assert stage.value("map-9") == "2"
    assert stage.config_maps() == {f"map-{n}" for n in range(10)} | {"new"}

    stage.annotate(allow_prune=commit)
    stage.until_synced(commit)
    assert stage.config_maps() == {"map-6", "map-7", "map-8", "map-9", "new"}
    assert stage.condition("Stalled") == {}


def test_a_permission_for_another_commit_releases_nothing(stage: Stage, controllers: Controllers) -> None:
    repository = stage.repository(files=TEN)
    stage.follow()
    controller = controllers.start()
    stage.until_synced(repository.head())

    other = repository.head() or ""
    controller.push(stage.url(), repository.commit(dict(SIX_LESS)))
    stage.until_failed("PruneHeld")
    stage.annotate(allow_prune=other, requestedAt="now")
    stage.until_handled("now")
    assert stage.condition()["reason"] == "PruneHeld"
    assert len(stage.config_maps()) == 10


@pytest.mark.parametrize(
    ("limit", "files", "removed"),
    [
        ("50%", TEN, ["0.yaml", "1.yaml", "2.yaml", "3.yaml", "4.yaml"]),
        ("10%", TWO, ["one.yaml"]),  # a share counts from 10 objects on
        (1, TWO, ["one.yaml"]),
    ],
)
def test_up_to_the_limit_is_deleted(
    stage: Stage, controllers: Controllers, limit: int | str, files: dict[str, str], removed: list[str]
) -> None:
    repository = stage.repository(files=files)
    stage.follow(pruneLimit=limit)
    controller = controllers.start()
    stage.until_synced(repository.head())
    controller.push(stage.url(), repository.commit(dict.fromkeys(removed)))
    stage.until_synced(repository.head())
    assert len(stage.config_maps()) == len(files) - len(removed)


def test_a_limit_of_none_holds_a_single_object_also_when_the_path_changes(
    stage: Stage, controllers: Controllers
) -> None:
    repository = stage.repository(files={"a/one.yaml": config_map("one"), "b/two.yaml": config_map("two")})
    stage.follow(pruneLimit=0, path="a")
    controllers.start()
    stage.until_synced(repository.head())
    stage.change(path="b")
    stage.until_failed("PruneHeld")
    assert stage.config_maps() == {"one", "two"}


def test_without_prune_what_left_git_stays(stage: Stage, controllers: Controllers) -> None:
    repository = stage.repository(files=TWO)
    stage.follow(prune=False)
    controller = controllers.start()
    stage.until_synced(repository.head())
    controller.push(stage.url(), repository.commit({"one.yaml": None}))
    stage.until_synced(repository.head())
    assert stage.config_maps() == {"one", "two"}

    stage.change(prune=True)
    stage.until_synced(repository.head())
    assert stage.config_maps() == {"two"}


def test_protected_kinds_and_marked_objects_stay(stage: Stage, controllers: Controllers) -> None:
    name = f"{stage.namespace}-kept"
    repository = stage.repository(
        files={
            "keep.yaml": config_map("keep", annotations={PRUNE: "disabled"}),
            "namespace.yaml": manifest("Namespace", name),
            "claim.yaml": manifest("PersistentVolumeClaim", "data", spec=CLAIM),
            "rest.yaml": config_map("rest"),
        }
    )
    stage.follow(pruneLimit="100%")
    controller = controllers.start()
    stage.until_synced(repository.head())
    gone = dict.fromkeys(["keep.yaml", "namespace.yaml", "claim.yaml"])
    controller.push(stage.url(), repository.commit(gone))
    assert stage.until_synced(repository.head())["resources"]["pruned"] == 0
    assert stage.config_maps() == {"keep", "rest"}
    for plural, kept, namespace in [
        ("namespaces", name, ""),
        ("persistentvolumeclaims", "data", stage.namespace),
    ]:
        found = stage.api.get(plural, kept, namespace) or {}
        assert "deletionTimestamp" not in found["metadata"]
    stage.api.delete("namespaces", name)


def test_a_protected_kind_goes_when_it_says_so_itself(stage: Stage, controllers: Controllers) -> None:
    claim = manifest("PersistentVolumeClaim", "data", annotations={PRUNE: "enabled"}, spec=CLAIM)
    repository = stage.repository(files={"claim.yaml": claim, "rest.yaml": config_map("rest")})
    stage.follow()
    controller = controllers.start()
    stage.until_synced(repository.head())
    controller.push(stage.url(), repository.commit({"claim.yaml": None}))
    assert stage.until_synced(repository.head())["resources"]["pruned"] == 1


def test_an_object_that_a_person_protects_in_the_cluster_stays(
    stage: Stage, controllers: Controllers, kubectl: Kubectl
) -> None:
    repository = stage.repository(files=TWO)
    stage.follow()
    controller = controllers.start()
    stage.until_synced(repository.head())
    kubectl("annotate", "configmap", "one", f"{PRUNE}=disabled", "-n", stage.namespace)
    controller.push(stage.url(), repository.commit({"one.yaml": None}))
    stage.until_synced(repository.head())
    assert stage.config_maps() == {"one", "two"}
