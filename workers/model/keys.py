"""Names of things in a cluster."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class GroupKind:
    """A kind of object, whatever its version; the core group is the empty string."""

    group: str
    kind: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.group}" if self.group else self.kind


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """The identity of an object in a cluster: it does not change with the API version it is written in.

    ``namespace`` is empty for cluster-scoped objects.
    """

    group: str
    kind: str
    namespace: str
    name: str

    @property
    def group_kind(self) -> GroupKind:
        """The kind without a version."""
        return GroupKind(self.group, self.kind)

    def __str__(self) -> str:
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.group_kind}/{place}"


@dataclass(frozen=True, slots=True, order=True)
class ResourceKey:
    """The identity of an object of one of our own kinds, and so of the actor that serves it."""

    kind: str
    namespace: str
    name: str

    @property
    def place(self) -> str:
        """``namespace/name``, as people write it where the kind is clear."""
        return f"{self.namespace}/{self.name}"

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"


def version_of(api_version: str) -> str:
    """Return the version of an ``apiVersion``: ``apps/v1`` and ``v1`` give ``v1``."""
    return api_version.rpartition("/")[2]


def group_of(api_version: str) -> str:
    """Return the group of an ``apiVersion``: ``apps/v1`` gives ``apps``, ``v1`` gives the empty string."""
    return api_version.rpartition("/")[0]
