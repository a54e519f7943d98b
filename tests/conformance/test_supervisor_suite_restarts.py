"""The cases of OTP's ``supervisor_SUITE`` that are about strategies, under their own names.

The list of those that are not ported is in ``test_supervisor_suite``.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from supervisor.child import Termination
from supervisor.errors import AlreadyStartedError
from supervisor.exits import Crashed, Normal
from supervisor.service import ServiceSpec, Strategy
from supervisor.services import SupervisorService
from supervisor.spec import Intensity, Restart
from supervisor.static import Supervisor
from tests.supervisor.puppet import BOUND
from tests.supervisor.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable


ABNORMAL = Crashed(ValueError("abnormal"))


def has_ended(tree: Tree) -> bool:
    return not tree.systemic.empty() and not any(part.runs for part in tree.parts.values())


@pytest.mark.parametrize("strategy", [Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE])
def test_temporary_bystander(trees: Callable[..., Tree], strategy: Strategy) -> None:
    tree = trees("child1", strategy=strategy)
    tree.supervisor.start_child(tree.spec("child2", restart=Restart.TEMPORARY)).result(BOUND)
    tree.end("child1", Normal())
    assert tree.states() == {"child1": "running"}


def test_multiple_restarts() -> None:
    tree = Tree("child1", intensity=Intensity(1, 1))
    tree.supervisor.start()
    for _ in range(4):
        assert tree.crash("child1") == ["stop child1", "start child1"]
        tree.clock.advance(2.1)
    assert tree.supervisor.stop(BOUND) == ()


def test_one_for_one(trees: Callable[..., Tree]) -> None:
    tree = trees("child1", "child2")
    assert tree.crash("child1") == ["stop child1", "start child1"]
    assert tree.child("child2").generation == 1
    assert tree.counts() == (2, 2)
    tree.crash("child2")
    tree.crash("child1")
    assert has_ended(tree)


def test_one_for_one_escalation(trees: Callable[..., Tree]) -> None:
    tree = trees("child1", "child2", limit=4)
    tree.failing["child1"] = 100
    tree.crash("child1")
    assert tree.log.count("start child1") == 1 + 4
    assert has_ended(tree)


def test_one_for_all(trees: Callable[..., Tree]) -> None:
    tree = trees("child1", "child2", strategy=Strategy.ONE_FOR_ALL)
    assert tree.crash("child1") == ["stop child1", "stop child2", "start child1", "start child2"]
    assert tree.counts() == (2, 2)
    tree.crash("child2")
    tree.crash("child2")
    assert has_ended(tree)


def test_one_for_all_escalation(trees: Callable[..., Tree]) -> None:
    tree = trees("child1", "child2", limit=4, strategy=Strategy.ONE_FOR_ALL)
    tree.failing["child2"] = 100
    tree.crash("child1")
    assert tree.log.count("start child2") == 1 + 4
    assert has_ended(tree)


def test_one_for_all_other_child_fails_restart(trees: Callable[..., Tree]) -> None:
    tree = trees("child1", "child2", limit=3, strategy=Strategy.ONE_FOR_ALL)
    tree.failing["child2"] = 1
    assert tree.crash("child1") == [
        "stop child1", "stop child2", "start child1", "start child2",
        "stop child1", "start child1", "start child2",
    ]  # fmt: skip


def test_rest_for_one(trees: Callable[..., Tree]) -> None:
    tree = trees("child1", "child2", "child3", strategy=Strategy.REST_FOR_ONE)
    assert tree.crash("child2") == ["stop child2", "stop child3", "start child2", "start child3"]
    assert [child.generation for child in tree.supervisor.which_children()] == [1, 2, 2]
    assert tree.counts() == (3, 3)
    tree.crash("child3")
    tree.crash("child2")
    assert has_ended(tree)


def test_rest_for_one_escalation(trees: Callable[..., Tree]) -> None:
    tree = trees("child1", "child2", limit=4, strategy=Strategy.REST_FOR_ONE)
    tree.failing["child2"] = 100
    tree.crash("child1")
    assert has_ended(tree)


def test_rest_for_one_other_child_fails_restart(trees: Callable[..., Tree]) -> None:
    tree = trees("child1", "child2", limit=3, strategy=Strategy.REST_FOR_ONE)
    tree.failing["child2"] = 1
    assert tree.crash("child1") == [
        "stop child1", "stop child2", "start child1", "start child2", "start child2",
    ]  # fmt: skip


def test_tree() -> None:
    parts = Tree()
    below: dict[str, Supervisor] = {}

    def start(name: str, children: tuple[str, ...], on_systemic: Callable[[str], None]) -> Supervisor:
        supervisor = Supervisor(
            [parts.spec(child) for child in children],
            on_systemic=on_systemic,
            intensity=Intensity(4, 3600),
            clock=parts.clock,
        )
        supervisor.start()
        below[name] = supervisor
        return supervisor

    def supchild(name: str, *children: str) -> ServiceSpec:
        return ServiceSpec(name, lambda: SupervisorService(partial(start, name, children)))

    top = Tree(
        supchild("supchild1", "child1", "child2"), supchild("supchild2"), strategy=Strategy.ONE_FOR_ALL
    )
    top.supervisor.start()
    first = dict(below)
    for name in ("child3", "child4"):
        first["supchild2"].start_child(parts.spec(name)).result(BOUND)
    assert {name: len(sup.which_children()) for name, sup in below.items()} == {
        "supchild1": 2,
        "supchild2": 2,
    }

    parts.parts["child4"].runs = False
    parts.parts["child4"].exited(ABNORMAL)
    first["supchild2"].terminate_child("nobody").result(BOUND)
    assert [child.generation for child in first["supchild2"].which_children()] == [1, 2]
    assert [child.generation for child in first["supchild1"].which_children()] == [1, 1]

    parts.failing["child3"] = 100
    parts.parts["child3"].runs = False
    parts.parts["child3"].exited(ABNORMAL)
    while below["supchild2"] is first["supchild2"] or below["supchild1"] is first["supchild1"]:
        top.settle()
    top.settle()
    assert top.states() == {"supchild1": "running", "supchild2": "running"}
    assert [str(child.key) for child in below["supchild1"].which_children()] == ["child1", "child2"]
    assert below["supchild2"].which_children() == ()
    assert top.supervisor.stop(BOUND) == ()
    assert not any(part.runs for part in parts.parts.values())


@pytest.mark.parametrize("strategy", [Strategy.ONE_FOR_ONE, Strategy.REST_FOR_ONE])
def test_hanging_restart_loop(strategy: Strategy) -> None:
    """While a start fails again and again the supervisor answers, and a terminated child is let be."""
    tree = Tree("child1", "child2", "child3", strategy=strategy, intensity=Intensity(1_000_000, 3600))
    tree.supervisor.start()
    tree.failing["child2"] = 1_000_000
    tried = threading.Event()
    tree.on_start["child2"] = tried.set
    tree.parts["child2"].runs = False
    tree.parts["child2"].exited(ABNORMAL)
    assert tried.wait(BOUND)
    assert tree.states()["child2"] == "restarting"
    with pytest.raises(AlreadyStartedError, match="child2 is restarting"):
        tree.supervisor.restart_child("child2").result(BOUND)
    with pytest.raises(AlreadyStartedError, match="child2 is restarting"):
        tree.supervisor.delete_child("child2").result(BOUND)
    assert tree.supervisor.terminate_child("child2").result(BOUND) is Termination.STOPPED
    tree.settle()
    assert tree.states() == {"child1": "running", "child2": "ended", "child3": "running"}
    assert tree.supervisor.stop(BOUND) == ()
