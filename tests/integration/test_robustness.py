"""Whatever happens to a watch or stands in an object, there is one healthy actor for each object."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.integration.conftest import CRD
from tests.parts.api_client import eventually
from tests.parts.controller import restarts
from tests.parts.git_server import FETCH, LS_REFS, held_until
from tests.parts.slow_proxy import SlowProxy, expired, passing, refusing
from tests.parts.stage import DOMAIN, config_map
from workers.cluster.watching import ListWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.parts.control_plane import Kubectl
    from tests.parts.controller import Controller, Controllers
    from tests.parts.fragile import ApiServer
    from tests.parts.slow_proxy import Fault, Passing
    from tests.parts.stage import Stage

SECONDS = 15.0
"""In which the actors are those of the objects again; a watch rests for up to 5 s."""


def actors(controller: Controller, stage: Stage) -> dict[str, str]:
    """Return the states of the actors of the namespace, by the name of their GitRepository."""
    found: dict[str, str] = {}
    beneath = [controller.tree()]
    while beneath:
        node = beneath.pop()
        beneath += node["children"]
        kind, _, place = node.get("key", "").partition("/")
        if kind == "GitRepository":
            namespace, _, name = place.partition("/")
            assert namespace == stage.namespace
            found[name] = node["state"]
    return found


def until_actors_are_objects(controller: Controller, stage: Stage) -> None:
    """Wait until every object has a running actor, and no other actor is there."""
    eventually(
        lambda: (
            actors(controller, stage)
            == dict.fromkeys(stage.api.names("gitrepositories", stage.namespace), "running")
        ),
        "the actors are those of the objects",
        SECONDS,
    )


def take_away(stage: Stage, name: str = "app") -> None:
    """Delete a GitRepository whatever its actor wants."""
    stage.delete(name)
    stage.api.merge("gitrepositories", name, {"metadata": {"finalizers": None}}, stage.namespace)
    stage.until_gone(name)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a watch: from when on, and from when on not any more."""

    begin: Callable[[SlowProxy], None]
    end: Callable[[SlowProxy], None]


def for_watches(fault: Fault, *, resumed: bool = False) -> Callable[[Passing], Fault]:
    """Treat watches so; with ``resumed`` only those that go on where another one stood."""

    def treat(request: Passing) -> Fault:
        hit = request.watches and (not resumed or "resourceVersion=" in request.path)
        return fault if hit else passing

    return treat


def refuse_watches(proxy: SlowProxy) -> None:
    proxy.treat = for_watches(refusing(500, "InternalError"))
    proxy.cut_watches()


def forget_versions(proxy: SlowProxy) -> None:
    proxy.treat = for_watches(expired, resumed=True)


def serve_again(proxy: SlowProxy) -> None:
    proxy.treat = for_watches(passing)


TROUBLES = {
    "cut": Trouble(SlowProxy.cut_watches, serve_again),
    "500": Trouble(refuse_watches, serve_again),
    "410": Trouble(refuse_watches, forget_versions),
    "silent": Trouble(SlowProxy.silence_watches, serve_again),
}


@pytest.fixture
def controller(proxy: SlowProxy, controllers: Controllers, monkeypatch: pytest.MonkeyPatch) -> Controller:
    """It reaches the API server through the proxy; silence counts as trouble after 2 s instead of 90."""
    monkeypatch.setattr("alumiini_py.composition.ListWatch", partial(ListWatch, silence=2.0))
    return controllers.start(kubeconfig=proxy.kubeconfig)


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_after_trouble_with_the_watch_the_actors_are_those_of_the_objects(
    stage: Stage, proxy: SlowProxy, controller: Controller, trouble: Trouble
) -> None:
    commits = commit_all(stage)
    for name in ("stays", "goes", "changes"):
        stage.follow(name)
        stage.until_synced(commits[name], name)
    assert actors(controller, stage) == dict.fromkeys(("stays", "goes", "changes"), "running")

    trouble.begin(proxy)
    take_away(stage, "goes")
    take_away(stage, "changes")
    stage.follow("changes")
    stage.follow("comes")
    trouble.end(proxy)

    until_actors_are_objects(controller, stage)
    for name in ("changes", "comes"):
        stage.until_synced(commits[name], name)
    assert_never_disturbed(controller, stage, "stays")


def test_after_a_restart_of_the_api_server_that_nobody_watched_the_actors_are_those_of_the_objects(
    fragile_stage: Stage, api_server: ApiServer, fragile_proxy: SlowProxy, fragile_controllers: Controllers
) -> None:
    stage, commits = fragile_stage, commit_all(fragile_stage)
    controller = fragile_controllers.start(kubeconfig=fragile_proxy.kubeconfig)
    for name in ("stays", "goes"):
        stage.follow(name)
        stage.until_synced(commits[name], name)

    refuse_watches(fragile_proxy)
    take_away(stage, "goes")
    stage.follow("comes")
    api_server.stop()
    api_server.start()
    serve_again(fragile_proxy)

    until_actors_are_objects(controller, stage)
    stage.until_synced(commits["comes"], "comes")
    assert_never_disturbed(controller, stage, "stays")


def commit_all(stage: Stage) -> dict[str, str]:
    """Create the Git repositories of a test and return their heads."""
    names = ("stays", "goes", "changes", "comes")
    return {name: stage.repository(name, {"one.yaml": config_map(name)}).head() or "" for name in names}


def assert_never_disturbed(controller: Controller, stage: Stage, name: str) -> None:
    """See that an actor had nothing to do since its first sync, and that nobody was started again."""
    assert stage.git.count(LS_REFS, f"{stage.namespace}-{name}.git") == 1
    assert restarts(controller.tree()) == {}
    assert controller.fatal == []


