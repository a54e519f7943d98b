"""The cases of OTP's ``supervisor_SUITE`` that are about children which come and go, under their own names.

The list of those that are not ported is in ``test_supervisor_suite``.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from supervisor.child import ChildCounts, Termination
from supervisor.spec import Intensity, Restart
from tests.supervisor.house import House
from tests.supervisor.puppet import BOUND, fail

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pykka

    from supervisor.actor import Context
    from tests.supervisor.puppet import Puppet


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.close()


def test_child_adm_simple(house: House) -> None:
    assert house.supervisor.which_children() == ()
    house.start("child1")
    house.start("child2")
    assert {child.key for child in house.supervisor.which_children()} == {"child1", "child2"}
    assert house.supervisor.count_children() == ChildCounts(specs=2, active=2)
    assert house.supervisor.terminate_child("child1").result(BOUND) is Termination.STOPPED
    assert house.supervisor.count_children() == ChildCounts(specs=1, active=1)
    assert house.supervisor.terminate_child("child1").result(BOUND) is Termination.UNKNOWN


def test_simple_one_for_one(house: House) -> None:
    house.start("child1")
    house.start("child2")
    house.crash("child1")
    house.clock.advance(1)
    assert house.change("child1") == "running"
    assert house.shown("child2").generation == 1
    assert house.supervisor.count_children() == ChildCounts(specs=2, active=2)


def test_simple_one_for_one_shutdown(house: House) -> None:
    """Two end in their time, the third does not; see also ``test_stopping_the_supervisor``."""
    for key in ("child1", "child2", "child3"):
        house.start(key, shutdown=0 if key == "child3" else 2)
    gate = house.hang("child3")
    ends = [house.supervisor.terminate_child(f"child{number}") for number in (1, 2, 3)]
    assert [end.result(BOUND) for end in ends[:2]] == [Termination.STOPPED] * 2
    house.settle()
    house.clock.advance(1)
    assert ends[2].result(BOUND) is Termination.ABANDONED
    gate.set()


def start_that_fails_but_once(house: House, context: Context) -> pykka.ActorRef[Puppet]:
    if context.generation > 1:
        raise ValueError("error")
    return house.puppet(context)


def test_simple_one_for_one_escalation(house: House) -> None:
    house.start("child1", start=partial(start_that_fails_but_once, house), intensity=Intensity(4, 3600))
    house.start("child2")
    house.crash("child1")
    for state in ("restarting", "restarting", "restarting", "parked"):
        house.clock.advance(60)
        assert house.change("child1") == state
    assert house.shown("child2").generation == 1
    assert house.systemic.empty()


def test_count_children(house: House) -> None:
    for number in range(50):
        house.start(str(number), restart=Restart.TEMPORARY)
    assert house.supervisor.count_children() == ChildCounts(specs=50, active=50)
    for number in range(50):
        house.supervisor.terminate_child(str(number)).result(BOUND)
    assert house.supervisor.count_children() == ChildCounts(specs=0, active=0)


def test_count_restarting_children(house: House) -> None:
    for key in "abc":
        house.start(key, start=partial(start_that_fails_but_once, house))
    for specs_active, key in zip([(3, 2), (3, 1), (3, 0)], "abc", strict=True):
        house.crash(key)
        assert house.supervisor.count_children() == ChildCounts(*specs_active)
    house.supervisor.terminate_child("a").result(BOUND)
    assert house.supervisor.count_children() == ChildCounts(specs=2, active=0)


def test_hanging_restart_loop_simple(house: House) -> None:
    house.start("child1", start=partial(start_that_fails_but_once, house))
    house.crash("child1")
    house.clock.advance(60)
    assert house.change("child1") == "restarting"
    assert house.supervisor.terminate_child("child1").result(BOUND) is Termination.STOPPED
    assert house.change("child1") == "ended"
    house.start("child2")
    assert house.supervisor.count_children() == ChildCounts(specs=1, active=1)


def test_which_children_simple_one_for_one(house: House) -> None:
    house.start("child1")
    assert [str(child.key) for child in house.supervisor.which_children()] == ["child1"]
    house.do(fail(ValueError("abnormal")), "child1")
    assert house.change("child1") == "restarting"
    assert [str(child.state) for child in house.supervisor.which_children()] == ["restarting"]
