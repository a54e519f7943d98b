"""A remote in memory: one branch whose head a test moves."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from workers.source.listing import SourceFile
from workers.source.tree import SourceTree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from supervisor.clock import Clock
    from supervisor.deadline import Deadline
    from workers.source.remote import Remote


def config_map(name: str, value: str = "1", **annotations: str) -> str:
    """Return the manifest of a ConfigMap."""
    lines = ["apiVersion: v1", "kind: ConfigMap", "metadata:", f"  name: {name}"]
    if annotations:
        lines += ["  annotations:", *(f"    {key}: {text}" for key, text in annotations.items())]
    return "\n".join([*lines, "data:", f'  value: "{value}"', ""])


class Forge:
    """``before`` is called with every ref query; what it raises is the answer. ``asked`` has their times."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._commits: dict[str, Mapping[str, str]] = {}
        self.head = ""
        self.asked: list[float] = []
        self.remotes: list[Remote] = []
        self.fetched: list[str] = []
        self.before: Callable[[], object] = lambda: None

    def push(self, commit: str, *manifests: str) -> None:
        """Let the branch show a commit with these manifests, each in a file of its own."""
        self.add(commit, *manifests)
        self.head = commit

    def add(self, commit: str, *manifests: str) -> None:
        """Have a commit that the branch does not show yet."""
        self._commits[commit] = {f"{number}.yaml": text for number, text in enumerate(manifests)}

    def resolve(self, remote: Remote, deadline: Deadline) -> str:
        deadline.check()
        self.asked.append(self._clock.monotonic())
        self.remotes.append(remote)
        self.before()
        return self.head

    def tree(self, _remote: Remote, commit: str, _path: str, deadline: Deadline) -> SourceTree:
        deadline.check()
        self.fetched.append(commit)
        blobs = {_id(text): text for text in self._commits[commit].values()}
        return SourceTree(
            commit,
            _id(repr(self._commits[commit])),
            tuple(
                SourceFile(path, _id(text), len(text)) for path, text in sorted(self._commits[commit].items())
            ),
            lambda blob: blobs[blob].encode(),
            lambda: None,
            fetched=True,
        )


def _id(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()
