"""The end of the process: in order with 500 actors, at once when asked twice, unasked when it must."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.parts.api_client import eventually
from tests.parts.git_server import LS_REFS, silent
from tests.parts.stage import config_map

if TYPE_CHECKING:
    from tests.parts.controller import Controllers
    from tests.parts.stage import Stage

MANY = 500
SOME = 25
"""So many that more than ten of them, and more than half, can crash."""


def follow_many(stage: Stage, number: int) -> None:
    """Create GitRepositories that each follow a folder of one Git repository."""
    stage.repository(files={f"{n}/one.yaml": config_map(f"map-{n}") for n in range(number)})
    with ThreadPoolExecutor(8) as pool:
        made = [pool.submit(stage.follow, f"app-{n}", url=stage.url(), path=str(n)) for n in range(number)]
        assert all(one.result() for one in made)


def test_asked_to_end_while_500_actors_work_it_ends_in_order(stage: Stage, controllers: Controllers) -> None:
    follow_many(stage, MANY)
    process = controllers.spawn(lease_namespace=stage.namespace).until_ready()
    running = f'alumiini_actors{{state="running"}} {MANY}.0'
    eventually(lambda: running in process.metrics(), "all actors run")
    eventually(lambda: len(stage.config_maps()) > MANY // 10, "they work")

    process.terminate()
    assert process.exit_code() == 0
    assert len(stage.config_maps()) < MANY
    for unexpected in ("Traceback", "given up", "abandoned"):
        assert unexpected not in process.log()
    lease = stage.api.get("leases", "alumiini", stage.namespace) or {}
    assert lease["spec"]["holderIdentity"] == ""


def test_asked_twice_it_ends_at_once(stage: Stage, controllers: Controllers) -> None:
    stage.repository(files={"one.yaml": config_map("one")})
    stage.git.faults[LS_REFS] = silent
    stage.follow()
    process = controllers.spawn().until_ready()
    stage.git.wait_until_asked(LS_REFS)

    process.terminate()
    eventually(lambda: process.readiness().body["reason"] == "the controller is shutting down", "it ends")
    process.terminate()
    assert process.exit_code() == 1
    assert "given up" not in process.log()


def test_a_fault_of_the_house_ends_it_with_one_line(stage: Stage, controllers: Controllers) -> None:
    follow_many(stage, SOME)
    process = controllers.spawn(module="tests.parts.rotten")
    assert process.exit_code() == 1
    (line,) = (one for one in process.log().splitlines() if one.startswith("alumiini: "))
    assert "children crashed within 60 s, so the fault is in none of them" in line
    assert "ZeroDivisionError" in line
    assert "a bug in the house" not in line
    assert process.log().splitlines()[-1] == line
