"""The git program as a child: bounded in time and memory, blind to any configuration but its arguments."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from typing import TYPE_CHECKING

from workers.model.errors import Reason, SyncError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from supervisor.deadline import Deadline

_MEMORY = 1024 * 1024 * 1024
_OPTIONS = (
    "core.bigFileThreshold=16m",  # larger objects are streamed, never held in memory
    "core.packedGitWindowSize=32m",
    "core.packedGitLimit=256m",
    "pack.windowMemory=128m",
    "pack.threads=1",
    "core.fsync=none",  # what a power cut breaks is found by its hash and fetched again
)
_COMPLAINT = 200


def run_git(git_dir: Path, arguments: Sequence[str], feed: Iterable[bytes], deadline: Deadline) -> str:
    """Run git on a bare repository, write ``feed`` to it and return what it prints.

    The child and its group are killed when the deadline passes, the fence closes or ``feed`` raises. Raises
    SyncError when git fails, with its own last words (it speaks of our files, not of the remote's answer).
    """
    deadline.check()
    with _start(git_dir, arguments) as child, deadline.cutting(lambda: _kill(child)):
        try:
            _write(child, feed)
            output, complaint = child.communicate()
        except BaseException:
            _kill(child)
            raise
        deadline.check()
    if child.returncode != 0:
        raise SyncError(
            Reason.GIT_OPERATION_FAILED,
            f"git {arguments[0]} failed: {_last_words(complaint)}; check disk and memory of the controller",
        )
    return output.decode()


def _start(git_dir: Path, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    options = [part for option in _OPTIONS for part in ("-c", option)]
    try:
        child = subprocess.Popen(  # noqa: S603 -- arguments are ours, nothing of them comes from a remote
            ["git", *options, *arguments],  # noqa: S607 -- the program is found on PATH, as documented
            cwd=git_dir,
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "GIT_DIR": str(git_dir),
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CONFIG_GLOBAL": os.devnull,
                "LC_ALL": "C",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            umask=0o077,
            process_group=0,
        )
    except FileNotFoundError as error:
        raise SyncError(
            Reason.GIT_OPERATION_FAILED, "the git program is not on the controller's PATH; install it"
        ) from error
    # From here, because code between fork and exec of a threaded process can deadlock.
    resource.prlimit(child.pid, resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.prlimit(child.pid, resource.RLIMIT_CORE, (0, 0))
    return child


def _write(child: subprocess.Popen[bytes], feed: Iterable[bytes]) -> None:
    assert child.stdin is not None  # noqa: S101 -- opened as a pipe above
    for part in feed:
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
