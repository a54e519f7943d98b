"""The tree shows every child as its supervisor sees it, and what waits for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from alumiini_py.supervision import SupervisionTree, node, supervising
from supervisor.child import Child, State
from supervisor.service import ServiceSpec
from supervisor.spec import Intensity
from supervisor.static import Supervisor
from tests.supervisor.house import House
from tests.supervisor.messages import Poll, Webhook
from tests.supervisor.puppet import BOUND, fail
from workers.model.keys import ResourceKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from supervisor.exits import Exit

SHOP = ResourceKey("GitRepository", "team", "shop")
KEY = "GitRepository/team/shop"


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.close()


class Still:
    """A service that runs until it is stopped, and does nothing."""

    def start(self, exited: Callable[[Exit], None]) -> None:
        self.exited = exited

    def stop(self, seconds: float) -> bool:
        return seconds > 0


def tree(house: House) -> dict[str, Any]:
    """Return the tree as a reader of JSON gets it."""
    services = Supervisor(
        [ServiceSpec("status", Still), ServiceSpec("repositories", Still)],
        on_systemic=fail(AssertionError("it gave up")),
        intensity=Intensity(5, 60),
        clock=house.clock,
    )
    services.start()
    found = SupervisionTree(house.supervisor, lambda: services).tree()
    services.stop(BOUND)
    return cast("dict[str, Any]", json.loads(json.dumps(found)))


def workers(house: House) -> dict[str, dict[str, Any]]:
    (repositories,) = [child for child in tree(house)["children"] if child["key"] == "repositories"]
    return {child["key"]: child for child in repositories["children"]}


def worker(key: str, **other: object) -> dict[str, Any]:
    """Return what is shown of a worker in its first life, but for what is said."""
    return {
        "key": key,
        "kind": "worker",
        "state": "running",
        "generation": 1,
        "restarts": 0,
        "lastExit": None,
        "nextStart": None,
        "mailbox": {"depth": 0, "oldestSeconds": 0.0},
        "children": [],
        **other,
    }


def test_the_root_is_the_application_and_the_repositories_are_below_their_supervisor(house: House) -> None:
    house.start("announcer")
    house.supervisor.start_child(house.spec(cast("str", SHOP)))

    assert tree(house) == {
        "name": "alumiini",
        "kind": "supervisor",
        "state": "running",
        "restarts": 0,
        "intensity": {"max": 5, "seconds": 60},
        "children": [
            worker("status"),
            worker(
                "repositories",
                kind="supervisor",
                intensity={"max": 10, "seconds": 60.0},
                children=[worker("announcer"), worker(KEY)],
            ),
        ],
    }


def test_a_crash_shows_its_reason_and_the_next_start_and_stays_shown_after_it(house: House) -> None:
    house.start()
    house.start("calm")
    house.clock.advance(30)
    house.crash()
    crash = {"reason": "crashed: ValueError", "at": "2026-01-01T00:00:30Z"}

    assert workers(house) == {
        "app": worker("app", state="restarting", lastExit=crash, nextStart="2026-01-01T00:00:31Z"),
        "calm": worker("calm"),
    }

    house.clock.advance(1)
    assert house.change() == "running"
    assert workers(house)["app"] == worker("app", generation=2, restarts=1, lastExit=crash)


def test_who_keeps_dying_is_parked(house: House) -> None:
    house.start()
    for seconds in (1, 2, 4, 8, 16):
        house.crash()
        house.clock.advance(seconds)
        assert house.change() == "running"
    house.crash()

    assert workers(house)["app"] == worker(
        "app",
        state="parked",
        generation=6,
        restarts=5,
        lastExit={"reason": "crashed: ValueError", "at": "2026-01-01T00:00:31Z"},
        nextStart="2026-01-01T00:01:03Z",
    )


def test_what_waits_for_a_busy_actor_is_counted_without_waiting_for_it(house: House) -> None:
    house.start()
    go_on = house.hang()
    house.registry.send("app", Webhook(("abc",)))
    house.clock.advance(2.5)
    house.registry.send("app", Poll())
    house.clock.advance(0.75)

    assert workers(house)["app"]["mailbox"] == {"depth": 2, "oldestSeconds": 3.25}
    go_on.set()


def test_what_a_supervisor_still_waits_for_is_shown_as_stopping(house: House) -> None:
    house.start()
    go_on = house.hang()
    house.supervisor.terminate_child("app")
    assert workers(house)["app"]["state"] == "stopping"

    go_on.set()
    house.supervisor.stop(10)
    assert workers(house) == {}


@pytest.mark.parametrize(("children", "most"), [(21, 10), (22, 11), (40, 20)])
def test_the_more_children_the_more_may_crash_before_all_are_stopped(
    house: House, children: int, most: int
) -> None:
    for number in range(children):
        house.supervisor.start_child(house.spec(f"app-{number}"))

    (repositories,) = [child for child in tree(house)["children"] if child["key"] == "repositories"]
    assert repositories["intensity"]["max"] == most


def test_supervisors_nest_as_deep_as_they_are_composed() -> None:
    watch = node(Child("watch-0", State.RUNNING, generation=3, restarts=2))
    watches = supervising(node(Child("watches", State.RUNNING, 1, 0)), [watch], most=5, seconds=30)
    root = supervising({"name": "alumiini", "state": "running", "restarts": 0}, [watches], most=3, seconds=60)

    assert root["intensity"] == {"max": 3, "seconds": 60}
    (below,) = root["children"]
    assert (below["key"], below["kind"]) == ("watches", "supervisor")
    assert below["intensity"] == {"max": 5, "seconds": 30}
    assert below["children"] == [worker("watch-0", generation=3, restarts=2)]
