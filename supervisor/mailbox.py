"""The mailbox of an actor: lanes by priority, one waiting message of a type, timers without a thread."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, ClassVar, Self

import pykka
from pykka._envelope import Envelope
from pykka.messages import ProxyCall, ProxyGetAttr, ProxySetAttr

from supervisor.clock import AlarmClock, SystemClock

PATIENCE = 5
"""How many messages in a row are read while others wait in lower lanes; then one of those is."""


class Lane(IntEnum):
    """Priority of messages; a lower number is read first."""

    SYSTEM = 0
    WEBHOOK = 1
    POLL = 2
    RECONCILE = 3
    STARTUP = 4


@dataclass(frozen=True, slots=True)
class Message:
    """What actors are told; a subclass sets ``lane``.

    At most one message of a type waits in a mailbox: that is its bound. A second one is merged into the
    first, which keeps its place.
    """

    lane: ClassVar[Lane]

    def merge(self, newer: Self) -> Self:
        """Return the one message that stands for this one and a newer one of its type; must be quick."""
        return newer


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in a mailbox: how many messages, and for how many seconds the oldest (0 when none)."""

    depth: int
    oldest_seconds: float


EMPTY = Backlog(0, 0.0)
"""Nothing waits."""


@dataclass(slots=True, eq=False)
class _Waiting:
    envelope: Envelope[Any]
    since: float


@dataclass(slots=True, order=True)
class Timer:
    """A message that will come; see ``Mailbox.send_after``."""

    at: float
    number: int
    message: Message = field(compare=False)
    _mailbox: Mailbox = field(compare=False, repr=False)

    def cancel(self) -> None:
        """Take the message back; nothing happens when its time has come already."""
        self._mailbox._cancel(self)  # noqa: SLF001 -- a timer is a part of its mailbox


class Mailbox:
    """An inbox for pykka (``put``, ``get``, ``empty``): any thread writes, the actor's thread reads.

    Requests of pykka itself (stop) ride lane SYSTEM, so a stop overtakes queued work. Proxy calls are
    refused: their errors would bypass supervision. A message that is asked for (with a reply) is never
    merged.
    """

    def __init__(self, clock: AlarmClock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._changed = threading.Condition()
        self._lanes: dict[Lane, deque[_Waiting]] = {lane: deque() for lane in Lane}
        self._waiting: dict[type[Message], _Waiting] = {}
        self._timers: list[Timer] = []
        self._numbers = itertools.count()
        self._passed_over = 0
        self._closed = False

    def put(self, envelope: Envelope[Any], /) -> None:
        """Add a message, or merge it into the waiting one of its type; ActorDeadError once closed."""
        if isinstance(envelope.message, ProxyCall | ProxyGetAttr | ProxySetAttr):
            raise TypeError("a supervised actor takes messages, no proxy calls")
        with self._changed:
            self._refuse_when_closed()
            self._enqueue(envelope)
            self._changed.notify()

    def get(self) -> Envelope[Any]:
        """Return the next message, waiting for it; ActorDeadError once closed."""
        with self._changed:
            while True:
                self._refuse_when_closed()
                self._fire_due_timers()
                lane = self._next_lane()
                if lane is not None:
                    return self._dequeue(lane)
                self._clock.wait(self._changed, self._timers[0].at if self._timers else None)

    def empty(self) -> bool:
        """Tell whether nothing waits; a timer does not count before its time."""
        with self._changed:
            return not any(self._lanes.values())

    def waiting(self, *types: type[Message]) -> bool:
        """Tell whether a message of one of these types waits."""
        with self._changed:
            return any(kind in self._waiting for kind in types)

    def backlog(self) -> Backlog:
        """Return how much waits and for how long."""
        with self._changed:
            since = [waiting.since for lane in self._lanes.values() for waiting in lane]
            now = self._clock.monotonic()
        return Backlog(len(since), now - min(since, default=now))

    def send_after(self, seconds: float, message: Message) -> Timer:
        """Put a message in ``seconds`` from now, unless the mailbox is closed by then."""
        with self._changed:
            timer = Timer(self._clock.monotonic() + seconds, next(self._numbers), message, self)
            heapq.heappush(self._timers, timer)
            self._changed.notify()
            return timer

    def take(self) -> tuple[Message, ...]:
        """Take out what waits, oldest first in each lane, but what is asked for and pykka's own."""
        with self._changed:
            taken = [waiting for lane in self._lanes.values() for waiting in lane]
            taken = [waiting for waiting in taken if waiting in self._waiting.values()]
            for waiting in taken:
                self._lanes[waiting.envelope.message.lane].remove(waiting)
            self._waiting.clear()
            return tuple(waiting.envelope.message for waiting in taken)

    def close(self) -> list[Envelope[Any]]:
        """Refuse all later senders and return what was never read; a second call returns nothing."""
        with self._changed:
            self._closed = True
            unread = [waiting.envelope for lane in self._lanes.values() for waiting in lane]
            for lane in self._lanes.values():
                lane.clear()
            self._waiting.clear()
            self._changed.notify_all()
            return unread

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise pykka.ActorDeadError("the mailbox is closed: its actor has ended")

    def _enqueue(self, envelope: Envelope[Any]) -> None:
        message = envelope.message
        arrived = _Waiting(envelope, self._clock.monotonic())
        if not isinstance(message, Message):
            self._lanes[Lane.SYSTEM].append(arrived)
            return
        lane = self._lanes[message.lane]
        if envelope.reply_to is None:
            earlier = self._waiting.setdefault(type(message), arrived)
            if earlier is not arrived:
                earlier.envelope.message = earlier.envelope.message.merge(message)
                return
        lane.append(arrived)

    def _dequeue(self, lane: Lane) -> Envelope[Any]:
        first = self._lanes[lane].popleft()
        if self._waiting.get(type(first.envelope.message)) is first:
            del self._waiting[type(first.envelope.message)]
        return first.envelope

    def _next_lane(self) -> Lane | None:
        """Choose the highest lane; when it has passed over lower ones too often, their longest waiting."""
        filled = [lane for lane in Lane if self._lanes[lane]]
        if not filled or filled[0] is Lane.SYSTEM:
            return next(iter(filled), None)
        first, *lower = filled
        if not lower:
            self._passed_over = 0
            return first
        if self._passed_over < PATIENCE:
            self._passed_over += 1
            return first
        self._passed_over = 0
        return min(lower, key=lambda lane: self._lanes[lane][0].since)

    def _fire_due_timers(self) -> None:
        now = self._clock.monotonic()
        while self._timers and self._timers[0].at <= now:
            self._enqueue(Envelope(heapq.heappop(self._timers).message))

    def _cancel(self, timer: Timer) -> None:
        with self._changed:
            if timer in self._timers:
                self._timers.remove(timer)
                heapq.heapify(self._timers)
