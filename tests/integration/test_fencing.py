"""Who was given up writes nothing any more, and what it had under way never overtakes its successor."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from supervisor.deadline import FencedError
from tests.cluster.parts import Cluster
from tests.parts.controller import restarts
from tests.parts.slow_proxy import Hold
from tests.parts.stage import config_map
from workers.cluster.access import find_access
from workers.model.keys import ObjectKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alumiini_py.controlplane.plane import ControlPlane
    from supervisor.deadline import Deadline
    from tests.parts.audit import AuditLog
    from tests.parts.controller import Controllers
    from tests.parts.slow_proxy import SlowProxy
    from tests.parts.stage import Stage
    from workers.repository.ports import Source
    from workers.source.remote import Remote
    from workers.source.tree import SourceTree

PATIENCE = 60.0
LATE = 1.0
"""Seconds for which a request is on its way after its sender was cut: less than the 4 s that a write has."""


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """An actor has 1 s to end instead of 10: less than a write may take, so that one is under way then."""
    monkeypatch.setattr("alumiini_py.composition._ACTOR_SHUTDOWN", 1.0)


def take_away(stage: Stage) -> None:
    """Delete the GitRepository whatever its actor wants."""
    stage.delete()
    stage.api.merge("gitrepositories", "app", {"metadata": {"finalizers": None}}, stage.namespace)
    stage.until_gone()


class Zombie:
    """A source of which one query ignores its deadline and comes back late, to do what it should not."""

    def __init__(self) -> None:
        self.armed = False
        self.stuck, self.comes_back, self.done = threading.Event(), threading.Event(), threading.Event()
        self.refused: list[str] = []
        self.effects: dict[str, Callable[[Deadline], object]] = {}
        self._source: Source

    def __call__(self, source: Source) -> Source:
        self._source = source
        return self

    def resolve(self, remote: Remote, deadline: Deadline) -> str:
        if not self.armed:
            return self._source.resolve(remote, deadline)
        self.armed = False
        self.stuck.set()
        assert self.comes_back.wait(PATIENCE)
        self.effects["resolve"] = lambda late: self._source.resolve(remote, late)
        self.effects["fetch"] = lambda late: self._source.tree(remote, "1" * 40, "", late)
        for name, effect in self.effects.items():
            try:
                effect(deadline)
            except FencedError:
                self.refused.append(name)
        self.done.set()
        return "1" * 40

    def tree(self, remote: Remote, commit: str, path: str, deadline: Deadline) -> SourceTree:
        return self._source.tree(remote, commit, path, deadline)


@pytest.fixture
def cluster(control_plane: ControlPlane) -> Iterator[Cluster]:
    """The ports that write, as an actor has them."""
    with Cluster(find_access(str(control_plane.kubeconfig))) as cluster:
        yield cluster


def effects(cluster: Cluster, stage: Stage) -> dict[str, Callable[[Deadline], object]]:
    """Return all that an actor can do to the cluster, done badly."""
    maps = cluster.discovery.resource("v1", "ConfigMap", cluster.deadline)
    repositories = cluster.discovery.resource(
        "alumiini.false.systems/v1alpha1", "GitRepository", cluster.deadline
    )
    assert maps is not None
    assert repositories is not None
    one = ObjectKey("", "ConfigMap", stage.namespace, "one")
    app = ObjectKey(repositories.group, "GitRepository", stage.namespace, "app")
    live = cluster.objects.read(maps, one, cluster.deadline)
    assert live is not None
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "one", "namespace": stage.namespace},
        "data": {"value": "undead"},
    }
    status = {"status": {"failures": 13}}
    return {
        "apply": lambda late: cluster.objects.apply(manifest, maps, one, late),
        "delete": lambda late: cluster.objects.delete(maps, live, late),
        "status": lambda late: cluster.objects.merge_patch(
            repositories, app, status, late, subresource="status"
        ),
    }


def test_an_actor_that_was_given_up_comes_back_to_life_and_can_write_nothing(
    stage: Stage, controllers: Controllers, cluster: Cluster, audit: AuditLog
) -> None:
    zombie = Zombie()
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow()
    controller = controllers.start(with_source=zombie)
    stage.until_synced(repository.head())

    zombie.armed = True
    controller.push(stage.url(), repository.commit({"one.yaml": config_map("one", "2")}))
    assert zombie.stuck.wait(PATIENCE)
    take_away(stage)
    stage.follow()
    status = stage.until_synced(repository.head())
    assert stage.value("one") == "2"

    zombie.effects = effects(cluster, stage)
    stage.until_told(2)
    audit.begin()
    zombie.comes_back.set()
    assert zombie.done.wait(PATIENCE)
    assert zombie.refused == ["apply", "delete", "status", "resolve", "fetch"]
    assert audit.writes() == []
    assert (stage.value("one"), stage.status()) == ("2", status)

    controller.push(stage.url(), repository.commit({"one.yaml": config_map("one", "3")}))
    stage.until_synced(repository.head())
    assert restarts(controller.tree()) == {}
    assert controller.fatal == []


def test_a_write_that_was_under_way_never_overtakes_the_successor(
    stage: Stage, proxy: SlowProxy, controllers: Controllers
) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow()
    controller = controllers.start(kubeconfig=proxy.kubeconfig)
    stage.until_synced(repository.head())

    proxy.treat = held = Hold(lambda request: request.method == "PATCH" and "/configmaps/one" in request.path)
    controller.push(stage.url(), repository.commit({"one.yaml": config_map("one", "of the zombie")}))
    assert held.came.wait(PATIENCE)
    take_away(stage)
    commit = repository.commit({"one.yaml": config_map("one", "of the successor")})
    stage.follow()

    assert held.left.wait(PATIENCE)  # its actor was given up, and its connection was cut
    threading.Event().wait(LATE)
    assert stage.value("one") == "1"
    held.release()
    assert stage.value("one") == "of the zombie"
    stage.until_synced(commit)
    assert stage.value("one") == "of the successor"
    assert controller.fatal == []
