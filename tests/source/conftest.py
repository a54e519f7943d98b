"""A real Git server, a source with its own data folder, and a deadline that a test can let pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supervisor.deadline import Fence, Watchdog
from tests.parts.git_server import git_server
from tests.source.desk import Desk
from tests.supervisor.manual_clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["git_server"]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def fence(clock: ManualClock) -> Iterator[Fence]:
    watchdog = Watchdog(clock)
    yield Fence(watchdog)
    watchdog.close()


@pytest.fixture
def elsewhere(tmp_path: Path, fence: Fence) -> Iterator[Desk]:
    """A second source, with a data folder of its own."""
    with Desk(tmp_path / "elsewhere", fence) as desk:
        yield desk


@pytest.fixture
def desk(tmp_path: Path, fence: Fence) -> Iterator[Desk]:
    with Desk(tmp_path / "data", fence) as desk:
        yield desk
