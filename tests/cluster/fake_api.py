"""A small HTTP server that speaks as much of the API as a test scripts, faults included."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """``lines`` are sent as chunks; then the body ends, or ``then`` happens: ``hang`` or ``cut``."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[bytes, ...] | None = None
    then: str = "end"


SILENCE = Answer(then="silence")
DROP = Answer(then="drop")


def status(code: int, reason: str = "", message: str = "", **headers: str) -> Answer:
    document = {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message}
    return Answer(
        code,
        json.dumps(document).encode(),
        {name.replace("_", "-"): value for name, value in headers.items()},
    )


def document(value: Any, **headers: str) -> Answer:  # noqa: ANN401 -- any JSON
    return Answer(200, json.dumps(value).encode(), headers)


def events(*values: tuple[str, Any], then: str = "end") -> Answer:
    lines = tuple(json.dumps({"type": kind, "object": value}).encode() + b"\n" for kind, value in values)
    return Answer(lines=lines, then=then)


class FakeApi(ThreadingHTTPServer):
    """Answers with what ``script`` returns for each request, and remembers the requests."""

    daemon_threads = False

    def __init__(self, script: Callable[[Asked], Answer]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._script = script
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self.asked: list[Asked] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        return self._script(asked)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 5
    server: FakeApi

    def handle_one_request(self) -> None:
        with suppress(ConnectionError):
            super().handle_one_request()

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = dict(parse_qsl(address.query))
        self._send(self.server.answer(Asked(self.command, address.path, query, dict(self.headers), body)))

    do_PATCH = do_POST = do_DELETE = do_GET  # noqa: N815 -- the names of the base class

    def _send(self, answer: Answer) -> None:
        if answer.then in {"silence", "drop"}:
            self._end(answer.then)
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.lines is None:
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
        else:
            self._send_lines(answer.lines)
            self._end(answer.then)

    def _send_lines(self, lines: tuple[bytes, ...]) -> None:
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in lines:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))

    def _end(self, then: str) -> None:
        if then == "end":
            self.wfile.write(b"0\r\n\r\n")
            return
        self.close_connection = True
        if then != "drop":
            self.server.closing.wait(20)

    def log_message(self, *_: object) -> None:
        pass
