"""The cases of OTP's ``supervisor_SUITE`` that apply, under their own names.

Those about strategies stand in ``test_supervisor_suite_restarts``, those about children which come and go in
``test_supervisor_suite_simple``.
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

from typing import TYPE_CHECKING

import pytest

from supervisor.child import Termination
from supervisor.errors import AlreadyStartedError, UnknownChildError
from supervisor.exits import Crashed, Exit, Normal, Shutdown
from supervisor.service import Strategy
from supervisor.spec import Intensity, Restart
from tests.supervisor.puppet import BOUND
from tests.supervisor.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable


ABNORMAL = Crashed(ValueError("abnormal"))


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
    assert tree.counts() == (1, 1)
    with pytest.raises(AlreadyStartedError):
        supervisor.start_child(tree.spec("child1")).result(BOUND)

    assert supervisor.terminate_child("hej").result(BOUND) is Termination.UNKNOWN
    assert supervisor.terminate_child("child1").result(BOUND) is Termination.STOPPED
    assert tree.states() == {"child1": "ended"}
    assert tree.counts() == (1, 0)
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
    assert tree.counts() == (0, 0)

    supervisor.start_child(tree.spec("child1")).result(BOUND)
    assert tree.counts() == (1, 1)


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
    assert tree.counts() == (len(left), list(left.values()).count("running"))


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


def test_order_of_children(trees: Callable[..., Tree]) -> None:
    tree = trees("child1", "child2", "child3", limit=4, strategy=Strategy.REST_FOR_ONE)
    tree.supervisor.start_child(tree.spec("child4")).result(BOUND)
    assert list(tree.states()) == ["child1", "child2", "child3", "child4"]
    tree.crash("child2")
    assert list(tree.states()) == ["child1", "child2", "child3", "child4"]


def test_which_children(trees: Callable[..., Tree]) -> None:
    assert trees("child1").states() == {"child1": "running"}
