"""What may be deleted (user's contract, "Prune"): pure rules, asked before each deletion."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workers.model.keys import GroupKind
from workers.model.ownership import PRUNE_ANNOTATION, LiveObject

PROTECTED_KINDS = frozenset({
    GroupKind("", "Namespace"),
    GroupKind("apiextensions.k8s.io", "CustomResourceDefinition"),
    GroupKind("", "PersistentVolume"),
    GroupKind("", "PersistentVolumeClaim"),
})  # fmt: skip

_SHARE_COUNTS_FROM = 10
_PERCENT = re.compile(r"(100|[1-9]?[0-9])%", re.ASCII)


@dataclass(frozen=True, slots=True)
class PruneLimit:
    """How many objects a commit may delete: a number, or a share of 10 or more objects."""

    count: int | None = None
    percent: int | None = None

    @classmethod
    def parse(cls, value: object) -> PruneLimit:
        """Read ``20`` or ``"50%"``; raises ValueError for anything else."""
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return cls(count=value)
        if isinstance(value, str) and (match := _PERCENT.fullmatch(value)):
            return cls(percent=int(match[1]))
        raise ValueError(f"{value!r} is neither a number nor a percentage; write it like 20 or 50%")

    def exceeded_by(self, deletions: int, total: int) -> bool:
        """Tell whether deleting so many of ``total`` objects must wait for a person."""
        if self.count is not None:
            return deletions > self.count
        if self.percent is None or total < _SHARE_COUNTS_FROM:
            return False
        return deletions * 100 > total * self.percent

    def __str__(self) -> str:
        return str(self.count) if self.percent is None else f"{self.percent}%"


def is_protected(live: LiveObject) -> bool:
    """Tell whether an object is kept although it left Git: by its own annotation or by its kind."""
    wish = live.annotations.get(PRUNE_ANNOTATION)
    if wish == "disabled":
        return True
    return live.key.group_kind in PROTECTED_KINDS and wish != "enabled"
