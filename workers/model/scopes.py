"""What a cluster says of its kinds, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.model.keys import GroupKind


class Scope(Enum):
    """Where objects of a kind live."""

    NAMESPACED = "Namespaced"
    CLUSTER = "Cluster"


@dataclass(frozen=True, slots=True)
class ScopeTable:
    """The scope of each kind that the cluster serves; a kind that is missing is not known (yet)."""

    scopes: Mapping[GroupKind, Scope] = field(default_factory=dict)

    def get(self, kind: GroupKind) -> Scope | None:
        """Return the scope of a kind, or None when the cluster does not serve it."""
        return self.scopes.get(kind)
