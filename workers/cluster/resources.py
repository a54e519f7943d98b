"""A kind as one API server serves it, and the paths of its objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from workers.model.errors import Reason, SyncError
from workers.model.keys import GroupKind
from workers.model.scopes import Scope

if TYPE_CHECKING:
    from workers.model.keys import ObjectKey


@dataclass(frozen=True, slots=True)
class Resource:
    """How objects of a kind are addressed in one version."""

    group: str
    version: str
    kind: str
    plural: str
    scope: Scope
    verbs: frozenset[str] = frozenset()

    @property
    def group_kind(self) -> GroupKind:
        """The kind without a version."""
        return GroupKind(self.group, self.kind)

    @property
    def api_version(self) -> str:
        """``apps/v1``, or ``v1`` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def collection(self, namespace: str = "") -> str:
        """Return the path of all objects, or of those in one namespace."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        if namespace:
            return f"{root}/namespaces/{_segment(namespace)}/{self.plural}"
        return f"{root}/{self.plural}"

    def path(self, key: ObjectKey, subresource: str = "") -> str:
        """Return the path of one object; raises SyncError for a name that cannot be one."""
        if self.scope is Scope.NAMESPACED:
            _segment(key.namespace)
        namespace = key.namespace if self.scope is Scope.NAMESPACED else ""
        path = f"{self.collection(namespace)}/{_segment(key.name)}"
        return f"{path}/{subresource}" if subresource else path


def _segment(name: str) -> str:
    """Return a name as one part of a path: never empty and never one that would lead to another object."""
    if not name or name in {".", ".."} or "/" in name or "%" in name:
        raise SyncError(Reason.APPLY_FAILED, f"{name!r} is not the name of an object", slowly=True)
    return quote(name, safe="")


CUSTOM_RESOURCE_DEFINITION = Resource(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", Scope.CLUSTER
)
SECRET = Resource("", "v1", "Secret", "secrets", Scope.NAMESPACED)
LEASE = Resource("coordination.k8s.io", "v1", "Lease", "leases", Scope.NAMESPACED)
EVENT = Resource("events.k8s.io", "v1", "Event", "events", Scope.NAMESPACED)
