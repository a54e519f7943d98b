"""The end of a GitRepository: its objects go or stay as it says, and nothing can hold it for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alumiini_py.controlplane.plane import ControlPlane
from tests.integration.conftest import CRD
from tests.parts.api_client import ApiClient, eventually
from tests.parts.control_plane import Kubectl
from tests.parts.controller import Controllers
from tests.parts.git_server import LS_REFS, FaultyGitServer, silent, status
from tests.parts.stage import DOMAIN, Stage, config_map, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from alumiini_py.controlplane.programs import Programs
    from tests.parts.git_server import Fault

OURS = (DOMAIN, "applyset.kubernetes.io")
TWO = {"one.yaml": config_map("one"), "two.yaml": config_map("two")}


def marks(stage: Stage, name: str) -> list[str]:
    """Return what of ours is left on a ConfigMap."""
    metadata = (stage.config_map(name) or {})["metadata"]
    keys = [*metadata.get("labels", {}), *metadata.get("annotations", {})]
    return [key for key in keys if key.startswith(OURS)]


def test_with_prune_the_objects_go_with_it(stage: Stage, controllers: Controllers) -> None:
    repository = stage.repository(files=TWO)
    stage.follow()
    controllers.start()
    stage.until_synced(repository.head())
    stage.delete()
    stage.until_gone()
    eventually(lambda: stage.config_maps() == set(), "the objects are gone")


@pytest.mark.parametrize("spec", [{"prune": False}, {"suspend": True}, {"prune": False, "suspend": True}])
def test_without_prune_or_suspended_they_stay_and_lose_our_marks(
    stage: Stage, controllers: Controllers, spec: dict[str, Any]
) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one", labels={"app": "shop"})})
    stage.follow()
    controllers.start()
    stage.until_synced(repository.head())
    stage.change(**spec)
    stage.delete()
    stage.until_gone()
    assert marks(stage, "one") == []
    assert (stage.config_map("one") or {})["metadata"]["labels"] == {"app": "shop"}


def test_kept_objects_are_taken_again_by_a_new_one_of_that_name(
    stage: Stage, controllers: Controllers
) -> None:
    repository = stage.repository(files=TWO)
    stage.follow(prune=False)
    controllers.start()
    stage.until_synced(repository.head())
    kept = stage.config_map("one") or {}
    stage.delete()
    stage.until_gone()
    uid = stage.follow()["metadata"]["uid"]
    stage.until_synced(repository.head())
    assert stage.owner_of("one") == stage.owner_of("two") == uid
    assert (stage.config_map("one") or {})["metadata"]["uid"] == kept["metadata"]["uid"]
    stage.delete()
    stage.until_gone()
    eventually(lambda: stage.config_maps() == set(), "the objects are gone")


def test_objects_in_other_namespaces_go_too(stage: Stage, controllers: Controllers) -> None:
    name = f"{stage.namespace}-far"
    repository = stage.repository(files={"far.yaml": config_map(name, namespace="default")})
    stage.follow()
    controllers.start()
    stage.until_synced(repository.head())
    assert stage.api.get("configmaps", name, "default")
    stage.delete()
    stage.until_gone()
    assert stage.api.get("configmaps", name, "default") is None


def test_protected_objects_stay_under_every_policy(stage: Stage, controllers: Controllers) -> None:
    name = f"{stage.namespace}-kept"
    keep = config_map("keep", annotations={f"{DOMAIN}/prune": "disabled"})
    files = {"keep.yaml": keep, "ns.yaml": manifest("Namespace", name), "one.yaml": config_map("one")}
    repository = stage.repository(files=files)
    stage.follow()
    controllers.start()
    stage.until_synced(repository.head())
    stage.delete()
    stage.until_gone()
    assert stage.config_maps() == {"keep"}
    assert marks(stage, "keep") == [f"{DOMAIN}/prune"]
    namespace = stage.api.get("namespaces", name) or {}
    assert namespace["status"]["phase"] == "Active"
    stage.api.delete("namespaces", name)


@pytest.mark.parametrize("fault", [silent, status(500)])
def test_it_needs_no_git(stage: Stage, controllers: Controllers, fault: Fault) -> None:
    repository = stage.repository(files=TWO)
    stage.follow(timeout="2s")
    controller = controllers.start()
    stage.until_synced(repository.head())

    stage.git.faults = {LS_REFS: fault}
    controller.push(stage.url(), repository.commit({"one.yaml": None}))
    stage.git.wait_until_asked(LS_REFS, 2)
    stage.delete()
    stage.until_gone()
    eventually(lambda: stage.config_maps() == set(), "the objects are gone")


def test_it_needs_no_secret_and_no_spec_that_works(stage: Stage, controllers: Controllers) -> None:
    repository = stage.repository(files=TWO)
    stage.follow()
    controllers.start()
    stage.until_synced(repository.head())
    stage.change(secretRef={"name": "missing"})
    stage.until_failed("SecretNotFound")
    stage.delete()
    stage.until_gone()
    eventually(lambda: stage.config_maps() == set(), "the objects are gone")


def test_one_that_was_never_synced_goes_at_once(stage: Stage, controllers: Controllers) -> None:
    stage.follow(url=stage.git.url("nowhere"))
    controllers.start()
    eventually(lambda: stage.condition().get("status") == "False", "it cannot sync")
    assert "finalizers" not in stage.git_repository()["metadata"]
    stage.delete()
    stage.until_gone()


def test_objects_of_others_stay(stage: Stage, controllers: Controllers) -> None:
    repository = stage.repository(files=TWO)
    other = stage.repository("other", files={"three.yaml": config_map("three")})
    stage.follow()
    stage.follow("other")
    controllers.start()
    stage.until_synced(repository.head())
    stage.until_synced(other.head(), "other")
    one = stage.config_map("one") or {}
    kept = {key: one["metadata"][key] for key in ("labels", "annotations")}
    copy = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "copy", **kept}}
    stage.api.create("configmaps", copy, stage.namespace)
    stage.delete()
    stage.until_gone()
    eventually(lambda: stage.config_maps() == {"copy", "three"}, "ours are gone")


def test_without_our_finalizer_nothing_is_deleted(stage: Stage, controllers: Controllers) -> None:
    repository = stage.repository(files=TWO)
    stage.follow()
    controller = controllers.start()
    stage.until_synced(repository.head())
    controller.stop()  # or it would be faster than the two requests
    stage.api.merge("gitrepositories", "app", {"metadata": {"finalizers": None}}, stage.namespace)
    controller = controllers.start().until_ready()
    controller.push(stage.url(), "0" * 40)
    stage.api.merge("gitrepositories", "app", {"metadata": {"finalizers": None}}, stage.namespace)
    stage.delete()
    stage.until_gone()
    eventually(lambda: controller.snapshot(stage.namespace, "app").status == 404, "its actor has ended")
    assert stage.config_maps() == {"one", "two"}


def test_what_a_foreign_finalizer_holds_holds_nothing_else(stage: Stage, controllers: Controllers) -> None:
    repository = stage.repository(files=TWO)
    stage.follow()
    controllers.start()
    stage.until_synced(repository.head())
    held = {"metadata": {"finalizers": ["example.com/held"]}}
    stage.api.merge("configmaps", "one", held, stage.namespace)
    stage.delete()
    stage.until_gone()
    eventually(lambda: stage.config_maps() == {"one"}, "only the held one is left")
    assert "deletionTimestamp" in (stage.config_map("one") or {})["metadata"]
    stage.api.merge("configmaps", "one", {"metadata": {"finalizers": None}}, stage.namespace)


def forbid_deletion_of(name: str, stage: Stage, kubectl: Kubectl) -> None:
    """Let the API server refuse the deletion of one ConfigMap, and wait until it does."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["DELETE"], "resources": ["configmaps"]}
    policy = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": f"oldObject.metadata.name != '{name}'", "message": "it is in use"}],
    }
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": stage.namespace}}}
    binding = {"policyName": stage.namespace, "validationActions": ["Deny"], "matchResources": here}
    for kind, spec in [("ValidatingAdmissionPolicy", policy), ("ValidatingAdmissionPolicyBinding", binding)]:
        document = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "spec": spec}
        kubectl.apply({**document, "metadata": {"name": stage.namespace}})
    trial = ("delete", "configmap", name, "-n", stage.namespace, "--dry-run=server")
    eventually(lambda: kubectl.run(*trial).returncode != 0, "the policy is in force")


