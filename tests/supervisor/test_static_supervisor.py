from __future__ import annotations

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from supervisor.child import ChildCounts, LastExit, State, Termination
from supervisor.errors import AlreadyStartedError, SupervisorStoppedError, UnknownChildError
from supervisor.exits import Crashed, Normal, Shutdown
from supervisor.service import Strategy
from supervisor.spec import Restart
from tests.supervisor.puppet import BOUND
from tests.supervisor.tree import BOOM, Tree

if TYPE_CHECKING:
    from collections.abc import Iterator

T0 = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def tree() -> Iterator[Tree]:
    tree = Tree("a", "b", "c", strategy=Strategy.REST_FOR_ONE)
    tree.supervisor.start()
    tree.log.clear()
    yield tree
    tree.supervisor.stop(BOUND)


def until_stopping(tree: Tree) -> None:
    """Wait until a stop on another thread has begun."""
    for _ in range(int(BOUND / 0.001)):
        if tree.supervisor.state is State.STOPPING:
            return
        threading.Event().wait(0.001)
    raise AssertionError("nobody stops it")


def test_children_start_in_order_and_stop_in_reverse() -> None:
    tree = Tree("a", "b", "c")
    tree.supervisor.start()
    assert tree.states() == {"a": "running", "b": "running", "c": "running"}
    assert tree.supervisor.stop(BOUND) == ()
    assert tree.log == ["start a", "start b", "start c", "stop c", "stop b", "stop a"]
    assert tree.states() == {"a": "ended", "b": "ended", "c": "ended"}


def test_a_child_that_cannot_start_takes_back_those_before_it() -> None:
    tree = Tree("a", "b", "c", "d")
    tree.failing["c"] = 1
    with pytest.raises(ValueError, match="boom"):
        tree.supervisor.start()
    assert tree.log == ["start a", "start b", "start c", "stop b", "stop a"]
    with pytest.raises(SupervisorStoppedError):
        tree.supervisor.start()
    assert tree.supervisor.stop(BOUND) == ()


def test_a_child_that_died_is_let_go_of_and_started_again(tree: Tree) -> None:
    assert tree.crash("c") == ["stop c", "start c"]
    child = tree.child("c")
    assert (child.state, child.generation, child.restarts) == (State.RUNNING, 2, 1)
    assert child.last_exit == LastExit(Crashed(BOOM), T0)
    assert tree.child("a").restarts == 0


@pytest.mark.parametrize(
    ("strategy", "written"),
    [
        (Strategy.ONE_FOR_ONE, ["stop b", "start b"]),
        (Strategy.REST_FOR_ONE, ["stop b", "stop c", "start b", "start c"]),
        (Strategy.ONE_FOR_ALL, ["stop b", "stop c", "stop a", "start a", "start b", "start c"]),
    ],
)
def test_the_strategy_says_who_starts_again_with_it_and_all_keep_their_order(
    strategy: Strategy, written: list[str]
) -> None:
    tree = Tree("a", "b", "c", strategy=strategy)
    tree.supervisor.start()
    assert tree.crash("b") == written
    tree.supervisor.stop(BOUND)


def test_children_that_die_together_are_each_started_once(tree: Tree) -> None:
    assert tree.crash("b", "c") == ["stop b", "stop c", "start b", "start c"]
    assert tree.child("c").generation == 2


def test_an_end_that_is_reported_twice_or_late_counts_once(tree: Tree) -> None:
    first = tree.parts["c"]
    assert tree.crash("c") == ["stop c", "start c"]
    tree.log.clear()
    first.exited(Crashed(BOOM))
    tree.settle()
    assert tree.log == []


def test_a_restart_that_fails_is_tried_again_and_counts_each_time(
    tree: Tree, caplog: pytest.LogCaptureFixture
) -> None:
    tree.failing["c"] = 2
    assert tree.crash("c") == ["stop c", "start c", "start c", "start c"]
    assert tree.states()["c"] == "running"
    assert [record.getMessage() for record in caplog.records] == [
        "c ended (crashed: ValueError); starting c",
        "the start of c failed",
        "c ended (crashed: ValueError); starting c",
        "the start of c failed",
        "c ended (crashed: ValueError); starting c",
    ]


def test_more_restarts_than_allowed_stop_everything_in_reverse_order(tree: Tree) -> None:
    for _ in range(3):
        tree.crash("c")
    tree.clock.advance(4.9)
    assert tree.crash("b") == ["stop b", "stop c", "stop a"]
    assert tree.systemic.get(timeout=BOUND) == (
        "b ended (crashed: ValueError) after 3 restarts within 5 s, so starting again does not help: "
        "all is stopped, the log has the errors"
    )
    assert isinstance(tree.supervisor.restart_child("a").exception(BOUND), SupervisorStoppedError)
    assert tree.supervisor.stop(BOUND) == ()
    assert tree.systemic.empty()


