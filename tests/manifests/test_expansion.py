"""Lists, and what is in a source but not for the cluster."""

from __future__ import annotations

import pytest

from tests.manifests.trees import Tree, config_map
from workers.model.errors import SyncError


def keys(text: str) -> list[str]:
    return [str(built.key) for built in Tree({"a.yaml": text}).build().objects]


def test_a_list_is_the_objects_in_it() -> None:
    text = """
apiVersion: v1
kind: List
metadata: {resourceVersion: ""}
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
- apiVersion: v1
  kind: List
  items:
  - {apiVersion: apps/v1, kind: Deployment, metadata: {name: b}}
"""
    assert keys(text) == ["ConfigMap/team/a", "Deployment.apps/team/b"]


def test_items_of_a_typed_list_get_their_kind_from_it() -> None:
    text = "{apiVersion: apps/v1, kind: DeploymentList, items: [{metadata: {name: a}}]}"

    assert keys(text) == ["Deployment.apps/team/a"]


@pytest.mark.parametrize("items", ["[]", "null"])
def test_a_list_may_be_empty(items: str) -> None:
    assert keys(f"{{apiVersion: v1, kind: List, items: {items}}}") == []


def test_a_kind_that_only_ends_in_list_is_an_object() -> None:
    text = (
        "{apiVersion: example.com/v1, kind: AllowList, metadata: {name: a, namespace: b}, spec: {items: [1]}}"
    )

    assert keys(text) == ["AllowList.example.com/b/a"]


def test_an_error_in_a_list_names_the_item() -> None:
    inner = "{apiVersion: v1, kind: List, items: [{kind: A, metadata: {name: a}}]}"
    text = f"{{apiVersion: v1, kind: List, items: [x, {inner}]}}"

    with pytest.raises(SyncError) as failed:
        keys(text)

    assert [error.message for error in failed.value.errors] == [
        "items[0]: a single value is no manifest; write an object with apiVersion, kind and metadata",
        "items[1].items[0]: apiVersion is missing; add one such as v1 or apps/v1",
    ]


def test_objects_of_a_list_may_share_parts_through_aliases() -> None:
    text = """
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: &shared {name: a, uid: "1", annotations: {kubectl.kubernetes.io/last-applied-configuration: x}}
- apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRole
  metadata: *shared
"""
    build = Tree({"a.yaml": text}).build()

    assert [build.manifest(built)["metadata"] for built in build.objects] == [
        {"name": "a", "annotations": {}},
        {"name": "a", "annotations": {}, "namespace": "team"},
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization, resources: [a.yaml]}",
        "{apiVersion: kustomize.config.k8s.io/v1alpha1, kind: Component}",
        "{apiVersion: kpt.dev/v1, kind: Kptfile, metadata: {name: a}}",
        config_map("a", '  annotations: {config.kubernetes.io/local-config: "true"}\n'),
        config_map("a", '  annotations: {config.kubernetes.io/local-config: ""}\n'),
        config_map("a", "  annotations: {config.kubernetes.io/local-config: true}\n"),
        "{apiVersion: v1, kind: A, metadata: {annotations: {config.kubernetes.io/local-config: 'true'}}}",
    ],
)
def test_what_is_for_tools_of_the_client_is_left_out(text: str) -> None:
    assert keys(f"{text}\n---\n{config_map('b')}") == ["ConfigMap/team/b"]


@pytest.mark.parametrize(
    "text",
    [
        config_map("a", '  annotations: {config.kubernetes.io/local-config: "false"}\n'),
        "{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {name: a}}",
        "{apiVersion: example.com/v1, kind: Kptfile, metadata: {name: a}}",
    ],
)
def test_what_only_resembles_it_is_applied(text: str) -> None:
    assert len(keys(text)) == 1


def test_only_text_can_say_that_an_object_is_not_local() -> None:
    text = config_map("a", "  annotations: {config.kubernetes.io/local-config: false}\n")

    with pytest.raises(SyncError, match="a value that is not a string; quote the value"):
        keys(text)
