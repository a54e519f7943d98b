from __future__ import annotations

import pytest

from workers.manifests.order import Stage, deletion_rank, stage
from workers.model.keys import GroupKind

RBAC = "rbac.authorization.k8s.io"
ADMISSION = "admissionregistration.k8s.io"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (GroupKind("", "Namespace"), Stage.NAMESPACES),
        (GroupKind("apiextensions.k8s.io", "CustomResourceDefinition"), Stage.CUSTOM_RESOURCE_DEFINITIONS),
        (GroupKind(RBAC, "ClusterRole"), Stage.CLUSTER_RBAC_AND_CLASSES),
        (GroupKind(RBAC, "ClusterRoleBinding"), Stage.CLUSTER_RBAC_AND_CLASSES),
        (GroupKind("storage.k8s.io", "StorageClass"), Stage.CLUSTER_RBAC_AND_CLASSES),
        (GroupKind("scheduling.k8s.io", "PriorityClass"), Stage.CLUSTER_RBAC_AND_CLASSES),
        (GroupKind("gateway.networking.k8s.io", "GatewayClass"), Stage.CLUSTER_RBAC_AND_CLASSES),
        (GroupKind("", "ServiceAccount"), Stage.SERVICE_ACCOUNTS),
        (GroupKind("", "Secret"), Stage.SECRETS),
        (GroupKind("", "ConfigMap"), Stage.CONFIG_MAPS),
        (GroupKind("", "PersistentVolume"), Stage.STORAGE),
        (GroupKind("", "PersistentVolumeClaim"), Stage.STORAGE),
        (GroupKind("apps", "Deployment"), Stage.REST),
        (GroupKind(RBAC, "Role"), Stage.REST),
        (GroupKind("example.com", "Namespace"), Stage.REST),
        (GroupKind("example.com", "Secret"), Stage.REST),
        (GroupKind(ADMISSION, "ValidatingWebhookConfiguration"), Stage.ADMISSION_AND_AGGREGATION),
        (GroupKind(ADMISSION, "MutatingWebhookConfiguration"), Stage.ADMISSION_AND_AGGREGATION),
        (GroupKind("apiregistration.k8s.io", "APIService"), Stage.ADMISSION_AND_AGGREGATION),
    ],
    ids=str,
)
def test_a_kind_is_applied_in_its_stage(kind: GroupKind, expected: Stage) -> None:
    assert stage(kind) is expected


def test_namespaces_are_first_and_what_can_refuse_others_is_last() -> None:
    assert list(Stage) == sorted(Stage)
    assert (min(Stage), max(Stage)) == (Stage.NAMESPACES, Stage.ADMISSION_AND_AGGREGATION)


def test_deletion_is_the_reverse() -> None:
    kinds = [
        GroupKind("", "Namespace"),
        GroupKind("apiextensions.k8s.io", "CustomResourceDefinition"),
        GroupKind("", "Secret"),
        GroupKind("apps", "Deployment"),
        GroupKind(ADMISSION, "ValidatingWebhookConfiguration"),
    ]

    assert sorted(kinds, key=stage) == kinds
    assert sorted(kinds, key=deletion_rank) == kinds[::-1]
    assert [deletion_rank(kinds[-1]), deletion_rank(kinds[0])] == [0, 8]
