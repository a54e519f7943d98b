"""From documents to manifests: lists are expanded, what is for client-side tools is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workers.model.keys import group_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workers.manifests.loader import Document

_LIST = "List"
_LOCAL_CONFIG = "config.kubernetes.io/local-config"
_KUSTOMIZE_GROUP = "kustomize.config.k8s.io"
_KPT_GROUP = "kpt.dev"


@dataclass(frozen=True, slots=True)
class Found:
    """A value that should be a manifest; ``place`` tells where in a list it stood, such as ``items[2]``."""

    value: Any
    line: int
    place: str = ""


def expand(document: Document) -> Iterator[Found]:
    """Yield what a document holds, without what is not for the cluster."""
    for found in _items(Found(document.value, document.line)):
        if not _is_client_side(found.value):
            yield found


def _items(found: Found) -> Iterator[Found]:
    """Yield the items of a list, of lists inside it too (a document's depth bounds the recursion).

    As kubectl does, items of a typed list (``ConfigMapList``) get apiVersion and kind from it.
    """
    value = found.value
    if not _is_list(value):
        yield found
        return
    kind, api_version = value["kind"].removesuffix(_LIST), value.get("apiVersion")
    for index, item in enumerate(value["items"] or []):
        place = f"{found.place}.items[{index}]".lstrip(".")
        typed = isinstance(item, dict) and kind and not (item.get("kind") and item.get("apiVersion"))
        filled = {**item, "kind": kind, "apiVersion": api_version} if typed else item
        yield from _items(Found(filled, found.line, place))


def _is_list(value: object) -> bool:
    """Tell whether this is a ``List``: by its kind and its items, since a kind of one's own may end so."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("kind"), str)
        and value["kind"].endswith(_LIST)
        and "items" in value
        and isinstance(value["items"], list | None)
    )


def _is_client_side(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    api_version, kind = value.get("apiVersion"), value.get("kind")
    group = group_of(api_version) if isinstance(api_version, str) else ""
    return group == _KUSTOMIZE_GROUP or (group, kind) == (_KPT_GROUP, "Kptfile") or _is_local(value)


def _is_local(value: dict[str, Any]) -> bool:
    """Tell whether an object is annotated as configuration of local tools; only "false" says it is not."""
    metadata = value.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(annotations, dict) or _LOCAL_CONFIG not in annotations:
        return False
    return annotations[_LOCAL_CONFIG] not in ("false", False)
