"""Small packs as objects (gitformat-pack): every length is checked before it is trusted."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable

from workers.source.deltas import apply_delta, target_size
from workers.source.packets import ProtocolError
from workers.source.varints import read_offset, read_size

OBJECTS, BYTES = 100, 16 * 1024 * 1024
"""Up to so many objects, and bytes of their contents together, a pack is simple."""

Known = Callable[[str], tuple[int, bytes] | None]
"""Finds an object that is here already: its type and content."""

_HEAD, _CHECKSUM, _OID = 12, 20, 20
_KINDS = {1: b"commit", 2: b"tree", 3: b"blob", 4: b"tag"}
_OFFSET_DELTA, _REFERENCE_DELTA = 6, 7
_VERSION = 2


class NotSimpleError(Exception):
    """A pack that may be good, but that it takes git to read."""


def unpack(pack: bytes, known: Known) -> list[tuple[int, bytes]]:
    """Return the type and the content of every object of a pack.

    Deltas may build on objects before them in the pack and on ``known`` ones. Raises ProtocolError for what
    is no pack, and NotSimpleError before it unpacks more than the bounds.
    """
    reader = _Reader(pack, known)
    found = [reader.next() for _ in range(_count(pack))]
    reader.finish()
    return found


def _count(pack: bytes) -> int:
    if len(pack) < _HEAD + _CHECKSUM or pack[:4] != b"PACK" or int.from_bytes(pack[4:8]) != _VERSION:
        raise ProtocolError("something that is no pack")
    if hashlib.sha1(pack[:-_CHECKSUM], usedforsecurity=False).digest() != pack[-_CHECKSUM:]:
        raise ProtocolError("a pack whose checksum is wrong")
    count = int.from_bytes(pack[8:_HEAD])
    if count > OBJECTS:
        raise NotSimpleError
    return count


class _Reader:
    """Goes through a pack object by object."""

    def __init__(self, pack: bytes, known: Known) -> None:
        self._pack = memoryview(pack)[:-_CHECKSUM]
        self._known = known
        self._at = _HEAD
        self._left = BYTES
        self._by_offset: dict[int, tuple[int, bytes]] = {}
        self._by_id: dict[str, tuple[int, bytes]] = {}

    def next(self) -> tuple[int, bytes]:
        start = self._at
        kind, size, self._at = read_size(self._pack, self._at)
        if kind == _OFFSET_DELTA:
            distance, self._at = read_offset(self._pack, self._at)
            found = self._patched(self._by_offset.get(start - distance), size)
        elif kind == _REFERENCE_DELTA:
            base = bytes(self._pack[self._at : self._at + _OID]).hex()
            self._at += _OID
            found = self._patched(self._by_id.get(base) or self._known(base), size)
        elif kind in _KINDS:
            found = kind, self._inflate(size)
        else:
            raise ProtocolError("a pack with an object of an unknown type")
        self._by_offset[start] = self._by_id[_object_id(*found)] = found
        return found

    def finish(self) -> None:
        if self._at != len(self._pack):
            raise ProtocolError("a pack with something behind its objects")

    def _patched(self, base: tuple[int, bytes] | None, size: int) -> tuple[int, bytes]:
        if base is None:  # it may come later in the pack
            raise NotSimpleError
        delta = self._inflate(size)
        self._reserve(target_size(delta))
        return base[0], apply_delta(base[1], delta)

    def _inflate(self, size: int) -> bytes:
        self._reserve(size)
        stream = zlib.decompressobj()
        try:
            # One byte more than announced, so that a stream that goes on is seen and not followed.
            content = stream.decompress(self._pack[self._at :], size + 1)
        except zlib.error:
            raise ProtocolError("a pack with an object that cannot be inflated") from None
        if len(content) != size or not stream.eof:
            raise ProtocolError("a pack with an object of another size than announced")
        self._at = len(self._pack) - len(stream.unused_data)
        return content

    def _reserve(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise NotSimpleError


def _object_id(kind: int, content: bytes) -> str:
    head = b"%b %d\0" % (_KINDS[kind], len(content))
    return hashlib.sha1(head + content, usedforsecurity=False).hexdigest()
