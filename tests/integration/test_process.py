"""``alumiini run`` as a process: asked to end, killed, refused, and with an actor that dies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.parts.api_client import eventually
from tests.parts.controller import ControllerProcess
from tests.parts.git_server import LS_REFS, silent
from tests.parts.stage import config_map

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from supervisor.deadline import Deadline
    from tests.parts.audit import AuditLog
    from tests.parts.controller import Controllers
    from tests.parts.stage import Stage
    from workers.repository.ports import Source
    from workers.source.remote import Remote
    from workers.source.tree import SourceTree

MANY = 300


def holder(stage: Stage) -> str:
    """Return who holds the lease in the namespace of the test."""
    lease = stage.api.get("leases", "alumiini", stage.namespace) or {}
    return str(lease.get("spec", {}).get("holderIdentity", ""))


def test_asked_to_end_in_the_middle_of_a_sync_it_leaves_in_order(
    stage: Stage, controllers: Controllers
) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow()
    process = controllers.spawn(lease_namespace=stage.namespace).until_ready()
    stage.until_synced(repository.head())
    assert holder(stage)

    stage.git.faults[LS_REFS] = silent
    asked = stage.git.count(LS_REFS)
    process.push(stage.url(), repository.commit({"one.yaml": config_map("one", "2")}))
    stage.git.wait_until_asked(LS_REFS, asked + 1)
    process.terminate()
    assert process.exit_code() == 0
    assert holder(stage) == ""
    assert stage.value("one") == "1"
    assert "Traceback" not in process.log()

    stage.git.faults.clear()
    controllers.spawn(lease_namespace=stage.namespace)
    stage.until_synced(repository.head())
    assert stage.value("one") == "2"


@pytest.mark.parametrize(
    "end", [ControllerProcess.kill, ControllerProcess.terminate], ids=["killed", "ended"]
)
def test_ended_in_the_middle_of_an_apply_it_goes_on_where_it_was(
    stage: Stage, controllers: Controllers, audit: AuditLog, end: Callable[[ControllerProcess], None]
) -> None:
    files = {f"{n}.yaml": config_map(f"map-{n}") for n in range(MANY)}
    repository = stage.repository(files={"old.yaml": config_map("old")})
    stage.follow()
    process = controllers.spawn().until_ready()
    stage.until_synced(repository.head())

    commit = repository.commit({"old.yaml": None, **files})
    process.push(stage.url(), commit)
    eventually(lambda: len(stage.config_maps()) > 10, "some objects are applied")
    end(process)
    process.exit_code()
    there = stage.config_maps()
    assert "old" in there
    assert len(there) < MANY
    assert "Traceback" not in process.log()

    audit.begin()
    controllers.spawn()
    stage.until_synced(commit)
    assert stage.config_maps() == {f"map-{n}" for n in range(MANY)}
    sent = {one.name for one in audit.writes() if one.resource == "configmaps" and one.verb == "patch"}
    assert sent == stage.config_maps() - there
    assert [one.name for one in audit.writes() if one.verb == "delete"] == ["old"]


def test_killed_before_it_could_write_its_status_it_writes_it_later(
    stage: Stage, controllers: Controllers
) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow()
    process = controllers.spawn().until_listening()
    eventually(lambda: stage.config_map("one"), "the object is there")
    process.kill()
    controllers.spawn()
    stage.until_synced(repository.head())


def test_a_second_one_on_the_same_data_folder_is_refused(stage: Stage, controllers: Controllers) -> None:
    assert stage.namespace
    controllers.start()
    second = controllers.spawn()
    assert second.exit_code() == 1
    assert "Traceback" not in second.log()
    assert len(second.log().strip().splitlines()) == 1


def test_without_an_api_server_it_says_so_and_ends(
    stage: Stage, controllers: Controllers, tmp_path: Path
) -> None:
    assert stage.namespace
    missing = controllers.spawn(kubeconfig=tmp_path / "missing")
    assert missing.exit_code() == 1
    assert str(tmp_path / "missing") in missing.log()
    assert len(missing.log().strip().splitlines()) == 1


class Dying:
    """A source that lets whoever asks for one repository die, while it is armed."""

    def __init__(self, url: str) -> None:
        self.armed = False
        self._url = url
        self._source: Source | None = None

    def __call__(self, source: Source) -> Source:
        self._source = source
        return self

    def resolve(self, remote: Remote, deadline: Deadline) -> str:
        if self.armed and remote.url == self._url:
            raise ZeroDivisionError("a bug")
        assert self._source is not None
        return self._source.resolve(remote, deadline)

    def tree(self, remote: Remote, commit: str, path: str, deadline: Deadline) -> SourceTree:
        assert self._source is not None
        return self._source.tree(remote, commit, path, deadline)


def test_an_actor_that_dies_is_told_of_and_restarted_while_another_goes_on(
    stage: Stage, controllers: Controllers
) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    calm = stage.repository("calm", files={"calm.yaml": config_map("calm")})
    dying = Dying(stage.url())
    stage.follow()
    stage.follow("calm")
    controller = controllers.start(with_source=dying)
    stage.until_synced(repository.head())
    stage.until_synced(calm.head(), "calm")

    dying.armed = True
    commit = repository.commit({"one.yaml": config_map("one", "2")})
    controller.push(stage.url(), commit)
    assert "it starts again at 20" in stage.until_failed("WorkerCrashed")["message"]
    assert "a bug" not in stage.condition()["message"]
    controller.push(stage.url("calm"), calm.commit({"calm.yaml": config_map("calm", "2")}))
    stage.until_synced(calm.head(), "calm")

    dying.armed = False
    stage.until_synced(commit)  # at its next start, without another push
    assert stage.value("one") == "2"
    eventually(
        lambda: controller.snapshot(stage.namespace, "app").body["actor"]["restarts"] >= 1,
        "the supervisor shows the restart",
    )
    assert controller.fatal == []
