"""An HTTP server in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from typing import TYPE_CHECKING

import uvicorn

from webhooks.connection import MOST, BoundedConnection

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

_log = logging.getLogger(__name__)

_START_SECONDS = 10.0
_GRACE_SECONDS = 3
_STOP_SECONDS = 10.0
_STUCK_SECONDS = 10.0
_BACKLOG = 1024
_LARGEST_PORT = 65535


class ListenError(Exception):
    """An address cannot be listened on; the message is one sentence for the person who started us."""


class HttpServer:
    """Serves one application at one address until it is stopped; starts once.

    ``bind`` is ``host:port``, ``[v6]:port`` or ``:port``; port 0 takes a free one. The client's address is
    the peer's: no header of a proxy is believed. ``ended`` is called, on the server's thread, once it has
    ended and let go of its address, with the error that ended it if one did.
    """

    def __init__(
        self, app: ASGIApp, bind: str, ended: Callable[[BaseException | None], None] = lambda _: None
    ) -> None:
        self._bind = bind
        self._ended = ended
        self._server = _Server(_config(app))
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, name=f"http {bind}", daemon=True)
        self._address = bind

    @property
    def address(self) -> str:
        """The ``host:port`` that is listened on, with the real port once started."""
        return self._address

    @property
    def alive(self) -> bool:
        """Whether the thread lives and its event loop has turned in the last 10 s."""
        return self._thread.is_alive() and time.monotonic() - self._server.turned < _STUCK_SECONDS

    def start(self) -> None:
        """Listen, and return once requests are served; raises ListenError."""
        self._socket = _listen(self._bind)
        self._address = _shown(self._socket)
        self._thread.start()
        if not self._server.serving.wait(_START_SECONDS):
            self.stop()
            raise ListenError(f"the HTTP server at {self._address} did not start within {_START_SECONDS:g} s")

    def stop(self) -> bool:
        """Finish the requests that are under way, 3 s at most; returns whether the server has ended."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(_STOP_SECONDS)
        if self._thread.is_alive():
            _log.error("the HTTP server at %s did not stop", self._address)
        return not self._thread.is_alive()

    def _serve(self) -> None:
        error: BaseException | None = None
        try:
            self._server.run(sockets=[self._socket] if self._socket else [])
        except BaseException as failed:  # noqa: BLE001 -- logged, and told to who starts the next one
            _log.exception("the HTTP server at %s failed", self._address)
            error = failed
        finally:
            if self._socket is not None:
                self._socket.close()
            self._ended(error)


class _Server(uvicorn.Server):
    """uvicorn's server that says when it serves, that it turns, and that leaves no connection behind."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = threading.Event()
        self.turned = time.monotonic()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.serving.set()

    async def on_tick(self, counter: int) -> bool:
        self.turned = time.monotonic()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets=sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # lets the loop close what was aborted


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=BoundedConnection,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _listen(bind: str) -> socket.socket:
    """Listen in the caller's thread: uvicorn would end its thread without a word."""
    host, colon, port = bind.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and port.isascii() and port.isdigit() and int(port) <= _LARGEST_PORT):
        raise ListenError(f"{bind!r} is no address to listen on; write it like 0.0.0.0:9292 or [::]:9292")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    try:
        listening = socket.create_server(
            (host, int(port)), family=family, backlog=_BACKLOG, dualstack_ipv6=both
        )
    except OSError as error:
        why = (error.strerror or "").partition(" (while")[0]  # Python adds the address again
        raise ListenError(f"cannot listen on {bind}: {why}; free it or choose another") from error
    # Connections inherit it. asyncio sets it too, but not for a socket made without a protocol number, and
    # then each answer on a connection that is kept alive waits 40 ms for an acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _shown(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
