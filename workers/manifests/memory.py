"""What an actor remembers of the files it has read, so that only changed files are read again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.manifests.parsing import Draft


@dataclass(frozen=True, slots=True)
class Remembered:
    """An object of a file: its draft, and its digest in the namespace it had in the end.

    The digest is good for as long as the same content ends in the same namespace, whatever the cluster says
    of kinds by then.
    """

    draft: Draft
    namespace: str
    digest: str


class BuildMemory:
    """The objects of the files of the last good build by blob id, some 400 bytes each; never a manifest.

    One per actor, and not thread-safe. An empty one is always right, only slower.
    """

    def __init__(self) -> None:
        self._blobs: Mapping[str, tuple[Remembered, ...]] = {}

    def get(self, blob: str) -> tuple[Remembered, ...] | None:
        """Return the objects of a file, None when it is not known."""
        return self._blobs.get(blob)

    def replace(self, blobs: Mapping[str, tuple[Remembered, ...]]) -> None:
        """Remember these files and forget all others."""
        self._blobs = blobs

    def __len__(self) -> int:
        return len(self._blobs)
