"""An actor that does what a test tells it and writes down what happens to it."""

from __future__ import annotations

import queue
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from supervisor.actor import Context, SupervisedActor
from supervisor.deadline import Fence, Watchdog
from tests.supervisor.messages import Do

if TYPE_CHECKING:
    from collections.abc import Callable

    import pykka

    from supervisor.clock import AlarmClock
    from supervisor.exits import Exited
    from supervisor.mailbox import Message

Journal = queue.Queue[object]

BOUND = 10.0
"""Seconds after which a test gives up; nothing takes that long."""


def nothing() -> None:
    pass


class Puppet(SupervisedActor):
    def __init__(
        self,
        context: Context,
        journal: Journal,
        setup: Callable[[], object] = nothing,
        teardown: Callable[[], object] = nothing,
    ) -> None:
        super().__init__(context)
        self.journal = journal
        self._hooks = (setup, teardown)

    def setup(self) -> None:
        self.journal.put(f"setup {self.context.generation}")
        self._hooks[0]()

    def handle(self, message: Message) -> None:
        if isinstance(message, Do):
            message.action(self)
        else:
            self.journal.put(message)

    def teardown(self) -> None:
        self.journal.put(f"teardown {self.context.generation}")
        self._hooks[1]()


class Stage:
    """Starts puppets without a supervisor and collects the reports of their ends."""

    def __init__(self, watchdog: Watchdog) -> None:
        self.journal: Journal = queue.Queue()
        self.exits: queue.Queue[Exited] = queue.Queue()
        self._watchdog = watchdog

    def context(self, key: str = "puppet") -> Context:
        clock: AlarmClock = self._watchdog.clock
        return Context(key, 1, Fence(self._watchdog), clock, self.exits.put)

    def start(self, context: Context | None = None, **hooks: Callable[[], object]) -> pykka.ActorRef[Puppet]:
        return Puppet.start(context or self.context(), self.journal, **hooks)

    def the_exit(self) -> Exited:
        """Return the one report that came, when the actor's thread has ended."""
        exited = self.exits.get(timeout=BOUND)
        for thread in threading.enumerate():
            if thread.name == str(exited.key):
                thread.join(BOUND)
        assert self.exits.empty()
        return exited

    def written(self) -> list[object]:
        """Return what was written down so far."""
        return [self.journal.get_nowait() for _ in range(self.journal.qsize())]


def fail(error: BaseException) -> Callable[..., NoReturn]:
    """Return a function that raises."""

    def raise_it(*_: Any) -> NoReturn:  # noqa: ANN401 -- stands for any function
        raise error

    return raise_it


def hold_until(gate: threading.Event, entered: threading.Event) -> Callable[[SupervisedActor], None]:
    """Return an action that says it is there and blocks, as a hanging call does, whoever wants it to stop."""
    return partial(_hold, gate, entered)


def _hold(gate: threading.Event, entered: threading.Event, _: SupervisedActor) -> None:
    entered.set()
    assert gate.wait(BOUND)
