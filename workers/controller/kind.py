"""A kind of object with an actor each, as a value: what the controller has to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from supervisor.actor import ActorRef, Context
    from supervisor.mailbox import Message
    from workers.cluster.resources import Resource
    from workers.controller.custom_object import CustomObject
    from workers.model.keys import ResourceKey


@dataclass(frozen=True, slots=True)
class Trigger:
    """A part of an object whose change is a message to its actor."""

    reads: Callable[[CustomObject], Hashable]
    message: Callable[[CustomObject], Message]


class Audience(Protocol):
    """Who else wants to know which objects there are; must be quick."""

    def seen(self, subject: CustomObject) -> None:
        """Take in an object as it is now, before its actor is told."""

    def leaving(self, key: ResourceKey) -> None:
        """Take that an object is gone while its actor may still end."""

    def gone(self, key: ResourceKey) -> None:
        """Forget an object that is gone and whose actor has ended."""

    def all_seen(self) -> None:
        """Note that all objects there were at the start have been seen."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of actors.

    ``start`` starts the actor of an object; after a crash it gets None and the actor reads its object again.
    """

    resource: Resource
    triggers: tuple[Trigger, ...]
    start: Callable[[Context, ResourceKey, CustomObject | None], ActorRef]
    audience: Audience

    @property
    def name(self) -> str:
        """``GitRepository``."""
        return self.resource.kind
