from __future__ import annotations

import pytest

from tests.manifests.trees import SCOPES, Tree, config_map
from workers.manifests.build import BuiltObject, build
from workers.manifests.canonical import digest
from workers.manifests.limits import Limits
from workers.manifests.memory import BuildMemory
from workers.manifests.order import Stage
from workers.model.errors import Reason, Recovery, SyncError
from workers.model.keys import ObjectKey


def keys(tree: Tree, path: str = "") -> list[str]:
    return [str(built.key) for built in tree.build(path=path).objects]


def test_an_object_knows_all_that_is_needed_to_apply_it() -> None:
    tree = Tree({"apps/web.yaml": f"# the web\n{config_map('web')}data: {{a: b}}\n"})

    whole = tree.build()

    (built,) = whole.objects
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "web", "namespace": "team"},
        "data": {"a": "b"},
    }
    assert whole.manifest(built) == manifest
    assert built == BuiltObject(
        key=ObjectKey("", "ConfigMap", "team", "web"),
        api_version="v1",
        digest=digest(manifest),
        stage=Stage.CONFIG_MAPS,
        file="apps/web.yaml",
        line=2,
        blob=tree.files()[0].blob,
        index=0,
    )


def test_objects_come_in_the_order_of_applying_whatever_their_files() -> None:
    tree = Tree({
        "a.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n---\n" + config_map("b"),
        "b.json": '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}',
        "c.yml": config_map("a"),
    })  # fmt: skip

    assert keys(tree) == [
        "Namespace/team",
        "ConfigMap/team/a",
        "ConfigMap/team/b",
        "Deployment.apps/team/web",
    ]


def test_only_visible_manifest_files_below_the_path_are_read() -> None:
    names = {
        "apps/a.yaml": "a", "apps/deep/b.yml": "b", "apps/c.json": "c",
        "apps/.hidden.yaml": "x", "apps/.git-hooks/x.yaml": "x", "apps/.yaml": "x", "apps/README.md": "x",
        "apps/x.yaml.bak": "x", "apps/x.YAML": "x", "other/x.yaml": "x", "apps-too/x.yaml": "x",
        "x.yaml": "x",
    }  # fmt: skip
    tree = Tree({path: config_map(name) for path, name in names.items()})

    assert keys(tree, "apps") == ["ConfigMap/team/a", "ConfigMap/team/b", "ConfigMap/team/c"]
    assert len(tree.reads) == 3


@pytest.mark.parametrize("path", [".deploy", "./.deploy/", ".deploy/."])
def test_the_path_itself_may_be_hidden(path: str) -> None:
    assert keys(Tree({".deploy/a.yaml": config_map("a")}), path) == ["ConfigMap/team/a"]


@pytest.mark.parametrize("path", ["", ".", "./"])
def test_the_root_of_the_repository_is_a_path_too(path: str) -> None:
    assert keys(Tree({"a.yaml": config_map("a")}), path) == ["ConfigMap/team/a"]


def test_a_source_without_objects_builds_to_nothing() -> None:
    whole = Tree({"README.md": "hello", "empty.yaml": "# nothing yet\n"}).build()

    assert whole.objects == ()
    assert whole.parsed == 1


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
def test_a_kustomization_is_never_applied_as_plain_manifests(name: str) -> None:
    tree = Tree({f"apps/{name}": "resources: [web.yaml]\n", "apps/web.yaml": config_map("web")})

    with pytest.raises(SyncError) as failed:
        tree.build(path="apps")

    assert failed.value.reason is Reason.BUILD_FAILED
    assert failed.value.message == (
        f"apps/{name}:1: kustomizations are not built yet; set path to a folder of plain manifests"
    )
    assert tree.reads == []


def test_a_kustomization_elsewhere_does_not_matter() -> None:
    kustomization = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    tree = Tree(
        {
            "kustomization.yaml": "x",
            "apps/a.yaml": config_map("a"),
            "apps/b/kustomization.yaml": kustomization,
        }
    )

    assert keys(tree, "apps") == ["ConfigMap/team/a"]


def test_files_above_the_limit_are_refused_before_they_are_read() -> None:
    tree = Tree(
        {"a.yaml": config_map("a"), "b.yaml": config_map("b", "#" * 100), "c.yaml": config_map("c", "#" * 99)}
    )

    with pytest.raises(SyncError) as failed:
        tree.build(limits=Limits(file_size=100))

    assert [(error.file, error.message) for error in failed.value.errors] == [
        ("b.yaml:1", "151 bytes, above the limit of 100; split the file"),
        ("c.yaml:1", "150 bytes, above the limit of 100; split the file"),
    ]
    assert tree.reads == []


def test_a_source_above_the_limit_is_refused_before_it_is_read() -> None:
    tree = Tree({"a.yaml": config_map("a"), "b.yaml": config_map("b"), "large.bin": "x" * 1000})

    with pytest.raises(
        SyncError, match="102 bytes of manifests, above the limit of 101; use several sources"
    ):
        tree.build(limits=Limits(source_size=101))

    assert tree.reads == []
    assert len(tree.build(limits=Limits(source_size=102)).objects) == 2


def test_the_number_of_objects_is_bounded_and_nothing_is_read_beyond() -> None:
    tree = Tree({f"{n}.yaml": config_map(f"{n}a") + "---\n" + config_map(f"{n}b") for n in range(9)})

    with pytest.raises(
        SyncError, match=r"2\.yaml:1: more than 5 objects up to this file; use several sources"
    ):
        tree.build(limits=Limits(objects=5))

    assert len(tree.reads) == 3
    assert len(tree.build(limits=Limits(objects=18)).objects) == 18


def test_the_number_of_errors_is_bounded_as_well() -> None:
    tree = Tree({f"{n}.yaml": f"- {n}\n---\n- x\n" for n in range(9)})

    with pytest.raises(SyncError) as failed:
        tree.build(limits=Limits(objects=5))

    assert len(failed.value.errors) == 7


def test_a_single_file_is_not_read_beyond_the_number_of_objects() -> None:
    tree = Tree({"a.yaml": f"{{apiVersion: v1, kind: List, items: {list(range(10, 100))}}}"})

    with pytest.raises(SyncError) as failed:
        tree.build(limits=Limits(objects=5))

    assert len(failed.value.errors) == 7
    assert {"the file has more than 5 objects; split it"} < {error.message for error in failed.value.errors}


def test_what_the_source_raises_while_it_is_read_ends_the_build() -> None:
    def read(blob: str) -> bytes:
        raise SyncError(Reason.GIT_OPERATION_FAILED, f"{blob[:7]} is gone")

    files = Tree({"a.yaml": config_map("a")}).files()

    with pytest.raises(SyncError, match="is gone") as failed:
        build(files, read, path="", scopes=SCOPES, target_namespace="team", memory=BuildMemory())

    assert failed.value.reason is Reason.GIT_OPERATION_FAILED


def test_a_failed_build_waits_for_a_person() -> None:
    with pytest.raises(SyncError) as failed:
        Tree({"a.yaml": "["}).build()

    assert failed.value.recovery is Recovery.PERSON
