"""Random lives of a static tree: what is started and stopped is what the strategy says, in that order."""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from supervisor.child import State
from supervisor.errors import AlreadyStartedError, SupervisorStoppedError, UnknownChildError
from supervisor.exits import Crashed, Normal
from supervisor.service import ServiceSpec, Strategy
from supervisor.spec import Intensity, Restart
from tests.supervisor.puppet import BOUND
from tests.supervisor.tree import BOOM, Tree

LIMIT = Intensity(4, 10)
NAMES = st.sampled_from(["a", "b", "c", "d"])


class Model:
    """What OTP does, on names alone; every method returns what is written down."""

    def __init__(self, strategy: Strategy) -> None:
        self.strategy = strategy
        self.specs: dict[str, Restart] = {}
        self.runs: set[str] = set()
        self.failing: Counter[str] = Counter()
        self.restarts: list[float] = []
        self.gave_up = False

    def crash(self, name: str, now: float) -> list[str]:
        self.runs.discard(name)
        return [f"stop {name}", *self._restart(name, now)]

    def _restart(self, name: str, now: float) -> list[str]:
        if len([at for at in self.restarts if now < at + LIMIT.seconds]) == LIMIT.max_restarts:
            self.gave_up = True
            return self.stop_all()
        self.restarts.append(now)
        order = list(self.specs)
        group = {"one_for_one": [name], "rest_for_one": order[order.index(name) :], "one_for_all": order}
        written = self._stop(group[self.strategy.value])
        for other in group[self.strategy.value]:
            if self.specs[other] is Restart.TEMPORARY:
                del self.specs[other]
        for other in [other for other in group[self.strategy.value] if other in self.specs]:
            started, line = self.start(other)
            written.append(line)
            if not started:
                return written + self._restart(other, now)
        return written

    def start(self, name: str) -> tuple[bool, str]:
        if self.failing[name]:
            self.failing[name] -= 1
            return False, f"start {name}"
        self.runs.add(name)
        return True, f"start {name}"

    def stop_all(self) -> list[str]:
        return self._stop(list(self.specs))

    def _stop(self, names: list[str]) -> list[str]:
        stopped = [name for name in reversed(names) if name in self.runs]
        self.runs -= set(stopped)
        return [f"stop {name}" for name in stopped]


class StaticMachine(RuleBasedStateMachine):
    @initialize(
        strategy=st.sampled_from(Strategy),
        restarts=st.lists(st.sampled_from(Restart), min_size=3, max_size=4),
    )
    def begin(self, strategy: Strategy, restarts: list[Restart]) -> None:
        self.tree = Tree(strategy=strategy, intensity=LIMIT)
        self.model = Model(strategy)
        self.expected: list[str] = []
        for name, restart in zip("abcd", restarts, strict=False):
            self.add(name, restart)

    def _spec(self, name: str, restart: Restart) -> ServiceSpec:
        return self.tree.spec(name, restart=restart)

    @rule(name=NAMES, restart=st.sampled_from(Restart))
    def add(self, name: str, restart: Restart) -> None:
        error = self.tree.supervisor.start_child(self._spec(name, restart)).exception(BOUND)
        if name in self.model.specs:
            assert isinstance(error, AlreadyStartedError)
        elif self.model.gave_up:
            assert isinstance(error, SupervisorStoppedError)
        else:
            started, line = self.model.start(name)
            self.expected.append(line)
            assert (error is None) is started
            if started:
                self.model.specs[name] = restart

    @rule(name=NAMES, times=st.integers(1, 3))
    def let_starts_fail(self, name: str, times: int) -> None:
        self.model.failing[name] = self.tree.failing[name] = times

    @rule(name=NAMES)
    def crash(self, name: str) -> None:
        if name in self.model.runs:
            self.tree.crash(name)
            self.expected += self._ended(name, Crashed(BOOM))

    @rule(name=NAMES)
    def end(self, name: str) -> None:
        if name in self.model.runs:
            self.tree.end(name, Normal())
            self.expected += self._ended(name, Normal())

    def _ended(self, name: str, reason: Crashed | Normal) -> list[str]:
        restart = self.model.specs[name]
        if restart.follows(reason):
            return self.model.crash(name, self.tree.clock.monotonic())
        self.model.runs.discard(name)
        if restart is Restart.TEMPORARY:
            del self.model.specs[name]
        return [f"stop {name}"]

    @rule(name=NAMES)
    def report_again(self, name: str) -> None:
        """A service that reports its end twice, or after another has taken its place."""
        part = self.tree.parts.get(name)
        if part is not None and not part.runs:
            part.exited(Crashed(BOOM))
            self.tree.settle()

    @rule(name=NAMES)
    def terminate(self, name: str) -> None:
        assert bool(self.tree.supervisor.terminate_child(name).result(BOUND)) is (name in self.model.specs)
        if name in self.model.runs:
            self.model.runs.discard(name)
            self.expected.append(f"stop {name}")
        if self.model.specs.get(name) is Restart.TEMPORARY:
            del self.model.specs[name]

    @rule(name=NAMES)
    def restart(self, name: str) -> None:
        error = self.tree.supervisor.restart_child(name).exception(BOUND)
        if name not in self.model.specs:
            assert isinstance(error, UnknownChildError)
        elif name in self.model.runs:
            assert isinstance(error, AlreadyStartedError)
        elif self.model.gave_up:
            assert isinstance(error, SupervisorStoppedError)
        else:
            started, line = self.model.start(name)
            self.expected.append(line)
            assert (error is None) is started

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        error = self.tree.supervisor.delete_child(name).exception(BOUND)
        if name not in self.model.specs:
            assert isinstance(error, UnknownChildError)
        elif name in self.model.runs:
            assert isinstance(error, AlreadyStartedError)
        else:
            assert error is None
            del self.model.specs[name]

    @rule(seconds=st.sampled_from([1, 3, 10]))
    def let_time_pass(self, seconds: int) -> None:
        self.tree.clock.advance(seconds)

    @invariant()
    def what_was_started_and_stopped_is_what_the_strategy_says_in_that_order(self) -> None:
        assert self.tree.log == self.expected

    @invariant()
    def what_is_shown_is_what_runs(self) -> None:
        shown = {str(child.key): child.state for child in self.tree.supervisor.which_children()}
        assert list(shown) == list(self.model.specs)
        assert {name for name, state in shown.items() if state is State.RUNNING} == self.model.runs
        assert {name for name, part in self.tree.parts.items() if part.runs} == self.model.runs
        assert set(shown.values()) <= {State.RUNNING, State.ENDED}

    @invariant()
    def it_gives_up_once_and_only_when_it_must(self) -> None:
        assert self.tree.systemic.qsize() == self.model.gave_up

    def teardown(self) -> None:
        self.expected += self.model.stop_all()
        assert self.tree.supervisor.stop(BOUND) == ()
        assert self.tree.log == self.expected


StaticMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestStaticSupervisor = StaticMachine.TestCase
