"""Random lives of a few children: nothing is lost, nothing runs twice at once, every end is reported once."""

from __future__ import annotations

import itertools
import threading
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from supervisor.actor import Context, SupervisedActor
from supervisor.child import Child, State, Termination
from supervisor.errors import AlreadyStartedError
from supervisor.registry import Delivery
from supervisor.spec import Backoff, Intensity
from tests.supervisor.house import BOOM, House
from tests.supervisor.messages import Do, Webhook
from tests.supervisor.puppet import BOUND, fail, hold_until

if TYPE_CHECKING:
    import pykka

    from supervisor.mailbox import Message

KEYS = st.sampled_from(["a", "b", "c"])


class Life(SupervisedActor):
    """Counts itself as alive and notes which commits it was told of."""

    def __init__(self, context: Context, alive: Counter[str], told: dict[str, list[int]]) -> None:
        super().__init__(context)
        self._key = str(context.key)
        self._alive = alive
        self._told = told

    def setup(self) -> None:
        self._alive[self._key] += 1
        assert self._alive[self._key] == 1, "two generations run at once"

    def handle(self, message: Message) -> None:
        if isinstance(message, Webhook):
            self._told[self._key] += [int(commit) for commit in message.commits]
        elif isinstance(message, Do):
            message.action(self)

    def teardown(self) -> None:
        self._alive[self._key] -= 1


class SupervisorMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.changes: dict[str, list[Child]] = defaultdict(list)
        self.house = House(on_change=lambda child: self.changes[str(child.key)].append(child))
        self.alive: Counter[str] = Counter()
        self.told: dict[str, list[int]] = defaultdict(list)
        self.expected: dict[str, list[int]] = defaultdict(list)
        self.children: set[str] = set()
        self.restarts: dict[str, list[float]] = defaultdict(list)
        self.by_hand: set[str] = set()
        self.sent = 0

    def _start_actor(self, context: Context) -> pykka.ActorRef[Life]:
        if context.generation > 1 and str(context.key) not in self.by_hand:
            self.restarts[str(context.key)].append(self.house.clock.monotonic())
        self.by_hand.discard(str(context.key))
        return Life.start(context, self.alive, self.told)

    def _runs(self, key: str) -> bool:
        child = self.house.supervisor.child(key)
        return child is not None and child.state is State.RUNNING

    def _settle(self) -> None:
        """Wait until every running child has read all it was sent."""
        self.house.settle()
        for key in self.children:
            if self._runs(key):
                idle = threading.Event()
                self.house.do(lambda _, idle=idle: idle.set(), key)
                assert idle.wait(BOUND)

    @rule(key=KEYS)
    def start(self, key: str) -> None:
        spec = self.house.spec(
            key, start=self._start_actor, backoff=Backoff(1, 2, 8), intensity=Intensity(3, 30)
        )
        if key in self.children:
            with pytest.raises(AlreadyStartedError):
                self.house.supervisor.start_child(spec)
            return
        self.house.supervisor.start_child(spec)
        self.children.add(key)
        self.restarts[key].clear()

    @rule(key=KEYS)
    def send(self, key: str) -> None:
        self.sent += 1
        delivery = self.house.registry.send(key, Webhook((str(self.sent),)))
        known = Delivery.DELIVERED if self._runs(key) else Delivery.RESTARTING
        assert delivery is (known if key in self.children else Delivery.UNKNOWN)
        if key in self.children:
            self.expected[key].append(self.sent)

    @rule(key=KEYS, error=st.sampled_from([BOOM, SystemExit(1), MemoryError()]), unread=st.integers(0, 2))
    def crash(self, key: str, error: BaseException, unread: int) -> None:
        if not self._runs(key):
            return
        gate, entered = threading.Event(), threading.Event()

        def crash(actor: SupervisedActor) -> None:
            hold_until(gate, entered)(actor)
            fail(error)()

        self.house.do(crash, key)
        assert entered.wait(BOUND)
        for _ in range(unread):
            self.sent += 1
            assert self.house.registry.send(key, Webhook((str(self.sent),))) is Delivery.DELIVERED
            self.expected[key].append(self.sent)
        before = len(self.changes[key])
        gate.set()
        self._await_change(key, before)

    def _await_change(self, key: str, before: int) -> None:
        while len(self.changes[key]) == before:
            self.house.changes.get(timeout=BOUND)
            self.house.settle()

    @rule(key=KEYS)
    def terminate(self, key: str) -> None:
        self._settle()
        end = self.house.supervisor.terminate_child(key).result(BOUND)
        assert end is (Termination.STOPPED if key in self.children else Termination.UNKNOWN)
        self.children.discard(key)
        del self.expected[key][len(self.told[key]) :]  # what was kept for its next start goes with it

    @rule(key=KEYS)
    def restart(self, key: str) -> None:
        if key in self.children:
            self.by_hand.add(key)
        before = len(self.changes[key])
        assert self.house.supervisor.restart_child(key) is (key in self.children)
        while key in self.children and not self._started_since(key, before):
            self.house.changes.get(timeout=BOUND)
            self.house.settle()

    def _started_since(self, key: str, before: int) -> bool:
        return any(change.state is State.RUNNING for change in self.changes[key][before:])

    @rule(seconds=st.sampled_from([0.5, 1, 4, 40]))
    def let_time_pass(self, seconds: float) -> None:
        self.house.clock.advance(seconds)
        self._settle()

    @invariant()
    def every_running_child_has_read_all_it_was_sent_once_and_in_order(self) -> None:
        self._settle()
        for key in self.children:
            told = self.told[key]
            assert told == self.expected[key][: len(told)]
            assert not self._runs(key) or told == self.expected[key]

    @invariant()
    def what_runs_is_what_is_shown(self) -> None:
        shown = {str(child.key): child.state for child in self.house.supervisor.which_children()}
        assert set(shown) == self.children == set(map(str, self.house.registry.keys()))
        for key, state in shown.items():
            assert self.alive[key] == (state is State.RUNNING)

    @invariant()
    def changes_of_a_child_follow_its_life(self) -> None:
        may_follow = {
            None: {"running"},
            "running": {"restarting", "parked", "stopping"},
            "restarting": {"restarting", "running", "ended"},
            "parked": {"parked", "restarting", "running", "ended"},
            "stopping": {"restarting", "ended"},
            "ended": {"running"},
        }
        for changes in self.changes.values():
            states = [None, *(str(change.state) for change in changes)]
            for state, following in itertools.pairwise(states):
                assert following in may_follow[state]

    @invariant()
    def restarts_stay_within_the_intensity(self) -> None:
        for restarts in self.restarts.values():
            for first, fourth in zip(restarts, restarts[3:], strict=False):
                assert fourth >= first + 30

    def teardown(self) -> None:
        self.house.close()
        assert not any(self.alive.values())


SupervisorMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestSupervisor = SupervisorMachine.TestCase
