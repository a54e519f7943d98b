from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from supervisor.spec import Intensity
from tests.supervisor.puppet import BOUND
from tests.supervisor.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def trees() -> Iterator[Callable[..., Tree]]:
    """Start trees, and stop them in the end."""
    started: list[Tree] = []

    def start(*children: str, limit: int = 2, **settings: Any) -> Tree:  # noqa: ANN401 -- settings of a tree
        tree = Tree(*children, intensity=Intensity(limit, 3600), **settings)
        started.append(tree)
        tree.supervisor.start()
        return tree

    yield start
    for tree in started:
        tree.supervisor.stop(BOUND)
