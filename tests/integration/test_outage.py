"""The API server is away for longer than a lease lasts: nothing is lost, ends or starts again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.parts.api_client import eventually
from tests.parts.controller import restarts
from tests.parts.stage import config_map

if TYPE_CHECKING:
    from tests.parts.controller import Controllers
    from tests.parts.fragile import ApiServer
    from tests.parts.stage import Stage

AWAY = 20.0
"""Seconds: longer than writes are allowed without a renewal (10), and than the lease holds (15)."""
SEEN = 12.0
"""Seconds in which a new object is seen: the watch rests for up to 5 s, and the machine is busy."""


def lease(stage: Stage) -> tuple[str, int]:
    """Return who holds the lease, and how often it has changed hands."""
    found = stage.api.get("leases", "alumiini", stage.namespace) or {}
    return found["spec"]["holderIdentity"], found["spec"]["leaseTransitions"]


def uids(stage: Stage) -> dict[str, str]:
    """Return which ConfigMaps these are: one that was deleted and applied again is another."""
    found = stage.api.find("configmaps", stage.namespace)
    return {one["metadata"]["name"]: one["metadata"]["uid"] for one in found}


def test_after_an_outage_of_20_s_everything_is_as_if_it_had_not_been(
    fragile_stage: Stage, fragile_controllers: Controllers, api_server: ApiServer
) -> None:
    stage = fragile_stage
    pushed = stage.repository("pushed", files={"one.yaml": config_map("one"), "two.yaml": config_map("two")})
    polled = stage.repository("polled", files={"three.yaml": config_map("three")})
    stage.repository("late", files={"late.yaml": config_map("late")})
    stage.follow("pushed")
    stage.follow("polled", interval="3s")
    controller = fragile_controllers.start(lease_namespace=stage.namespace).until_ready()
    stage.until_synced(pushed.head(), "pushed")
    stage.until_synced(polled.head(), "polled")
    held, objects = lease(stage), uids(stage)

    api_server.stop()
    commits = {
        "pushed": pushed.commit({"one.yaml": config_map("one", "2")}),
        "polled": polled.commit({"three.yaml": config_map("three", "2")}),
    }
    assert controller.push(stage.url("pushed"), commits["pushed"]).status == 202
    threading.Event().wait(AWAY)
    api_server.start()

    for name, commit in commits.items():
        status = stage.until_synced(commit, name)
        assert (status["failures"], status.get("errors", [])) == (0, [])
    assert (stage.value("one"), stage.value("two"), stage.value("three")) == ("2", "1", "2")
    stage.follow("late")
    eventually(lambda: stage.config_map("late"), "the new one is seen", SEEN)
    stage.until_synced(stage.git.repository(f"{stage.namespace}-late").head(), "late")

    assert lease(stage) == held
    assert controller.readiness().status == 200
    assert controller.fatal == []
    assert restarts(controller.tree()) == {}
    assert uids(stage).items() >= objects.items()
