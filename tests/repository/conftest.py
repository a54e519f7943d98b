from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.repository.world import World
from tests.supervisor.conftest import nothing_stays_behind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["nothing_stays_behind"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "markers")
    yield world
    world.close()
