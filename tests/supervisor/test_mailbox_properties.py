"""A mailbox against the simplest model of one: lists by lane, searched one by one."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from pykka._envelope import Envelope

from supervisor.mailbox import PATIENCE, Lane, Mailbox, Message, Timer
from tests.supervisor.manual_clock import ManualClock
from tests.supervisor.messages import Poll, Reconcile, Resync, Startup, Webhook

KINDS: list[type[Message]] = [Webhook, Resync, Poll, Reconcile, Startup]


class MailboxMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._begin()

    def _begin(self) -> None:
        self.clock = ManualClock()
        self.mailbox = Mailbox(self.clock)
        self.waiting: dict[type[Message], tuple[str, ...]] = {}
        self.passed_over: dict[type[Message], int] = {}
        self.timers: list[tuple[float, int, str, Timer]] = []
        self.foreign = 0
        self.sent = 0
        self.in_a_row = 0

    def _arrive(self, kind: type[Message], commits: tuple[str, ...]) -> None:
        if kind is Webhook:
            self.waiting[kind] = self.waiting.get(kind, ()) + commits
        else:
            self.waiting.setdefault(kind, ())
        self.passed_over.setdefault(kind, 0)

    def _fire(self) -> None:
        due = sorted(timer for timer in self.timers if timer[0] <= self.clock.monotonic())
        self.timers = [timer for timer in self.timers if timer not in due]
        for _, _, name, _ in due:
            self._arrive(Webhook, (name,))

    @rule(kind=st.sampled_from(KINDS))
    def put(self, kind: type[Message]) -> None:
        self.sent += 1
        commits = (str(self.sent),)
        self.mailbox.put(Envelope(Webhook(commits) if kind is Webhook else kind()))
        self._arrive(kind, commits)

    @rule()
    def put_what_is_no_message_of_ours(self) -> None:
        self.mailbox.put(Envelope("stop"))
        self.foreign += 1

    @rule(seconds=st.integers(0, 5))
    def start_a_timer(self, seconds: int) -> None:
        self.sent += 1
        timer = self.mailbox.send_after(seconds, Webhook((str(self.sent),)))
        self.timers.append((self.clock.monotonic() + seconds, self.sent, str(self.sent), timer))

    @precondition(lambda self: self.timers)
    @rule(data=st.data())
    def cancel_a_timer(self, data: Any) -> None:  # noqa: ANN401 -- hypothesis' own
        timer = data.draw(st.sampled_from(self.timers))
        self.timers.remove(timer)
        timer[-1].cancel()

    @rule(seconds=st.integers(1, 3))
    def let_time_pass(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @precondition(lambda self: not self.mailbox.empty())
    @rule()
    def get(self) -> None:
        message = self.mailbox.get().message
        self._fire()
        if self.foreign:
            assert message == "stop"
            self.foreign -= 1
            return
        commits = self.waiting.pop(type(message))
        assert message == (Webhook(commits) if isinstance(message, Webhook) else message)
        del self.passed_over[type(message)]
        above = {kind for kind in self.waiting if kind.lane < message.lane}
        below = {kind for kind in self.waiting if kind.lane > message.lane}
        assert not above or self.in_a_row == PATIENCE, "a higher lane was passed over without need"
        assert not (below and self.in_a_row == PATIENCE and not above), "a lower lane waits for too long"
        self.in_a_row = self.in_a_row + 1 if below and not above else 0
        for kind in below:
            self.passed_over[kind] += 1

    @rule()
    def close_and_begin_again(self) -> None:
        unread = [envelope.message for envelope in self.mailbox.close()]
        assert unread.count("stop") == self.foreign
        ours = [message for message in unread if message != "stop"]
        assert {type(message): getattr(message, "commits", ()) for message in ours} == self.waiting
        self._begin()

    @invariant()
    def at_most_one_message_of_a_kind_waits(self) -> None:
        assert self.mailbox.backlog().depth == len(self.waiting) + self.foreign
        assert {kind for kind in KINDS if self.mailbox.waiting(kind)} == set(self.waiting)

    @invariant()
    def nothing_is_passed_over_for_ever(self) -> None:
        bound = (PATIENCE + 1) * len(Lane)
        assert all(passed <= bound for passed in self.passed_over.values())


MailboxMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
TestMailbox = MailboxMachine.TestCase
