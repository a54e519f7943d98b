"""A kind of object with an actor each, as a value: what the controller has to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import pykka

    from supervisor.actor import Context
    from supervisor.mailbox import Message
    from workers.cluster.resources import Resource
    from workers.controller.custom_object import CustomObject
    from workers.model.keys import ResourceKey


@dataclass(frozen=True, slots=True)
class Trigger:
    """A part of an object whose change is a message to its actor."""

    reads: Callable[[CustomObject], Hashable]
    message: Callable[[CustomObject], Message]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of actors.

    ``start`` starts the actor of an object; after a crash it gets None and the actor reads its object again.
    """

    resource: Resource
    triggers: tuple[Trigger, ...]
    start: Callable[[Context, ResourceKey, CustomObject | None], pykka.ActorRef[Any]]

    @property
    def name(self) -> str:
        """``GitRepository``."""
        return self.resource.kind
