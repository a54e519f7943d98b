"""How much a source may hold; what is above is refused with a clear error."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of what one build reads; sizes in bytes.

    ``depth`` counts nested mappings and lists of a document, aliases expanded. ``nodes`` bounds one file:
    every scalar, mapping and list counts, an alias as much as what it stands for, and long scalars once per
    32 characters, so that a few lines of aliases cannot stand for gigabytes.
    """

    file_size: int = 5 << 20
    source_size: int = 64 << 20
    objects: int = 20_000
    depth: int = 100
    nodes: int = 1_000_000


DEFAULT_LIMITS = Limits()
