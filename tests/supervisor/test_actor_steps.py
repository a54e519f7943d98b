"""A handler works in steps, and between them it can be told to stop or see a reason to give way."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from supervisor.exits import Shutdown
from tests.supervisor.messages import Do, Poll, Webhook
from tests.supervisor.puppet import BOUND, Stage, hold_until

if TYPE_CHECKING:
    from supervisor.actor import SupervisedActor


def test_a_handler_ends_at_the_next_checkpoint_when_its_supervisor_wants_it_to_stop(stage: Stage) -> None:
    gate, entered = threading.Event(), threading.Event()

    def two_steps(actor: SupervisedActor) -> None:
        hold_until(gate, entered)(actor)
        stage.journal.put(f"stopping {actor.stopping}")
        actor.checkpoint()
        stage.journal.put("second step")

    context = stage.context()
    stage.start(context).tell(Do(two_steps))
    assert entered.wait(BOUND)
    context.stopping.set()
    gate.set()
    assert stage.the_exit().reason == Shutdown()
    assert stage.written() == ["setup 1", "stopping True", "teardown 1"]


def test_a_handler_ends_at_the_next_checkpoint_when_it_is_fenced(stage: Stage) -> None:
    context = stage.context()
    context.fence.close()
    stage.start(context).tell(Do(lambda actor: actor.checkpoint()))
    assert stage.the_exit().reason == Shutdown()


def test_a_checkpoint_lets_an_actor_pass_that_may_go_on(stage: Stage) -> None:
    ref = stage.start()
    ref.ask(Do(lambda actor: actor.checkpoint()), timeout=BOUND)
    assert ref.stop()
    stage.the_exit()


def test_a_handler_sees_that_a_newer_message_supersedes_its_work(stage: Stage) -> None:
    seen = []

    def look(actor: SupervisedActor) -> None:
        seen.append(actor.superseded_by(Webhook))
        ref.tell(Webhook(("newer",)))
        seen.append(actor.superseded_by(Webhook))
        seen.append(actor.superseded_by(Poll))

    ref = stage.start()
    ref.ask(Do(look), timeout=BOUND)
    ref.stop()
    assert stage.the_exit().unread in {(Webhook(("newer",)),), ()}
    assert seen == [False, True, False]


def test_an_actor_sends_itself_a_message_after_a_while(stage: Stage) -> None:
    ref = stage.start()
    ref.tell(Do(lambda actor: actor.send_after(0.01, Poll())))
    assert stage.journal.get(timeout=BOUND) == "setup 1"
    assert stage.journal.get(timeout=BOUND) == Poll()
    ref.stop()
    stage.the_exit()


def test_its_thread_carries_the_key(stage: Stage) -> None:
    ref = stage.start(stage.context("GitRepository/default/app"))
    ref.ask(Do(lambda _: stage.journal.put(threading.current_thread().name)), timeout=BOUND)
    ref.stop()
    stage.the_exit()
    assert stage.written() == ["setup 1", "GitRepository/default/app", "teardown 1"]
