"""Deliveries that were accepted already."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cachetools import TTLCache

if TYPE_CHECKING:
    from supervisor.clock import Clock

_SECONDS = 300.0
_LARGEST = 10_000


class Deliveries:
    """Remembers delivery ids for 5 minutes, 10,000 of them at most; the oldest goes first.

    Belongs to one event loop: cachetools breaks for good when threads share it.
    """

    def __init__(self, clock: Clock) -> None:
        self._seen: TTLCache[bytes, None] = TTLCache(_LARGEST, _SECONDS, clock.monotonic)

    def __contains__(self, delivery: tuple[str, str]) -> bool:
        return _digest(delivery) in self._seen

    def remember(self, delivery: tuple[str, str]) -> None:
        """Know this (route, id) again from now on."""
        self._seen[_digest(delivery)] = None


def _digest(delivery: tuple[str, str]) -> bytes:
    # A client chooses the id, so it is not kept as it came: memory stays bounded.
    return hashlib.blake2b("\n".join(delivery).encode(), digest_size=16).digest()
