"""The cases of OTP's ``supervisor_SUITE`` that apply, under their own names.

Those of ``simple_one_for_one`` are about ``DynamicSupervisor``, all others about the static ``Supervisor``.
Ported as what happens here instead:

- *sup_stop_brutal_kill*: a thread cannot be killed; with a shutdown time of 0 nobody waits for a child.
- *sup_stop_infinity*: no waiting without a bound; a shutdown time may be longer than the time to stop.
- *simple_one_for_one*, *..._escalation*, *hanging_restart_loop_simple*: the child waits, then is parked.
- *child_specs*, *sup_flags*: what types leave to be wrong.
- *order_of_children*: Erlang shows the last one first.

Not ported, with the reason:

- *sup_start_ignore_...* (six), *simple_one_for_one_restart_ignore*, *extra_return*,
  *simple_one_for_one_extra*: a start returns nothing or raises; there is neither ``ignore`` nor more.
- *sup_start_error_return*, *sup_start_map*, *sup_start_map_faulty_specs*, *child_specs_map*: shapes of terms;
  specs are typed.
- *sup_stop_brutal_kill_dynamic*, *sup_stop_timeout_dynamic*: see ``test_dynamic_supervisor``.
- *faulty_application_shutdown*, *get_callback_module*, *simple_global_supervisor*, *code_change* (four),
  *already_started_outside_supervisor*: applications, callbacks, global names, hot upgrades of the Erlang VM.
- *child_unlink*: there are no links to undo.
- *count_children_supervisor*: children that are supervisors are not counted apart.
- *nonsignificant_...*, *significant_...* (14): there is no automatic shutdown.
- *do_not_save_start_parameters_for_temporary_children*: measures the memory of arguments.
- *simple_one_for_one_scale_many_temporary_children*, *scale_start_stop_many_children*: assert on time; see
  ``tests/benchmarks/supervision.py``.
- *external_start_no_progress_log*, *format_log_1*, *format_log_2*: Erlang's log reports.

``terminate(SupPid, CPid, child, reason)`` is an end of that kind from inside the child.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from supervisor.child import ChildCounts, Termination
from supervisor.errors import AlreadyStartedError, UnknownChildError
from supervisor.exits import Crashed, Exit, Normal, Shutdown
from supervisor.service import ServiceSpec, Strategy
from supervisor.services import SupervisorService
from supervisor.spec import Intensity, Restart
from supervisor.static import Supervisor
from tests.supervisor.house import House
from tests.supervisor.puppet import BOUND, fail
from tests.supervisor.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pykka

    from supervisor.actor import Context
    from tests.supervisor.puppet import Puppet

ABNORMAL = Crashed(ValueError("abnormal"))
IN_AN_HOUR = {limit: Intensity(limit, 3600) for limit in (2, 3, 4)}


@pytest.fixture
def trees() -> Iterator[Callable[..., Tree]]:
    """Start trees, and stop them in the end."""
    started: list[Tree] = []

    def start(*children: str, limit: int = 2, **settings: Any) -> Tree:  # noqa: ANN401 -- settings of a tree
        tree = Tree(*children, intensity=IN_AN_HOUR[limit], **settings)
        started.append(tree)
        tree.supervisor.start()
        return tree

    yield start
    for tree in started:
        tree.supervisor.stop(BOUND)


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.close()


def counts(tree: Tree) -> tuple[int, int]:
    """Return ``specs`` and ``active``."""
    children = tree.supervisor.count_children()
    return children.specs, children.active


def has_ended(tree: Tree) -> bool:
    return not tree.systemic.empty() and not any(part.runs for part in tree.parts.values())


def test_sup_start_normal(trees: Callable[..., Tree]) -> None:
    assert trees().supervisor.stop(BOUND) == ()


def test_sup_start_fail() -> None:
    tree = Tree("child1")
    tree.failing["child1"] = 1
    with pytest.raises(ValueError, match="boom"):
        tree.supervisor.start()


def test_sup_stop_infinity(trees: Callable[..., Tree]) -> None:
    tree = trees()
    for name in ("child1", "child2"):
        tree.supervisor.start_child(tree.spec(name, shutdown=1e9)).result(BOUND)
    assert tree.supervisor.stop(10) == ()
    assert tree.seconds == {"child1": 9, "child2": 9}


def test_sup_stop_timeout(trees: Callable[..., Tree]) -> None:
    tree = trees("child1", "child2")
    tree.stuck.add("child2")
    assert tree.supervisor.stop(BOUND) == ("child2",)
    assert tree.log[2:] == ["stop child2", "stop child1"]


def test_sup_stop_brutal_kill(trees: Callable[..., Tree]) -> None:
    tree = trees("child1")
    tree.supervisor.start_child(tree.spec("child2", shutdown=0)).result(BOUND)
    assert tree.supervisor.stop(10) == ()
    assert tree.seconds == {"child1": 5, "child2": 0}


def test_child_adm(trees: Callable[..., Tree]) -> None:
    tree = trees("child1")
    supervisor = tree.supervisor
    assert counts(tree) == (1, 1)
    with pytest.raises(AlreadyStartedError):
        supervisor.start_child(tree.spec("child1")).result(BOUND)

    assert supervisor.terminate_child("hej").result(BOUND) is Termination.UNKNOWN
    assert supervisor.terminate_child("child1").result(BOUND) is Termination.STOPPED
    assert tree.states() == {"child1": "ended"}
    assert counts(tree) == (1, 0)
    assert supervisor.terminate_child("child1").result(BOUND) is Termination.STOPPED
    with pytest.raises(AlreadyStartedError):
        supervisor.start_child(tree.spec("child1")).result(BOUND)

    supervisor.restart_child("child1").result(BOUND)
    assert tree.states() == {"child1": "running"}
    with pytest.raises(AlreadyStartedError):
        supervisor.restart_child("child1").result(BOUND)
    with pytest.raises(UnknownChildError):
        supervisor.restart_child("child2").result(BOUND)

    with pytest.raises(AlreadyStartedError):
        supervisor.delete_child("child1").result(BOUND)
    with pytest.raises(UnknownChildError):
        supervisor.delete_child("hej").result(BOUND)
    supervisor.terminate_child("child1").result(BOUND)
    supervisor.delete_child("child1").result(BOUND)
    with pytest.raises(UnknownChildError):
        supervisor.restart_child("child1").result(BOUND)
    assert counts(tree) == (0, 0)

    supervisor.start_child(tree.spec("child1")).result(BOUND)
    assert counts(tree) == (1, 1)


def test_child_adm_simple(house: House) -> None:
    assert house.supervisor.which_children() == ()
    house.start("child1")
    house.start("child2")
    assert {child.key for child in house.supervisor.which_children()} == {"child1", "child2"}
    assert house.supervisor.count_children() == ChildCounts(specs=2, active=2)
    assert house.supervisor.terminate_child("child1").result(BOUND) is Termination.STOPPED
    assert house.supervisor.count_children() == ChildCounts(specs=1, active=1)
    assert house.supervisor.terminate_child("child1").result(BOUND) is Termination.UNKNOWN


def test_child_specs(trees: Callable[..., Tree]) -> None:
    with pytest.raises(ValueError, match="shutdown >= 0"):
        trees().spec("child", shutdown=-10)


def test_sup_flags() -> None:
    for max_restarts, seconds in ((0, 3600), (2, 0)):
        with pytest.raises(ValueError, match="max_restarts >= 1 and seconds > 0"):
            Intensity(max_restarts, seconds)


@pytest.mark.parametrize(
    ("restart", "reason", "left"),
    [
        pytest.param(Restart.PERMANENT, Normal(), {"child1": "running"}, id="permanent_normal"),
        pytest.param(Restart.TRANSIENT, Normal(), {"child1": "ended"}, id="transient_normal"),
        pytest.param(Restart.TEMPORARY, Normal(), {}, id="temporary_normal"),
        pytest.param(Restart.PERMANENT, Shutdown(), {"child1": "running"}, id="permanent_shutdown"),
        pytest.param(Restart.TRANSIENT, Shutdown(), {"child1": "ended"}, id="transient_shutdown"),
        pytest.param(Restart.TEMPORARY, Shutdown(), {}, id="temporary_shutdown"),
        pytest.param(Restart.PERMANENT, ABNORMAL, {"child1": "running"}, id="permanent_abnormal"),
        pytest.param(Restart.TRANSIENT, ABNORMAL, {"child1": "running"}, id="transient_abnormal"),
        pytest.param(Restart.TEMPORARY, ABNORMAL, {}, id="temporary_abnormal"),
    ],
)
def test_termination(
    trees: Callable[..., Tree], restart: Restart, reason: Exit, left: dict[str, str]
) -> None:
    tree = trees()
    tree.supervisor.start_child(tree.spec("child1", restart=restart)).result(BOUND)
    tree.end("child1", reason)
    assert tree.states() == left
    assert counts(tree) == (len(left), list(left.values()).count("running"))


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
    assert counts(tree) == (2, 2)
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
    assert counts(tree) == (2, 2)
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
    assert counts(tree) == (3, 3)
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
    house.start("child1", start=partial(start_that_fails_but_once, house), intensity=IN_AN_HOUR[4])
    house.start("child2")
    house.crash("child1")
    for state in ("restarting", "restarting", "restarting", "parked"):
        house.clock.advance(60)
        assert house.change("child1") == state
    assert house.shown("child2").generation == 1
    assert house.systemic.empty()


def test_tree() -> None:
    parts = Tree()
    below: dict[str, Supervisor] = {}

    def start(name: str, children: tuple[str, ...], on_systemic: Callable[[str], None]) -> Supervisor:
        supervisor = Supervisor(
            [parts.spec(child) for child in children],
            on_systemic=on_systemic,
            intensity=IN_AN_HOUR[4],
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


@pytest.mark.parametrize("strategy", list(Strategy))
@pytest.mark.parametrize("reason", [Normal(), Shutdown(), ABNORMAL, None])
def test_do_not_save_child_specs_for_temporary_children(
    trees: Callable[..., Tree], strategy: Strategy, reason: Exit | None
) -> None:
    """``None`` is an end at the wish of the supervisor."""
    tree = trees(strategy=strategy)
    for restart in Restart:
        name = restart.value
        tree.supervisor.start_child(tree.spec(name, restart=restart)).result(BOUND)
        if reason is None:
            tree.supervisor.terminate_child(name).result(BOUND)
        else:
            tree.end(name, reason)
        again = tree.supervisor.start_child(tree.spec(name, restart=restart)).exception(BOUND)
        assert isinstance(again, AlreadyStartedError) is (restart is not Restart.TEMPORARY)


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


def test_hanging_restart_loop_simple(house: House) -> None:
    house.start("child1", start=partial(start_that_fails_but_once, house))
    house.crash("child1")
    house.clock.advance(60)
    assert house.change("child1") == "restarting"
    assert house.supervisor.terminate_child("child1").result(BOUND) is Termination.STOPPED
    assert house.change("child1") == "ended"
    house.start("child2")
    assert house.supervisor.count_children() == ChildCounts(specs=1, active=1)


def test_order_of_children(trees: Callable[..., Tree]) -> None:
    tree = trees("child1", "child2", "child3", limit=4, strategy=Strategy.REST_FOR_ONE)
    tree.supervisor.start_child(tree.spec("child4")).result(BOUND)
    assert list(tree.states()) == ["child1", "child2", "child3", "child4"]
    tree.crash("child2")
    assert list(tree.states()) == ["child1", "child2", "child3", "child4"]


def test_which_children(trees: Callable[..., Tree]) -> None:
    assert trees("child1").states() == {"child1": "running"}


def test_which_children_simple_one_for_one(house: House) -> None:
    house.start("child1")
    assert [str(child.key) for child in house.supervisor.which_children()] == ["child1"]
    house.do(fail(ValueError("abnormal")), "child1")
    assert house.change("child1") == "restarting"
    assert [str(child.state) for child in house.supervisor.which_children()] == ["restarting"]
