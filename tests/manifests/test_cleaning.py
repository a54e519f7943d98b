from __future__ import annotations

from typing import Any

import pytest

from tests.manifests.trees import Tree, config_map


def manifest(text: str) -> dict[str, Any]:
    build = Tree({"a.yaml": text}).build()
    (built,) = build.objects
    return build.manifest(built)


def test_an_exported_object_loses_what_only_the_api_server_or_kubectl_writes() -> None:
    text = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  uid: 0f3b
  resourceVersion: "42"
  generation: 3
  creationTimestamp: 2026-01-01T00:00:00Z
  deletionTimestamp: 2026-01-01T00:00:00Z
  deletionGracePeriodSeconds: 30
  selfLink: /apis/apps/v1/x
  managedFields: []
  annotations: {kubectl.kubernetes.io/last-applied-configuration: "{}", mine: kept}
  labels: {app: web}
  finalizers: [example.com/kept]
spec:
  template:
    metadata: {creationTimestamp: null}
  status: kept
status: {replicas: 1}
"""
    assert manifest(text) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": "team",
            "annotations": {"mine": "kept"},
            "labels": {"app": "web"},
            "finalizers": ["example.com/kept"],
        },
        "spec": {"template": {"metadata": {"creationTimestamp": None}}, "status": "kept"},
    }


def test_string_data_of_a_secret_becomes_data_and_wins_over_it() -> None:
    text = """
apiVersion: v1
kind: Secret
metadata: {name: a}
data: {a: b2xk, b: b2xk}
stringData: {a: é, c: ''}
"""

    assert manifest(text) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a", "namespace": "team"},
        "data": {"a": "w6k=", "b": "b2xk", "c": ""},
    }


@pytest.mark.parametrize("empty", ["stringData: null", "stringData: {}"])
def test_empty_string_data_leaves_no_trace(empty: str) -> None:
    assert "stringData" not in (
        secret := manifest(f"{{apiVersion: v1, kind: Secret, metadata: {{name: a}}, {empty}}}")
    )
    assert "data" not in secret


def test_string_data_of_other_kinds_is_their_own() -> None:
    text = "{apiVersion: example.com/v1, kind: Secret, metadata: {name: a}, stringData: {a: 1}}"

    assert manifest(text)["stringData"] == {"a": 1}


def test_null_labels_are_no_labels() -> None:
    assert manifest(config_map("a", "  labels: null\n  annotations:\n"))["metadata"]["labels"] is None


def test_a_manifest_can_be_changed_at_the_top_without_changing_the_build() -> None:
    build = Tree({"a.yaml": config_map("a")}).build()
    first = build.manifest(build.objects[0])
    first["data"] = first["metadata"]["labels"] = {"x": "y"}

    assert build.manifest(build.objects[0])["metadata"] == {"name": "a", "namespace": "team"}