def test_restarts_that_are_long_past_do_not_count(tree: Tree) -> None:
    for _ in range(10):
        tree.clock.advance(2)
        assert tree.crash("c") == ["stop c", "start c"]
    assert tree.systemic.empty()


@pytest.mark.parametrize(
    ("restart", "reason", "left"),
    [
        (Restart.TRANSIENT, Normal(), {"a": "running", "b": "ended"}),
        (Restart.TRANSIENT, Crashed(BOOM), {"a": "running", "b": "running"}),
        (Restart.TEMPORARY, Crashed(BOOM), {"a": "running"}),
    ],
)
def test_a_child_that_is_not_started_again(
    restart: Restart, reason: Normal | Crashed, left: dict[str, str]
) -> None:
    tree = Tree("a")
    tree.supervisor.start()
    tree.supervisor.start_child(tree.spec("b", restart=restart)).result(BOUND)
    tree.end("b", reason)
    assert tree.states() == left
    tree.supervisor.stop(BOUND)


def test_a_temporary_child_is_stopped_with_others_and_not_started_again(tree: Tree) -> None:
    tree.supervisor.start_child(tree.spec("d", restart=Restart.TEMPORARY)).result(BOUND)
    assert tree.crash("c") == ["stop c", "stop d", "start c"]
    assert tree.states() == {"a": "running", "b": "running", "c": "running"}


def test_a_child_is_stopped_started_and_forgotten_by_name(tree: Tree) -> None:
    assert tree.supervisor.terminate_child("b").result(BOUND) is Termination.STOPPED
    assert tree.states() == {"a": "running", "b": "ended", "c": "running"}
    assert tree.child("b").last_exit == LastExit(Shutdown(), T0)
    assert tree.supervisor.count_children() == ChildCounts(specs=3, active=2)
    tree.supervisor.restart_child("b").result(BOUND)
    assert tree.child("b").generation == 2
    assert tree.child("b").restarts == 0
    tree.supervisor.terminate_child("b").result(BOUND)
    tree.supervisor.delete_child("b").result(BOUND)
    assert tree.states() == {"a": "running", "c": "running"}
    tree.supervisor.start_child(tree.spec("b")).result(BOUND)
    assert list(tree.states()) == ["a", "c", "b"]


def test_what_cannot_be_done_says_why(tree: Tree) -> None:
    supervisor = tree.supervisor
    assert supervisor.terminate_child("nobody").result(BOUND) is Termination.UNKNOWN
    for call in (supervisor.restart_child, supervisor.delete_child):
        with pytest.raises(UnknownChildError, match="no child nobody"):
            call("nobody").result(BOUND)
        with pytest.raises(AlreadyStartedError, match="a is running; terminate it first"):
            call("a").result(BOUND)
    with pytest.raises(AlreadyStartedError, match="a is there already"):
        supervisor.start_child(tree.spec("a")).result(BOUND)
    with pytest.raises(ValueError, match="shutdown >= 0"):
        tree.spec("d", shutdown=-1)


def test_a_child_that_is_added_and_cannot_start_is_forgotten(tree: Tree) -> None:
    tree.failing["d"] = 1
    with pytest.raises(ValueError, match="boom"):
        tree.supervisor.start_child(tree.spec("d")).result(BOUND)
    assert "d" not in tree.states()


def test_a_child_that_was_terminated_comes_back_with_its_group(tree: Tree) -> None:
    tree.supervisor.terminate_child("c").result(BOUND)
    assert tree.crash("b") == ["stop b", "start b", "start c"]


def test_a_child_terminated_between_two_tries_stays_ended_and_the_rest_starts(tree: Tree) -> None:
    terminated = []
    tree.failing["b"] = 1
    tree.on_start["b"] = lambda: terminated.append(tree.supervisor.terminate_child("b"))
    assert tree.crash("b") == ["stop b", "stop c", "start b", "start c"]
    assert terminated[0].result(BOUND) is Termination.STOPPED
    assert tree.states() == {"a": "running", "b": "ended", "c": "running"}


def test_a_try_that_finds_nobody_waiting_does_nothing(tree: Tree) -> None:
    tree.failing["c"] = 1
    tree.on_start["c"] = lambda: tree.supervisor.terminate_child("c")
    assert tree.crash("c") == ["stop c", "start c"]


