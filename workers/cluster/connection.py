"""Requests to the API server: raw bytes, a deadline that really ends each call, retries in one place."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from urllib3 import Timeout
from urllib3.exceptions import HTTPError, ReadTimeoutError, SSLError

from workers.cluster.errors import ApiError, UnreachableError, api_error
from workers.cluster.retrying import retrying
from workers.cluster.sockets import cuttable, make_cuttable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from urllib3 import BaseHTTPResponse

    from supervisor.clock import Clock
    from supervisor.deadline import Deadline
    from workers.cluster.access import Access

JSON = "application/json"
WRITE_SECONDS = 4.0
"""What a write may take, here and in the server: so long after a lost lease nothing of ours is under way."""
READ_SECONDS = 30.0
CONNECT_SECONDS = 4.0
_READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Request:
    """One request that may be sent more than once: sending it again changes nothing more."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = JSON
    accept: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        """Whether it has an effect."""
        return self.method not in _READS


@dataclass(frozen=True, slots=True)
class Response:
    """An answer with a status below 400."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the body as the JSON object that it is; UnreachableError when another server answered."""
        try:
            document = json.loads(self.body)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise UnreachableError("the answer did not come from an API server")
        return document


class Connection:
    """Keep-alive connections to one API server; safe to share between threads.

    ``size`` connections are kept open; more calls at once open more. ``guard`` is called before every write
    and raises when writing is not allowed (the lease is lost). ``observe`` is told the HTTP method, the
    status (0 without an answer) and the seconds of every request that was sent.
    """

    def __init__(  # noqa: PLR0913 -- composed in one place, all by name
        self,
        access: Access,
        *,
        user_agent: str,
        clock: Clock,
        size: int = 8,
        guard: Callable[[], None] = lambda: None,
        observe: Callable[[str, int, float], None] = lambda _method, _status, _seconds: None,
    ) -> None:
        self._access = access
        self._pools = access.pools(size)
        make_cuttable(self._pools)
        self._user_agent = user_agent
        self._clock = clock
        self._guard = guard
        self._observe = observe

    def send(self, request: Request, deadline: Deadline) -> Response:
        """Send a request and return the whole answer.

        Raises ApiError for a status of 300 and above (but 304), UnreachableError without an answer (a write
        has 4 s, a read 30 s), DeadlineExceededError and FencedError as the deadline says.
        """
        response: Response = retrying(deadline)(self._send_once, request, deadline)
        return response

    @contextmanager
    def stream(self, request: Request, deadline: Deadline, silence: float) -> Iterator[Iterator[bytes]]:
        """Send a request and give the lines of the answer as they come; nothing is tried again.

        A server that says nothing for ``silence`` seconds is taken for dead. The errors of ``send`` come
        from the lines too; the connection is closed at the end of the block.
        """
        with self._answer(request, deadline, deadline, silence) as answer:
            yield _lines(answer, lambda: self._mapped(deadline, deadline))

    def close(self) -> None:
        """Close the connections that wait for work; nothing can be sent any more."""
        self._pools.connection_from_url(self._access.url).close()

    def _send_once(self, request: Request, deadline: Deadline) -> Response:
        limit = deadline.within(WRITE_SECONDS if request.writes else READ_SECONDS)
        with (
            self._answer(request, deadline, limit, limit.remaining()) as answer,
            self._mapped(deadline, limit),
        ):
            return Response(answer.status, answer.headers, answer.read(decode_content=True))

    @contextmanager
    def _answer(
        self, request: Request, deadline: Deadline, limit: Deadline, silence: float
    ) -> Iterator[BaseHTTPResponse]:
        """Give a good answer whose body is not read yet; ``limit`` is the part of ``deadline`` it has."""
        token = self._access.authorization()
        if request.writes:
            self._guard()
        with cuttable() as cut, limit.cutting(cut, effect=request.writes):
            answer = self._exchange(request, token, deadline, limit, silence)
            try:
                if answer.status >= HTTPStatus.MULTIPLE_CHOICES and answer.status != HTTPStatus.NOT_MODIFIED:
                    with self._mapped(deadline, limit):
                        raise self._refused(answer, token)
                yield answer
            finally:
                answer.close()

    def _exchange(
        self, request: Request, token: str | None, deadline: Deadline, limit: Deadline, silence: float
    ) -> BaseHTTPResponse:
        started, status = self._clock.monotonic(), 0
        try:
            with self._mapped(deadline, limit):
                answer = self._pools.urlopen(
                    request.method,
                    self._url(request, limit),
                    body=request.body,
                    headers=self._headers(request, token),
                    timeout=Timeout(
                        connect=max(0.001, min(CONNECT_SECONDS, limit.remaining())), read=silence
                    ),
                    retries=False,
                    redirect=False,
                    preload_content=False,
                )
            status = answer.status
            return answer
        finally:
            self._observe(request.method, status, self._clock.monotonic() - started)

    def _url(self, request: Request, limit: Deadline) -> str:
        query = dict(request.query)
        if request.writes:
            query["timeout"] = f"{max(1, int(limit.remaining() * 1000))}ms"
        return f"{self._access.url}{request.path}" + (f"?{urlencode(query)}" if query else "")

    def _headers(self, request: Request, token: str | None) -> dict[str, str]:
        headers = {"Accept": request.accept, "User-Agent": self._user_agent, **request.headers}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        if token is not None:
            headers["Authorization"] = token
        return headers

    def _refused(self, answer: BaseHTTPResponse, token: str | None) -> ApiError | UnreachableError:
        error = api_error(answer.status, answer.headers, answer.read(decode_content=True))
        if error.status == HTTPStatus.UNAUTHORIZED and self._access.renew(token):
            return UnreachableError("the credentials had expired and were read again", again=True)
        return error

    @contextmanager
    def _mapped(self, deadline: Deadline, limit: Deadline) -> Iterator[None]:
        """Turn the errors of urllib3 into ours: the deadline's, when it was the one that cut."""
        try:
            yield
        except HTTPError as error:
            deadline.check()
            raise self._unreachable(error, late=limit.remaining() <= 0) from error

    def _unreachable(self, error: HTTPError, *, late: bool) -> UnreachableError:
        if late or isinstance(error, ReadTimeoutError):
            return UnreachableError(f"the API server at {self._access.url} did not answer in time")
        if isinstance(error, SSLError):
            return UnreachableError(
                f"the certificate of the API server at {self._access.url} is not trusted:"
                " check the certificate authority in the kubeconfig"
            )
        return UnreachableError(
            f"the API server at {self._access.url} cannot be reached ({type(error).__name__})", again=True
        )


def _lines(answer: BaseHTTPResponse, mapped: Callable[[], AbstractContextManager[None]]) -> Iterator[bytes]:
    """Cut a body into lines as its chunks come; what stands behind the last line end was cut off."""
    rest = b""
    chunks = answer.stream(amt=65536, decode_content=True)
    while True:
        with mapped():
            chunk = next(chunks, None)
        if chunk is None:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
