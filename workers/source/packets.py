"""The framing of Git's protocol: pkt-lines (gitprotocol-common)."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LONGEST = 65520
_LENGTH = 4


class ProtocolError(Exception):
    """The remote said something that is not Git's protocol version 2; the text never quotes it."""


class Mark(Enum):
    """Packets without content."""

    FLUSH = b"0000"
    DELIMITER = b"0001"
    RESPONSE_END = b"0002"


Packet = bytes | Mark


def encode(packets: Iterable[str | Mark]) -> bytes:
    """Return lines of text, each with a newline, and marks as one body."""
    return b"".join(
        packet.value if isinstance(packet, Mark) else f"{len(packet.encode()) + 5:04x}{packet}\n".encode()
        for packet in packets
    )


def decode(read: Callable[[int], bytes]) -> Iterator[Packet]:
    """Read packets until the stream ends between two of them.

    ``read`` returns at most the given number of bytes, and none at the end of the stream.
    Raises ProtocolError for a length that cannot be and for a stream that ends inside a packet.
    """
    marks = {mark.value: mark for mark in Mark}
    while head := _exactly(read, _LENGTH, may_end=True):
        if (mark := marks.get(head)) is not None:
            yield mark
            continue
        yield _exactly(read, _length(head) - _LENGTH)


def _length(head: bytes) -> int:
    if not all(byte in b"0123456789abcdefABCDEF" for byte in head):
        raise ProtocolError("a packet without a length")
    length = int(head, 16)
    if not _LENGTH <= length <= LONGEST:
        raise ProtocolError("a packet of an impossible length")
    return length


def _exactly(read: Callable[[int], bytes], count: int, *, may_end: bool = False) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = read(count - len(parts))
        if not part:
            if may_end and not parts:
                return b""
            raise ProtocolError("an answer that ends too early")
        parts += part
    return bytes(parts)