def test_what_may_not_be_deleted_is_tried_for_the_timeout_then_left_and_named(
    stage: Stage, controllers: Controllers, kubectl: Kubectl
) -> None:
    repository = stage.repository(files={**TWO, "three.yaml": config_map("three")})
    stage.follow(timeout="2s")
    controller = controllers.start()
    stage.until_synced(repository.head())
    forbid_deletion_of("one", stage, kubectl)

    controller.push(stage.url(), repository.commit({"one.yaml": None, "two.yaml": None}))
    assert f"ConfigMap/{stage.namespace}/one" in stage.until_failed("PruneFailed")["message"]
    assert stage.config_maps() == {"one", "three"}

    stage.delete()
    stage.until_gone()
    assert stage.config_maps() == {"one"}
    left = f"left in the cluster: ConfigMap/{stage.namespace}/one; "
    eventually(
        lambda: [
            note for reason, note in stage.events() if reason == "PruneFailed" and note.startswith(left)
        ],
        "an event says what is left",
    )
    kubectl("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", stage.namespace)


def test_deletion_while_the_controller_was_away_is_done_when_it_is_back(
    stage: Stage, controllers: Controllers
) -> None:
    repository = stage.repository(files=TWO)
    stage.follow()
    controller = controllers.start()
    stage.until_synced(repository.head())
    controller.stop()
    stage.delete()
    assert "deletionTimestamp" in stage.git_repository()["metadata"]
    assert stage.config_maps() == {"one", "two"}
    controllers.start()
    stage.until_gone()
    eventually(lambda: stage.config_maps() == set(), "the objects are gone")


def test_when_the_definition_itself_is_deleted_everything_stays(
    control_plane_programs: Programs, git_server: FaultyGitServer, tmp_path: Path
) -> None:
    with (
        ControlPlane.start(tmp_path / "plane", programs=control_plane_programs) as plane,
        ApiClient(plane) as api,
    ):
        kubectl = Kubectl(control_plane_programs.kubectl, plane.kubeconfig)
        kubectl("apply", "-f", str(CRD))
        kubectl("wait", "--for=condition=Established", "-f", str(CRD))
        stage = Stage(api, git_server, "default")
        repository = stage.repository(files=TWO)
        stage.follow()
        with Controllers(plane, tmp_path / "controller", "default") as controllers:
            controller = controllers.start()
            stage.until_synced(repository.head())
            api.delete("customresourcedefinitions", f"gitrepositories.{DOMAIN}")
            name = f"gitrepositories.{DOMAIN}"
            eventually(lambda: api.get("customresourcedefinitions", name) is None, "the definition is gone")
            assert stage.config_maps() == {"one", "two"}
            assert marks(stage, "one") == []

            kubectl("apply", "-f", str(CRD))
            kubectl("wait", "--for=condition=Established", "-f", str(CRD))
            stage.follow()
            stage.until_synced(repository.head())
            assert controller.fatal == []
