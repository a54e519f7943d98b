"""A port that fails like a bug would: what lets the demo show a crash without a switch in the product."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from supervisor.deadline import Deadline
    from workers.repository.ports import Source
    from workers.source.remote import Remote
    from workers.source.tree import SourceTree


class CrashingSource:
    """A source that raises once, for one URL, what no actor expects."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._doomed: set[str] = set()
        self.crashed = threading.Event()

    def break_once(self, url: str) -> None:
        """Let the next ref query of this URL fail."""
        self._doomed.add(url)

    def resolve(self, remote: Remote, deadline: Deadline) -> str:
        """Ask the real source, unless this query is the one that fails."""
        if remote.url in self._doomed:
            self._doomed.discard(remote.url)
            self.crashed.set()
            raise RuntimeError("a bug, put in by the demo")
        return self._source.resolve(remote, deadline)

    def tree(self, remote: Remote, commit: str, path: str, deadline: Deadline) -> SourceTree:
        """Ask the real source."""
        return self._source.tree(remote, commit, path, deadline)
