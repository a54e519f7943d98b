"""The cluster is the database: restarts and an absent API server lose nothing and write nothing twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from alumiini_py.controlplane.plane import ControlPlane
from tests.integration.conftest import CRD
from tests.parts.api_client import ApiClient, eventually
from tests.parts.control_plane import Kubectl
from tests.parts.controller import Controllers
from tests.parts.stage import DOMAIN, Stage, config_map

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alumiini_py.controlplane.programs import Programs
    from tests.parts.audit import AuditLog
    from tests.parts.controller import Controller
    from tests.parts.git_server import FaultyGitServer

TWO = {"one.yaml": config_map("one"), "two.yaml": config_map("two")}


def until_synced_at_start(controller: Controller, times: int = 1) -> None:
    done = f'alumiini_sync_total{{result="success",trigger="startup"}} {times}.0'
    eventually(lambda: done in controller.metrics(), "the first syncs have ended")


def test_a_restart_with_nothing_to_do_writes_nothing(
    stage: Stage, controllers: Controllers, audit: AuditLog
) -> None:
    repository = stage.repository(files=TWO)
    stage.follow()
    first = controllers.start()
    status = stage.until_synced(repository.head())
    stage.until_told()
    first.stop()

    audit.begin()
    until_synced_at_start(controllers.start())
    assert audit.writes() == []
    assert stage.status() == status
    assert len(stage.events()) == 1


def test_a_restart_without_the_data_folder_writes_nothing_either(
    stage: Stage, controllers: Controllers, audit: AuditLog
) -> None:
    repository = stage.repository(files=TWO)
    stage.follow()
    first = controllers.start()
    stage.until_synced(repository.head())
    stage.until_told()
    first.stop()

    audit.begin()
    until_synced_at_start(controllers.start(folder="another"))
    assert audit.writes() == []


def test_what_was_pushed_removed_and_deleted_by_hand_meanwhile_is_done_at_the_start(
    stage: Stage, controllers: Controllers
) -> None:
    repository = stage.repository(files={**TWO, "three.yaml": config_map("three")})
    stage.follow()
    first = controllers.start()
    stage.until_synced(repository.head())
    first.stop()

    stage.api.delete("configmaps", "three", stage.namespace)
    repository.commit({"one.yaml": None, "two.yaml": config_map("two", "2")})
    controllers.start()
    stage.until_synced(repository.head())
    assert stage.config_maps() == {"two", "three"}
    assert stage.value("two") == "2"


def test_after_a_failure_a_restart_keeps_counting_and_prunes_nothing(
    stage: Stage, controllers: Controllers
) -> None:
    repository = stage.repository(files=TWO)
    stage.follow()
    first = controllers.start()
    stage.until_synced(repository.head())
    first.push(stage.url(), repository.commit({"one.yaml": None, "bad.yaml": "kind: ["}))
    stage.until_failed("BuildFailed")
    first.stop()
    second = controllers.start()
    eventually(lambda: 'trigger="startup"' in second.metrics(), "the first sync has ended")
    assert stage.condition()["reason"] == "BuildFailed"
    assert stage.config_maps() == {"one", "two"}


@pytest.fixture
def plane(control_plane_programs: Programs, tmp_path: Path) -> Iterator[ControlPlane]:
    """A control plane of one's own, with the definition."""
    with ControlPlane.start(tmp_path / "plane", programs=control_plane_programs) as plane:
        yield plane


@pytest.fixture
def own_kubectl(control_plane_programs: Programs, plane: ControlPlane) -> Kubectl:
    return Kubectl(control_plane_programs.kubectl, plane.kubeconfig)


@pytest.fixture
def own_stage(plane: ControlPlane, own_kubectl: Kubectl, git_server: FaultyGitServer) -> Iterator[Stage]:
    own_kubectl("apply", "-f", str(CRD))
    own_kubectl("wait", "--for=condition=Established", "-f", str(CRD))
    with ApiClient(plane) as api:
        yield Stage(api, git_server, "default")


