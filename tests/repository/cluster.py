"""A cluster in memory: what repositories apply to, list and delete from, with every request written down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from workers.cluster.errors import ChangedError
from workers.cluster.objects import ABSENT, Deletion
from workers.cluster.resources import CUSTOM_RESOURCE_DEFINITION, Resource
from workers.model.errors import Reason
from workers.model.keys import GroupKind, ObjectKey
from workers.model.ownership import PART_OF_LABEL, LiveObject
from workers.model.scopes import Scope, ScopeTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from supervisor.deadline import Deadline
    from workers.cluster.discovery import Discovery
    from workers.cluster.objects import Objects

CONFIG_MAP = Resource("", "v1", "ConfigMap", "configmaps", Scope.NAMESPACED)
NAMESPACE = Resource("", "v1", "Namespace", "namespaces", Scope.CLUSTER)
OUR_DEFINITION = ObjectKey(
    CUSTOM_RESOURCE_DEFINITION.group,
    CUSTOM_RESOURCE_DEFINITION.kind,
    "",
    "gitrepositories.alumiini.false.systems",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    verb: str
    name: str


class Cluster:
    """Objects by key. ``before`` is called with every request; what it raises is the answer."""

    def __init__(self) -> None:
        self.live: dict[ObjectKey, LiveObject] = {
            OUR_DEFINITION: LiveObject(OUR_DEFINITION, "crd", "1"),
        }
        self.asked: list[Asked] = []
        self.before: Callable[[Asked], object] = lambda _: None
        self._version = 100

    @property
    def objects(self) -> Objects:
        """The port that actors get."""
        return cast("Objects", self)

    def names(self) -> list[str]:
        """Return what is there beside our own definition."""
        return sorted(key.name for key in self.live if key != OUR_DEFINITION)

    def writes(self) -> list[Asked]:
        """Return the requests that had an effect, in their order."""
        return [each for each in self.asked if each.verb in {"apply", "delete", "patch"}]

    def change(self, name: str, **fields: Any) -> None:  # noqa: ANN401 -- fields of LiveObject
        """Change an object as somebody else would."""
        key = next(key for key in self.live if key.name == name)
        self.live[key] = replace(self.live[key], **fields, resource_version=self._next())

    def apply(
        self,
        manifest: Mapping[str, Any],
        _resource: Resource,
        key: ObjectKey,
        deadline: Deadline,
        *,
        expected: str = "",
        settling: bool = False,
    ) -> LiveObject:
        assert not settling
        self._note("apply", key, deadline)
        there = self.live.get(key)
        metadata = manifest["metadata"]
        version = ABSENT if there is None else there.resource_version
        uid = there.uid if there is not None else ""
        if expected not in {"", version} or metadata.get("uid", uid) != uid:
            raise ChangedError(Reason.APPLY_FAILED, f"{key} changed")
        self.live[key] = LiveObject(
            key,
            uid or f"uid-of-{key.name}",
            self._next(),
            metadata["labels"],
            metadata["annotations"],
            {"f:metadata": {"f:labels": {f"f:{label}": {} for label in metadata["labels"]}}},
        )
        return self.live[key]

    def read(self, _resource: Resource, key: ObjectKey, deadline: Deadline) -> LiveObject | None:
        self._note("read", key, deadline)
        return self.live.get(key)

    def list(self, resource: Resource, selector: str, deadline: Deadline) -> Iterator[LiveObject]:
        self._note("list", ObjectKey("", resource.kind, "", resource.kind), deadline)
        label, _, value = selector.partition("=")
        assert label == PART_OF_LABEL
        found = [each for each in self.live.values() if each.labels.get(label) == value]
        return iter([each for each in found if each.key.kind == resource.kind])

    def delete(self, _resource: Resource, live: LiveObject, deadline: Deadline) -> Deletion:
        self._note("delete", live.key, deadline)
        there = self.live.get(live.key)
        if there is None:
            return Deletion.GONE
        if there.resource_version != live.resource_version:
            return Deletion.CHANGED
        del self.live[live.key]
        return Deletion.DELETED

    def release(self, key: ObjectKey, labels: Mapping[str, Any], annotations: Mapping[str, Any]) -> None:
        """Take labels and annotations off, as the merge patch of a release does."""
        self.asked.append(Asked("patch", key.name))
        there = self.live[key]
        self.change(
            key.name,
            labels={name: value for name, value in there.labels.items() if name not in labels},
            annotations={name: value for name, value in there.annotations.items() if name not in annotations},
        )

    def _note(self, verb: str, key: ObjectKey, deadline: Deadline) -> None:
        deadline.check()
        asked = Asked(verb, key.name)
        self.asked.append(asked)
        self.before(asked)

    def _next(self) -> str:
        self._version += 1
        return str(self._version)


class Kinds:
    """Discovery that knows ConfigMap and Namespace."""

    def __init__(self) -> None:
        self.refreshed = 0
        self._kinds = {each.group_kind: each for each in (CONFIG_MAP, NAMESPACE)}

    @property
    def discovery(self) -> Discovery:
        """The port that actors get."""
        return cast("Discovery", self)

    def resource(self, _api_version: str, kind: str, _deadline: Deadline) -> Resource | None:
        return self._kinds.get(GroupKind("", kind))

    def preferred(self, kind: GroupKind, _deadline: Deadline) -> Resource | None:
        return self._kinds.get(kind)

    def scopes(self, _deadline: Deadline) -> ScopeTable:
        return ScopeTable({kind: resource.scope for kind, resource in self._kinds.items()})

    def refresh(self, _deadline: Deadline, older_than: float = 0.0) -> None:
        self.refreshed += older_than == 0.0
