"""What we rely on in pykka 4.5 besides its documentation; a new version that breaks this fails here first."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import pykka
import pytest
from pykka._envelope import Envelope

from supervisor.mailbox import Mailbox
from tests.supervisor.messages import Do, Poll
from tests.supervisor.puppet import BOUND, Puppet, Stage, fail

if TYPE_CHECKING:
    from collections.abc import Iterator


class WatchedMailbox(Mailbox):
    """Notes what pykka calls on an inbox."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401 -- any attribute
        caller = sys._getframe(1).f_globals["__name__"]
        if caller.startswith("pykka"):
            self.calls.append(name)
        return super().__getattribute__(name)


class WatchedPuppet(Puppet):
    inboxes = 0

    def _create_actor_inbox(self) -> WatchedMailbox:  # type: ignore[override]  # see SupervisedActor
        WatchedPuppet.inboxes += 1
        self.mailbox = WatchedMailbox()
        return self.mailbox


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def test_pykka_makes_one_inbox_and_calls_only_put_get_and_empty(stage: Stage) -> None:
    ref = WatchedPuppet.start(stage.context(), stage.journal)
    ref.ask(Poll(), timeout=BOUND)
    ref.stop()
    stage.the_exit()
    assert WatchedPuppet.inboxes == 1
    mailbox = ref.actor_inbox
    assert isinstance(mailbox, WatchedMailbox)
    assert set(mailbox.calls) == {"put", "get", "empty"}


def test_all_messages_are_handled_on_one_daemon_thread_of_the_actor(stage: Stage) -> None:
    threads: list[threading.Thread] = []
    ref = stage.start()
    for _ in range(2):
        ref.ask(Do(lambda _: threads.append(threading.current_thread())), timeout=BOUND)
    ref.stop()
    stage.the_exit()
    first, second = threads
    assert first is second is not threading.current_thread()
    assert first.daemon


def test_an_envelope_has_a_message_and_a_reply() -> None:
    envelope = Envelope(Poll())
    assert (envelope.message, envelope.reply_to) == (Poll(), None)


def test_system_exit_does_not_reach_the_loop_that_would_stop_all_actors(stage: Stage) -> None:
    others = [stage.start(stage.context(f"other {number}")) for number in range(3)]
    stage.start().tell(Do(fail(SystemExit())))
    stage.the_exit()
    assert [other.is_alive() for other in others] == [True, True, True]
    pykka.ActorRegistry.stop_all()
    for _ in others:
        stage.exits.get(timeout=BOUND)


@pytest.mark.usefixtures("frequent_switches")
def test_no_ask_is_lost_in_a_race_with_the_end_of_the_actor(stage: Stage) -> None:
    answers = []
    for _ in range(300):
        ref = stage.start()
        start = threading.Barrier(2)

        def stop(ref: pykka.ActorRef[Puppet] = ref, start: threading.Barrier = start) -> None:
            start.wait(BOUND)
            ref.stop(block=False)

        stopper = threading.Thread(target=stop)
        stopper.start()
        start.wait(BOUND)
        try:
            answers.append(ref.ask(Poll(), timeout=BOUND))
        except pykka.ActorDeadError:
            answers.append("dead")
        stopper.join(BOUND)
        stage.exits.get(timeout=BOUND)
    assert len(answers) == 300
    assert set(answers) <= {None, "dead"}
