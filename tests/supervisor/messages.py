"""Messages of every lane, for tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from supervisor.mailbox import Lane, Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from supervisor.actor import SupervisedActor


@dataclass(frozen=True, slots=True)
class Webhook(Message):
    """Merges into the list of all commits announced."""

    lane: ClassVar[Lane] = Lane.WEBHOOK

    commits: tuple[str, ...] = ()

    def merge(self, newer: Self) -> Self:
        return type(self)(self.commits + newer.commits)


@dataclass(frozen=True, slots=True)
class Resync(Message):
    """A second type in the lane of webhooks; the newer replaces the waiting one."""

    lane: ClassVar[Lane] = Lane.WEBHOOK

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Poll(Message):
    lane: ClassVar[Lane] = Lane.POLL


@dataclass(frozen=True, slots=True)
class Reconcile(Message):
    lane: ClassVar[Lane] = Lane.RECONCILE


@dataclass(frozen=True, slots=True)
class Startup(Message):
    lane: ClassVar[Lane] = Lane.STARTUP


@dataclass(frozen=True, slots=True)
class Do(Message):
    """Makes a puppet do something on its own thread."""

    lane: ClassVar[Lane] = Lane.RECONCILE

    action: Callable[[SupervisedActor], Any]


@dataclass(frozen=True, slots=True)
class Unmergeable(Message):
    lane: ClassVar[Lane] = Lane.POLL

    def merge(self, newer: Self) -> Self:
        raise ValueError(f"{newer} cannot be merged")
