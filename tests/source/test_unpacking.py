"""Our unpacker against packs of the real git, and against packs that lie."""

from __future__ import annotations

import hashlib
import subprocess
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies

from alumiini_py.demo.git_repository import create_repository, git_environment
from workers.source import unpacking
from workers.source.deltas import apply_delta
from workers.source.objects import Objects
from workers.source.packets import ProtocolError
from workers.source.unpacking import NotSimpleError, unpack

if TYPE_CHECKING:
    from pathlib import Path

    from alumiini_py.demo.git_repository import Repository

BLOB = 3
LONG = "".join(f"line {number}\n" for number in range(2000))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = create_repository(tmp_path / "repository")
    repository.commit({"long.yaml": LONG, "sub/a.yaml": "a: 1\n"})
    repository.commit({"long.yaml": f"{LONG}more\n", "empty.yaml": ""})
    return repository


def packed(repository: Repository, *options: str, stdin: bytes) -> bytes:
    """Return what git packs."""
    return subprocess.run(
        ["git", f"--git-dir={repository.path}", "pack-objects", "--revs", "--stdout", "-q", *options],
        input=stdin,
        env=git_environment(),
        capture_output=True,
        check=True,
    ).stdout


def pack(*objects: bytes, count: int | None = None, version: int = 2) -> bytes:
    """Return a pack of raw objects with a right checksum."""
    body = b"PACK" + version.to_bytes(4) + (len(objects) if count is None else count).to_bytes(4)
    body += b"".join(objects)
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def raw(kind: int, content: bytes, size: int | None = None, base: bytes = b"") -> bytes:
    """Return an object as a pack holds it; ``size`` may lie."""
    left = len(content) if size is None else size
    head = [kind << 4 | left & 15]
    left >>= 4
    while left:
        head[-1] |= 0x80
        head.append(left & 127)
        left >>= 7
    return bytes(head) + base + zlib.compress(content)


def nothing(_: str) -> None:
    return None


@pytest.mark.parametrize("options", [["--delta-base-offset"], [], ["--depth=0"]])
def test_a_pack_of_git_gives_the_objects_of_git(repository: Repository, options: list[str]) -> None:
    data = packed(repository, *options, stdin=b"main\n")

    found = unpack(data, nothing)

    objects = Objects(repository.path)
    ids = repository.git("rev-list", "--objects", "--no-object-names", "main").split()
    assert sorted(found) == sorted(objects.read(oid) for oid in ids)


def test_a_thin_pack_builds_on_what_is_here(repository: Repository) -> None:
    data = packed(repository, "--thin", stdin=b"main\n^main~1\n")
    objects = Objects(repository.path)

    with pytest.raises(NotSimpleError):
        unpack(data, nothing)
    assert (BLOB, f"{LONG}more\n".encode()) in unpack(data, objects.read)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PACK",
        b"<html>" + bytes(40),
        pack(version=9),
        pack()[:-1] + b"?",
        pack(count=1),
        pack(raw(BLOB, b"abc"), count=2),
        pack(raw(BLOB, b"abc"), b"trailing", count=1),
        pack(raw(0, b"abc")),
        pack(raw(5, b"abc")),
        pack(raw(BLOB, b"abc", size=2)),
        pack(raw(BLOB, b"abc", size=4)),
        pack(raw(BLOB, b"abc")[:-4]),
        pack(b"\x33not deflated"),
        pack(b"\xb0" + b"\xff" * 20),
        pack(raw(BLOB, b"abc"), raw(6, b"\x04\x01\x01x", base=b"\x0c")),
        pack(raw(BLOB, b"abc"), raw(6, b"\x03\x02\x01x", base=b"\x0c")),
        pack(raw(BLOB, b"abc"), raw(6, b"\x03\x01\x91\x02\x05", base=b"\x0c")),
        pack(raw(BLOB, b"abc"), raw(6, b"\x03\x01\x00", base=b"\x0c")),
        pack(raw(BLOB, b"abc"), raw(6, b"\x03\x05\x05x", base=b"\x0c")),
        pack(raw(BLOB, b"abc"), raw(6, b"\x03\x05\x9f", base=b"\x0c")),
    ],
)
def test_a_pack_that_lies_is_a_protocol_error(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        unpack(data, nothing)


def test_what_is_large_is_left_to_git_before_it_is_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "BYTES", 1000)
    half = raw(BLOB, b"x" * 600)
    bomb = raw(6, b"\x03\xff\xff\xff\x7f\x90\x03", base=b"\x0c")

    assert len(unpack(pack(half), nothing)) == 1
    for large in (pack(half, half), pack(raw(BLOB, b"x" * 1001)), pack(raw(BLOB, b"abc"), bomb)):
        with pytest.raises(NotSimpleError):
            unpack(large, nothing)


def test_many_objects_are_left_to_git() -> None:
    with pytest.raises(NotSimpleError):
        unpack(pack(*[raw(BLOB, b"")] * 101), nothing)


@pytest.mark.parametrize(
    ("delta", "made"),
    [
        (b"\x06\x03\x90\x03", b"abc"),
        (b"\x06\x03\x91\x03\x03", b"def"),
        (b"\x06\x05\x01x\x91\x02\x03\x01y", b"xcdey"),
        (b"\x06\x00", b""),
    ],
)
def test_a_delta_copies_and_inserts(delta: bytes, made: bytes) -> None:
    assert apply_delta(b"abcdef", delta) == made


def test_a_copy_without_a_length_is_64_kib() -> None:
    assert apply_delta(b"x" * 65536, b"\x80\x80\x04\x80\x80\x04\x80") == b"x" * 65536


@settings(max_examples=200)
@given(delta=strategies.binary(max_size=40))
def test_no_delta_does_worse_than_a_typed_error(delta: bytes) -> None:
    content = pack(raw(BLOB, b"abcdef"), raw(6, delta, base=b"\x0e"))
    try:
        unpack(content, nothing)
    except (ProtocolError, NotSimpleError):
        return
