"""One changed file among many: one file is parsed. And nothing that is remembered is ever wrong."""

from __future__ import annotations

import gc

import pytest

from tests.manifests.trees import Tree, config_map
from workers.manifests.memory import BuildMemory
from workers.model.errors import SyncError
from workers.model.keys import GroupKind
from workers.model.scopes import Scope, ScopeTable

WIDGET = "{apiVersion: example.com/v1, kind: Widget, metadata: {name: a}}"


def many(**changed: str) -> Tree:
    return Tree({f"{n}.yaml": changed.get(f"f{n}", config_map(f"c{n}")) for n in range(1000)})


def test_a_build_of_the_same_files_parses_nothing() -> None:
    memory = BuildMemory()
    first = many().build(memory)
    tree = many()

    second = tree.build(memory)

    assert (first.parsed, second.parsed) == (1000, 0)
    assert tree.reads == []
    assert second.objects == first.objects


def test_one_changed_file_among_a_thousand_is_the_only_one_parsed() -> None:
    memory = BuildMemory()
    before = {built.key: built.digest for built in many().build(memory).objects}
    tree = many(f500=config_map("c500", "data: {changed: 'yes'}\n"))

    build = tree.build(memory)

    assert (build.parsed, len(tree.reads)) == (1, 1)
    assert [built.key.name for built in build.objects if built.digest != before[built.key]] == ["c500"]


def test_a_file_that_moved_is_not_parsed_again() -> None:
    memory = BuildMemory()
    Tree({"a.yaml": config_map("a")}).build(memory)

    build = Tree({"b/c.yaml": config_map("a")}).build(memory)

    assert build.parsed == 0
    assert build.objects[0].file == "b/c.yaml"


def test_files_that_left_the_tree_are_forgotten() -> None:
    memory = BuildMemory()
    many().build(memory)
    Tree({"a.yaml": config_map("c1")}).build(memory)

    assert len(memory) == 1


def test_another_target_namespace_is_another_digest() -> None:
    memory = BuildMemory()
    tree = Tree({"a.yaml": config_map("a"), "b.yaml": config_map("b", "  namespace: fixed\n")})
    before = tree.build(memory, target_namespace="one")

    after = tree.build(memory, target_namespace="two")

    assert after.parsed == 1
    assert after.objects == tree.build(target_namespace="two").objects
    assert {built.digest for built in before.objects} & {built.digest for built in after.objects} == {
        built.digest for built in after.objects if built.key.namespace == "fixed"
    }


def test_a_scope_that_becomes_known_places_a_remembered_object() -> None:
    memory = BuildMemory()
    tree = Tree({"a.yaml": WIDGET})
    scopes = ScopeTable({GroupKind("example.com", "Widget"): Scope.NAMESPACED})
    assert str(tree.build(memory).objects[0].key) == "Widget.example.com/a"

    build = tree.build(memory, scopes=scopes)

    assert str(build.objects[0].key) == "Widget.example.com/team/a"
    assert build.objects == tree.build(scopes=scopes).objects


def test_a_remembered_definition_still_defines_its_kind() -> None:
    memory = BuildMemory()
    definition = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec: {group: example.com, scope: Namespaced, names: {kind: Widget}}
"""
    Tree({"crd.yaml": definition}).build(memory)

    build = Tree({"crd.yaml": definition, "a.yaml": WIDGET}).build(memory)

    assert [str(built.key) for built in build.objects][1:] == ["Widget.example.com/team/a"]


def test_a_failed_build_forgets_nothing_and_remembers_no_broken_file() -> None:
    memory = BuildMemory()
    many().build(memory)

    with pytest.raises(SyncError):
        many(f1="[").build(memory)

    again = many(f1=config_map("c1", "# corrected\n"))
    assert again.build(memory).parsed == 1


def test_a_manifest_that_was_not_parsed_for_this_build_is_read_when_it_is_asked_for() -> None:
    memory = BuildMemory()
    text = "---\n".join(config_map(name, f"data: {{of: {name}}}\n") for name in "abc")
    Tree({"a.yaml": text}).build(memory)
    tree = Tree({"a.yaml": text})
    build = tree.build(memory)

    manifests = [build.manifest(built) for built in build.objects]

    assert [manifest["data"]["of"] for manifest in manifests] == ["a", "b", "c"]
    assert len(tree.reads) == 1


def test_the_memory_holds_small_values_and_no_manifest() -> None:
    memory = BuildMemory()
    Tree({"a.yaml": config_map("a", "data: {looked: for}\n")}).build(memory)

    held = reachable(memory)

    assert {type(thing).__name__ for thing in held} == {
        "BuildMemory", "dict", "tuple", "Remembered", "Draft", "str", "int", "NoneType",
    }  # fmt: skip
    assert not any(isinstance(thing, str) and "looked" in thing for thing in held)


def reachable(root: object) -> list[object]:
    found, waiting = {id(root): root}, [root]
    while waiting:
        for thing in gc.get_referents(waiting.pop()):
            if not isinstance(thing, type) and id(thing) not in found:
                found[id(thing)] = thing
                waiting.append(thing)
    return list(found.values())
