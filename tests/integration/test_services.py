"""What dies in the program itself is started again: a watch, an HTTP server; nobody's actor notices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from tests.parts.api_client import eventually
from tests.parts.stage import config_map

if TYPE_CHECKING:
    from alumiini_py.composition import Parts
    from tests.parts.controller import Controller, Controllers
    from tests.parts.stage import Stage
    from workers.cluster.watching import ListWatch


def service(controller: Controller, key: str) -> dict[str, Any]:
    """Return what the tree shows of a part of the program."""
    (found,) = (child for child in controller.tree()["children"] if child["key"] == key)
    assert isinstance(found, dict)
    return found


def restarts(controller: Controller) -> list[int]:
    return [child["restarts"] for child in service(controller, "repositories")["children"]]


class Mortal:
    """A watch that can be made to die of a bug."""

    def __init__(self, watch: ListWatch) -> None:
        self._watch = watch
        self._doomed = False

    def run(self) -> None:
        self._watch.run()
        if self._doomed:
            raise ZeroDivisionError("a bug")

    def stop(self) -> None:
        self._watch.stop()

    def die(self) -> None:
        self._doomed = True
        self._watch.stop()


class Mortals:
    """Makes the watches of a controller mortal, and keeps the latest."""

    def __call__(self, parts: Parts) -> Parts:
        (self._make,) = parts.watches
        return replace(parts, watches=(self.make,))

    def make(self) -> ListWatch:
        self.latest = Mortal(self._make())
        return cast("ListWatch", self.latest)


def test_a_watch_that_dies_lists_again_and_misses_no_deletion(stage: Stage, controllers: Controllers) -> None:
    kept = stage.repository("kept", files={"kept.yaml": config_map("kept")})
    stage.repository("gone", files={"gone.yaml": config_map("gone")})
    stage.follow("kept")
    stage.follow("gone", prune=False)
    mortals = Mortals()
    controller = controllers.start(with_parts=mortals)
    stage.until_synced(kept.head(), "kept")
    eventually(lambda: stage.value("gone"), "the second one is applied")

    mortals.latest.die()
    eventually(lambda: service(controller, "watch-0")["restarts"] == 1, "the watch is started again")
    stage.delete("gone")
    stage.until_gone("gone")
    commit = kept.commit({"kept.yaml": config_map("kept", "2")})
    controller.push(stage.url("kept"), commit)

    stage.until_synced(commit, "kept")
    assert restarts(controller) == [0, 0]  # the announcer and the one that is left
    assert controller.readiness().status == 200
    assert controller.fatal == []


def test_an_http_server_that_dies_is_back_at_the_same_address(stage: Stage, controllers: Controllers) -> None:
    repository = stage.repository(files={"one.yaml": config_map("one")})
    stage.follow()
    controller = controllers.start()
    stage.until_synced(repository.head())

    controller.application._webhooks._server.stop()  # the server itself: to its supervisor it has died
    eventually(lambda: service(controller, "webhooks")["restarts"] == 1, "the server is started again")
    commit = repository.commit({"one.yaml": config_map("one", "2")})
    assert controller.push(stage.url(), commit).status == 202

    stage.until_synced(commit)
    assert restarts(controller) == [0, 0]
