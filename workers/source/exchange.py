"""One HTTP request and its answer, read in parts, under a deadline."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from urllib3 import Timeout
from urllib3.exceptions import ClosedPoolError, HTTPError, ProtocolError

from workers.model.errors import Reason, SyncError
from workers.source.failures import network_failure
from workers.source.sockets import calling, open_pools

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping

    from urllib3 import BaseHTTPResponse

    from supervisor.deadline import Deadline
    from workers.source.lookups import Lookups

_PART = 64 * 1024
_SHORTEST = 0.001  # urllib3 refuses 0, and the deadline is asked anyway


@dataclass(frozen=True, slots=True)
class Question:
    """What is sent; a body makes it a POST. ``answer_bytes`` bounds the body of the answer."""

    host: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None
    answer_bytes: int


class Answer:
    """Status, headers and a body that comes in parts."""

    def __init__(self, response: BaseHTTPResponse, question: Question, deadline: Deadline) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._question = question
        self._deadline = deadline
        self._part = memoryview(b"")
        self._left = question.answer_bytes

    def read(self, count: int) -> bytes:
        """Return at most ``count`` bytes of the body, none at its end; raises SyncError."""
        if not self._part:
            self._part = memoryview(self._receive())
        taken, self._part = self._part[:count], self._part[count:]
        return bytes(taken)

    def finish(self) -> None:
        """Keep the connection when the body is at its end; otherwise ``close`` ends it."""
        if not self._part and not self._receive():
            self._response.release_conn()

    def close(self) -> None:
        """Close the connection unless it is kept."""
        self._response.close()

    def _receive(self) -> bytes:
        self._deadline.check()
        try:
            part = self._response.read1(_PART, decode_content=False)
        except (HTTPError, OSError) as error:
            self._deadline.check()
            raise network_failure(error, self._question.host) from error
        if not part:
            self._deadline.check()  # a body that was cut may look like one that ends
        self._left -= len(part)
        if self._left < 0:
            raise SyncError(
                Reason.GIT_OPERATION_FAILED,
                f"{self._question.host} sends more than {self._question.answer_bytes} bytes; "
                "this repository is too large",
            )
        return part


class Exchange:
    """Sends requests over kept connections; safe to use from many threads."""

    def __init__(self, trust: ssl.SSLContext, lookups: Lookups) -> None:
        self._pools = open_pools(trust)
        self._lookups = lookups

    @contextmanager
    def ask(self, question: Question, deadline: Deadline) -> Iterator[Answer]:
        """Send a request that may be sent twice; its answer can be read inside the block.

        Redirects are not followed. Raises SyncError for what the network does, and what
        ``deadline.check`` raises, at the latest when the deadline passes or the fence closes.
        """
        with calling(deadline, self._lookups):
            answer = Answer(self._send(question, deadline), question, deadline)
            try:
                deadline.check()  # a head that was cut looks like one that ends
                yield answer
                answer.finish()
            finally:
                answer.close()

    def close(self) -> None:
        """Close all idle connections."""
        self._pools.clear()

    def _send(self, question: Question, deadline: Deadline) -> BaseHTTPResponse:
        try:
            return self._send_once(question, deadline)
        except (ProtocolError, ClosedPoolError):
            # Most often the server closed a kept connection just when we used it.
            deadline.check()
        except (HTTPError, OSError) as error:
            deadline.check()
            raise network_failure(error, question.host) from error
        try:
            return self._send_once(question, deadline)
        except (HTTPError, OSError) as error:
            deadline.check()
            raise network_failure(error, question.host) from error

    def _send_once(self, question: Question, deadline: Deadline) -> BaseHTTPResponse:
        return self._pools.urlopen(
            "GET" if question.body is None else "POST",
            question.url,
            body=question.body,
            headers=question.headers,
            timeout=Timeout(max(deadline.remaining(), _SHORTEST)),
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
