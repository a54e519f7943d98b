"""Answers of servers, read from bytes: good ones, and every way to be wrong."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies

from workers.source.packets import Mark, Packet, ProtocolError, decode, encode
from workers.source.protocol import (
    Capabilities,
    RefusedError,
    fetch_request,
    read_capabilities,
    read_pack,
    read_refs,
    refs_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ONE, TWO = "1" * 40, "2" * 40


def packets(body: bytes) -> Iterator[Packet]:
    return decode(io.BytesIO(body).read)


def test_a_ref_query_as_it_goes_over_the_wire() -> None:
    assert refs_request(["refs/heads/main", "HEAD"]) == (
        b"0014command=ls-refs\n0017object-format=sha1\n0001"
        b"001fref-prefix refs/heads/main\n0014ref-prefix HEAD\n0000"
    )


def test_a_first_fetch_asks_for_one_commit_without_history() -> None:
    assert list(packets(fetch_request(ONE, []))) == [
        b"command=fetch\n", b"object-format=sha1\n", Mark.DELIMITER, b"ofs-delta\n", b"no-progress\n",
        b"deepen 1\n", f"want {ONE}\n".encode(), b"done\n", Mark.FLUSH,
    ]  # fmt: skip


def test_a_later_fetch_tells_what_is_here_and_takes_deltas_against_it() -> None:
    assert list(packets(fetch_request(TWO, [ONE]))) == [
        b"command=fetch\n", b"object-format=sha1\n", Mark.DELIMITER, b"thin-pack\n", b"ofs-delta\n",
        b"no-progress\n", b"deepen 1\n", f"shallow {ONE}\n".encode(), f"want {TWO}\n".encode(),
        f"have {ONE}\n".encode(), b"done\n", Mark.FLUSH,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "capabilities"),
    [
        (encode(["version 2", "agent=git/2", "object-format=sha1", Mark.FLUSH]), Capabilities(2, "sha1")),
        (encode(["version 2", "object-format=sha256", Mark.FLUSH]), Capabilities(2, "sha256")),
        (encode(["version 2", Mark.FLUSH]), Capabilities(2, "sha1")),
        (encode(["# service=git-upload-pack", Mark.FLUSH, "version 2", Mark.FLUSH]), Capabilities(2, "sha1")),
        (encode(["# service=git-upload-pack", Mark.FLUSH, f"{ONE} HEAD\0cap"]), Capabilities(0, "sha1")),
        (encode(["version 1", f"{ONE} HEAD\0cap", Mark.FLUSH]), Capabilities(0, "sha1")),
    ],
)
def test_what_a_server_announces(body: bytes, capabilities: Capabilities) -> None:
    assert read_capabilities(packets(body)) == capabilities


def test_refs_by_their_full_names() -> None:
    body = encode([f"{ONE} HEAD symref-target:refs/heads/main", f"{TWO} refs/heads/main", Mark.FLUSH])

    assert read_refs(packets(body)) == {"HEAD": ONE, "refs/heads/main": TWO}


def test_a_pack_is_what_the_data_band_holds_after_its_headline() -> None:
    body = encode(["shallow-info", f"shallow {ONE}", Mark.DELIMITER, "packfile"])
    body += b"0009\x01PACK0009\x02work0007\x01..0000"

    assert list(read_pack(packets(body))) == [b"PACK", b".."]


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (read_refs, b"0031ERR access denied or repository not exported\n"),
        (lambda found: list(read_pack(found)), b"0021ERR upload-pack: not our ref\n"),
        (lambda found: list(read_pack(found)), b"000dpackfile\n0009\x03gone0000"),
        (read_capabilities, b"000eERR no way\n"),
    ],
)
def test_a_refusal_is_told_from_a_mistake(read: Callable[[Iterator[Packet]], object], body: bytes) -> None:
    with pytest.raises(RefusedError):
        read(packets(body))


READERS = (read_capabilities, read_refs, lambda found: list(read_pack(found)))


@pytest.mark.parametrize(
    "body",
    [b"", b"0", b"000", b"zzzz", b"-001", b"0x10", b" 010", b"0003", b"fff1", b"ffff", b"0008ab", b"0001",
     b"0002", b"<html>"],
)  # fmt: skip
def test_bytes_that_are_no_packets_are_a_protocol_error_whatever_was_asked(body: bytes) -> None:
    for read in READERS:
        with pytest.raises(ProtocolError):
            read(packets(body))


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (read_capabilities, encode([Mark.FLUSH])),
        (read_capabilities, encode(["version 2", "agent=git/2"])),
        (read_capabilities, encode(["version 2", Mark.DELIMITER, Mark.FLUSH])),
        (read_capabilities, encode(["# service=git-upload-pack", "version 2", Mark.FLUSH])),
        (read_refs, encode([f"{ONE} refs/heads/main"])),
        (read_refs, encode(["no id refs/heads/main", Mark.FLUSH])),
        (read_refs, encode([f"{ONE[1:]} refs/heads/main", Mark.FLUSH])),
        (read_refs, encode([f"{'F' * 40} refs/heads/main", Mark.FLUSH])),
        (read_refs, encode([ONE, Mark.FLUSH])),
        (read_refs, encode([f"{ONE} ", Mark.FLUSH])),
        (read_refs, encode([f"{ONE} refs/heads/main", Mark.DELIMITER])),
        (lambda found: list(read_pack(found)), encode([Mark.FLUSH])),
        (lambda found: list(read_pack(found)), encode(["shallow-info", Mark.DELIMITER])),
        (lambda found: list(read_pack(found)), encode(["packfile"])),
        (lambda found: list(read_pack(found)), encode(["packfile"]) + b"00040000"),
        (lambda found: list(read_pack(found)), encode(["packfile"]) + b"0006\x04x0000"),
        (lambda found: list(read_pack(found)), encode(["packfile"]) + b"0006\x01x0001"),
    ],
)
def test_packets_that_answer_something_else_are_a_protocol_error(
    read: Callable[[Iterator[Packet]], object], body: bytes
) -> None:
    with pytest.raises(ProtocolError):
        read(packets(body))


@given(strategies.binary(max_size=300))
def test_no_bytes_at_all_do_worse_than_a_typed_error(body: bytes) -> None:
    for read in READERS:
        try:
            read(packets(body))
        except (ProtocolError, RefusedError):
            continue


GOOD_REFS = encode([f"{ONE} HEAD", f"{TWO} refs/heads/main", Mark.FLUSH])


@pytest.mark.parametrize("end", range(len(GOOD_REFS)))
def test_an_answer_cut_anywhere_is_a_protocol_error(end: int) -> None:
    with pytest.raises(ProtocolError):
        read_refs(packets(GOOD_REFS[:end]))
