"""Where objects live: the namespace of each, from its file, its kind's scope and the target namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workers.model.keys import ObjectKey
from workers.model.scopes import Scope, ScopeTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workers.manifests.parsing import Draft


def with_definitions(scopes: ScopeTable, drafts: Iterable[Draft]) -> ScopeTable:
    """Return a table that knows the kinds of CustomResourceDefinitions in the same build as well.

    What the cluster says comes first: the scope of a kind never changes there.
    """
    defined = dict(draft.defines for draft in drafts if draft.defines)
    return ScopeTable({**defined, **scopes.scopes}) if defined else scopes


def namespace_of(draft: Draft, scopes: ScopeTable, target_namespace: str) -> str:
    """Return the final namespace of an object, empty for none.

    One that is written on a cluster-scoped object is dropped, as the API server itself would do
    (``EnsureObjectNamespaceMatchesRequestNamespace``). A kind that nobody knows keeps what is written.
    """
    match scopes.get(draft.group_kind):
        case Scope.CLUSTER:
            return ""
        case Scope.NAMESPACED:
            return draft.namespace or target_namespace
        case None:
            return draft.namespace


def key_of(draft: Draft, namespace: str) -> ObjectKey:
    """Return the key of an object in its final namespace."""
    kind = draft.group_kind
    return ObjectKey(kind.group, kind.kind, namespace, draft.name)


def placed(manifest: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """Return a manifest in its final namespace; the given one is not changed."""
    metadata = {name: value for name, value in manifest["metadata"].items() if name != "namespace"}
    if namespace:
        metadata["namespace"] = namespace
    return {**manifest, "metadata": metadata}
