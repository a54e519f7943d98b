"""Whatever ends an actor, its end is reported once, with the right reason, as the last thing it does."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pykka
import pytest

from supervisor.actor import StoppedError
from supervisor.deadline import DeadlineExceededError, FencedError
from supervisor.exits import Crashed, Normal, Shutdown
from tests.supervisor.messages import Do, Poll, Reconcile, Unmergeable, Webhook
from tests.supervisor.puppet import BOUND, Stage, fail, hold_until

if TYPE_CHECKING:
    from supervisor.actor import SupervisedActor

BOOM = ValueError("boom")
ENDS = [ValueError, MemoryError, SystemExit, KeyboardInterrupt, GeneratorExit]


def crashed(stage: Stage) -> type[BaseException]:
    reason = stage.the_exit().reason
    assert isinstance(reason, Crashed)
    return type(reason.error)


def test_an_actor_that_is_told_to_stop_by_its_supervisor_ends_as_a_shutdown(stage: Stage) -> None:
    context = stage.context()
    ref = stage.start(context)
    context.stopping.set()
    ref.stop()
    exited = stage.the_exit()
    assert (exited.key, exited.generation, exited.reason, exited.unread) == ("puppet", 1, Shutdown(), ())
    assert stage.written() == ["setup 1", "teardown 1"]


def test_an_actor_that_stops_by_itself_ends_normally(stage: Stage) -> None:
    stage.start().tell(Do(lambda actor: actor.stop()))
    assert stage.the_exit().reason == Normal()


@pytest.mark.parametrize("error", ENDS)
def test_an_error_in_setup_is_a_crash_and_there_is_no_teardown(
    stage: Stage, error: type[BaseException]
) -> None:
    stage.start(setup=fail(error("boom")))
    assert crashed(stage) is error
    assert stage.written() == ["setup 1"]


@pytest.mark.parametrize("error", ENDS)
def test_an_error_in_a_handler_is_a_crash_and_teardown_follows(
    stage: Stage, error: type[BaseException]
) -> None:
    stage.start().tell(Do(fail(error("boom"))))
    assert crashed(stage) is error
    assert stage.written() == ["setup 1", "teardown 1"]


@pytest.mark.parametrize("error", ENDS)
def test_an_error_in_teardown_is_a_crash(stage: Stage, error: type[BaseException]) -> None:
    stage.start(teardown=fail(error("boom"))).stop()
    assert crashed(stage) is error


def test_a_teardown_that_is_fenced_is_no_crash(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.start(teardown=fail(FencedError("x"))).stop()
    assert stage.the_exit().reason == Shutdown()
    assert caplog.records == []


def test_the_report_comes_after_the_teardown(stage: Stage) -> None:
    reported: list[bool] = []
    stage.start(teardown=lambda: reported.append(not stage.exits.empty())).stop()
    stage.the_exit()
    assert reported == [False]


def test_the_first_error_counts_when_teardown_fails_too(stage: Stage) -> None:
    stage.start(teardown=fail(ValueError("second"))).tell(Do(fail(KeyError("first"))))
    assert crashed(stage) is KeyError


def test_a_merge_that_fails_for_a_timer_is_a_crash(stage: Stage) -> None:
    def send_two(actor: SupervisedActor) -> None:
        actor.send_after(0, Unmergeable())
        actor.send_after(0, Unmergeable())

    stage.start().tell(Do(send_two))
    assert crashed(stage) is ValueError
    assert stage.written() == ["setup 1", "teardown 1"]


def test_system_exit_ends_only_the_actor_that_raised_it(stage: Stage) -> None:
    sibling = stage.start(stage.context("sibling"))
    stage.start().tell(Do(fail(SystemExit(1))))
    assert crashed(stage) is SystemExit
    assert sibling.is_alive()
    sibling.stop()
    stage.the_exit()


@pytest.mark.parametrize("error", [StoppedError("x"), FencedError("x")])
def test_stopped_and_fenced_are_a_shutdown(stage: Stage, error: Exception) -> None:
    stage.start().tell(Do(fail(error)))
    assert stage.the_exit().reason == Shutdown()


def test_fenced_out_of_setup_is_a_shutdown(stage: Stage) -> None:
    stage.start(setup=fail(FencedError("x")))
    assert stage.the_exit().reason == Shutdown()


def test_a_deadline_that_passes_is_a_crash_but_a_shutdown_while_stopping(stage: Stage) -> None:
    stage.start().tell(Do(fail(DeadlineExceededError("x"))))
    assert crashed(stage) is DeadlineExceededError
    context = stage.context()
    context.stopping.set()
    stage.start(context).tell(Do(fail(DeadlineExceededError("x"))))
    assert stage.the_exit().reason == Shutdown()


def test_a_stop_overtakes_queued_work_which_comes_back_with_the_report(stage: Stage) -> None:
    gate, entered = threading.Event(), threading.Event()
    ref = stage.start()
    ref.tell(Do(hold_until(gate, entered)))
    assert entered.wait(BOUND)
    for message in (Reconcile(), Webhook(("a",)), Webhook(("b",)), Poll()):
        ref.tell(message)
    stopped = ref.stop(block=False)
    gate.set()
    assert stage.the_exit().unread == (Webhook(("a", "b")), Poll(), Reconcile())
    assert stopped.get(timeout=BOUND) is True
    assert stage.written() == ["setup 1", "teardown 1"]


def test_what_waits_when_a_handler_crashes_comes_back_with_the_report(stage: Stage) -> None:
    gate, entered = threading.Event(), threading.Event()

    def hang_and_crash(actor: SupervisedActor) -> None:
        hold_until(gate, entered)(actor)
        raise BOOM

    ref = stage.start()
    ref.tell(Do(hang_and_crash))
    assert entered.wait(BOUND)
    ref.tell(Webhook(("a",)))
    gate.set()
    assert stage.the_exit().unread == (Webhook(("a",)),)


def test_asks_are_answered_by_a_crash_a_shutdown_and_an_end(stage: Stage) -> None:
    crashing = stage.start().ask(Do(fail(ValueError("boom"))), block=False)
    with pytest.raises(ValueError, match="boom"):
        crashing.get(timeout=BOUND)
    assert crashed(stage) is ValueError

    fenced = stage.start().ask(Do(fail(FencedError("x"))), block=False)
    assert fenced.get(timeout=BOUND) is None
    assert stage.the_exit().reason == Shutdown()

    gate, entered = threading.Event(), threading.Event()
    ref = stage.start()
    ref.tell(Do(hold_until(gate, entered)))
    assert entered.wait(BOUND)
    ref.stop(block=False)
    unread = ref.ask(Poll(), block=False)
    gate.set()
    with pytest.raises(pykka.ActorDeadError, match="ended before it read"):
        unread.get(timeout=BOUND)
    assert stage.the_exit().unread == ()


def test_the_report_of_a_crash_keeps_no_frames_of_the_dead_actor(stage: Stage) -> None:
    def chained(_: SupervisedActor) -> None:
        try:
            fail(KeyError("cause"))()
        except KeyError as cause:
            raise BOOM from cause

    stage.start().tell(Do(chained))
    reason = stage.the_exit().reason
    assert isinstance(reason, Crashed)
    assert reason.error is BOOM
    assert reason.error.__traceback__ is None
    assert isinstance(reason.error.__cause__, KeyError)
    assert reason.error.__cause__.__traceback__ is None


def test_exits_read_well_and_tell_nothing_that_an_error_may_hold() -> None:
    assert [str(Normal()), str(Shutdown()), str(Crashed(ValueError("token=secret")))] == [
        "normal", "shutdown", "crashed: ValueError",
    ]  # fmt: skip
