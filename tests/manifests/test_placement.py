"""Where objects go: targetNamespace, cluster-scoped kinds, and kinds that nobody knows yet."""

from __future__ import annotations

from typing import Any

import pytest

from tests.manifests.trees import SCOPES, Tree, config_map
from workers.model.errors import SyncError
from workers.model.keys import GroupKind
from workers.model.scopes import Scope, ScopeTable

WIDGET = "{apiVersion: example.com/v1, kind: Widget, metadata: {name: a}}"


def definition(scope: str) -> str:
    return custom_resource_definition(f"{{group: example.com, names: {{kind: Widget}}, scope: {scope}}}")


def custom_resource_definition(spec: str) -> str:
    return f"""
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: widgets.example.com}}
spec: {spec}
"""


def placed(*texts: str, scopes: ScopeTable = SCOPES) -> dict[str, Any]:
    """Map each key to the namespace in its manifest."""
    build = Tree({f"{n}.yaml": text for n, text in enumerate(texts)}).build(scopes=scopes)
    return {str(built.key): build.manifest(built)["metadata"].get("namespace") for built in build.objects}


def test_a_namespaced_object_without_a_namespace_goes_to_the_target_namespace() -> None:
    assert placed(
        config_map("a"), config_map("b", "  namespace: ''\n"), config_map("c", "  namespace:\n")
    ) == {
        "ConfigMap/team/a": "team",
        "ConfigMap/team/b": "team",
        "ConfigMap/team/c": "team",
    }


def test_a_written_namespace_is_kept() -> None:
    assert placed(config_map("a", "  namespace: other\n")) == {"ConfigMap/other/a": "other"}


@pytest.mark.parametrize("namespace", ["", "namespace: other"])
def test_a_cluster_scoped_object_has_no_namespace(namespace: str) -> None:
    text = f"{{apiVersion: v1, kind: Namespace, metadata: {{name: a, {namespace}}}}}"

    assert placed(text) == {"Namespace/a": None}


def test_an_unknown_kind_keeps_what_is_written() -> None:
    written = WIDGET.replace("name: a", "name: b, namespace: other")

    assert placed(WIDGET, written) == {"Widget.example.com/a": None, "Widget.example.com/other/b": "other"}


@pytest.mark.parametrize(
    ("scope", "key", "namespace"),
    [("Namespaced", "Widget.example.com/team/a", "team"), ("Cluster", "Widget.example.com/a", None)],
)
def test_a_kind_is_known_from_its_definition_in_the_same_build(
    scope: str, key: str, namespace: str | None
) -> None:
    found = placed(WIDGET, definition(scope))

    assert found == {
        "CustomResourceDefinition.apiextensions.k8s.io/widgets.example.com": None,
        key: namespace,
    }


def test_what_the_cluster_says_of_a_kind_comes_before_what_git_says() -> None:
    scopes = ScopeTable({**SCOPES.scopes, GroupKind("example.com", "Widget"): Scope.CLUSTER})

    assert placed(WIDGET, definition("Namespaced"), scopes=scopes)["Widget.example.com/a"] is None


@pytest.mark.parametrize(
    "spec", ["[]", "{group: 1, names: {kind: Widget}, scope: Cluster}", "{scope: Everywhere}"]
)
def test_a_definition_that_is_wrong_defines_nothing(spec: str) -> None:
    assert placed(WIDGET, custom_resource_definition(spec))["Widget.example.com/a"] is None


def test_a_namespace_on_a_cluster_scoped_object_does_not_make_it_another_object() -> None:
    role = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a}}"

    with pytest.raises(SyncError, match=r"the same object is in 0\.yaml:1"):
        placed(role, role.replace("name: a", "name: a, namespace: other"))
