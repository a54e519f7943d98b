"""``git index-pack`` as a child: bounded in time and memory, blind to any configuration."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from functools import partial
from typing import TYPE_CHECKING

from workers.model.errors import Reason, SyncError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from supervisor.deadline import Deadline

_MEMORY = 1024 * 1024 * 1024
_OPTIONS = (
    "core.bigFileThreshold=16m",  # larger objects are streamed, never held in memory
    "core.packedGitWindowSize=32m",
    "core.packedGitLimit=256m",
    "pack.threads=1",
    "core.fsync=none",  # what a power cut breaks is found by its hash and fetched again
)
_COMPLAINT = 200


def index_pack(git_dir: Path, pack: Iterable[bytes], deadline: Deadline) -> None:
    """Add a pack to a bare repository, which checks and names every object in it.

    There is no ``--strict``: it refuses honest repositories with old mistakes, and what we read is checked
    where it is read. The child and its group are killed when the deadline passes, the fence closes or
    ``pack`` raises. Raises SyncError when git fails, with its own last words, which hold no content.
    """
    deadline.check()
    with _start(git_dir) as child, deadline.cutting(partial(_kill, child), effect=False):
        try:
            _write(child, pack)
            _, complaint = child.communicate()
        except BaseException:
            _kill(child)
            raise
        deadline.check()
    if child.returncode != 0:
        raise SyncError(
            Reason.GIT_OPERATION_FAILED,
            f"git index-pack refused what the remote sent ({_last_words(complaint)}); it is fetched again",
        )


def _start(git_dir: Path) -> subprocess.Popen[bytes]:
    options = [part for option in _OPTIONS for part in ("-c", option)]
    try:
        child = subprocess.Popen(  # noqa: S603 -- all arguments are ours
            ["git", *options, "index-pack", "--stdin", "--fix-thin"],  # noqa: S607 -- git is found on PATH
            cwd=git_dir,
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "GIT_DIR": str(git_dir),
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CONFIG_GLOBAL": os.devnull,
                "LC_ALL": "C",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            umask=0o077,
            process_group=0,
        )
    except FileNotFoundError as error:
        raise SyncError(
            Reason.GIT_OPERATION_FAILED, "the git program is not on the controller's PATH; install it"
        ) from error
    # From outside, because code between fork and exec of a threaded process can deadlock.
    resource.prlimit(child.pid, resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.prlimit(child.pid, resource.RLIMIT_CORE, (0, 0))
    return child


def _write(child: subprocess.Popen[bytes], pack: Iterable[bytes]) -> None:
    assert child.stdin is not None  # noqa: S101 -- opened as a pipe above
    for part in pack:
        try:
            child.stdin.write(part)
        except BrokenPipeError:
            return  # it ended early, and says why


def _kill(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)


def _last_words(complaint: bytes) -> str:
    lines = complaint.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
    return "".join(character for character in lines[-1] if character.isprintable())[:_COMPLAINT]
