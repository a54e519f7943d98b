"""Two hundred repositories while everything around them fails: at the end nothing shows that it did."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.parts.api_client import eventually
from tests.parts.chaotic import CHAOS
from tests.parts.controller import restarts
from tests.parts.slow_proxy import expired, passing, refusing
from tests.parts.stage import config_map

if TYPE_CHECKING:
    from alumiini_py.demo.git_repository import Repository
    from tests.parts.api_client import Object
    from tests.parts.controller import ControllerProcess, Controllers
    from tests.parts.fragile import ApiServer
    from tests.parts.slow_proxy import SlowProxy
    from tests.parts.stage import Stage

SEED = 4711
FLEET = 200
STEPS = 60
STEP = 0.5
"""Seconds between two blows."""
API_SERVER_GOES = {15: 20, 40: 46}
"""At which steps the API server is stopped, and at which it is started again."""
CONVERGES = 90.0
SPARE_THREADS, SPARE_FILES = 8, 24
"""What may be there in addition: slots and connections that are made when they are needed first."""


class Ship:
    """One repository and what its head wants in the cluster."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.name = name
        self.maps = {f"{name}-changes": "0", f"{name}-stays": "0", f"{name}-extra": "0"}
        self._repository: Repository = stage.repository(
            name, {f"{map_}.yaml": config_map(map_, "0") for map_ in self.maps}
        )
        self.head = self._repository.head()

    def sail(self, number: int) -> None:
        """Commit a change: another value, and an object that leaves or comes back."""
        changes, extra = f"{self.name}-changes", f"{self.name}-extra"
        self.maps[changes] = str(number)
        if self.maps.pop(extra, None) is None:
            self.maps[extra] = "0"
        there = config_map(extra, "0") if extra in self.maps else None
        files = {f"{changes}.yaml": config_map(changes, str(number)), f"{extra}.yaml": there}
        self.head = self._repository.commit(files)


class Sea:
    """What happens to the fleet, at random."""

    def __init__(
        self, stage: Stage, fleet: list[Ship], process: ControllerProcess, proxy: SlowProxy, api: ApiServer
    ) -> None:
        self._stage = stage
        self._fleet = fleet
        self._process = process
        self._proxy = proxy
        self._api_server = api
        self._random = Random(SEED)

    def blow(self, number: int) -> None:
        """Push to some, tell of half of that, change a spec, and perhaps do harm."""
        if number in API_SERVER_GOES:
            self._api_server.stop()
        if number in API_SERVER_GOES.values():
            self._api_server.start()
        for ship in self._random.sample(self._fleet, 4):
            ship.sail(number)
            if self._random.random() < 0.5:
                assert self._process.push(self._stage.url(ship.name), ship.head or "").status == 202
        if not self._api_server.away:
            self._stage.change(self._random.choice(self._fleet).name, timeout=f"{60 + number}s")
        harm = (self._cut, self._silence, self._fail, self._forget)
        self._random.choice([*harm, *[nothing] * 5])()

    def calm(self) -> None:
        """End all troubles."""
        self._proxy.treat = lambda _: passing
        self._proxy.cut_watches()

    def _cut(self) -> None:
        self._proxy.cut_watches()

    def _silence(self) -> None:
        self._proxy.silence_watches()

    def _fail(self) -> None:
        broken = refusing(500, "InternalError")
        self._proxy.treat = lambda _: broken if self._random.random() < 0.3 else passing
        self._proxy.cut_watches()

    def _forget(self) -> None:
        self._proxy.treat = lambda request: (
            expired if request.watches and "resourceVersion=" in request.path else passing
        )
        self._proxy.cut_watches()


def nothing() -> None:
    """Let it be."""


def held(process: ControllerProcess) -> tuple[int, int]:
    """Return how many threads and open files a process has."""
    root = Path("/proc", str(process.pid))
    return len(list((root / "task").iterdir())), len(list((root / "fd").iterdir()))