def test_an_object_that_is_deleted_in_the_middle_of_a_sync_leaves_nothing(
    stage: Stage, controller: Controller
) -> None:
    stage.repository(files={"one.yaml": config_map("one")})
    go_on = threading.Event()
    stage.git.faults[FETCH] = held_until(go_on)
    stage.follow()
    stage.git.wait_until_asked(FETCH)
    stage.delete()
    go_on.set()
    stage.until_gone()
    until_actors_are_objects(controller, stage)
    assert stage.config_maps() == set()
    assert restarts(controller.tree()) == {}


def test_an_object_that_is_created_anew_in_the_middle_of_a_sync_is_synced_by_an_actor_of_its_own(
    stage: Stage, controller: Controller
) -> None:
    old = stage.repository("old", files={"one.yaml": config_map("one"), "old.yaml": config_map("old")})
    new = stage.repository("new", files={"one.yaml": config_map("one", "2")})
    go_on = threading.Event()
    stage.git.faults[FETCH] = lambda handler, proceed: (
        held_until(go_on)(handler, proceed) if "-old.git" in handler.path else proceed()
    )
    stage.follow("app", url=stage.url("old"))
    stage.git.wait_until_asked(FETCH)
    take_away(stage)
    created = stage.follow("app", url=stage.url("new"))
    go_on.set()

    stage.until_synced(new.head())
    until_actors_are_objects(controller, stage)
    assert (stage.config_maps(), stage.value("one")) == ({"one"}, "2")
    assert stage.owner_of("one") == created["metadata"]["uid"]
    assert stage.git.count(FETCH, "-old.git") == 1
    assert old.head() != stage.status()["lastAttemptedCommit"]
    assert restarts(controller.tree()) == {}


@pytest.fixture
def open_definition(fragile_kubectl: Kubectl, fragile_stage: Stage) -> Iterator[None]:
    """A definition that takes anything for spec and status, as one of an older release might."""
    definition = yaml.safe_load(CRD.read_text())
    for version in definition["spec"]["versions"]:
        schema = version["schema"]["openAPIV3Schema"]
        schema["properties"]["spec"] = schema["properties"]["status"] = ANYTHING
        schema.pop("required", None)
        del version["selectableFields"]
    fragile_kubectl("replace", "-f", "-", stdin=json.dumps(definition))
    create = ("create", "--dry-run=server", "-f", "-")
    probe = partial(fragile_kubectl.run, *create, stdin=json.dumps(poison("probe", "text")))
    eventually(lambda: probe().returncode == 0, "the definition takes anything")
    yield
    for name in fragile_stage.api.names("gitrepositories", fragile_stage.namespace):
        take_away(fragile_stage, name)
    fragile_kubectl("replace", "-f", str(CRD))
    eventually(lambda: probe().returncode != 0, "the definition is what it was")


ANYTHING = {"x-kubernetes-preserve-unknown-fields": True}
WRONG_SPECS: dict[str, Any] = {
    "spec-is-text": "text",
    "spec-is-a-list": [1, 2],
    "spec-is-nothing": None,
    "wrong-types": {"url": 5, "interval": ["never"], "branch": {"a": "b"}, "suspend": "perhaps"},
    "wrong-depth": {"url": {"url": "http://127.0.0.1"}, "secretRef": "git", "pruneLimit": {}, "timeout": -1},
}
WRONG_STATUSES: dict[str, Any] = {
    "status-is-text": "text",
    "status-is-a-list": [{"type": "Ready"}],
    "conditions-are-text": {"conditions": "Ready"},
    "conditions-of-all-kinds": {"conditions": [None, 5, "Ready", {"type": ["Ready"]}, {"type": "Ready"}]},
    "wrong-leaves": {
        "failures": "many",
        "resources": "none",
        "lastSyncTime": 5,
        "lastSyncedCommit": {"a": 1},
        "errors": {"a": "b"},
        "phase": ["Synced"],
        "observedGeneration": "first",
    },
}
LARGE = {"example.com/large": "x" * (250 * 1024)}
LONG_NAME = "n" * 253


def poison(name: str, spec: object) -> dict[str, Any]:
    kind = {"apiVersion": f"{DOMAIN}/v1alpha1", "kind": "GitRepository"}
    return {**kind, "metadata": {"name": name}, "spec": spec}


@pytest.mark.usefixtures("open_definition")
def test_objects_of_the_strangest_kinds_harm_no_other(
    fragile_stage: Stage, fragile_controllers: Controllers
) -> None:
    stage = fragile_stage
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow()
    good = [LONG_NAME, "large", *WRONG_STATUSES]
    for name in good:
        stage.repository(name[:20], files={"one.yaml": config_map(f"of-{name[:20]}")})
        stage.follow(name, url=stage.url(name[:20]))
    stage.api.merge("gitrepositories", "large", {"metadata": {"annotations": LARGE}}, stage.namespace)
    for name, status in WRONG_STATUSES.items():
        stage.api.merge("gitrepositories", f"{name}/status", {"status": status}, stage.namespace)
    for name, spec in WRONG_SPECS.items():
        stage.api.create("gitrepositories", poison(name, spec), stage.namespace)

    controller = fragile_controllers.start()
    stage.until_synced(repository.head())
    for name in WRONG_SPECS:
        assert "spec" in stage.until_failed("InvalidSpec", name)["message"]
    for name in good:
        stage.until_synced(stage.git.repository(f"{stage.namespace}-{name[:20]}").head(), name)
    controller.push(stage.url(), repository.commit({"one.yaml": config_map("one", "2")}))
    stage.until_synced(repository.head())
    until_actors_are_objects(controller, stage)
    assert restarts(controller.tree()) == {}
    assert controller.fatal == []
