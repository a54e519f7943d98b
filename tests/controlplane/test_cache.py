"""An entry of the cache is whole or not there, whatever happens to the process that fills it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from alumiini_py.controlplane.cache import Cache
from alumiini_py.controlplane.progress import silent

FILLER = """
import sys
from pathlib import Path
from alumiini_py.controlplane.cache import Cache

folder = Path(sys.argv[1])

def fill(entry):
    with (folder / "fills").open("a") as fills:
        fills.write("filled\\n")
    (entry / "etcd").write_text("etcd")
    print("filling", flush=True)
    sys.stdin.readline()

print(Cache(folder, ("etcd",)).entry("v1", fill, lambda line: print(line, flush=True)), flush=True)
"""


def filler(folder: Path) -> subprocess.Popen[str]:
    """Start a process that fills the entry and waits in the middle for a line of input."""
    return subprocess.Popen(
        [sys.executable, "-c", FILLER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip()


def write_etcd(entry: Path) -> None:
    (entry / "etcd").write_text("etcd")


def must_not_fill(_entry: Path) -> None:
    pytest.fail("it is there already")


def test_an_entry_is_filled_once(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", ("etcd",))

    first = cache.entry("v1", write_etcd, silent)
    second = cache.entry("v1", must_not_fill, silent)

    assert first == second == tmp_path / "cache" / "v1"
    assert (first / "etcd").read_text() == "etcd"


def test_another_key_is_another_entry(tmp_path: Path) -> None:
    cache = Cache(tmp_path, ("etcd",))

    assert cache.entry("v1", write_etcd, silent) != cache.entry("v2", write_etcd, silent)


def test_a_fill_that_fails_leaves_nothing_but_its_lock(tmp_path: Path) -> None:
    def fail(entry: Path) -> None:
        write_etcd(entry)
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        Cache(tmp_path, ("etcd",)).entry("v1", fail, silent)

    assert [path.name for path in tmp_path.iterdir()] == ["v1.lock"]


def test_an_entry_that_somebody_emptied_is_filled_again(tmp_path: Path) -> None:
    cache = Cache(tmp_path, ("etcd",))
    (cache.entry("v1", write_etcd, silent) / "etcd").unlink()

    assert (cache.entry("v1", write_etcd, silent) / "etcd").exists()


def test_what_a_killed_process_left_is_unusable_and_removed_by_the_next(tmp_path: Path) -> None:
    with filler(tmp_path) as killed:
        assert said(killed) == "filling"
        killed.kill()
    assert not (tmp_path / "v1").exists()

    Cache(tmp_path, ("etcd",)).entry("v1", write_etcd, silent)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["fills", "v1", "v1.lock"]


def test_two_processes_at_once_fill_once(tmp_path: Path) -> None:
    with filler(tmp_path) as first, filler(tmp_path) as second:
        busy, waiting = (first, second) if said(first) == "filling" else (second, first)
        if busy is first:
            assert said(waiting) == "another process is obtaining the same programs; waiting for it"
        busy.communicate("go on\n", timeout=20)
        output, _ = waiting.communicate(timeout=20)

    assert output.splitlines()[-1] == str(tmp_path / "v1")
    assert (tmp_path / "fills").read_text() == "filled\n"