def test_a_child_that_does_not_end_is_abandoned_and_said_so(
    tree: Tree, caplog: pytest.LogCaptureFixture
) -> None:
    tree.stuck.add("b")
    assert tree.supervisor.terminate_child("b").result(BOUND) is Termination.ABANDONED
    assert [r.getMessage() for r in caplog.records] == ["b, generation 1, did not end and is abandoned"]


def test_a_stop_that_raises_spares_the_others(tree: Tree, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise SystemExit

    tree.on_stop["b"] = fail
    assert tree.supervisor.stop(BOUND) == ("b",)
    assert tree.log == ["stop c", "stop b", "stop a"]
    assert "b could not be stopped" in [record.getMessage() for record in caplog.records]


def test_children_share_the_time_to_stop() -> None:
    tree = Tree()
    for name in "abc":
        tree.supervisor.start_child(tree.spec(name, shutdown=6)).result(BOUND)
    tree.on_stop["c"] = lambda: tree.clock.advance(6)
    tree.on_stop["b"] = lambda: tree.clock.advance(4)
    assert tree.supervisor.stop(10) == ()
    assert tree.seconds == {"c": 6, "b": 3, "a": 0}


def test_a_stop_hurries_what_is_being_stopped_and_starts_nothing(tree: Tree) -> None:
    stopping, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        stopping.set()
        assert go_on.wait(BOUND)

    tree.on_stop["c"] = hold
    tree.parts["b"].exited(Crashed(BOOM))
    with ThreadPoolExecutor() as pool:
        assert stopping.wait(BOUND)
        stopped = pool.submit(tree.supervisor.stop, BOUND)
        until_stopping(tree)
        go_on.set()
        assert stopped.result(BOUND) == ()
    assert tree.log == ["stop b", "stop c", "stop a"]


def test_an_end_that_is_heard_of_after_the_stop_began_is_none_too_many(tree: Tree) -> None:
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        held.set()
        assert go_on.wait(BOUND)

    for _ in range(3):
        tree.crash("c")
    tree.log.clear()
    tree.on_start["d"] = hold
    tree.supervisor.start_child(tree.spec("d"))
    assert held.wait(BOUND)
    tree.parts["c"].exited(Crashed(BOOM))
    with ThreadPoolExecutor() as pool:
        stopped = pool.submit(tree.supervisor.stop, BOUND)
        until_stopping(tree)
        go_on.set()
        assert stopped.result(BOUND) == ()
    assert tree.log == ["start d", "stop c", "stop d", "stop b", "stop a"]
    assert tree.systemic.empty()


def test_a_start_is_broken_off_by_a_stop() -> None:
    tree = Tree("a", "b")
    stopped: list[tuple[str, ...]] = []
    thread = threading.Thread(target=lambda: stopped.append(tree.supervisor.stop(BOUND)))

    def stop() -> None:
        thread.start()
        until_stopping(tree)

    tree.on_start["a"] = stop
    with pytest.raises(SupervisorStoppedError):
        tree.supervisor.start()
    thread.join(BOUND)
    assert tree.log == ["start a", "stop a"]
    assert stopped == [()]


def test_a_service_that_blocks_the_supervisor_does_not_hold_up_the_stop() -> None:
    tree, gate = Tree("a", "b"), threading.Event()
    tree.supervisor.start()
    tree.on_stop["b"] = lambda: gate.wait(BOUND)
    assert tree.supervisor.stop(0.05) == ("a", "b")
    assert tree.supervisor.which_children()[1].state is State.STOPPING
    gate.set()


def test_it_cannot_be_stopped_from_its_own_thread(tree: Tree) -> None:
    errors: queue.Queue[BaseException] = queue.Queue()

    def stop() -> None:
        try:
            tree.supervisor.stop(1)
        except RuntimeError as error:
            errors.put(error)

    tree.on_stop["c"] = stop
    tree.crash("c")
    assert "from its own thread" in str(errors.get(timeout=BOUND))


def test_a_report_after_everything_has_ended_is_nothing(tree: Tree) -> None:
    tree.supervisor.stop(BOUND)
    tree.parts["a"].exited(Crashed(BOOM))
    assert tree.supervisor.terminate_child("a").exception(BOUND) is not None


def test_a_supervisor_at_rest_says_so(tree: Tree) -> None:
    assert tree.supervisor.busy_seconds == 0
    busy: list[float] = []

    def measure() -> None:
        tree.clock.advance(3)
        busy.append(tree.supervisor.busy_seconds)

    tree.on_stop["a"] = measure
    tree.supervisor.terminate_child("a").result(BOUND)
    assert busy == [3]
