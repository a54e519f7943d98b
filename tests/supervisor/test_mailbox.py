from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pykka
import pytest
from pykka._envelope import Envelope

from supervisor.clock import SystemClock
from supervisor.mailbox import PATIENCE, Backlog, Mailbox, Message
from tests.supervisor.messages import Poll, Reconcile, Resync, Startup, Unmergeable, Webhook

if TYPE_CHECKING:
    from tests.supervisor.manual_clock import ManualClock


@pytest.fixture
def mailbox(clock: ManualClock) -> Mailbox:
    return Mailbox(clock)


def put(mailbox: Mailbox, *messages: object) -> None:
    for message in messages:
        mailbox.put(Envelope(message))


def read_all(mailbox: Mailbox) -> list[Any]:
    read = []
    while not mailbox.empty():
        read.append(mailbox.get().message)
    return read


def test_lanes_are_read_by_priority(mailbox: Mailbox) -> None:
    put(mailbox, Startup(), Reconcile(), Poll(), Webhook(("a",)))
    assert read_all(mailbox) == [Webhook(("a",)), Poll(), Reconcile(), Startup()]


def test_messages_of_one_lane_are_read_in_order(mailbox: Mailbox) -> None:
    put(mailbox, Resync(), Webhook())
    assert read_all(mailbox) == [Resync(), Webhook()]


def test_what_is_no_message_of_ours_overtakes_everything(mailbox: Mailbox) -> None:
    put(mailbox, Webhook(), "stop")
    assert read_all(mailbox) == ["stop", Webhook()]


def test_messages_of_one_type_are_merged_into_the_waiting_one_which_keeps_its_place(mailbox: Mailbox) -> None:
    put(mailbox, Webhook(("a",)), Resync("first"), Webhook(("b",)), Resync("second"), Webhook(("c",)))
    assert read_all(mailbox) == [Webhook(("a", "b", "c")), Resync("second")]


def test_a_message_that_was_read_is_not_merged_into(mailbox: Mailbox) -> None:
    put(mailbox, Webhook(("a",)))
    assert mailbox.get().message == Webhook(("a",))
    put(mailbox, Webhook(("b",)))
    assert read_all(mailbox) == [Webhook(("b",))]


def test_a_message_that_is_asked_for_is_never_merged(mailbox: Mailbox) -> None:
    put(mailbox, Webhook(("a",)))
    mailbox.put(Envelope(Webhook(("asked",)), reply_to=pykka.ThreadingFuture()))
    put(mailbox, Webhook(("b",)))
    assert read_all(mailbox) == [Webhook(("a", "b")), Webhook(("asked",))]


def test_what_waits_can_be_taken_out_but_what_is_asked_for_and_what_is_not_ours(mailbox: Mailbox) -> None:
    put(mailbox, Poll(), "stop", Webhook(("a",)), Resync())
    mailbox.put(Envelope(Webhook(("asked",)), reply_to=pykka.ThreadingFuture()))
    put(mailbox, Webhook(("b",)))
    assert mailbox.take() == (Webhook(("a", "b")), Resync(), Poll())
    assert mailbox.take() == ()
    put(mailbox, Webhook(("c",)))
    assert read_all(mailbox) == ["stop", Webhook(("asked",)), Webhook(("c",))]


def test_a_merge_that_raises_tells_the_sender_and_changes_nothing(mailbox: Mailbox) -> None:
    put(mailbox, Unmergeable())
    with pytest.raises(ValueError, match="cannot be merged"):
        put(mailbox, Unmergeable())
    assert read_all(mailbox) == [Unmergeable()]


def test_proxy_calls_are_refused(mailbox: Mailbox) -> None:
    with pytest.raises(TypeError, match="no proxy calls"):
        put(mailbox, pykka.messages.ProxyCall(("handle",), (), {}))
    assert mailbox.empty()


def test_after_five_webhooks_in_a_row_one_waiting_reconcile_goes_through(mailbox: Mailbox) -> None:
    put(mailbox, Reconcile())
    read = []
    for number in range(7):
        put(mailbox, Webhook((str(number),)))
        read.append(mailbox.get().message)
    assert read == [Webhook(("0",)), Webhook(("1",)), Webhook(("2",)), Webhook(("3",)), Webhook(("4",)),
                    Reconcile(), Webhook(("5", "6"))]  # fmt: skip


def test_what_has_waited_longest_below_goes_through_first(mailbox: Mailbox, clock: ManualClock) -> None:
    put(mailbox, Startup())
    clock.advance(1)
    put(mailbox, Poll())
    passed = []
    for _ in range(2 * (PATIENCE + 1)):
        put(mailbox, Webhook())
        passed.append(mailbox.get().message)
    assert [message for message in passed if message != Webhook()] == [Startup(), Poll()]


def test_webhooks_count_only_while_something_waits_below(mailbox: Mailbox) -> None:
    for _ in range(PATIENCE):
        put(mailbox, Webhook())
        mailbox.get()
    put(mailbox, Webhook(), Reconcile())
    assert read_all(mailbox) == [Webhook(), Reconcile()]


