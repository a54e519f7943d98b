"""Deltas between objects (gitformat-pack, "Deltified representation")."""

from __future__ import annotations

from workers.source.packets import ProtocolError
from workers.source.varints import read_number

_COPY = 0x80
_DEFAULT_LENGTH = 0x10000


def target_size(delta: bytes) -> int:
    """Return the size of what a delta makes."""
    view = memoryview(delta)
    return read_number(view, read_number(view, 0)[1])[0]


def apply_delta(base: bytes, delta: bytes) -> bytes:
    """Return what a delta makes of its base; raises ProtocolError for one that does not fit."""
    view = memoryview(delta)
    base_size, at = read_number(view, 0)
    size, at = read_number(view, at)
    if base_size != len(base):
        raise _wrong()
    made = bytearray()
    while at < len(view):
        piece, at = _copied(base, view, at) if view[at] & _COPY else _inserted(view, at)
        made += piece
        if len(made) > size:
            raise _wrong()
    if len(made) != size:
        raise _wrong()
    return bytes(made)


def _inserted(delta: memoryview, at: int) -> tuple[bytes, int]:
    end = at + 1 + delta[at]
    if delta[at] == 0 or end > len(delta):
        raise _wrong()
    return bytes(delta[at + 1 : end]), end


def _copied(base: bytes, delta: memoryview, at: int) -> tuple[bytes, int]:
    """Read one copy instruction: seven bits say which bytes of offset and length follow, lowest first."""
    command, at = delta[at], at + 1
    offset_and_length = 0
    for index in range(7):
        if command >> index & 1:
            if at >= len(delta):
                raise _wrong()
            offset_and_length |= delta[at] << 8 * index
            at += 1
    offset = offset_and_length & 0xFFFFFFFF
    length = offset_and_length >> 32 or _DEFAULT_LENGTH
    if offset + length > len(base):
        raise _wrong()
    return base[offset : offset + length], at


def _wrong() -> ProtocolError:
    return ProtocolError("a pack with a delta that does not fit")
