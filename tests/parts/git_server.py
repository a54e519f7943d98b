"""A real Git server that records what it is asked, and that fails as it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pytest

from alumiini_py.demo.git_server import GitHandler, GitServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alumiini_py.demo.git_repository import Repository

INFO_REFS, LS_REFS, FETCH, PUSH = "info-refs", "ls-refs", "fetch", "push"
ANNOUNCEMENT = "application/x-git-upload-pack-advertisement"
RESULT = "application/x-git-upload-pack-result"
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    operation: str
    path: str
    authorization: str | None
    client: int


Proceed = Callable[[], None]
Fault = Callable[["FaultyHandler", Proceed], None]


class FaultyGitServer(GitServer):
    """A Git server with a record, and with faults by operation that a test may change at any time."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, FaultyHandler)
        self.faults: dict[str, Fault] = {}
        self.redirects: dict[str, Fault] = {}
        self.asked: list[Asked] = []
        self.stalled = False
        self.connections_ended = 0
        self.clients_gone = 0
        self._changed = threading.Condition()

    def redirect(self, path: str, answer: Fault) -> None:
        """Answer the announcement of a path that is no repository."""
        self.redirects[f"{path}/info/refs"] = answer

    def count(self, operation: str, name: str = "") -> int:
        """Return how often an operation was asked for, of one repository or of all."""
        return sum(asked.operation == operation and name in asked.path for asked in self.asked)

    def wait_until_asked(self, operation: str, times: int = 1) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.count(operation) >= times, _PATIENCE)

    def wait_until_clients_went(self, times: int = 1) -> None:
        """Wait until clients have left connections that a fault kept open."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.clients_gone >= times, _PATIENCE)

    def note(self, asked: Asked) -> None:
        with self._changed:
            self.asked.append(asked)
            self._changed.notify_all()

    def wait_until_stalled(self) -> None:
        """Wait until a fault has sent all that it will."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.stalled, _PATIENCE)

    def note_stalled(self) -> None:
        with self._changed:
            self.stalled = True
            self._changed.notify_all()

    def wait_until_connections_ended(self, times: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.connections_ended >= times, _PATIENCE)

    def note_connection_ended(self) -> None:
        with self._changed:
            self.connections_ended += 1
            self._changed.notify_all()

    def note_client_gone(self) -> None:
        with self._changed:
            self.clients_gone += 1
            self._changed.notify_all()


class FaultyHandler(GitHandler):
    """Notes each request and lets its fault answer instead, or change the answer."""

    change: Callable[[bytes], bytes] = bytes

    @property
    def faulty(self) -> FaultyGitServer:
        return cast("FaultyGitServer", self.git)

    def do_GET(self) -> None:  # noqa: N802 -- the name that http.server calls
        self._note(INFO_REFS)
        redirect = self.faulty.redirects.get(self.path.partition("?")[0])
        if redirect is None:
            super().do_GET()
        else:
            redirect(self, super().do_GET)

    def finish(self) -> None:
        super().finish()
        self.faulty.note_connection_ended()

    def announce(self, repository: Repository, service: str) -> None:
        self._answer_with_fault(INFO_REFS, lambda: super(FaultyHandler, self).announce(repository, service))

    def serve(self, repository: Repository, service: str, body: bytes) -> None:
        operation = (
            PUSH if service == "git-receive-pack" else LS_REFS if b"command=ls-refs" in body else FETCH
        )
        self._note(operation)
        self._answer_with_fault(
            operation, lambda: super(FaultyHandler, self).serve(repository, service, body)
        )

    def write_part(self, part: bytes) -> None:
        super().write_part(self.change(part))

    def write_some(self, part: bytes) -> None:
        """Send a part as it is; an empty one is no part, because that would end the answer."""
        if part:
            super().write_part(part)

    def send_head(self, content_type: str = RESULT) -> None:
        """Begin a good answer of unknown length."""
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()

    def wait_for_client(self) -> None:
        """Hold the connection until the client, or the server at its end, shuts it."""
        self.wfile.flush()
        self.close_connection = True
        self.faulty.note_stalled()
        with suppress(ConnectionError):
            while self.connection.recv(1024):
                continue
        self.faulty.note_client_gone()

    def _note(self, operation: str) -> None:
        self.faulty.note(
            Asked(operation, self.path, self.headers.get("Authorization"), self.client_address[1])
        )

    def _answer_with_fault(self, operation: str, proceed: Proceed) -> None:
        fault = self.faulty.faults.get(operation)
        if fault is None:
            proceed()
        else:
            fault(self, proceed)


