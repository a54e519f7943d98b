"""One object of one of our own kinds, as the API server gave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workers.model.keys import ResourceKey
from workers.model.ownership import Owner

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class CustomObject:
    """The envelope of an object, checked; ``spec`` and ``status`` are what stands there, not checked."""

    key: ResourceKey
    uid: str
    resource_version: str
    generation: int
    deleting: bool
    finalizers: tuple[str, ...]
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    spec: Mapping[str, Any]
    status: Mapping[str, Any]

    @property
    def owner(self) -> Owner:
        """The object as the owner of what it applies."""
        return Owner(self.key.kind, self.key.namespace, self.key.name, self.uid)


def decode(kind: str, body: Mapping[str, Any]) -> CustomObject:
    """Read an object of a kind.

    Metadata is typed by the API server; ``spec`` and ``status`` may be anything where a schema is older or
    open, and count as empty when they are no objects; what is no condition counts as absent. Raises
    ValueError without a name or uid.
    """
    metadata = _mapping(body.get("metadata"))
    name, uid = metadata.get("name"), metadata.get("uid")
    if not isinstance(name, str) or not isinstance(uid, str) or not name or not uid:
        raise ValueError(f"a {kind} without a name or uid")
    return CustomObject(
        key=ResourceKey(kind, str(metadata.get("namespace") or ""), name),
        uid=uid,
        resource_version=str(metadata.get("resourceVersion") or ""),
        generation=int(metadata.get("generation") or 0),
        deleting=bool(metadata.get("deletionTimestamp")),
        finalizers=tuple(metadata.get("finalizers") or ()),
        labels=_mapping(metadata.get("labels")),
        annotations=_mapping(metadata.get("annotations")),
        spec=_mapping(body.get("spec")),
        status=_status(body.get("status")),
    )


def _status(value: object) -> Mapping[str, Any]:
    status = _mapping(value)
    if "conditions" not in status:
        return status
    conditions = status["conditions"] if isinstance(status["conditions"], list) else []
    return {**status, "conditions": [one for one in conditions if _is_condition(one)]}


def _is_condition(value: object) -> bool:
    return all(isinstance(_mapping(value).get(key), str) for key in ("type", "status"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