def not_synced(stage: Stage, fleet: list[Ship]) -> list[str]:
    """Return the names of those that are not Ready at their head and in their present spec."""
    there = {one["metadata"]["name"]: one for one in stage.api.find("gitrepositories", stage.namespace)}
    return [ship.name for ship in fleet if not is_synced(there[ship.name], ship.head)]


def is_synced(found: Object, head: str | None) -> bool:
    status = found.get("status", {})
    ready = [one for one in status.get("conditions", ()) if one["type"] == "Ready"]
    return (
        status.get("lastSyncedCommit") == head
        and status.get("observedGeneration") == found["metadata"]["generation"]
        and [one["status"] for one in ready] == ["True"]
    )


def until_all_are_synced(stage: Stage, fleet: list[Ship]) -> None:
    eventually(lambda: not not_synced(stage, fleet), "all are Synced at their heads", CONVERGES)


def config_maps(stage: Stage) -> dict[str, Object]:
    """Return the ConfigMaps of the fleet, by name."""
    found = stage.api.find("configmaps", stage.namespace)
    return {one["metadata"]["name"]: one for one in found if "value" in one.get("data", {})}


def lasting(stage: Stage) -> set[tuple[str, str]]:
    """Return name and uid of those that never leave Git: one that was pruned and applied again is another."""
    return {
        (name, one["metadata"]["uid"])
        for name, one in config_maps(stage).items()
        if not name.endswith("-extra")
    }


@pytest.fixture
def fleet(fragile_stage: Stage) -> list[Ship]:
    """Two hundred repositories, and who follows them."""

    def build(number: int) -> Ship:
        ship = Ship(fragile_stage, f"ship-{number}")
        fragile_stage.follow(ship.name, interval="10s")
        return ship

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(build, range(FLEET)))


@pytest.fixture
def chaos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that makes actors die at random for as long as it exists."""
    chaos = tmp_path / "chaos"
    monkeypatch.setenv(CHAOS, str(chaos))
    return chaos


@pytest.fixture
def process(
    fragile_stage: Stage,
    fleet: list[Ship],
    chaos: Path,  # noqa: ARG001 -- its name is in the environment
    fragile_proxy: SlowProxy,
    fragile_controllers: Controllers,
) -> ControllerProcess:
    """A controller that has synced the fleet."""
    process = fragile_controllers.spawn(
        lease_namespace=fragile_stage.namespace,
        kubeconfig=fragile_proxy.kubeconfig,
        module="tests.parts.chaotic",
    ).until_ready()
    until_all_are_synced(fragile_stage, fleet)
    return process


@pytest.fixture
def sea(
    fragile_stage: Stage,
    fleet: list[Ship],
    process: ControllerProcess,
    fragile_proxy: SlowProxy,
    api_server: ApiServer,
) -> Sea:
    return Sea(fragile_stage, fleet, process, fragile_proxy, api_server)


@pytest.mark.timeout(300)
def test_after_a_storm_all_are_synced_nothing_is_missing_and_nothing_leaks(
    fragile_stage: Stage, fleet: list[Ship], process: ControllerProcess, chaos: Path, sea: Sea
) -> None:
    stage, before, (threads, files) = fragile_stage, lasting(fragile_stage), held(process)
    chaos.touch()
    for number in range(1, STEPS + 1):
        sea.blow(number)
        threading.Event().wait(STEP)
    chaos.unlink()
    sea.calm()

    until_all_are_synced(stage, fleet)
    there = {name: one["data"]["value"] for name, one in config_maps(stage).items()}
    assert there == {name: value for ship in fleet for name, value in ship.maps.items()}
    assert lasting(stage) == before
    died = restarts(process.tree())
    assert died.keys() <= {f"GitRepository/{stage.namespace}/{ship.name}" for ship in fleet}
    assert sum(died.values()) > FLEET / 10
    eventually(lambda: held(process)[0] <= threads + SPARE_THREADS, "no thread is left over")
    eventually(lambda: held(process)[1] <= files + SPARE_FILES, "no file is left open")
    process.terminate()
    assert process.exit_code() == 0
