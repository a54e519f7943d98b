"""Git's protocol version 2 as values: what is asked and what the answers mean (gitprotocol-v2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workers.source.packets import Mark, Packet, ProtocolError, encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_OBJECT_ID = re.compile(rb"[0-9a-f]{40}")
_DATA, _PROGRESS, _FAILED = 1, 2, 3


class RefusedError(Exception):
    """The remote understood and said no; what it said is not kept."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a remote says of itself: its protocol version and how it names objects."""

    version: int
    object_format: str


def read_capabilities(packets: Iterator[Packet]) -> Capabilities:
    """Read the answer to ``info/refs``; a remote that does not speak version 2 is version 0."""
    packet = next(packets, None)
    if isinstance(packet, bytes) and packet.startswith(b"# service="):
        if next(packets, None) is not Mark.FLUSH:
            raise ProtocolError("an announcement that does not end")
        packet = next(packets, None)
    if packet is None or isinstance(packet, Mark):
        raise ProtocolError("an empty announcement")
    if _text(packet) != b"version 2":
        return Capabilities(0, "sha1")
    object_format = b"sha1"
    for line in _until_flush(packets):
        name, _, value = _text(line).partition(b"=")
        if name == b"object-format":
            object_format = value
    return Capabilities(2, object_format.decode("ascii", "replace"))


def refs_request(prefixes: Sequence[str]) -> bytes:
    """Return the question which refs start with the given names."""
    lines = [f"ref-prefix {prefix}" for prefix in prefixes]
    return encode(["command=ls-refs", "object-format=sha1", Mark.DELIMITER, *lines, Mark.FLUSH])


def read_refs(packets: Iterator[Packet]) -> dict[str, str]:
    """Read the answer to ``refs_request``: full names and what they point at."""
    refs = {}
    for line in _until_flush(packets):
        oid, _, rest = _text(line).partition(b" ")
        name = rest.partition(b" ")[0]
        if not _OBJECT_ID.fullmatch(oid) or not name:
            raise ProtocolError("a ref that cannot be read")
        refs[name.decode("utf-8", "surrogateescape")] = oid.decode()
    return refs


def fetch_request(commit: str, have: Sequence[str]) -> bytes:
    """Return the request for one commit without its history.

    ``have`` are commits that are complete here, themselves without history: the answer then holds what is
    new, and deltas against what they hold.
    """
    return encode(
        [
            "command=fetch",
            "object-format=sha1",
            Mark.DELIMITER,
            *(["thin-pack"] if have else []),
            "ofs-delta",
            "no-progress",
            "deepen 1",
            *(f"shallow {known}" for known in have),
            f"want {commit}",
            *(f"have {known}" for known in have),
            "done",
            Mark.FLUSH,
        ]
    )


def read_pack(packets: Iterator[Packet]) -> Iterator[bytes]:
    """Read the answer to ``fetch_request``: the parts of the pack, as they come."""
    for packet in packets:
        if isinstance(packet, bytes) and _text(packet) == b"packfile":
            yield from _bands(packets)
            return
        if packet is Mark.FLUSH:
            break
    raise ProtocolError("an answer without a pack")


def _bands(packets: Iterator[Packet]) -> Iterator[bytes]:
    for packet in _until_flush(packets):
        if not packet:
            raise ProtocolError("a packet without a band")
        if packet[0] == _DATA:
            yield packet[1:]
        elif packet[0] == _FAILED:
            raise RefusedError
        elif packet[0] != _PROGRESS:
            raise ProtocolError("a packet of an unknown band")


def _until_flush(packets: Iterator[Packet]) -> Iterator[bytes]:
    for packet in packets:
        if packet is Mark.FLUSH:
            return
        if isinstance(packet, Mark):
            raise ProtocolError("a mark in the wrong place")
        yield packet
    raise ProtocolError("an answer that ends too early")


def _text(packet: bytes) -> bytes:
    if packet.startswith(b"ERR "):
        raise RefusedError
    return packet.removesuffix(b"\n")
