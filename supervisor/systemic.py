"""The difference between bad children and a bad house."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

WINDOW = 60.0
"""Seconds in which crashes of different children count together."""
ALWAYS_BEARABLE = 10
"""So many different crashed children are never systemic."""


@dataclass(slots=True)
class Crashes:
    """When each child crashed last; a child that crashes often counts once."""

    _last: dict[Hashable, float] = field(default_factory=dict)

    def add(self, key: Hashable, now: float) -> int:
        """Note a crash and return how many different children crashed in the window."""
        self._last.pop(key, None)
        self._last[key] = now
        while now - (oldest := next(iter(self._last.items())))[1] >= WINDOW:
            del self._last[oldest[0]]
        return len(self._last)


def is_systemic(crashed: int, children: int) -> bool:
    """Tell whether so many different crashed children, of so many, mean that the fault is in none of them."""
    return crashed > bearable(children)


def bearable(children: int) -> int:
    """Return how many different crashed children, of so many, are not systemic yet."""
    return max(ALWAYS_BEARABLE, children // 2)
