"""How an actor ended, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

    from supervisor.mailbox import Message


@dataclass(frozen=True, slots=True)
class Normal:
    """It ended by its own will."""

    def __str__(self) -> str:
        return "normal"


@dataclass(frozen=True, slots=True)
class Shutdown:
    """It was told to end, or its work was fenced."""

    def __str__(self) -> str:
        return "shutdown"


@dataclass(frozen=True, slots=True)
class Crashed:
    """An exception ended it; ``error`` has lost its traceback, which would keep the dead actor's memory."""

    error: BaseException

    def __str__(self) -> str:
        # The type alone: the text of a foreign exception may hold anything.
        return f"crashed: {type(self.error).__name__}"


Exit = Normal | Shutdown | Crashed


@dataclass(frozen=True, slots=True)
class Exited:
    """The one report of one actor's end, sent as its last act.

    ``unread`` are the messages that waited in its mailbox, oldest first in each lane.
    """

    key: Hashable
    generation: int
    reason: Exit
    unread: tuple[Message, ...] = ()


def without_frames(error: BaseException) -> BaseException:
    """Return the error with the tracebacks of its whole chain dropped."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        link = waiting.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        link.__traceback__ = None
        waiting += (link.__cause__, link.__context__)
    return error
