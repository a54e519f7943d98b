"""``alumiini`` in which actors die at random: ``python -m tests.parts.chaotic run ...``.

They do as long as the file exists that the environment variable CHAOS names.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from alumiini_py.__main__ import main
from alumiini_py.commands import run
from alumiini_py.composition import compose

if TYPE_CHECKING:
    from supervisor.deadline import Deadline
    from workers.repository.ports import Source
    from workers.source.remote import Remote
    from workers.source.tree import SourceTree

CHAOS = "CHAOS"
_SEED = 4711
_CHANCE = 0.4
_MOST_VICTIMS = 80  # of 200: less than half, or the fault would be systemic
_MOST_DEATHS = 3  # of one: no more than its intensity allows, or it would be parked for a minute
_KINDS = (ZeroDivisionError, MemoryError, SystemExit, RecursionError, KeyboardInterrupt)


class Chaotic:
    """A source that raises, before and after it has asked the remote, what no actor expects."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._file = Path(os.environ[CHAOS])
        self._random = Random(_SEED)
        self._lock = threading.Lock()
        self._deaths: Counter[str] = Counter()

    def resolve(self, remote: Remote, deadline: Deadline) -> str:
        commit = self._source.resolve(remote, deadline)
        self._perhaps_die(remote.url)
        return commit

    def tree(self, remote: Remote, commit: str, path: str, deadline: Deadline) -> SourceTree:
        self._perhaps_die(remote.url)
        return self._source.tree(remote, commit, path, deadline)

    def _perhaps_die(self, url: str) -> None:
        if not self._file.exists():
            return
        with self._lock:
            spared = url not in self._deaths and len(self._deaths) >= _MOST_VICTIMS
            if spared or self._deaths[url] >= _MOST_DEATHS or self._random.random() > _CHANCE:
                return
            self._deaths[url] += 1
            raise self._random.choice(_KINDS)


if __name__ == "__main__":
    setattr(run, "compose", partial(compose, with_source=Chaotic))  # noqa: B010 -- mypy knows it as a function
    sys.exit(main())
