"""A table of scopes knows the kinds that the cluster serves."""

from __future__ import annotations

from workers.model.keys import GroupKind
from workers.model.scopes import Scope, ScopeTable

DEPLOYMENT = GroupKind("apps", "Deployment")


def test_a_kind_that_is_served_has_its_scope() -> None:
    assert ScopeTable({DEPLOYMENT: Scope.NAMESPACED}).get(DEPLOYMENT) is Scope.NAMESPACED


def test_a_kind_that_is_not_served_has_none() -> None:
    assert ScopeTable().get(DEPLOYMENT) is None
