"""What a static supervisor starts and stops: services, which need not be actors."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from supervisor.spec import Restart

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from supervisor.exits import Exit


class Service(Protocol):
    """Something that runs from ``start`` until it ends; each one is started once and stopped once.

    Both calls are made on the supervisor's thread, which stands still until they return.
    """

    def start(self, exited: Callable[[Exit], None]) -> None:
        """Return once it runs; ``exited`` is then called, from any thread, when it has ended.

        A start that raises leaves nothing running.
        """

    def stop(self, seconds: float) -> bool:
        """End within so many seconds, let go of everything, and return whether it has ended.

        Also called after its end was reported. A service that returns False has no effect from then on.
        """


class Strategy(Enum):
    """Who is stopped and started again when a child ends that is started again (OTP's strategies)."""

    ONE_FOR_ONE = "one_for_one"
    REST_FOR_ONE = "rest_for_one"
    ONE_FOR_ALL = "one_for_all"

    def affected(self, order: Sequence[str], ended: str) -> tuple[str, ...]:
        """Return the names that start again, in the order of start: it alone, it and all after it, all."""
        if self is Strategy.ONE_FOR_ONE:
            return (ended,)
        first = order.index(ended) if self is Strategy.REST_FOR_ONE else 0
        return tuple(order[first:])


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """A child of a static supervisor.

    ``make`` returns a new service for every start. ``shutdown`` is how many seconds it has to end.
    """

    name: str
    make: Callable[[], Service]
    restart: Restart = Restart.PERMANENT
    shutdown: float = 5.0

    def __post_init__(self) -> None:
        if self.shutdown < 0:
            raise ValueError("a service needs shutdown >= 0")