def silent(handler: FaultyHandler, _: Proceed) -> None:
    """Accept the request and say nothing."""
    handler.wait_for_client()


def dripping_head(handler: FaultyHandler, _: Proceed) -> None:
    """Send the head of an answer byte by byte, without end."""
    _drip(handler, b"HTTP/1.1 200 OK\r\nX-Endless: ", b"x")


def dripping_body(handler: FaultyHandler, _: Proceed) -> None:
    """Begin the longest packet there is and send it byte by byte."""
    handler.send_head(ANNOUNCEMENT if "/info/refs" in handler.path else RESULT)
    _drip(handler, b"4\r\nfff0\r\n", b"1\r\nx\r\n")


def stalling_after(size: int) -> Fault:
    """Send so many bytes of the answer, then nothing."""

    def stall(handler: FaultyHandler) -> None:
        handler.wait_for_client()
        raise ConnectionAbortedError

    return _ending_after(size, stall)


def cut_after(size: int) -> Fault:
    """Send so many bytes of the answer, then close the connection."""

    def cut(_: FaultyHandler) -> None:
        raise ConnectionAbortedError

    return _ending_after(size, cut)


def _ending_after(size: int, end: Callable[[FaultyHandler], None]) -> Fault:
    def fault(handler: FaultyHandler, proceed: Proceed) -> None:
        left = size

        def change(part: bytes) -> bytes:
            nonlocal left
            if len(part) <= left:
                left -= len(part)
                return part
            handler.write_some(part[:left])
            end(handler)
            return b""

        handler.change = change
        proceed()

    return fault


def altered(change: Callable[[bytes], bytes]) -> Fault:
    """Change each part of the answer."""

    def fault(handler: FaultyHandler, proceed: Proceed) -> None:
        handler.change = change
        proceed()
        del handler.change

    return fault


def recording(parts: list[bytes]) -> Fault:
    """Answer as usual and keep the parts of the answer."""

    def keep(part: bytes) -> bytes:
        parts.append(part)
        return part

    return altered(keep)


def saying(body: bytes, content_type: str = RESULT) -> Fault:
    """Answer with a body of one's own."""

    def fault(handler: FaultyHandler, _: Proceed) -> None:
        handler.send_head(content_type)
        GitHandler.write_part(handler, body)
        handler.wfile.write(b"0\r\n\r\n")

    return fault


def status(code: int, **headers: str) -> Fault:
    """Answer with a status and no body; an underscore in a header's name stands for a hyphen."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, _: handler.refuse(code, named)


def held_until(event: threading.Event) -> Fault:
    """Answer as usual, but not before the event."""

    def fault(_: FaultyHandler, proceed: Proceed) -> None:
        assert event.wait(_PATIENCE)
        proceed()

    return fault


def _drip(handler: FaultyHandler, first: bytes, then: bytes) -> None:
    handler.close_connection = True
    left = threading.Event()
    try:
        handler.connection.sendall(first)
        while not left.wait(0.01):
            handler.connection.sendall(then)
    except OSError:
        handler.faulty.note_client_gone()


@pytest.fixture
def git_server(tmp_path: Path) -> Iterator[FaultyGitServer]:
    with FaultyGitServer(tmp_path / "git") as server:
        yield server
