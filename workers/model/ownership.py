"""Whose an object is: the names written on applied objects, and the rule that reads them.

The names are final (user's contract, "Applying"). The ApplySet id follows KEP-3659.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.model.keys import ObjectKey

DOMAIN = "alumiini.false.systems"
NAME_LABEL = f"{DOMAIN}/name"
NAMESPACE_LABEL = f"{DOMAIN}/namespace"
KIND_LABEL = f"{DOMAIN}/kind"
PART_OF_LABEL = "applyset.kubernetes.io/part-of"
OWNER_ANNOTATION = f"{DOMAIN}/owner"
OWNER_UID_ANNOTATION = f"{DOMAIN}/owner-uid"
HASH_ANNOTATION = f"{DOMAIN}/hash"
PRUNE_ANNOTATION = f"{DOMAIN}/prune"

OWNERSHIP_LABELS = frozenset({NAME_LABEL, NAMESPACE_LABEL, KIND_LABEL, PART_OF_LABEL})
OWNERSHIP_ANNOTATIONS = frozenset({OWNER_ANNOTATION, OWNER_UID_ANNOTATION, HASH_ANNOTATION})

_LABEL_LENGTH = 63
_CUT_LENGTH = 52


@dataclass(frozen=True, slots=True)
class Owner:
    """One of our own objects, as the owner of what it applies."""

    kind: str
    namespace: str
    name: str
    uid: str

    @property
    def applyset(self) -> str:
        """The ApplySet id (KEP-3659): ``applyset-<base64url of sha256(name.namespace.kind.group)>-v1``."""
        digest = hashlib.sha256(f"{self.name}.{self.namespace}.{self.kind}.{DOMAIN}".encode()).digest()
        return f"applyset-{base64.urlsafe_b64encode(digest).decode().rstrip('=')}-v1"

    @property
    def reference(self) -> str:
        """``Kind/namespace/name``, the value of the owner annotation."""
        return f"{self.kind}/{self.namespace}/{self.name}"

    def labels(self) -> dict[str, str]:
        """Return the labels that every applied object carries."""
        return {
            NAME_LABEL: label_value(self.name),
            NAMESPACE_LABEL: label_value(self.namespace),
            KIND_LABEL: self.kind,
            PART_OF_LABEL: self.applyset,
        }

    def annotations(self, digest: str) -> dict[str, str]:
        """Return the annotations that every applied object carries; ``digest`` is ``sha256:<hex>``."""
        return {
            OWNER_ANNOTATION: self.reference,
            OWNER_UID_ANNOTATION: self.uid,
            HASH_ANNOTATION: digest,
        }


@dataclass(frozen=True, slots=True)
class LiveObject:
    """What the cluster says of an object: its metadata, never its content.

    ``applied_fields`` is the ``fieldsV1`` of our own Apply entry in ``managedFields``, None without one.
    ``created`` is RFC 3339 in UTC with whole seconds: text that can be compared.
    """

    key: ObjectKey
    uid: str
    resource_version: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    applied_fields: Mapping[str, Any] | None = None
    created: str = ""
    deleting: bool = False


def label_value(name: str) -> str:
    """Return a name as a label value: one above 63 characters is cut and ends in a hash of the whole."""
    if len(name) <= _LABEL_LENGTH:
        return name
    return (
        f"{name[:_CUT_LENGTH]}-{hashlib.sha256(name.encode()).hexdigest()[: _LABEL_LENGTH - _CUT_LENGTH - 1]}"
    )


def stamp(manifest: Mapping[str, Any], owner: Owner, digest: str) -> dict[str, Any]:
    """Return a manifest with our labels and annotations; the given one is not changed."""
    metadata = dict(manifest["metadata"])
    metadata["labels"] = {**(metadata.get("labels") or {}), **owner.labels()}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **owner.annotations(digest)}
    return {**manifest, "metadata": metadata}


def is_member(live: LiveObject, applyset: str) -> bool:
    """Tell whether we applied this object into that set: the label is there and our Apply entry owns it.

    Controllers copy labels (a Service's to its EndpointSlices); they do not copy our managedFields entry.
    """
    owned = ((live.applied_fields or {}).get("f:metadata") or {}).get("f:labels") or {}
    return live.labels.get(PART_OF_LABEL) == applyset and f"f:{PART_OF_LABEL}" in owned


def is_ours(live: LiveObject, owner: Owner) -> bool:
    """Tell whether an object belongs to the living ``owner``: a member, and written under its uid."""
    return is_member(live, owner.applyset) and live.annotations.get(OWNER_UID_ANNOTATION) == owner.uid


def other_owner(live: LiveObject, owner: Owner) -> str | None:
    """Return the reference of the other owner of an object, None when nobody else owns it.

    An earlier GitRepository of the same name (another uid) is not another owner: its objects are adopted.
    """
    reference = live.annotations.get(OWNER_ANNOTATION)
    if reference is None or reference == owner.reference or PART_OF_LABEL not in live.labels:
        return None
    return reference if is_member(live, live.labels[PART_OF_LABEL]) else None
