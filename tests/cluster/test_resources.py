from __future__ import annotations

import pytest

from workers.cluster.resources import LEASE, SECRET, Resource
from workers.model.errors import SyncError
from workers.model.keys import ObjectKey
from workers.model.scopes import Scope

CLUSTER_ROLE = Resource("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", Scope.CLUSTER)


def test_paths_of_objects_and_of_collections() -> None:
    assert SECRET.path(ObjectKey("", "Secret", "shop", "login")) == "/api/v1/namespaces/shop/secrets/login"
    assert LEASE.path(ObjectKey("coordination.k8s.io", "Lease", "a", "b"), "status") == (
        "/apis/coordination.k8s.io/v1/namespaces/a/leases/b/status"
    )
    assert SECRET.collection() == "/api/v1/secrets"
    assert SECRET.collection("shop") == "/api/v1/namespaces/shop/secrets"


def test_names_of_roles_may_have_colons() -> None:
    key = ObjectKey("rbac.authorization.k8s.io", "ClusterRole", "", "system:view er")

    assert CLUSTER_ROLE.path(key) == "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Aview%20er"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../login", "a%2Fb"])
def test_a_name_that_would_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(SyncError, match="is not the name of an object"):
        SECRET.path(ObjectKey("", "Secret", "shop", name))
    with pytest.raises(SyncError, match="is not the name of an object"):
        SECRET.path(ObjectKey("", "Secret", name, "login"))
