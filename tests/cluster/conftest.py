"""Fixtures of the unit tests: a scripted API server and a connection to it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.cluster.fake_api import Answer, Asked, FakeApi
from tests.cluster.parts import Cluster, write_kubeconfig
from workers.cluster.access import find_access

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Serve = Callable[[Callable[[Asked], Answer]], tuple[FakeApi, Cluster]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a scripted API server and connect to it."""
    with ExitStack() as stack:

        def start(script: Callable[[Asked], Answer]) -> tuple[FakeApi, Cluster]:
            api = stack.enter_context(FakeApi(script))
            kubeconfig = write_kubeconfig(tmp_path, api.url, user={"token": "let-me-in"})
            return api, stack.enter_context(Cluster(find_access(str(kubeconfig))))

        yield start
