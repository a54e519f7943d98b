"""Status that must be written while its actor is busy: one small actor writes it for all.

A sync that takes long says so from here, since its own thread waits for Git or the cluster.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Self

from supervisor.actor import SupervisedActor
from supervisor.mailbox import Lane, Message
from workers.controller.own_object import answered
from workers.model.errors import SyncError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from supervisor.deadline import Deadline, Watchdog
    from supervisor.registry import Registry
    from workers.model.keys import ResourceKey

ANNOUNCER = "announcer"
"""The key of the one actor."""

_WRITE_SECONDS = 10.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Announce(Message):
    """Write these; a later announcement of the same key replaces an earlier one."""

    lane: ClassVar[Lane] = Lane.RECONCILE

    writes: Mapping[ResourceKey, Callable[[Deadline], None]]

    def merge(self, newer: Self) -> Self:
        """Return both."""
        return type(self)({**self.writes, **newer.writes})


class Announcer(SupervisedActor):
    """Writes what it is told to; one that fails is logged and left, the actor itself will write soon."""

    def handle(self, message: Message) -> None:
        """Write all that waits."""
        if isinstance(message, Announce):
            for key, write in message.writes.items():
                self.checkpoint()
                try:
                    with answered():
                        write(self.context.fence.deadline(_WRITE_SECONDS))
                except SyncError as error:
                    labels = {"repository": key.place}
                    _log.warning("cannot write a status: %s", error.message, extra=labels)


class Announcements:
    """How an actor asks for an announcement that comes only when it is still busy by then."""

    def __init__(self, registry: Registry, watchdog: Watchdog) -> None:
        self._registry = registry
        self._watchdog = watchdog

    def after(
        self, seconds: float, key: ResourceKey, write: Callable[[Deadline], None]
    ) -> Callable[[], None]:
        """Let ``write`` be called on the announcer's thread in ``seconds``; returns what cancels it."""
        at = self._watchdog.clock.monotonic() + seconds
        number = self._watchdog.call_at(at, partial(self.now, key, write))
        return partial(self._watchdog.forget, number)

    def now(self, key: ResourceKey, write: Callable[[Deadline], None]) -> None:
        """Let ``write`` be called on the announcer's thread soon; never blocks."""
        self._registry.send(ANNOUNCER, Announce({key: write}))
