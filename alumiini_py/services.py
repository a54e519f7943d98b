"""The parts of the program as services of its root supervisor."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from supervisor.exits import Crashed, Exit, Normal, without_frames
from supervisor.service import ServiceSpec
from supervisor.services import ThreadService
from supervisor.spec import ChildSpec
from workers.controller.announcer import ANNOUNCER, Announcer

if TYPE_CHECKING:
    from collections.abc import Callable

    from supervisor.dynamic import DynamicSupervisor
    from supervisor.service import Service
    from webhooks.server import HttpServer
    from workers.cluster.watching import ListWatch

    Ended = Callable[[BaseException | None], None]

REPOSITORIES = "repositories"
_SECONDS = 15.0
_log = logging.getLogger(__name__)


class Listener:
    """An address that HTTP is served at; a server that died is followed by one at the same address."""

    def __init__(self, name: str, make: Callable[[str, Ended], HttpServer], bind: str) -> None:
        self._name = name
        self._make = make
        self._server = make(bind, _ignored)

    @property
    def address(self) -> str:
        """The ``host:port`` that is listened on, with the real port once started."""
        return self._server.address

    @property
    def alive(self) -> bool:
        """Whether requests are served."""
        return self._server.alive

    def spec(self) -> ServiceSpec:
        """Return this as a child of a supervisor."""
        return ServiceSpec(self._name, lambda: _Serving(self), shutdown=_SECONDS)

    def serve(self, ended: Ended) -> HttpServer:
        """Start the next server; raises ListenError."""
        self._server = self._make(self.address, ended)
        self._server.start()
        return self._server


class _Serving:
    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._server: HttpServer  # there once started

    def start(self, exited: Callable[[Exit], None]) -> None:
        """Listen."""
        self._server = self._listener.serve(
            lambda error: exited(Normal() if error is None else Crashed(without_frames(error)))
        )

    def stop(self, seconds: float) -> bool:  # noqa: ARG002 -- the server has bounds of its own, within ours
        """Finish the requests under way."""
        return self._server.stop()


class _Repositories:
    """All actors. Their supervisor is never started again: when it gives up, the process has to end."""

    def __init__(self, supervisor: DynamicSupervisor) -> None:
        self._supervisor = supervisor

    def start(self, _exited: Callable[[Exit], None]) -> None:
        """Start the actor that the others need; they come with the watches."""
        self._supervisor.start_child(ChildSpec(ANNOUNCER, Announcer.start))

    def stop(self, seconds: float) -> bool:
        """Let every actor finish the step in hand."""
        abandoned = self._supervisor.stop(seconds)
        for key in abandoned:
            _log.warning("an actor did not end in time and was given up", extra={"repository": str(key)})
        return not abandoned


def _ignored(_error: BaseException | None) -> None:
    """Stand for the server before the first one, which never runs."""


def repositories(supervisor: DynamicSupervisor, seconds: float) -> ServiceSpec:
    """Return the actors as a child of the root; they have so many seconds to end."""
    return ServiceSpec(REPOSITORIES, lambda: _Repositories(supervisor), shutdown=seconds)


class Watching:
    """A watch as a child of the root; a new one lists everything again."""

    def __init__(self, number: int, make: Callable[[], ListWatch]) -> None:
        self._name = f"watch-{number}"
        self._make = make
        self._watch: ListWatch | None = None

    @property
    def still_seconds(self) -> float:
        """For how long the watch has not moved, in seconds."""
        return self._watch.still_seconds if self._watch is not None else 0.0

    def spec(self) -> ServiceSpec:
        """Return this as a child of a supervisor."""
        return ServiceSpec(self._name, self._service)

    def _service(self) -> Service:
        self._watch = watch = self._make()
        return ThreadService(self._name, watch.run, watch.stop)
