"""A static supervisor of services that do what a test tells them, with everything written down."""

from __future__ import annotations

import queue
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from supervisor.exits import Crashed, Exit, Shutdown
from supervisor.service import ServiceSpec, Strategy
from supervisor.static import Supervisor
from tests.supervisor.manual_clock import ManualClock
from tests.supervisor.puppet import BOUND

if TYPE_CHECKING:
    from collections.abc import Callable

    from supervisor.child import Child
    from supervisor.spec import Intensity

BOOM = ValueError("boom")


class Part:
    """A service; what it does is written down as ``start name`` and ``stop name``."""

    def __init__(self, tree: Tree, name: str) -> None:
        self.exited: Callable[[Exit], None]
        self.runs = False
        self._tree = tree
        self._name = name

    def start(self, exited: Callable[[Exit], None]) -> None:
        self._tree.log.append(f"start {self._name}")
        self._tree.on_start.get(self._name, lambda: None)()
        if self._tree.failing[self._name]:
            self._tree.failing[self._name] -= 1
            raise BOOM
        assert not (self._name in self._tree.parts and self._tree.parts[self._name].runs), (
            "runs twice at once"
        )
        self.exited, self.runs = exited, True
        self._tree.parts[self._name] = self

    def stop(self, seconds: float) -> bool:
        self._tree.log.append(f"stop {self._name}")
        self._tree.seconds[self._name] = seconds
        self._tree.on_stop.get(self._name, lambda: None)()
        self.runs = False
        self.exited(Shutdown())
        return self._name not in self._tree.stuck


class Tree:
    def __init__(
        self,
        *children: str | ServiceSpec,
        strategy: Strategy = Strategy.ONE_FOR_ONE,
        intensity: Intensity | None = None,
    ) -> None:
        self.clock = ManualClock()
        self.log: list[str] = []
        self.parts: dict[str, Part] = {}
        self.failing: Counter[str] = Counter()
        self.stuck: set[str] = set()
        self.seconds: dict[str, float] = {}
        self.on_start: dict[str, Callable[[], object]] = {}
        self.on_stop: dict[str, Callable[[], object]] = {}
        self.systemic: queue.Queue[str] = queue.Queue()
        self.supervisor = Supervisor(
            [self.spec(child) if isinstance(child, str) else child for child in children],
            on_systemic=self.systemic.put,
            strategy=strategy,
            intensity=intensity,
            clock=self.clock,
        )

    def spec(self, name: str, **settings: Any) -> ServiceSpec:  # noqa: ANN401 -- fields of ServiceSpec
        return ServiceSpec(name, partial(Part, self, name), **settings)

    def end(self, name: str, reason: Exit) -> None:
        """Let a child end by itself and wait for what comes of it."""
        self.parts[name].runs = False
        self.parts[name].exited(reason)
        self.settle()

    def crash(self, *names: str) -> list[str]:
        """Let children crash at once; return what was written down since."""
        before = len(self.log)
        for name in names:
            self.parts[name].runs = False
            self.parts[name].exited(Crashed(BOOM))
        self.settle()
        return self.log[before:]

    def settle(self) -> None:
        """Return when the supervisor has done all that it was asked for before, and what follows from it."""
        for _ in range(8):
            self.supervisor.terminate_child("nobody").exception(BOUND)

    def child(self, name: str) -> Child:
        (child,) = (child for child in self.supervisor.which_children() if child.key == name)
        return child

    def states(self) -> dict[str, str]:
        return {str(child.key): str(child.state) for child in self.supervisor.which_children()}

    def counts(self) -> tuple[int, int]:
        """Return how many children there are and how many of them run."""
        children = self.supervisor.count_children()
        return children.specs, children.active
