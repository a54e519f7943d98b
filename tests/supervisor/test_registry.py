from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import pytest

from supervisor.registry import Delivery, Registry
from tests.supervisor.messages import Do, Poll, Unmergeable, Webhook
from tests.supervisor.puppet import BOUND, Stage, fail, hold_until, nothing

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pykka

    from tests.supervisor.puppet import Puppet


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def finish(stage: Stage, ref: pykka.ActorRef[Puppet]) -> list[object]:
    """Let the actor read all it has, end it, and return what it read."""
    ref.ask(Do(nothing_at_all), timeout=BOUND)
    ref.stop()
    stage.the_exit()
    return [entry for entry in stage.written() if not isinstance(entry, str)]


def nothing_at_all(_: object) -> None:
    pass


def test_a_running_actor_gets_its_message(registry: Registry, stage: Stage) -> None:
    ref = stage.start()
    registry.bind("app", ref)
    assert registry.send("app", Webhook(("a",))) is Delivery.DELIVERED
    assert registry.keys() == ("app",)
    assert finish(stage, ref) == [Webhook(("a",))]


def test_a_key_that_nobody_has_is_unknown(registry: Registry) -> None:
    assert registry.send("nobody", Poll()) is Delivery.UNKNOWN
    assert registry.unbind("nobody") == 0
    assert registry.keys() == ()


def test_messages_to_a_restarting_actor_are_kept_one_of_a_type_and_delivered_at_its_start(
    registry: Registry, stage: Stage
) -> None:
    registry.hold("app", nothing)
    assert [registry.send("app", Webhook((commit,))) for commit in "abc"] == [Delivery.RESTARTING] * 3
    assert registry.send("app", Poll()) is Delivery.RESTARTING
    ref = stage.start()
    registry.bind("app", ref)
    assert finish(stage, ref) == [Webhook(("a", "b", "c")), Poll()]


def test_the_first_message_while_waiting_wakes_once(registry: Registry) -> None:
    woken: list[str] = []
    registry.hold("app", lambda: woken.append("first"))
    registry.send("app", Webhook())
    registry.send("app", Poll())
    assert woken == ["first"]
    registry.hold("app", lambda: woken.append("second"))
    registry.send("app", Poll())
    assert woken == ["first", "second"]


def test_a_message_to_an_actor_whose_end_is_not_known_yet_is_kept(registry: Registry, stage: Stage) -> None:
    ref = stage.start()
    registry.bind("app", ref)
    ref.tell(Do(fail(ValueError("boom"))))
    unread = stage.the_exit().unread
    assert registry.send("app", Webhook(("a",))) is Delivery.RESTARTING
    assert registry.hold("app", nothing, unread) is True
    successor = stage.start()
    registry.bind("app", successor)
    assert finish(stage, successor) == [Webhook(("a",))]


def test_unread_messages_go_before_those_that_came_since(registry: Registry, stage: Stage) -> None:
    ref = stage.start()
    registry.bind("app", ref)
    ref.stop()
    stage.the_exit()
    registry.send("app", Webhook(("newer",)))
    registry.hold("app", nothing, (Webhook(("unread",)), Poll()))
    successor = stage.start()
    registry.bind("app", successor)
    assert finish(stage, successor) == [Webhook(("unread", "newer")), Poll()]


def test_unread_messages_alone_are_no_reason_to_hurry(registry: Registry) -> None:
    assert registry.hold("app", nothing, (Poll(),)) is False


def test_what_a_successor_did_not_take_because_it_ended_at_once_stays(
    registry: Registry, stage: Stage
) -> None:
    registry.hold("app", nothing)
    registry.send("app", Webhook(("a",)))
    stillborn = stage.start(setup=fail(ValueError("boom")))
    stage.the_exit()
    registry.bind("app", stillborn)
    registry.hold("app", nothing)
    successor = stage.start()
    registry.bind("app", successor)
    assert finish(stage, successor) == [Webhook(("a",))]


def test_a_kept_message_that_cannot_be_merged_is_lost_with_a_word_and_holds_up_nothing(
    registry: Registry, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    registry.hold("app", nothing, (Unmergeable(), Unmergeable(), Webhook(("a",))))
    told = threading.Event()
    ref = stage.start(setup=lambda: told.wait(BOUND))
    ref.tell(Unmergeable())
    registry.bind("app", ref)
    told.set()
    assert [type(message) for message in finish(stage, ref)] == [Webhook, Unmergeable]
    assert [record.getMessage() for record in caplog.records] == [
        "a Unmergeable to app cannot be merged and is lost"
    ] * 2


def test_a_message_that_cannot_be_merged_tells_its_sender(registry: Registry) -> None:
    registry.hold("app", nothing)
    registry.send("app", Unmergeable())
    with pytest.raises(ValueError, match="cannot be merged"):
        registry.send("app", Unmergeable())


def test_forgetting_a_key_tells_how_much_is_lost(registry: Registry) -> None:
    registry.hold("app", nothing)
    registry.send("app", Poll())
    assert registry.unbind("app") == 1
    assert registry.send("app", Poll()) is Delivery.UNKNOWN


@pytest.mark.usefixtures("frequent_switches")
def test_no_message_is_lost_in_a_race_with_the_end_of_the_actor(registry: Registry, stage: Stage) -> None:
    sent = 0
    received: list[str] = []
    for _ in range(100):
        gate, entered, start = threading.Event(), threading.Event(), threading.Barrier(2)
        ref = stage.start()
        registry.bind("app", ref)
        ref.tell(Do(hold_until(gate, entered)))
        entered.wait(BOUND)

        def stop(
            ref: pykka.ActorRef[Puppet] = ref,
            gate: threading.Event = gate,
            start: threading.Barrier = start,
        ) -> None:
            start.wait(BOUND)
            ref.stop(block=False)
            gate.set()

        stopper = threading.Thread(target=stop)
        stopper.start()
        start.wait(BOUND)
        for _ in range(5):
            registry.send("app", Webhook((str(sent),)))
            sent += 1
        stopper.join(BOUND)
        registry.hold("app", nothing, stage.the_exit().unread)
        for entry in stage.written():
            received += entry.commits if isinstance(entry, Webhook) else ()
    last = stage.start()
    registry.bind("app", last)
    for message in finish(stage, last):
        assert isinstance(message, Webhook)
        received += message.commits
    assert received == [str(number) for number in range(sent)]
