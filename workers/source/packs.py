"""How a pack that comes in parts gets into a mirror: small ones by ourselves, others through git.

A push changes a handful of objects. Unpacking those here costs half of what starting a program does.
"""

from __future__ import annotations

from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING

from workers.source.indexing import index_pack
from workers.source.objects import DamagedError, Objects
from workers.source.unpacking import BYTES, NotSimpleError, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from supervisor.deadline import Deadline

SMALL_BYTES = 256 * 1024


def store_pack(git_dir: Path, parts: Iterable[bytes], deadline: Deadline) -> None:
    """Add the objects of a pack to a bare repository.

    Raises ProtocolError or SyncError for a pack that is not one, OSError for a disk that is full.
    """
    parts = iter(parts)
    head = bytearray()
    for part in parts:
        head += part
        if len(head) > SMALL_BYTES:
            break
    else:
        try:
            _store_small(git_dir, bytes(head))
        except NotSimpleError:
            parts = iter(())
        else:
            return
    index_pack(git_dir, chain([bytes(head)], parts), deadline)


def _store_small(git_dir: Path, pack: bytes) -> None:
    with closing(Objects(git_dir)) as objects:

        def known(oid: str) -> tuple[int, bytes] | None:
            try:
                return objects.read(oid) if objects.size(oid) <= BYTES else None
            except DamagedError:
                return None

        for kind, content in unpack(pack, known):
            objects.write(kind, content)
