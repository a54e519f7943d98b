"""Ready services: a function on a thread, and a supervisor below a supervisor."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Protocol

from supervisor.deadline import FencedError
from supervisor.errors import SystemicFaultError
from supervisor.exits import Crashed, Exit, Normal, Shutdown, without_frames

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)


class ThreadService:
    """Runs a function on a daemon thread; its return, or what it raises, is reported as its end.

    ``cut`` makes ``run`` return soon and does not block; from then on ``run`` must have no effect, since a
    thread that does not end is given up.
    """

    def __init__(self, name: str, run: Callable[[], object], cut: Callable[[], object]) -> None:
        self._name = name
        self._run = run
        self._cut = cut
        self._stopping = False
        self._thread: threading.Thread  # there once started

    def start(self, exited: Callable[[Exit], None]) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._report, args=(exited,), name=self._name, daemon=True)
        self._thread.start()

    def stop(self, seconds: float) -> bool:
        """Cut the function and wait for the thread."""
        self._stopping = True
        self._cut()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _report(self, exited: Callable[[Exit], None]) -> None:
        exited(self._end())

    def _end(self) -> Exit:
        try:
            self._run()
        except FencedError:
            return Shutdown()
        except BaseException as error:  # noqa: BLE001 -- its end is reported, not raised
            _log.exception("%s failed", self._name)
            return Crashed(without_frames(error))
        return Shutdown() if self._stopping else Normal()


class Stoppable(Protocol):
    """What ``Supervisor`` and ``DynamicSupervisor`` have in common."""

    def stop(self, timeout: float) -> tuple[object, ...]:
        """Stop all children and return those that were given up."""


class SupervisorService:
    """A supervisor that gives up has crashed in the eyes of the one above it.

    ``start`` makes and starts the supervisor; what it is given has to be the ``on_systemic`` of that one.
    """

    def __init__(self, start: Callable[[Callable[[str], None]], Stoppable]) -> None:
        self._start = start
        self._supervisor: Stoppable  # there once started

    def start(self, exited: Callable[[Exit], None]) -> None:
        """Start the supervisor below."""
        self._supervisor = self._start(lambda sentence: exited(Crashed(SystemicFaultError(sentence))))

    def stop(self, seconds: float) -> bool:
        """Stop its children."""
        return not self._supervisor.stop(seconds)
