"""The parts of the program as services of its root supervisor."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from supervisor.exits import Exit, Normal
from supervisor.service import ServiceSpec
from supervisor.services import ThreadService
from supervisor.spec import ChildSpec
from webhooks.server import HttpServer
from workers.controller.announcer import ANNOUNCER, Announcer

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

    from supervisor.dynamic import DynamicSupervisor
    from supervisor.service import Service
    from workers.cluster.watching import ListWatch

REPOSITORIES = "repositories"
_SECONDS = 15.0
_log = logging.getLogger(__name__)


class Listener:
    """An address that HTTP is served at; a server that died is followed by one at the same address."""

    def __init__(self, name: str, app: ASGIApp, bind: str) -> None:
        self._name = name
        self._app = app
        self._server = HttpServer(app, bind)

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

    def serve(self, ended: Callable[[], None]) -> HttpServer:
        """Start the next server; raises ListenError."""
        self._server = HttpServer(self._app, self.address, ended)
        self._server.start()
        return self._server


class _Serving:
    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._server: HttpServer  # there once started

    def start(self, exited: Callable[[Exit], None]) -> None:
        """Listen."""
        self._server = self._listener.serve(lambda: exited(Normal()))

    def stop(self, seconds: float) -> bool:  # noqa: ARG002 -- the server has bounds of its own, within ours
        """Finish the requests under way."""
        self._server.stop()
        return True


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


def repositories(supervisor: DynamicSupervisor, seconds: float) -> ServiceSpec:
    """Return the actors as a child of the root; they have so many seconds to end."""
    return ServiceSpec(REPOSITORIES, lambda: _Repositories(supervisor), shutdown=seconds)


def watching(number: int, make: Callable[[], ListWatch]) -> ServiceSpec:
    """Return a watch as a child of the root; a new one lists everything again."""
    name = f"watch-{number}"

    def service() -> Service:
        watch = make()
        return ThreadService(name, watch.run, watch.stop)

    return ServiceSpec(name, service)
