"""A proxy before a real API server: it can hold requests, answer instead, and cut or silence watches.

It has the server's own certificate and key, so that who trusts the server trusts it. Each connection to it
has one to the server and shares its fate.
"""

from __future__ import annotations

import http.client
import json
import select
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self, cast
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alumiini_py.controlplane.plane import ControlPlane

_PATIENCE = 30.0
_PART = 64 * 1024
_LOOK = 0.02
_OF_ONE_HOP = frozenset({"connection", "transfer-encoding", "content-length"})


@dataclass(frozen=True, slots=True)
class Passing:
    """A request on its way."""

    method: str
    path: str
    watches: bool


Proceed = Callable[[], None]
Fault = Callable[["ProxyHandler", Proceed], None]


def passing(_: ProxyHandler, proceed: Proceed) -> None:
    """Do nothing to a request."""
    proceed()


def refusing(code: int, reason: str) -> Fault:
    """Answer as an API server does that cannot."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason}
    return lambda handler, _: handler.answer(code, json.dumps(body).encode())


def expired(handler: ProxyHandler, _: Proceed) -> None:
    """Begin a watch and say in it that its version is forgotten."""
    event = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}}
    handler.answer(200, json.dumps(event).encode() + b"\n")


class Hold:
    """Holds the first request that matches; then sends it to the server, even when its client has left."""

    def __init__(self, matches: Callable[[Passing], bool]) -> None:
        self.came, self.left, self.over = threading.Event(), threading.Event(), threading.Event()
        self._matches = matches
        self._release = threading.Event()

    def __call__(self, request: Passing) -> Fault:
        return self._hold if self._matches(request) and not self.came.is_set() else passing

    def release(self) -> None:
        """Send it now; returns when the server has answered."""
        self._release.set()
        assert self.over.wait(_PATIENCE)

    def _hold(self, handler: ProxyHandler, proceed: Proceed) -> None:
        self.came.set()
        while not self._release.wait(_LOOK):
            if select.select([handler.connection], [], [], 0)[0]:
                self.left.set()
        try:
            proceed()
        finally:
            self.over.set()


class SlowProxy:
    """Passes requests on; ``treat`` says what happens to each, and may be changed at any time."""

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        certs = plane.ca_file.parent
        self.treat: Callable[[Passing], Fault] = lambda _: passing
        self.server = urlsplit(plane.url)
        self.trust = ssl.create_default_context(cafile=plane.ca_file)
        self._certificate = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._certificate.load_cert_chain(certs / "apiserver.crt", certs / "apiserver.key")
        self._listener = _Listener(self, self._certificate)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,), name="proxy")
        self._lock = threading.Lock()
        self._connections: set[ProxyHandler] = set()
        self.kubeconfig = folder / "proxy-kubeconfig"
        url = f"https://127.0.0.1:{self._listener.server_port}"
        self.kubeconfig.write_text(plane.kubeconfig.read_text().replace(plane.url, url))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown()
        self._thread.join()
        for connection in self._chosen(lambda _: True):
            connection.shut()
        self._listener.server_close()

    def cut_watches(self) -> None:
        """Shut the connections of all watches."""
        for watch in self._chosen(_watches):
            watch.shut()

    def silence_watches(self) -> None:
        """Let nothing more of the present watches through, and keep their connections."""
        for watch in self._chosen(_watches):
            watch.silent = True

    def came(self, handler: ProxyHandler) -> None:
        with self._lock:
            self._connections.add(handler)

    def went(self, handler: ProxyHandler) -> None:
        with self._lock:
            self._connections.discard(handler)

    def _chosen(self, wanted: Callable[[ProxyHandler], bool]) -> list[ProxyHandler]:
        with self._lock:
            return [one for one in self._connections if wanted(one)]


class _Listener(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, proxy: SlowProxy, certificate: ssl.SSLContext) -> None:
        self.proxy = proxy
        self._certificate = certificate
        super().__init__(("127.0.0.1", 0), ProxyHandler)

    def get_request(self) -> tuple[socket.socket, object]:
        """Accept a connection; its own thread shakes hands."""
        accepted, address = super().get_request()
        secured = self._certificate.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False)
        return secured, address

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of connections that end in the middle: ending them is what this is for."""


class ProxyHandler(BaseHTTPRequestHandler):
    """One connection of a client, and the one to the server that belongs to it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    request_now: Passing | None = None
    silent = False

    @property
    def proxy(self) -> SlowProxy:
        return cast("_Listener", self.server).proxy

    def setup(self) -> None:
        super().setup()
        self._shut = threading.Event()
        server = self.proxy.server
        self._upstream = http.client.HTTPSConnection(
            str(server.hostname), server.port, context=self.proxy.trust
        )
        self.proxy.came(self)

    def finish(self) -> None:
        self.proxy.went(self)
        self._upstream.close()
        with suppress(OSError):
            super().finish()

    def shut(self) -> None:
        """End both connections at once, from any thread."""
        self._shut.set()
        for end in (self.connection, self._upstream.sock):
            if end is not None:
                with suppress(OSError):
                    socket.socket.shutdown(end, socket.SHUT_RDWR)

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        query = parse_qs(urlsplit(self.path).query)
        self.request_now = request = Passing(self.command, self.path, "true" in query.get("watch", []))
        try:
            self.proxy.treat(request)(self, lambda: self._pass_on(body))
        finally:
            self.request_now = None

    def do_PATCH(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()

    def answer(self, code: int, body: bytes) -> None:
        """Answer instead of the server."""
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is http.server's
        """Stay quiet."""

    def _pass_on(self, body: bytes) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_ONE_HOP}
        self._upstream.request(self.command, self.path, body or None, headers)
        with self._upstream.getresponse() as response:
            self.send_response_only(response.status, response.reason)
            for name, value in response.getheaders():
                if name.lower() not in _OF_ONE_HOP:
                    self.send_header(name, value)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.flush()
            while part := response.read1(_PART):
                if self.silent:
                    self._shut.wait()
                self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")


def _watches(handler: ProxyHandler) -> bool:
    request = handler.request_now
    return request is not None and request.watches


@pytest.fixture
def proxy(control_plane: ControlPlane, tmp_path: Path) -> Iterator[SlowProxy]:
    """Stands before the shared control plane; ask for it before the controllers, it ends after them."""
    with SlowProxy(control_plane, tmp_path) as proxy:
        yield proxy
