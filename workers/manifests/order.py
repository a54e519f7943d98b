"""The order in which kinds are applied, so that what others need is there first."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workers.model.keys import GroupKind


class Stage(IntEnum):
    """Stages of an apply, in order; objects of one stage do not depend on each other."""

    NAMESPACES = 0
    CUSTOM_RESOURCE_DEFINITIONS = 1
    CLUSTER_RBAC_AND_CLASSES = 2
    SERVICE_ACCOUNTS = 3
    SECRETS = 4
    CONFIG_MAPS = 5
    STORAGE = 6
    REST = 7
    ADMISSION_AND_AGGREGATION = 8


_CLASS = "Class"  # StorageClass, IngressClass, PriorityClass, GatewayClass, ... of any group
_STAGES = {
    ("", "Namespace"): Stage.NAMESPACES,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): Stage.CUSTOM_RESOURCE_DEFINITIONS,
    ("rbac.authorization.k8s.io", "ClusterRole"): Stage.CLUSTER_RBAC_AND_CLASSES,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): Stage.CLUSTER_RBAC_AND_CLASSES,
    ("", "ServiceAccount"): Stage.SERVICE_ACCOUNTS,
    ("", "Secret"): Stage.SECRETS,
    ("", "ConfigMap"): Stage.CONFIG_MAPS,
    ("", "PersistentVolume"): Stage.STORAGE,
    ("", "PersistentVolumeClaim"): Stage.STORAGE,
    ("storage.k8s.io", "CSIDriver"): Stage.STORAGE,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): Stage.ADMISSION_AND_AGGREGATION,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): Stage.ADMISSION_AND_AGGREGATION,
    ("apiregistration.k8s.io", "APIService"): Stage.ADMISSION_AND_AGGREGATION,
}


def stage(kind: GroupKind) -> Stage:
    """Return when a kind is applied."""
    known = _STAGES.get((kind.group, kind.kind))
    if known is not None:
        return known
    return Stage.CLUSTER_RBAC_AND_CLASSES if kind.kind.endswith(_CLASS) else Stage.REST


def deletion_rank(kind: GroupKind) -> int:
    """Return when a kind is deleted, lowest first: the reverse of the order of applying."""
    return max(Stage) - stage(kind)
