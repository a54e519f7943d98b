"""The supervision tree is served as it is published, beside everything else."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.webhooks.operators import Published

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.webhooks.serving import Stage

PATH = "/api/v1/supervisor"
ROOT = {
    "name": "alumiini",
    "kind": "supervisor",
    "state": "running",
    "restarts": 0,
    "intensity": {"max": 0, "seconds": 60.0},
    "children": [{"key": "GitRepository/team/shop", "kind": "worker", "lastExit": None, "children": []}],
}


@pytest.fixture
def published(stage: Stage) -> Published:
    published = Published(stage)
    published.root = ROOT
    return published


@pytest.mark.usefixtures("published")
def test_the_tree_is_served_as_json(stage: Stage) -> None:
    reply = stage.ask("GET", PATH)

    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json")
    assert reply.body == ROOT


def test_each_answer_is_the_tree_of_its_moment(stage: Stage, published: Published) -> None:
    assert stage.ask("GET", PATH).body["state"] == "running"

    published.root = {**ROOT, "state": "stopping"}
    assert stage.ask("GET", PATH).body["state"] == "stopping"


def test_a_tree_that_takes_long_keeps_no_probe_waiting(
    stage: Stage, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def large() -> Mapping[str, Any]:
        begun.set()
        assert go_on.wait(10)
        return ROOT

    monkeypatch.setattr(published, "tree", large)
    with ThreadPoolExecutor(1) as reader:
        reply = reader.submit(stage.ask, "GET", PATH)
        assert begun.wait(10)
        assert stage.ask("GET", "/healthz").status == 200
        assert not reply.done()
        go_on.set()

    assert reply.result().body == ROOT


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("path", [f"{PATH}/", f"{PATH}/x"])
def test_nothing_is_below_it(stage: Stage, path: str) -> None:
    reply = stage.ask("GET", path)

    assert (reply.status, reply.body) == (404, {"error": "not_found"})
