"""Two controllers, one lease: one works, the other waits and takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.parts.api_client import eventually
from tests.parts.git_server import LS_REFS
from tests.parts.stage import config_map

if TYPE_CHECKING:
    from tests.parts.audit import AuditLog
    from tests.parts.controller import Controllers
    from tests.parts.stage import Stage


def test_the_second_waits_until_the_first_has_gone_and_then_works(
    stage: Stage, controllers: Controllers, audit: AuditLog
) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow()
    first = controllers.start(lease_namespace=stage.namespace, folder="first").until_ready()
    stage.until_synced(repository.head())
    stage.until_told()

    audit.begin()
    second = controllers.start(lease_namespace=stage.namespace, folder="second")
    assert second.readiness().body == {"ready": False, "reason": "waiting for the lease"}
    commit = repository.commit({"one.yaml": config_map("one", "2")})
    early = second.push(stage.url(), commit)
    assert (early.status, early.body) == (503, {"error": "not_ready"})
    assert stage.git.count(LS_REFS) == 1
    assert audit.writes() == []

    first.stop()
    second.until_ready()
    stage.until_synced(commit)
    assert stage.value("one") == "2"
    assert first.fatal == second.fatal == []


def test_one_that_stops_while_it_waits_leaves_the_lease_to_its_holder(
    stage: Stage, controllers: Controllers
) -> None:
    first = controllers.start(lease_namespace=stage.namespace, folder="first").until_ready()
    lease = stage.api.get("leases", "alumiini", stage.namespace) or {}
    second = controllers.start(lease_namespace=stage.namespace, folder="second")
    assert second.readiness().status == 503
    second.stop()
    after = stage.api.get("leases", "alumiini", stage.namespace) or {}
    assert after["spec"]["holderIdentity"] == lease["spec"]["holderIdentity"]
    assert first.readiness().status == 200


def test_one_whose_lease_is_taken_by_another_ends(stage: Stage, controllers: Controllers) -> None:
    controller = controllers.start(lease_namespace=stage.namespace).until_ready()
    usurper = {"spec": {"holderIdentity": "somebody-else"}}
    stage.api.merge("leases", "alumiini", usurper, stage.namespace)
    eventually(lambda: controller.fatal, "it wants to end")
    assert controller.fatal == ["another controller holds the lease now; this one ends"]
