"""What the GitRepository itself carries: the finalizer, and the ApplySet parent's metadata (KEP-3659).

Both stand before the first object is applied, so that a program that starts anew knows where to look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workers.model.keys import GroupKind
from workers.model.ownership import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Collection

    from workers.controller.custom_object import CustomObject
    from workers.model.keys import ObjectKey

FINALIZER = f"{DOMAIN}/finalizer"
APPLYSET_ID_LABEL = "applyset.kubernetes.io/id"
TOOLING_ANNOTATION = "applyset.kubernetes.io/tooling"
KINDS_ANNOTATION = "applyset.kubernetes.io/contains-group-kinds"
NAMESPACES_ANNOTATION = "applyset.kubernetes.io/additional-namespaces"
TOOLING = "alumiini/v1"


def recorded_kinds(subject: CustomObject) -> frozenset[GroupKind]:
    """Return the kinds of which this GitRepository may have objects, as it was written down."""
    written = str(subject.annotations.get(KINDS_ANNOTATION, ""))
    return frozenset(_group_kind(name.strip()) for name in written.split(",") if name.strip())


def has_been_here(subject: CustomObject) -> bool:
    """Tell whether anything may have been applied for this object."""
    return FINALIZER in subject.finalizers or KINDS_ANNOTATION in subject.annotations


def parent_metadata(
    subject: CustomObject, members: Collection[ObjectKey], unseen: Collection[GroupKind] = ()
) -> dict[str, Any] | None:
    """Return the patch of ``metadata`` that makes it the parent of these members; None when it is already.

    ``unseen`` are kinds of which nobody can tell whether there are members.
    """
    labels = {APPLYSET_ID_LABEL: subject.owner.applyset}
    annotations = {
        TOOLING_ANNOTATION: TOOLING,
        KINDS_ANNOTATION: ",".join(
            sorted({str(key.group_kind) for key in members} | {str(kind) for kind in unseen})
        ),
        NAMESPACES_ANNOTATION: ",".join(
            sorted({key.namespace for key in members} - {"", subject.key.namespace})
        ),
    }
    if (
        FINALIZER in subject.finalizers
        and labels.items() <= subject.labels.items()
        and annotations.items() <= subject.annotations.items()
    ):
        return None
    finalizers = [*subject.finalizers, *({FINALIZER} - set(subject.finalizers))]
    return {"labels": labels, "annotations": annotations, "finalizers": finalizers}


def without_finalizer(subject: CustomObject) -> dict[str, Any] | None:
    """Return the patch of ``metadata`` that lets the object go; None when nothing of ours holds it."""
    if FINALIZER not in subject.finalizers:
        return None
    return {"finalizers": [name for name in subject.finalizers if name != FINALIZER]}


def _group_kind(name: str) -> GroupKind:
    kind, _, group = name.partition(".")
    return GroupKind(group, kind)
