"""Name resolution with a deadline.

``getaddrinfo`` cannot be interrupted. So it runs in a thread that is given up when nobody waits for it any
more; everybody who asks for the same host meanwhile waits for the same thread, so that a silent name server
costs one thread per host at most.
"""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from supervisor.deadline import Deadline


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address that a socket can connect to."""

    family: socket.AddressFamily
    address: Any


class Lookups:
    """The lookups that run now, one per host and port."""

    def __init__(self, getaddrinfo: Callable[..., list[Any]] = socket.getaddrinfo) -> None:
        self._getaddrinfo = getaddrinfo
        self._lock = threading.Lock()
        self._running: dict[tuple[str, int], Future[tuple[Endpoint, ...]]] = {}

    def resolve(self, host: str, port: int, deadline: Deadline) -> tuple[Endpoint, ...]:
        """Return the addresses of a host in the order of preference.

        Raises OSError when there are none, and what ``deadline.check`` raises when it takes too long.
        """
        answered = threading.Event()
        lookup = self._join(host, port)
        lookup.add_done_callback(lambda _: answered.set())
        with deadline.cutting(answered.set, effect=False):
            answered.wait()
        if not lookup.done():
            deadline.check()
        return lookup.result(timeout=0)

    def _join(self, host: str, port: int) -> Future[tuple[Endpoint, ...]]:
        with self._lock:
            lookup = self._running.get((host, port))
            if lookup is None:
                lookup = Future()
                threading.Thread(
                    target=self._run, args=(host, port, lookup), name="lookup", daemon=True
                ).start()
                self._running[host, port] = lookup  # the thread leaves only after this
            return lookup

    def _run(self, host: str, port: int, lookup: Future[tuple[Endpoint, ...]]) -> None:
        try:
            found = self._getaddrinfo(host, port, type=socket.SOCK_STREAM)
            endpoints = tuple(Endpoint(family, address) for family, _, _, _, address in found)
        except (OSError, UnicodeError) as error:  # a label of more than 63 characters is a UnicodeError
            self._leave(host, port)
            lookup.set_exception(error if isinstance(error, OSError) else OSError(str(error)))
        else:
            self._leave(host, port)
            lookup.set_result(endpoints)

    def _leave(self, host: str, port: int) -> None:
        with self._lock:
            del self._running[host, port]
