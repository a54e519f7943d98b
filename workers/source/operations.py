"""Network operations: counted once each, their failures mapped once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

from supervisor.deadline import DeadlineExceededError, FencedError
from workers.model.errors import Reason, SyncError
from workers.source.failures import timeout
from workers.source.packets import ProtocolError
from workers.source.protocol import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

Observe = Callable[[str, str], None]
"""Is told of each network operation (``info-refs``, ``ls-refs``, ``fetch``) and how it ended.

The end is ``success``, a reason such as ``GitTimeout``, or ``cancelled`` for work that was given up.
"""


@contextmanager
def operation(name: str, host: str, observe: Observe) -> Iterator[None]:
    """Run one network operation; whatever goes wrong leaves as a SyncError, or as FencedError."""
    try:
        with mapped(host):
            yield
    except SyncError as error:
        observe(name, str(error.reason))
        raise
    except FencedError:
        observe(name, "cancelled")
        raise
    observe(name, "success")


@contextmanager
def mapped(host: str) -> Iterator[None]:
    """Turn a passed deadline and what a remote says wrongly into a SyncError."""
    try:
        yield
    except DeadlineExceededError as error:
        raise timeout(host) from error
    except ProtocolError as error:
        raise _failed(f"{host} sent {error} instead of Git's protocol; check spec.url") from error
    except RefusedError as error:
        raise _failed(f"{host} refused the request; it is tried again by itself") from error


def _failed(message: str) -> SyncError:
    return SyncError(Reason.GIT_OPERATION_FAILED, message)
