from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pykka
import pytest

from supervisor.deadline import Watchdog
from tests.supervisor.house import House
from tests.supervisor.manual_clock import ManualClock
from tests.supervisor.puppet import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def nothing_stays_behind() -> Iterator[None]:
    """Every test leaves pykka's global registry empty and no thread running."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=5)
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    assert left == []
    assert pykka.ActorRegistry.get_all() == []


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    watchdog = Watchdog()
    yield watchdog
    watchdog.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def stage(watchdog: Watchdog) -> Stage:
    return Stage(watchdog)


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.close()
