"""A small Git server over HTTP on loopback: real git behind a front end of the standard library."""

from __future__ import annotations

import base64
import gzip
import socket
import subprocess
import tempfile
import threading
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from typing import TYPE_CHECKING, Self, cast
from urllib.parse import parse_qs, urlsplit

from alumiini_py.demo.git_repository import Repository, create_repository, git_environment

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

_BODY_BYTES = 256 * 1024 * 1024
_PART = 64 * 1024
_SERVICES = ("git-upload-pack", "git-receive-pack")


@dataclass(frozen=True, slots=True)
class Served:
    """A repository and who may use it; None stands for everybody."""

    repository: Repository
    auth: tuple[str, str] | None


class GitServer:
    """Serves repositories under ``http://127.0.0.1:<port>/<name>.git``, for reading and for pushing."""

    def __init__(self, folder: Path, handler: type[GitHandler] | None = None) -> None:
        self._folder = folder
        self._http = _Listener(self, handler or GitHandler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), name="git-server")
        self._served: dict[str, Served] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The TCP port, chosen by the system."""
        return int(self._http.server_address[1])

    def create(self, name: str, auth: tuple[str, str] | None = None) -> Repository:
        """Create an empty repository; ``auth`` is the user name and password that it asks for."""
        repository = create_repository(self._folder / f"{name}.git")
        self._served[f"/{name}.git"] = Served(repository, auth)
        return repository

    def repository(self, name: str) -> Repository:
        """Return a repository that was created."""
        return self._served[f"/{name}.git"].repository

    def find(self, path: str) -> Served | None:
        """Return what is served at a path of the server."""
        return self._served.get(path)

    def url(self, name: str) -> str:
        """Return the URL of a repository."""
        return f"http://127.0.0.1:{self.port}/{name}.git"

    def start(self) -> None:
        """Accept connections."""
        self._thread.start()

    def stop(self) -> None:
        """Shut all connections and wait until their threads have ended."""
        self._http.shutdown()
        self._thread.join()
        self._http.shut_connections()
        self._http.server_close()


class _Listener(ThreadingHTTPServer):
    """Remembers its connections, because a kept one would hold its thread for ever."""

    daemon_threads = False
    block_on_close = True

    def __init__(self, git: GitServer, handler: type[GitHandler]) -> None:
        self.git = git
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), handler)

    def process_request(self, request: object, client_address: object) -> None:
        with self._lock:
            self._connections.add(cast("socket.socket", request))
        super().process_request(cast("socket.socket", request), client_address)

    def shutdown_request(self, request: object) -> None:
        with self._lock:
            self._connections.discard(cast("socket.socket", request))
        super().shutdown_request(cast("socket.socket", request))

    def shut_connections(self) -> None:
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # its client was faster

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that go away in the middle."""


class GitHandler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # header and first part in one segment

    @property
    def git(self) -> GitServer:
        """The server that this connection came to."""
        return cast("_Listener", self.server).git

    def do_GET(self) -> None:
        """Announce a repository."""
        parts = urlsplit(self.path)
        service = parse_qs(parts.query).get("service", [""])[0]
        if not parts.path.endswith("/info/refs") or service not in _SERVICES:
            self.refuse(HTTPStatus.NOT_FOUND)
            return
        repository = self._allowed(parts.path.removesuffix("/info/refs"))
        if repository is not None:
            self.announce(repository, service)

    def do_POST(self) -> None:
        """Serve what was announced."""
        body = self._body()
        path, _, service = self.path.rpartition("/")
        if service not in _SERVICES:
            self.refuse(HTTPStatus.NOT_FOUND)
            return
        repository = self._allowed(path)
        if repository is not None:
            self.serve(repository, service, body)

    def announce(self, repository: Repository, service: str) -> None:
        """Answer ``info/refs``; versions 0 and 1 of the protocol begin with the name of the service."""
        version_2 = service == "git-upload-pack" and "version=2" in self._protocol()
        head = b"" if version_2 else f"{len(service) + 15:04x}# service={service}\n0000".encode()
        self._answer(
            f"application/x-{service}-advertisement",
            self._run(repository, [service.removeprefix("git-"), "--stateless-rpc", "--advertise-refs"], b""),
            head,
        )

    def serve(self, repository: Repository, service: str, body: bytes) -> None:
        """Answer a query, a fetch or a push."""
        parts = self._run(repository, [service.removeprefix("git-"), "--stateless-rpc"], body)
        self._answer(f"application/x-{service}-result", parts, b"")

    def refuse(self, status: int, headers: dict[str, str] | None = None) -> None:
        """Answer with a status and no body."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name of the base class
        """Keep the terminal for what a person wants to see."""

    def _allowed(self, path: str) -> Repository | None:
        served = self.git.find(path)
        if served is None:
            self.refuse(HTTPStatus.NOT_FOUND)
            return None
        if served.auth is not None and self.headers.get("Authorization") != _basic(*served.auth):
            self.refuse(HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": 'Basic realm="git"'})
            return None
        return served.repository

    def _protocol(self) -> str:
        return self.headers.get("Git-Protocol", "")

    def _body(self) -> bytes:
        body = b"".join(self._chunks()) if self._is_chunked() else self.rfile.read(self._length())
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _is_chunked(self) -> bool:
        return self.headers.get("Transfer-Encoding", "").lower() == "chunked"

    def _length(self) -> int:
        return min(int(self.headers.get("Content-Length", "0")), _BODY_BYTES)

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _run(self, repository: Repository, arguments: list[str], body: bytes) -> Generator[bytes]:
        with tempfile.TemporaryFile() as stdin:  # a pipe could fill while nobody reads the other one
            stdin.write(body)
            stdin.seek(0)
            child = subprocess.Popen(  # noqa: S603 -- the service is one of two literals
                ["git", *arguments, str(repository.path)],  # noqa: S607 -- git is found on PATH
                env=git_environment() | {"GIT_PROTOCOL": self._protocol()},
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,  # a part is handed on as it comes
            )
        with child:
            assert child.stdout is not None  # noqa: S101 -- opened as a pipe above
            try:
                while part := child.stdout.read(_PART):
                    yield part
            finally:
                child.kill()

    def _answer(self, content_type: str, parts: Generator[bytes], head: bytes) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", content_type)
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with closing(parts):
            for part in chain([head] if head else [], parts):
                self.write_part(part)
        self.wfile.write(b"0\r\n\r\n")

    def write_part(self, part: bytes) -> None:
        """Send one chunk of an answer."""
        self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))


def _basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
