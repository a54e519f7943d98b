"""A web server on loopback that serves files, and every fault a download can meet."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Cut:
    """An answer that promises more bytes than come."""

    content: bytes
    promised: int


@dataclass(frozen=True, slots=True)
class Redirect:
    """An answer that points elsewhere."""

    to: str


class Silence:
    """No answer at all, until the server ends."""


Answer = bytes | Cut | Redirect | Silence


class WebServer(ThreadingHTTPServer):
    """Answers by path; ``asked`` are the paths in the order they came."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.ending = threading.Event()

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: WebServer

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        match self.server.answers.get(self.path):
            case bytes(content):
                self._send(content, len(content))
            case Cut(content, promised):
                self._send(content, promised)
            case Redirect(to):
                self.send_response(302)
                self.send_header("Location", to)
                self.end_headers()
            case Silence():
                self.server.ending.wait(60)
            case None:
                self.send_error(404)

    def _send(self, content: bytes, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is http.server's
        """Stay quiet."""


@contextmanager
def web_server() -> Iterator[WebServer]:
    """Serve for as long as the block runs."""
    with WebServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.ending.set()
            server.shutdown()
            thread.join()
