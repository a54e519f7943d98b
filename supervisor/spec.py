"""How a child is started, stopped and started again, as values."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from supervisor.exits import Crashed, Exit

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from random import Random

    from supervisor.actor import ActorRef, Context


class Restart(Enum):
    """After which exits a child is started again (OTP's restart types)."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    TEMPORARY = "temporary"

    def follows(self, reason: Exit) -> bool:
        """Tell whether a child that ended so is started again: always, after a crash, never."""
        if self is Restart.TRANSIENT:
            return isinstance(reason, Crashed)
        return self is Restart.PERMANENT


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a child waits before it is started again: exponential, full jitter, capped (all in seconds).

    ``reset_after`` is how long it must have run for its earlier failures to be forgotten. Full jitter: the
    delay is anywhere between 0 and the ceiling
    (aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter).
    """

    initial: float = 1.0
    factor: float = 2.0
    maximum: float = 300.0
    reset_after: float = 600.0

    def __post_init__(self) -> None:
        if not (0 < self.initial <= self.maximum and self.factor >= 1):
            raise ValueError("a backoff needs 0 < initial <= maximum and factor >= 1")

    def ceiling(self, failures: int) -> float:
        """Return the longest delay after so many failures in a row (at least 1)."""
        growth_to_cap = math.log(self.maximum / self.initial)
        if (failures - 1) * math.log(
            self.factor
        ) >= growth_to_cap:  # the power below would overflow in the end
            return self.maximum
        return self.initial * self.factor ** (failures - 1)

    def delay(self, failures: int, random: Random) -> float:
        """Return the delay after so many failures in a row."""
        return random.uniform(0, self.ceiling(failures))

    def failures_after(self, failures: int, ran_for: float) -> int:
        """Count one more failure, of a child that ran for so long."""
        return 1 if ran_for >= self.reset_after else failures + 1


@dataclass(frozen=True, slots=True)
class Intensity:
    """At most ``max_restarts`` restarts of a child within ``seconds``: a sliding window."""

    max_restarts: int = 5
    seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.max_restarts < 1 or self.seconds <= 0:
            raise ValueError("an intensity needs max_restarts >= 1 and seconds > 0")

    def recent(self, restarts: tuple[float, ...], now: float) -> tuple[float, ...]:
        """Return the restarts that still count; times are in order."""
        return tuple(at for at in restarts if now < at + self.seconds)[-self.max_restarts :]

    def room_at(self, restarts: tuple[float, ...], now: float) -> float:
        """Return the earliest time, ``now`` or later, at which one more restart is allowed."""
        counted = self.recent(restarts, now)
        return now if len(counted) < self.max_restarts else counted[0] + self.seconds


@dataclass(frozen=True, slots=True)
class NextStart:
    """When a child that ended is started again (monotonic seconds).

    ``soonest`` is as near as a message to the child can bring it. A child is ``parked`` when its delay has
    reached the cap or its intensity is used up: it is started again all the same, but somebody should look
    at it.
    """

    at: float
    soonest: float
    parked: bool

    def not_before(self, at: float) -> NextStart:
        """Return this start, put off until ``at`` if it would come earlier."""
        return NextStart(max(self.at, at), max(self.soonest, at), self.parked)


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """A child of a supervisor.

    ``start`` makes the actor and returns its ref (``lambda context: MyActor.start(context, ...)``); it runs
    on the supervisor's thread, must be quick and do no I/O. ``shutdown`` is how many seconds the child has
    to end when told to; then its fence is closed. ``parked_for`` is how many seconds it waits before its
    first start, parked; no message shortens them.
    """

    key: Hashable
    start: Callable[[Context], ActorRef]
    restart: Restart = Restart.PERMANENT
    shutdown: float = 5.0
    backoff: Backoff = field(default_factory=Backoff)
    intensity: Intensity = field(default_factory=Intensity)
    parked_for: float = 0.0

    def __post_init__(self) -> None:
        if self.shutdown < 0:
            raise ValueError("a child needs shutdown >= 0")

    def next_start(self, failures: int, restarts: tuple[float, ...], now: float, random: Random) -> NextStart:
        """Decide when a child that ended ``now`` is started again, after so many failures and those restarts.

        Neither the delay nor a message brings it past its intensity, so a storm of messages to
        a child that crashes at once makes no hot loop.
        """
        room = self.intensity.room_at(restarts, now)
        return NextStart(
            at=max(room, now + self.backoff.delay(failures, random)),
            soonest=max(room, now + self.backoff.initial),
            parked=room > now or self.backoff.ceiling(failures) >= self.backoff.maximum,
        )
