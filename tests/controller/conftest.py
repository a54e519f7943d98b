from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supervisor.deadline import Deadline, Fence, Watchdog
from tests.controller.lamps import Home
from tests.supervisor.conftest import nothing_stays_behind

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["nothing_stays_behind"]


@pytest.fixture
def home() -> Iterator[Home]:
    home = Home()
    yield home
    home.close()


@pytest.fixture
def deadline() -> Iterator[Deadline]:
    watchdog = Watchdog()
    yield Fence(watchdog).deadline(60)
    watchdog.close()
