"""HTTP connections whose sockets another thread can shut, so that a deadline really ends a call."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from urllib3 import PoolManager


class Cut:
    """Ends the call that runs in one thread, from any other.

    A call that is still resolving the name, connecting or in the TLS handshake ends with its connect
    timeout instead.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._cut = False

    def __call__(self) -> None:
        """Shut the socket of the call, now or as soon as it has one."""
        with self._lock:
            self._cut = True
            self._shut()

    def hold(self, held: socket.socket) -> None:
        """Take the socket of the call."""
        with self._lock:
            self._socket = held
            if self._cut:
                self._shut()

    def release(self) -> None:
        """Let go of the socket: it may serve another call from now on."""
        with self._lock:
            self._socket = None

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # the peer was faster
                # Not SSLSocket.shutdown: that drops the TLS layer under the thread that reads.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Calls(threading.local):
    """The call that this thread is in."""

    cut: Cut | None = None


_calls = _Calls()


@contextmanager
def cuttable() -> Iterator[Cut]:
    """Make the request inside the block one that the given ``Cut`` ends."""
    outer, cut = _calls.cut, Cut()
    _calls.cut = cut
    try:
        yield cut
    finally:
        _calls.cut = outer
        cut.release()


class _Held(HTTPConnection):
    """A connection that hands its socket to the call that uses it."""

    _holder: Cut | None = None

    def connect(self) -> None:
        super().connect()
        self._hand_over()

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- passed on untouched
        self._hand_over()
        super().request(*args, **kwargs)

    def _hand_over(self) -> None:
        if self._holder is not None:
            self._holder.release()
        self._holder = _calls.cut
        if self._holder is not None and self.sock is not None:
            self._holder.hold(self.sock)


class _HeldTls(_Held, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Held


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _HeldTls


def make_cuttable(pools: PoolManager) -> None:
    """Let every connection that these pools open from now on be cuttable."""
    pools.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
