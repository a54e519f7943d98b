"""A supervisor under a manual clock, with everything it says written down."""

from __future__ import annotations

import queue
import threading
from random import Random
from typing import TYPE_CHECKING, Any

from supervisor.child import Termination
from supervisor.children import GRACE
from supervisor.deadline import Watchdog
from supervisor.dynamic import DynamicSupervisor
from supervisor.registry import Registry
from supervisor.spec import ChildSpec
from tests.supervisor.manual_clock import ManualClock
from tests.supervisor.messages import Do
from tests.supervisor.puppet import BOUND, Journal, Puppet, fail, hold_until, nothing

if TYPE_CHECKING:
    from collections.abc import Callable

    import pykka

    from supervisor.actor import Context, SupervisedActor
    from supervisor.child import Child

BOOM = ValueError("boom")


class Highest(Random):
    """Jitter that always draws the longest delay, so that tests know it."""

    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


class House:
    def __init__(
        self, *, max_children: int | None = None, on_change: Callable[[Child], object] = lambda _: None
    ) -> None:
        self.clock = ManualClock()
        self.watchdog = Watchdog(self.clock)
        self.registry = Registry()
        self.changes: queue.Queue[Child] = queue.Queue()
        self.systemic: queue.Queue[str] = queue.Queue()
        self.journal: Journal = queue.Queue()
        self.contexts: list[Context] = []
        self.supervisor = DynamicSupervisor(
            self.registry,
            self.watchdog,
            on_change=self._changed,
            on_systemic=self.systemic.put,
            random=Highest(),
            max_children=max_children,
        )

        self._follow = on_change

    def _changed(self, child: Child) -> None:
        self.changes.put(child)
        self._follow(child)

    def puppet(self, context: Context) -> pykka.ActorRef[Puppet]:
        """Start an actor: the ``start`` of a child spec."""
        self.contexts.append(context)
        return Puppet.start(context, self.journal)

    def spec(self, key: str = "app", **settings: Any) -> ChildSpec:  # noqa: ANN401 -- fields of ChildSpec
        return ChildSpec(key, **{"start": self.puppet, **settings})

    def start(self, key: str = "app", **settings: Any) -> None:  # noqa: ANN401 -- fields of ChildSpec
        """Start a child and wait until it is shown."""
        self.supervisor.start_child(self.spec(key, **settings))
        assert self.change(key) == "running"

    def change(self, key: str = "app") -> str:
        """Return the next state that was announced."""
        child = self.changes.get(timeout=BOUND)
        assert child.key == key
        return str(child.state)

    def do(self, action: Any, key: str = "app") -> None:  # noqa: ANN401 -- any action of a puppet
        self.registry.send(key, Do(action))

    def crash(self, key: str = "app") -> Child:
        """Let a child crash and return what is announced."""
        self.do(fail(BOOM), key)
        return self.changes.get(timeout=BOUND)

    def hang(self, key: str = "app") -> threading.Event:
        """Let a child block whatever happens; it goes on when the returned event is set."""
        gate, entered = threading.Event(), threading.Event()
        self.do(hold_until(gate, entered), key)
        assert entered.wait(BOUND)
        return gate

    def abandon_with_a_request(self, seconds: float, key: str = "app") -> threading.Event:
        """Terminate a child that stays stuck in a request of so many seconds; the event lets it go on."""
        gate, entered = threading.Event(), threading.Event()

        def request(actor: SupervisedActor) -> None:
            with actor.context.fence.deadline(seconds).cutting(nothing):
                hold_until(gate, entered)(actor)

        self.start(key, shutdown=5)
        self.do(request, key)
        assert entered.wait(BOUND)
        end = self.supervisor.terminate_child(key)
        self.clock.advance(5)
        self.settle()
        self.clock.advance(GRACE)
        assert end.result(BOUND) is Termination.ABANDONED
        assert self.change(key) == "stopping"
        return gate

    def shown(self, key: str = "app") -> Child:
        child = self.supervisor.child(key)
        assert child is not None
        return child

    def written(self) -> list[object]:
        """Return what the puppets wrote down so far."""
        return [self.journal.get_nowait() for _ in range(self.journal.qsize())]

    def settle(self) -> None:
        """Return when the supervisor has done all that it was asked for before, and what follows from it."""
        for _ in range(3):
            self.supervisor.terminate_child("nobody")

    def close(self) -> None:
        self.supervisor.stop(BOUND)
        self.watchdog.close()
