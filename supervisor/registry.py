"""The address of an actor that survives its restarts: a key."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

import pykka

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from supervisor.actor import ActorRef
    from supervisor.mailbox import Message


_log = logging.getLogger(__name__)


class Delivery(Enum):
    """What became of a message."""

    DELIVERED = "it waits in the mailbox of a running actor"
    RESTARTING = "it is kept for the next start of the actor, which it brings nearer"
    UNKNOWN = "there is no such actor and none is about to start"


@dataclass(slots=True)
class _Slot:
    ref: ActorRef | None = None
    kept: dict[type[Message], Message] = field(default_factory=dict)
    wake: Callable[[], None] | None = None

    def keep(self, message: Message) -> None:
        earlier = self.kept.get(type(message))
        self.kept[type(message)] = message if earlier is None else earlier.merge(message)

    def tell_or_keep(self, message: Message) -> None:
        if self.ref is None or not _told(self.ref, message):
            self.keep(message)


class Registry:
    """Key to actor, for any thread; one lookup per message.

    A message that was DELIVERED to an actor that ends before reading it comes back with the report of its end
    and is kept for the next start. Only a child that is not started again takes its messages with it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: dict[Hashable, _Slot] = {}

    def send(self, key: Hashable, message: Message) -> Delivery:
        """Send a message to the actor of that key; never blocks and raises only what ``merge`` raises."""
        with self._lock:
            slot = self._slots.get(key)
            if slot is None:
                return Delivery.UNKNOWN
            if slot.ref is not None and _told(slot.ref, message):
                return Delivery.DELIVERED
            slot.keep(message)
            wake, slot.wake = slot.wake, None
        if wake is not None:
            wake()
        return Delivery.RESTARTING

    def keys(self) -> tuple[Hashable, ...]:
        """Return the keys that are not UNKNOWN."""
        with self._lock:
            return tuple(self._slots)

    def bind(self, key: Hashable, ref: ActorRef) -> None:
        """Name a running actor and hand it what was kept; for its supervisor."""
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            slot.ref, slot.wake = ref, None
            kept, slot.kept = slot.kept, {}
            for message in kept.values():
                _unless_unmergeable(key, slot.tell_or_keep, message)

    def hold(self, key: Hashable, wake: Callable[[], None] | None, unread: Iterable[Message] = ()) -> bool:
        """Keep messages until the next ``bind``, beginning with the unread ones; for its supervisor.

        The first message from now on calls ``wake`` once, on its sender's thread; None when the start
        comes by itself. Returns whether messages came since the actor ended, for which nobody was woken.
        """
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            newer, slot.kept = slot.kept, {}
            slot.ref, slot.wake = None, wake
            for message in (*unread, *newer.values()):
                _unless_unmergeable(key, slot.keep, message)
            return bool(newer)

    def unbind(self, key: Hashable) -> int:
        """Forget the key and return how many kept messages went with it; for its supervisor."""
        with self._lock:
            slot = self._slots.pop(key, None)
            return len(slot.kept) if slot else 0


def _unless_unmergeable(key: Hashable, take: Callable[[Message], None], message: Message) -> None:
    """Lose a message whose ``merge`` raises, and say so: its sender has gone, and the child must start."""
    try:
        take(message)
    except Exception:  # noqa: BLE001 -- whatever a message does, the child starts
        _log.exception("a %s to %s cannot be merged and is lost", type(message).__name__, key)


def _told(ref: ActorRef, message: Message) -> bool:
    try:
        ref.tell(message)
    except pykka.ActorDeadError:  # it has ended; the report of its end is on its way
        return False
    return True
