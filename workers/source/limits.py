"""How much is taken from a remote at most."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on untrusted content; sizes in bytes."""

    file_bytes: int = 5 * MEBIBYTE
    """One file that is read."""
    source_bytes: int = 64 * MEBIBYTE
    """All files of one source together."""
    depth: int = 100
    """Folders inside folders under the path."""
    entries: int = 200_000
    """Names under the path, read or not: equal trees nested in each other can show billions."""
    pack_bytes: int = 512 * MEBIBYTE
    """What one fetch may send."""
    refs_bytes: int = 16 * MEBIBYTE
    """What one ref query may answer."""
