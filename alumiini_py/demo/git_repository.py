"""Bare repositories that the demo and the tests write to, through the git program."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_AUTHOR = "alumiini demo <demo@alumiini.invalid>"


@dataclass(frozen=True, slots=True)
class Repository:
    """A bare repository in a folder; one writer at a time."""

    path: Path

    def commit(
        self,
        files: Mapping[str, str | bytes | None],
        message: str = "Change",
        branch: str = "main",
    ) -> str:
        """Write files (None deletes one) on top of a branch and return the new commit."""
        parent = self.head(branch)
        stream = b"".join(_commit_stream(files, message, branch, parent))
        self.git("fast-import", "--quiet", "--date-format=now", stdin=stream)
        return self.head(branch) or ""

    def head(self, branch: str = "main") -> str | None:
        """Return the commit of a branch, None without one."""
        found = self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
        return found.strip() or None

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        """Run git on the repository and return what it prints; raises CalledProcessError."""
        done = subprocess.run(  # noqa: S603 -- arguments of the demo itself
            ["git", f"--git-dir={self.path}", *arguments],  # noqa: S607 -- git is found on PATH
            input=stdin,
            env=git_environment(),
            capture_output=True,
            check=True,
        )
        return done.stdout.decode()


def create_repository(path: Path) -> Repository:
    """Create an empty bare repository whose default branch is main."""
    path.mkdir(parents=True)
    repository = Repository(path)
    repository.git("init", "--quiet", "--bare", "--initial-branch=main")
    return repository


def git_environment() -> dict[str, str]:
    """Return an environment in which git sees no configuration of this machine."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "LC_ALL": "C",
    }


def _commit_stream(
    files: Mapping[str, str | bytes | None], message: str, branch: str, parent: str | None
) -> Iterator[bytes]:
    yield f"commit refs/heads/{branch}\ncommitter {_AUTHOR} now\n".encode()
    yield _data(message.encode())
    if parent is not None:
        yield f"from {parent}\n".encode()
    for path, content in files.items():
        if content is None:
            yield f'D "{path}"\n'.encode()
            continue
        yield f'M 100644 inline "{path}"\n'.encode()
        yield _data(content.encode() if isinstance(content, str) else content)
    yield b"done\n"


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)
