"""Connections that strangers cannot hold for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from asyncio import TimerHandle, Transport

MOST = 256
"""Connections beyond which a request is answered 503 at once."""

_SECONDS = 30.0


class BoundedConnection(H11Protocol):
    """uvicorn's HTTP/1.1, with an end for clients that stay silent, drip, or do not read.

    uvicorn limits only the pause between two requests. Here the time from the connection, or from the last
    answer, to the next complete answer is 30 s, whatever the client does meanwhile; and beyond twice ``MOST``
    connections a new one is dropped, because file descriptors are for Git and the API server too.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- uvicorn's own signature
        super().__init__(*args, **kwargs)
        self._end: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Start the clock, or drop the connection when there are far too many."""
        super().connection_made(transport)
        if len(self.connections) > 2 * MOST:
            transport.abort()
        else:
            self._restart()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Start the clock of the next request."""
        self._restart()
        super().on_response_complete()

    def _restart(self) -> None:
        self._stop()
        self._end = self.loop.call_later(_SECONDS, self.transport.abort)

    def _stop(self) -> None:
        if self._end is not None:
            self._end.cancel()
