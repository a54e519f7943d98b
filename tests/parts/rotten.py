"""``alumiini`` with a fault that lies in no repository: ``python -m tests.parts.rotten run ...``."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from alumiini_py.__main__ import main
from alumiini_py.commands import run
from alumiini_py.composition import compose

if TYPE_CHECKING:
    from supervisor.deadline import Deadline
    from workers.repository.ports import Source
    from workers.source.remote import Remote
    from workers.source.tree import SourceTree


class Rotten:
    """A source in which every query is a bug."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def resolve(self, remote: Remote, deadline: Deadline) -> str:  # noqa: ARG002 -- as the port has them
        raise ZeroDivisionError("a bug in the house")

    def tree(self, remote: Remote, commit: str, path: str, deadline: Deadline) -> SourceTree:
        return self._source.tree(remote, commit, path, deadline)


if __name__ == "__main__":
    setattr(run, "compose", partial(compose, with_source=Rotten))  # noqa: B010 -- mypy knows it as a function
    sys.exit(main())
