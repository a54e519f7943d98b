"""Sources in memory: the files of a commit as a build gets them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workers.manifests.build import Build, build
from workers.manifests.limits import DEFAULT_LIMITS, Limits
from workers.manifests.memory import BuildMemory
from workers.model.keys import GroupKind
from workers.model.scopes import Scope, ScopeTable

if TYPE_CHECKING:
    from collections.abc import Mapping

SCOPES = ScopeTable({
    GroupKind("", "ConfigMap"): Scope.NAMESPACED,
    GroupKind("", "Secret"): Scope.NAMESPACED,
    GroupKind("", "Namespace"): Scope.CLUSTER,
    GroupKind("apps", "Deployment"): Scope.NAMESPACED,
    GroupKind("rbac.authorization.k8s.io", "ClusterRole"): Scope.CLUSTER,
    GroupKind("apiextensions.k8s.io", "CustomResourceDefinition"): Scope.CLUSTER,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file with the id of its content."""

    path: str
    blob: str
    size: int


@dataclass(slots=True)
class Tree:
    """The files of a commit by path; ``reads`` notes the blobs that were read."""

    texts: Mapping[str, str | bytes]
    reads: list[str] = field(default_factory=list)

    def files(self) -> list[TreeFile]:
        return [TreeFile(path, _blob(text), len(_raw(text))) for path, text in self.texts.items()]

    def read(self, blob: str) -> bytes:
        self.reads.append(blob)
        return next(_raw(text) for text in self.texts.values() if _blob(text) == blob)

    def build(
        self,
        memory: BuildMemory | None = None,
        *,
        path: str = "",
        scopes: ScopeTable = SCOPES,
        target_namespace: str = "team",
        limits: Limits = DEFAULT_LIMITS,
    ) -> Build:
        return build(
            self.files(),
            self.read,
            path=path,
            scopes=scopes,
            target_namespace=target_namespace,
            memory=BuildMemory() if memory is None else memory,
            limits=limits,
        )


def config_map(name: str, more: str = "") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n{more}"


def _raw(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _blob(text: str | bytes) -> str:
    return hashlib.sha256(_raw(text)).hexdigest()
