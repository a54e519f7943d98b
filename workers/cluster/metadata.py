"""The metadata of objects as the API server writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workers.cluster.errors import UnreachableError
from workers.model.keys import ObjectKey
from workers.model.ownership import LiveObject

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workers.cluster.resources import Resource

METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


def live_object(resource: Resource, document: Mapping[str, Any], manager: str) -> LiveObject:
    """Return what the cluster says of an object, with the fields that ``manager`` applied.

    Raises UnreachableError for something that is no object: another server answered.
    """
    try:
        metadata = document["metadata"]
        return LiveObject(
            key=ObjectKey(resource.group, resource.kind, metadata.get("namespace", ""), metadata["name"]),
            uid=metadata["uid"],
            resource_version=metadata["resourceVersion"],
            labels=metadata.get("labels") or {},
            annotations=metadata.get("annotations") or {},
            applied_fields=_applied_fields(metadata.get("managedFields") or (), manager),
            created=metadata.get("creationTimestamp") or "",
            deleting="deletionTimestamp" in metadata,
        )
    except (KeyError, TypeError) as error:
        raise UnreachableError("the answer did not come from an API server") from error


def _applied_fields(entries: Iterable[Mapping[str, Any]], manager: str) -> Mapping[str, Any] | None:
    for entry in entries:
        if (
            entry.get("manager") == manager
            and entry.get("operation") == "Apply"
            and not entry.get("subresource")
        ):
            fields: Mapping[str, Any] | None = entry.get("fieldsV1")
            return fields
    return None
