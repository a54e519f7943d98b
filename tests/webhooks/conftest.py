"""Real HTTP for the tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.webhooks.forge import Forge
from tests.webhooks.serving import Stage
from webhooks.server import HttpServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    stage = Stage()
    server = HttpServer(stage, "127.0.0.1:0")
    server.start()
    stage.address = server.address
    yield stage
    server.stop()


@pytest.fixture
def forge(stage: Stage) -> Forge:
    return Forge(stage)
