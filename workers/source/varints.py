"""Numbers of variable length, as packs write them (gitformat-pack)."""

from __future__ import annotations

from workers.source.packets import ProtocolError

_MORE, _SEVEN_BITS = 0x80, 0x7F
_LONGEST = 9
"""Bytes; 63 bits are more than any honest pack needs."""


def read_size(data: memoryview, at: int) -> tuple[int, int, int]:
    """Read the head of an object: its type, its size and where it goes on."""
    byte = _byte(data, at)
    kind, size = byte >> 4 & 0b111, byte & 0b1111
    if not byte & _MORE:
        return kind, size, at + 1
    rest, end = read_number(data, at + 1)
    return kind, size | rest << 4, end


def read_number(data: memoryview, at: int) -> tuple[int, int]:
    """Read a number, lowest bits first, and where it ends."""
    number = 0
    for index in range(_LONGEST):
        byte = _byte(data, at + index)
        number |= (byte & _SEVEN_BITS) << 7 * index
        if not byte & _MORE:
            return number, at + index + 1
    raise ProtocolError("a pack with a number that does not end")


def read_offset(data: memoryview, at: int) -> tuple[int, int]:
    """Read how far back the base of a delta is, highest bits first, and where the number ends."""
    byte = _byte(data, at)
    number = byte & _SEVEN_BITS
    for index in range(1, _LONGEST):
        if not byte & _MORE:
            return number, at + index
        byte = _byte(data, at + index)
        number = (number + 1) << 7 | byte & _SEVEN_BITS
    raise ProtocolError("a pack with a number that does not end")


def _byte(data: memoryview, at: int) -> int:
    if at >= len(data):
        raise ProtocolError("a pack that ends too early")
    return data[at]
