"""Names of things in a cluster read as kubectl writes them."""

from __future__ import annotations

import pytest

from workers.model.keys import GroupKind, ObjectKey, ResourceKey, group_of


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (ObjectKey("apps", "Deployment", "shop", "web"), "Deployment.apps/shop/web"),
        (ObjectKey("", "ConfigMap", "shop", "settings"), "ConfigMap/shop/settings"),
        (ObjectKey("", "Namespace", "", "shop"), "Namespace/shop"),
        (
            ObjectKey("rbac.authorization.k8s.io", "ClusterRole", "", "system:reader"),
            "ClusterRole.rbac.authorization.k8s.io/system:reader",
        ),
    ],
)
def test_an_object_is_named_by_kind_and_group_then_namespace_and_name(key: ObjectKey, text: str) -> None:
    assert str(key) == text


@pytest.mark.parametrize(
    ("kind", "text"),
    [(GroupKind("", "Secret"), "Secret"), (GroupKind("batch", "Job"), "Job.batch")],
)
def test_a_kind_of_the_core_group_has_no_dot(kind: GroupKind, text: str) -> None:
    assert str(kind) == text


def test_the_key_of_an_actor_names_its_kind_too() -> None:
    assert str(ResourceKey("GitRepository", "shop", "web")) == "GitRepository/shop/web"


def test_objects_are_sorted_by_kind_so_that_groups_of_one_kind_stand_together() -> None:
    keys = [ObjectKey("b", "K", "n", "x"), ObjectKey("", "Z", "n", "x"), ObjectKey("b", "A", "z", "z")]

    assert [str(key.group_kind) for key in sorted(keys)] == ["Z", "A.b", "K.b"]


def test_the_kind_of_an_object_has_no_version() -> None:
    assert ObjectKey("apps", "Deployment", "shop", "web").group_kind == GroupKind("apps", "Deployment")


@pytest.mark.parametrize(
    ("api_version", "group"),
    [("v1", ""), ("apps/v1", "apps"), ("networking.k8s.io/v1beta1", "networking.k8s.io"), ("", "")],
)
def test_the_group_stands_before_the_slash(api_version: str, group: str) -> None:
    assert group_of(api_version) == group
