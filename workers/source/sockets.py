"""HTTP connections that end with the deadline of the call that uses them.

A connection may serve many calls; each thread says which call it is in, and the connection lends that call
its socket, from before it connects until the answer is read.
"""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from supervisor.deadline import Deadline
    from workers.source.lookups import Endpoint, Lookups

CONNECT_SECONDS = 15.0
"""How long one address of a host may take to accept a connection."""
_HOSTS, _IDLE_PER_HOST = 32, 4


class Call:
    """One request and its answer, which another thread can end."""

    def __init__(self, deadline: Deadline, lookups: Lookups) -> None:
        self.deadline = deadline
        self.lookups = lookups
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._cut = False

    def cut(self) -> None:
        """Shut the socket of the call, now or as soon as it has one."""
        with self._lock:
            self._cut = True
            self._shut()

    def borrow(self, used: socket.socket) -> None:
        """Take the socket that the call uses from now on.

        Ours is a duplicate of the descriptor: wrapping a socket in TLS closes the plain object, and shutting
        a TLS object would drop its state under the thread that reads.
        """
        duplicate = socket.fromfd(used.fileno(), used.family, used.type)
        with self._lock:
            previous, self._socket = self._socket, duplicate
            if self._cut:
                self._shut()
        if previous is not None:
            previous.close()

    def give_back(self) -> None:
        """Let go of the socket: from now on it serves another call."""
        with self._lock:
            previous, self._socket = self._socket, None
        if previous is not None:
            previous.close()

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # not connected, or the peer was faster
                self._socket.shutdown(socket.SHUT_RDWR)


class _Calls(threading.local):
    """The call that this thread is in."""

    current: Call | None = None


_calls = _Calls()


@contextmanager
def calling(deadline: Deadline, lookups: Lookups) -> Iterator[None]:
    """Tie what this thread requests inside the block to a deadline; calls do not nest."""
    call = Call(deadline, lookups)
    _calls.current = call
    try:
        with deadline.cutting(call.cut, effect=False):
            yield
    finally:
        _calls.current = None
        call.give_back()


def _current() -> Call:
    if _calls.current is None:
        raise RuntimeError("a request outside of calling()")
    return _calls.current


def _connected(endpoint: Endpoint, call: Call) -> socket.socket:
    connected = socket.socket(endpoint.family, socket.SOCK_STREAM)
    try:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.settimeout(max(0.001, min(CONNECT_SECONDS, call.deadline.remaining())))
        call.borrow(connected)
        connected.connect(endpoint.address)
    except BaseException:
        connected.close()
        raise
    return connected


class _Lent(HTTPConnection):
    """A connection that resolves, connects and waits under the deadline of its call."""

    def _new_conn(self) -> socket.socket:
        call = _current()
        try:
            endpoints = call.lookups.resolve(self._dns_host, self.port or 0, call.deadline)
        except OSError as error:
            raise NameResolutionError(self.host, self, socket.gaierror(*error.args)) from error
        reason = "the name has no address"
        for endpoint in endpoints:
            call.deadline.check()
            try:
                return _connected(endpoint, call)
            except OSError as error:
                reason = str(error)  # not the error: its traceback would keep this frame and the socket
        raise NewConnectionError(self, reason)

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- urllib3's, passed on
        if self.sock is not None:
            _current().borrow(self.sock)
        super().request(*args, **kwargs)


class _LentTls(_Lent, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Lent


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _LentTls


def open_pools(trust: ssl.SSLContext) -> PoolManager:
    """Return the connections of one trust domain; those to the hosts used last are kept open.

    At most 32 hosts with 4 idle connections each, whatever the number of repositories.
    """
    pools = PoolManager(num_pools=_HOSTS, maxsize=_IDLE_PER_HOST, ssl_context=trust, retries=False)
    pools.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return pools