def test_counting_begins_again_when_nothing_waits_below_any_more(mailbox: Mailbox) -> None:
    put(mailbox, Reconcile())
    for _ in range(PATIENCE - 1):
        put(mailbox, Webhook())
        mailbox.get()
    assert read_all(mailbox) == [Reconcile()]
    put(mailbox, Reconcile())
    for _ in range(PATIENCE):
        put(mailbox, Webhook())
        assert mailbox.get().message == Webhook()


def test_a_timer_puts_its_message_in_when_its_time_has_come(mailbox: Mailbox, clock: ManualClock) -> None:
    mailbox.send_after(5, Poll())
    put(mailbox, Reconcile())
    clock.advance(4.9)
    assert mailbox.get().message == Reconcile()
    assert mailbox.empty()
    clock.advance(0.1)
    assert mailbox.get().message == Poll()


def test_timers_fire_by_time_and_merge_like_any_message(mailbox: Mailbox, clock: ManualClock) -> None:
    mailbox.send_after(2, Webhook(("later",)))
    mailbox.send_after(1, Webhook(("sooner",)))
    clock.advance(3)
    assert mailbox.get().message == Webhook(("sooner", "later"))


def test_a_cancelled_timer_sends_nothing_and_the_others_still_do(
    mailbox: Mailbox, clock: ManualClock
) -> None:
    messages = {3: Resync("3"), 1: Poll(), 2: Resync("2")}
    timers = [mailbox.send_after(seconds, message) for seconds, message in messages.items()]
    timers[1].cancel()
    timers[1].cancel()
    clock.advance(2)
    assert mailbox.get().message == Resync("2")
    assert mailbox.empty()
    clock.advance(1)
    assert mailbox.get().message == Resync("3")


def test_cancelling_a_timer_whose_time_has_come_changes_nothing(mailbox: Mailbox, clock: ManualClock) -> None:
    timer = mailbox.send_after(1, Poll())
    put(mailbox, Webhook())
    clock.advance(1)
    assert mailbox.get().message == Webhook()
    timer.cancel()
    assert read_all(mailbox) == [Poll()]


def test_a_reader_that_waits_is_woken_by_a_message() -> None:
    mailbox = Mailbox(SystemClock())
    reader, read = read_in_thread(mailbox)
    put(mailbox, Poll())
    reader.join(10)
    assert read == [Poll()]


def test_a_reader_that_waits_is_woken_by_a_timer(mailbox: Mailbox, clock: ManualClock) -> None:
    reader, read = read_in_thread(mailbox)
    mailbox.send_after(60, Poll())
    clock.advance(60)
    reader.join(10)
    assert read == [Poll()]


def test_a_timer_wakes_its_reader_in_real_time_too() -> None:
    mailbox = Mailbox()
    mailbox.send_after(0.01, Poll())
    assert mailbox.get().message == Poll()


def test_a_reader_that_waits_is_let_go_when_the_mailbox_closes(mailbox: Mailbox) -> None:
    reader, read = read_in_thread(mailbox)
    mailbox.close()
    reader.join(10)
    assert [type(error) for error in read] == [pykka.ActorDeadError]


def test_closing_returns_what_was_never_read_and_refuses_what_comes_later(mailbox: Mailbox) -> None:
    mailbox.send_after(0, Startup())
    put(mailbox, Reconcile(), Webhook(("a",)))
    assert [envelope.message for envelope in mailbox.close()] == [Webhook(("a",)), Reconcile()]
    assert mailbox.close() == []
    assert mailbox.empty()
    assert not mailbox.waiting(Webhook)
    with pytest.raises(pykka.ActorDeadError):
        put(mailbox, Poll())


def test_a_timer_of_a_closed_mailbox_sends_nothing(mailbox: Mailbox, clock: ManualClock) -> None:
    mailbox.close()
    mailbox.send_after(1, Poll()).cancel()
    mailbox.send_after(1, Poll())
    clock.advance(1)
    assert mailbox.close() == []
    with pytest.raises(pykka.ActorDeadError):
        mailbox.get()


def test_a_handler_can_see_what_waits_without_reading_it(mailbox: Mailbox) -> None:
    put(mailbox, Webhook())
    assert mailbox.waiting(Poll, Webhook)
    assert not mailbox.waiting(Poll, Reconcile)
    mailbox.get()
    assert not mailbox.waiting(Webhook)


def test_the_backlog_tells_depth_and_the_age_of_the_oldest(mailbox: Mailbox, clock: ManualClock) -> None:
    assert mailbox.backlog() == Backlog(depth=0, oldest_seconds=0)
    put(mailbox, Poll())
    clock.advance(3)
    put(mailbox, Webhook(), Poll())
    clock.advance(1)
    assert mailbox.backlog() == Backlog(depth=2, oldest_seconds=4)


def test_a_message_without_a_lane_is_refused(mailbox: Mailbox) -> None:
    with pytest.raises(AttributeError, match="lane"):
        put(mailbox, Message())
    assert mailbox.empty()
    assert not mailbox.waiting(Message)


def read_in_thread(mailbox: Mailbox) -> tuple[threading.Thread, list[object]]:
    read: list[object] = []

    def run() -> None:
        try:
            read.append(mailbox.get().message)
        except pykka.ActorDeadError as error:
            read.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, read