@pytest.fixture
def own_controller(plane: ControlPlane, own_stage: Stage, tmp_path: Path) -> Iterator[Controller]:
    with Controllers(plane, tmp_path / "controller", own_stage.namespace) as controllers:
        yield controllers.start(lease_namespace="default")


def test_a_push_while_the_api_server_is_away_is_applied_when_it_is_back(
    own_stage: Stage, own_controller: Controller, plane: ControlPlane
) -> None:
    stage, controller = own_stage, own_controller
    repository = stage.repository(files=TWO)
    late = stage.repository("late", files={"late.yaml": config_map("late")})
    stage.follow()
    stage.until_synced(repository.head())

    plane.stop_api_server()
    commit = repository.commit({"one.yaml": None, "two.yaml": config_map("two", "2")})
    assert controller.push(stage.url(), commit).status == 202
    failed = 'alumiini_sync_total{result="failure",trigger="webhook"} 1.0'
    eventually(lambda: failed in controller.metrics(), "the sync has failed")
    snapshot = controller.snapshot(stage.namespace, "app")
    assert (snapshot.status, snapshot.body["ready"]) == (200, False)
    plane.start_api_server()

    stage.until_synced(commit)
    assert stage.config_maps() == {"two"}
    assert stage.value("two") == "2"
    assert stage.status()["failures"] == 0
    stage.follow("late")
    eventually(lambda: stage.config_map("late"), "the watch goes on, too")  # it rests for up to 5 s
    stage.until_synced(late.head(), "late")
    assert controller.fatal == []


def test_without_an_api_server_a_process_waits_for_it_and_ends_when_asked(
    own_stage: Stage, plane: ControlPlane, tmp_path: Path
) -> None:
    stage = own_stage
    repository = stage.repository(files=TWO)
    stage.follow()
    plane.stop_api_server()
    with Controllers(plane, tmp_path / "controller", stage.namespace) as controllers:
        process = controllers.spawn(lease_namespace="default").until_listening()
        assert process.readiness().body == {"ready": False, "reason": "waiting for the lease"}
        plane.start_api_server()
        process.until_ready()
        stage.until_synced(repository.head())

        plane.stop_api_server()
        process.terminate()
        assert process.exit_code() == 0
        assert "Traceback" not in process.log()


def test_one_object_that_cannot_be_read_stops_no_other(
    own_stage: Stage, own_controller: Controller, own_kubectl: Kubectl
) -> None:
    stage = own_stage
    definition = yaml.safe_load(CRD.read_text())
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    for version in definition["spec"]["versions"]:
        version["schema"]["openAPIV3Schema"]["properties"]["spec"] = anything
        del version["selectableFields"]
    own_kubectl("replace", "-f", "-", stdin=json.dumps(definition))
    nonsense: dict[str, object] = {
        "url": 5,
        "interval": ["never"],
        "branch": {"a": "b"},
        "suspend": "perhaps",
    }
    eventually(lambda: accepts(own_kubectl, nonsense), "the definition takes anything")

    repository = stage.repository(files=TWO)
    stage.follow()
    stage.until_synced(repository.head())
    failed = stage.until_failed("InvalidSpec", "odd")
    assert "spec." in failed["message"]
    own_controller.push(stage.url(), repository.commit({"one.yaml": config_map("one", "2")}))
    stage.until_synced(repository.head())
    stage.delete("odd")
    stage.until_gone("odd")


def accepts(kubectl: Kubectl, spec: dict[str, object]) -> bool:
    document = {
        "apiVersion": f"{DOMAIN}/v1alpha1",
        "kind": "GitRepository",
        "metadata": {"name": "odd", "namespace": "default"},
        "spec": spec,
    }
    return kubectl.run("create", "-f", "-", stdin=json.dumps(document)).returncode == 0
