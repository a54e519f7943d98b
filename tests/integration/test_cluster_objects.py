"""Objects are applied, read and deleted on a real API server, each with one request."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.parts import Cluster, write_kubeconfig
from workers.cluster.errors import ChangedError
from workers.cluster.objects import ABSENT, Deletion
from workers.cluster.resources import CUSTOM_RESOURCE_DEFINITION, SECRET, Resource
from workers.model.errors import Reason, Recovery, SyncError
from workers.model.keys import ObjectKey, group_of
from workers.model.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alumiini_py.controlplane.plane import ControlPlane
    from tests.parts.control_plane import Kubectl

CONFIG_MAP = Resource("", "v1", "ConfigMap", "configmaps", Scope.NAMESPACED)


@pytest.fixture
def cluster(control_plane: ControlPlane) -> Iterator[Cluster]:
    with Cluster.of(control_plane.kubeconfig) as connected:
        yield connected


def config_map(namespace: str, name: str = "a", **data: Any) -> dict[str, Any]:  # noqa: ANN401 -- also wrong values
    return manifest("v1", "ConfigMap", namespace, name, data=data)


def manifest(api_version: str, kind: str, namespace: str, name: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 -- any field
    metadata = {"name": name, "labels": {"team": "blue"}} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def key_of(document: dict[str, Any]) -> ObjectKey:
    metadata = document["metadata"]
    group = group_of(document["apiVersion"])
    return ObjectKey(group, document["kind"], metadata.get("namespace", ""), metadata["name"])


def crd(name: str, **properties: Any) -> dict[str, Any]:  # noqa: ANN401 -- any schema
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
    }
    names = {"kind": name.capitalize(), "plural": f"{name}s", "singular": name}
    spec = {"group": "objects.example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    return manifest(
        "apiextensions.k8s.io/v1", "CustomResourceDefinition", "", f"{name}s.objects.example.com", spec=spec
    )


def test_an_object_is_created_and_then_updated(cluster: Cluster, kubectl: Kubectl, namespace: str) -> None:
    first = config_map(namespace, colour="red")
    created = cluster.objects.apply(first, CONFIG_MAP, key_of(first), cluster.deadline)
    second = config_map(namespace, colour="blue", size="1")
    updated = cluster.objects.apply(second, CONFIG_MAP, key_of(second), cluster.deadline)

    assert kubectl.json("get", "configmap/a", "-n", namespace)["data"] == {"colour": "blue", "size": "1"}
    assert created.uid == updated.uid
    assert updated.labels == {"team": "blue"}
    assert updated.applied_fields == {
        "f:data": {"f:colour": {}, "f:size": {}},
        "f:metadata": {"f:labels": {"f:team": {}}},
    }
    assert cluster.calls == [("PATCH", 201), ("PATCH", 200)]


def test_applying_the_same_again_changes_nothing(cluster: Cluster, namespace: str) -> None:
    document = config_map(namespace, colour="red")

    once = cluster.objects.apply(document, CONFIG_MAP, key_of(document), cluster.deadline)

    assert cluster.objects.apply(document, CONFIG_MAP, key_of(document), cluster.deadline) == once


def test_a_field_that_somebody_else_set_is_taken(cluster: Cluster, kubectl: Kubectl, namespace: str) -> None:
    kubectl.apply(config_map(namespace, colour="red", owner="them"), "--server-side")
    ours = config_map(namespace, colour="blue")

    cluster.objects.apply(ours, CONFIG_MAP, key_of(ours), cluster.deadline)

    assert kubectl.json("get", "configmap/a", "-n", namespace)["data"] == {"colour": "blue", "owner": "them"}


@pytest.mark.parametrize(
    ("api_version", "kind", "fields"),
    [
        ("v1", "ConfigMap", {"data": {"a": "1"}}),
        ("v1", "Secret", {"stringData": {"a": "1"}}),
        ("v1", "ServiceAccount", {}),
        ("v1", "Service", {"spec": {"ports": [{"port": 80}]}}),
        ("rbac.authorization.k8s.io/v1", "Role", {"rules": []}),
        (
            "apps/v1",
            "Deployment",
            {
                "spec": {
                    "selector": {"matchLabels": {"app": "a"}},
                    "template": {
                        "metadata": {"labels": {"app": "a"}},
                        "spec": {"containers": [{"name": "a", "image": "a"}]},
                    },
                }
            },
        ),
        ("networking.k8s.io/v1", "NetworkPolicy", {"spec": {"podSelector": {}}}),
    ],
)
def test_create_only_takes_one_request_and_never_touches_what_is_there(
    cluster: Cluster, namespace: str, api_version: str, kind: str, fields: dict[str, Any]
) -> None:
    document = manifest(api_version, kind, namespace, "only", **fields)
    resource = cluster.discovery.resource(api_version, kind, cluster.deadline)
    assert resource is not None
    cluster.calls.clear()

    live = cluster.objects.apply(document, resource, key_of(document), cluster.deadline, expected=ABSENT)
    with pytest.raises(ChangedError):
        cluster.objects.apply(document, resource, key_of(document), cluster.deadline, expected=ABSENT)

    assert cluster.calls == [("PATCH", 201), ("PATCH", 409)]
    still = cluster.objects.read(resource, key_of(document), cluster.deadline)
    assert still is not None
    assert still.uid == live.uid


def test_an_update_can_ask_for_the_version_it_was_decided_on(
    cluster: Cluster, kubectl: Kubectl, namespace: str
) -> None:
    document = config_map(namespace, colour="red")
    live = cluster.objects.apply(document, CONFIG_MAP, key_of(document), cluster.deadline)
    kubectl("label", "configmap/a", "-n", namespace, "somebody=was-here")

    with pytest.raises(ChangedError):
        cluster.objects.apply(
            document, CONFIG_MAP, key_of(document), cluster.deadline, expected=live.resource_version
        )


def test_a_crd_and_its_object_go_in_one_pass(cluster: Cluster, namespace: str) -> None:
    definition = crd("gadget", size={"type": "integer"})
    gadget = manifest("objects.example.com/v1", "Gadget", namespace, "a", spec={"size": 1})
    cluster.objects.apply(
        definition, CUSTOM_RESOURCE_DEFINITION, key_of(definition), cluster.deadline, expected=ABSENT
    )

    resource = cluster.discovery.await_resource("objects.example.com/v1", "Gadget", cluster.deadline)
    assert resource is not None
    for expected in (ABSENT, ""):
        live = cluster.objects.apply(
            gadget, resource, key_of(gadget), cluster.deadline, expected=expected, settling=True
        )
    with pytest.raises(ChangedError):
        cluster.objects.apply(gadget, resource, key_of(gadget), cluster.deadline, expected=ABSENT)

    assert live.applied_fields == {"f:metadata": {"f:labels": {"f:team": {}}}, "f:spec": {"f:size": {}}}


def test_a_new_schema_is_waited_for(cluster: Cluster, namespace: str) -> None:
    for properties in ({"old": {"type": "string"}}, {"new": {"type": "string"}}):
        definition = crd("widget", **properties)
        cluster.objects.apply(definition, CUSTOM_RESOURCE_DEFINITION, key_of(definition), cluster.deadline)
        resource = cluster.discovery.await_resource("objects.example.com/v1", "Widget", cluster.deadline)
        assert resource is not None
        widget = manifest(
            "objects.example.com/v1", "Widget", namespace, "a", spec=dict.fromkeys(properties, "x")
        )
        live = cluster.objects.apply(widget, resource, key_of(widget), cluster.deadline, settling=True)

    assert live.applied_fields is not None
    assert live.applied_fields["f:spec"] == {"f:new": {}}


@pytest.mark.parametrize(
    "document",
    [
        config_map("", "a", count=3),
        manifest("v1", "ConfigMap", "", "a", dta={}),
        manifest("v1", "ConfigMap", "", "Not_A_Name"),
        manifest("v1", "ConfigMap", "", "a", immutable="perhaps"),
    ],
    ids=["a number", "an unknown field", "a bad name", "a wrong type"],
)
def test_a_manifest_that_the_server_refuses_is_retried_slowly(
    cluster: Cluster, namespace: str, document: dict[str, Any]
) -> None:
    document["metadata"]["namespace"] = namespace

    with pytest.raises(SyncError) as caught:
        cluster.objects.apply(document, CONFIG_MAP, key_of(document), cluster.deadline)

    assert caught.value.slowly
    assert caught.value.reason is Reason.APPLY_FAILED
    assert f"cannot patch ConfigMap/{namespace}/" in caught.value.message


@pytest.mark.parametrize(
    "fields",
    [
        {"data": {"k": "c2VjcmV0LXZhbHVl!"}},
        {"data": {"k": {"secret-value": "secret-value"}}},
        {"type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": "secret-value"}},
        {"stringData": {"k": "secret-value"}, "secret-value": 1},
    ],
)
def test_a_refused_secret_never_shows_a_value(
    cluster: Cluster, namespace: str, fields: dict[str, Any]
) -> None:
    document = manifest("v1", "Secret", namespace, "s", **fields)

    with pytest.raises(SyncError) as caught:
        cluster.objects.apply(document, SECRET, key_of(document), cluster.deadline)

    assert caught.value.slowly
    assert caught.value.message.startswith(f"cannot patch Secret/{namespace}/s: refused (")
    for value in ("secret-value", base64.b64encode(b"secret-value").decode()):
        assert value not in caught.value.message


def test_a_missing_namespace_is_a_failure_that_passes(cluster: Cluster) -> None:
    document = config_map("nowhere-at-all")

    with pytest.raises(SyncError) as caught:
        cluster.objects.apply(document, CONFIG_MAP, key_of(document), cluster.deadline)

    assert not caught.value.slowly
    assert caught.value.message == (
        'cannot patch ConfigMap/nowhere-at-all/a: namespaces "nowhere-at-all" not found'
    )


def test_a_namespace_that_is_being_deleted_is_a_failure_that_passes(
    cluster: Cluster, kubectl: Kubectl, namespace: str
) -> None:
    holder = config_map(namespace, "holder")
    holder["metadata"]["finalizers"] = ["example.com/hold"]
    live = cluster.objects.apply(holder, CONFIG_MAP, key_of(holder), cluster.deadline)
    kubectl("delete", "namespace", namespace, "--wait=false")
    document = config_map(namespace, "late")

    with pytest.raises(SyncError, match="is being terminated") as caught:
        cluster.objects.apply(document, CONFIG_MAP, key_of(document), cluster.deadline)
    cluster.objects.merge_patch(CONFIG_MAP, live.key, {"metadata": {"finalizers": None}}, cluster.deadline)

    assert caught.value.reason is Reason.APPLY_FAILED
    assert caught.value.recovery is Recovery.RETRY


def test_what_rbac_refuses_is_access_denied_and_names_verb_and_resource(
    control_plane: ControlPlane, kubectl: Kubectl, namespace: str, tmp_path: Path
) -> None:
    kubectl("wait", "--for=create", "serviceaccount/default", "-n", namespace, "--timeout=30s")
    token = kubectl("create", "token", "default", "-n", namespace).strip()
    kubeconfig = write_kubeconfig(
        tmp_path,
        control_plane.url,
        user={"token": token},
        **{"certificate-authority": str(control_plane.ca_file)},
    )
    document = config_map(namespace)

    with Cluster.of(kubeconfig) as nobody, pytest.raises(SyncError) as caught:
        nobody.objects.apply(document, CONFIG_MAP, key_of(document), nobody.deadline)

    assert caught.value.reason is Reason.ACCESS_DENIED
    assert 'cannot patch resource "configmaps"' in caught.value.message


def test_what_is_not_there_reads_as_none(cluster: Cluster, namespace: str) -> None:
    key = ObjectKey("", "ConfigMap", namespace, "missing")
    unserved = Resource("nothing.example.com", "v1", "Thing", "things", Scope.NAMESPACED)

    assert cluster.objects.read(CONFIG_MAP, key, cluster.deadline) is None
    assert cluster.objects.get(CONFIG_MAP, key, cluster.deadline) is None
    assert cluster.objects.get(unserved, key, cluster.deadline) is None
    assert cluster.objects.merge_patch(CONFIG_MAP, key, {"data": {}}, cluster.deadline) is None
    assert list(cluster.objects.list(unserved, "a=b", cluster.deadline)) == []


def test_a_list_has_the_metadata_of_what_carries_the_label(
    cluster: Cluster, kubectl: Kubectl, namespace: str
) -> None:
    ours = [config_map(namespace, name, colour="red") for name in ("a", "b")]
    for document in ours:
        document["metadata"]["labels"] = {"set": namespace}
    applied = [cluster.objects.apply(one, CONFIG_MAP, key_of(one), cluster.deadline) for one in ours]
    kubectl("create", "configmap", "other", "-n", namespace)

    assert list(cluster.objects.list(CONFIG_MAP, f"set={namespace}", cluster.deadline)) == applied


def test_only_the_object_that_was_judged_is_deleted(
    cluster: Cluster, kubectl: Kubectl, namespace: str
) -> None:
    document = config_map(namespace)
    judged = cluster.objects.apply(document, CONFIG_MAP, key_of(document), cluster.deadline)
    kubectl("label", "configmap/a", "-n", namespace, "somebody=was-here")

    assert cluster.objects.delete(CONFIG_MAP, judged, cluster.deadline) is Deletion.CHANGED
    judged_again = cluster.objects.read(CONFIG_MAP, judged.key, cluster.deadline)
    assert judged_again is not None
    assert cluster.objects.delete(CONFIG_MAP, judged_again, cluster.deadline) is Deletion.DELETED
    assert cluster.objects.delete(CONFIG_MAP, judged_again, cluster.deadline) is Deletion.GONE
    assert not kubectl.exists("configmap/a", "-n", namespace)


def test_an_object_that_was_made_anew_is_not_deleted(
    cluster: Cluster, kubectl: Kubectl, namespace: str
) -> None:
    document = config_map(namespace)
    judged = cluster.objects.apply(document, CONFIG_MAP, key_of(document), cluster.deadline)
    kubectl("delete", "configmap/a", "-n", namespace)
    kubectl("create", "configmap", "a", "-n", namespace)

    assert cluster.objects.delete(CONFIG_MAP, judged, cluster.deadline) is Deletion.CHANGED
    assert kubectl.exists("configmap/a", "-n", namespace)


def test_an_object_that_finalizers_hold_is_deleting(
    cluster: Cluster, kubectl: Kubectl, namespace: str
) -> None:
    document = config_map(namespace)
    document["metadata"]["finalizers"] = ["example.com/hold"]
    live = cluster.objects.apply(document, CONFIG_MAP, key_of(document), cluster.deadline)

    assert cluster.objects.delete(CONFIG_MAP, live, cluster.deadline) is Deletion.DELETED
    held = cluster.objects.read(CONFIG_MAP, live.key, cluster.deadline)
    assert held is not None
    assert held.deleting

    cluster.objects.merge_patch(CONFIG_MAP, live.key, {"metadata": {"finalizers": None}}, cluster.deadline)
    assert not kubectl.exists("configmap/a", "-n", namespace)


def test_status_is_a_patch_of_its_own(cluster: Cluster, namespace: str) -> None:
    claim = manifest(
        "v1",
        "PersistentVolumeClaim",
        namespace,
        "a",
        spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    )
    resource = Resource("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", Scope.NAMESPACED)
    cluster.objects.apply(claim, resource, key_of(claim), cluster.deadline)

    written = cluster.objects.merge_patch(
        resource, key_of(claim), {"status": {"phase": "Lost"}}, cluster.deadline, subresource="status"
    )

    assert written is not None
    assert written["status"] == {"phase": "Lost"}


def test_a_patch_of_a_version_that_has_passed_changes_nothing(
    cluster: Cluster, kubectl: Kubectl, namespace: str
) -> None:
    document = config_map(namespace, colour="red")
    live = cluster.objects.apply(document, CONFIG_MAP, key_of(document), cluster.deadline)
    kubectl("label", "configmap/a", "-n", namespace, "somebody=was-here")
    change = {"metadata": {"resourceVersion": live.resource_version}, "data": {"colour": "blue"}}

    with pytest.raises(ChangedError):
        cluster.objects.merge_patch(CONFIG_MAP, live.key, change, cluster.deadline)
