"""What a repository's actor is told. At most one of each kind waits; a newer one merges into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from supervisor.mailbox import Lane, Message

if TYPE_CHECKING:
    from workers.controller.custom_object import CustomObject


@dataclass(frozen=True, slots=True)
class Startup(Message):
    """The first message of every life of an actor."""

    lane: ClassVar[Lane] = Lane.STARTUP


@dataclass(frozen=True, slots=True)
class Poll(Message):
    """It is time to ask the remote again, after ``interval`` or because a try failed."""

    lane: ClassVar[Lane] = Lane.POLL


@dataclass(frozen=True, slots=True)
class Pushed(Message):
    """A webhook said that our ref moved. ``commit`` is a hint, never an order; ``received`` is monotonic.

    ``asked`` counts how often the remote was asked without showing that commit.
    """

    lane: ClassVar[Lane] = Lane.WEBHOOK

    commit: str | None
    received: float
    asked: int = 0

    def merge(self, newer: Self) -> Self:
        """Return the later of two pushes; a question that is asked again gives way to a new push."""
        return max(self, newer, key=lambda push: (-push.asked, push.received))


@dataclass(frozen=True, slots=True)
class _SubjectMessage(Message):
    lane: ClassVar[Lane] = Lane.WEBHOOK

    subject: CustomObject


@dataclass(frozen=True, slots=True)
class SpecChanged(_SubjectMessage):
    """``spec`` has a new generation."""


@dataclass(frozen=True, slots=True)
class SyncRequested(_SubjectMessage):
    """The annotation ``requestedAt`` changed: sync now, check everything, count failures anew."""


@dataclass(frozen=True, slots=True)
class PruneAllowed(_SubjectMessage):
    """The annotation ``allow-prune`` changed."""


@dataclass(frozen=True, slots=True)
class DeletionRequested(_SubjectMessage):
    """The object has a ``deletionTimestamp``."""


@dataclass(frozen=True, slots=True)
class SaveStatus(Message):
    """Write a status that could not be written before."""

    lane: ClassVar[Lane] = Lane.RECONCILE
