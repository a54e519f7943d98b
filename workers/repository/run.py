"""One sync under way: what it works on, until when, and what it has found out."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from workers.model.ownership import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from supervisor.clock import Clock
    from supervisor.deadline import Deadline
    from workers.controller.own_object import OwnObject
    from workers.model.ownership import Owner
    from workers.repository.spec import RepositorySpec
    from workers.repository.state import Counts

ALLOW_PRUNE_ANNOTATION = f"{DOMAIN}/allow-prune"


class Cause(StrEnum):
    """Why a sync began; a label of ``sync_total``."""

    STARTUP = "startup"
    POLL = "poll"
    RETRY = "retry"
    WEBHOOK = "webhook"
    SPEC = "spec"
    REQUEST = "request"


@dataclass(slots=True)
class Run:
    """A sync. ``thorough`` ones trust nothing that is remembered of the cluster.

    ``proceed`` is called between objects and raises when the actor has to end; ``give_way`` is called between
    steps and also raises when something newer waits. ``asked`` is the ``requestedAt`` that it answers: one
    that is written meanwhile is for the next. ``steps`` are seconds. ``looked`` tells whether the
    cluster was asked what is there.
    """

    own: OwnObject
    spec: RepositorySpec
    cause: Cause
    thorough: bool
    asked: str | None
    deadline: Deadline
    proceed: Callable[[], None]
    give_way: Callable[[], None]
    clock: Clock
    steps: dict[str, float] = field(default_factory=dict)
    current: str = ""
    commit: str = ""
    counts: Counts | None = None
    looked: bool = False

    @property
    def owner(self) -> Owner:
        """Whose objects these are."""
        return self.own.subject.owner

    @property
    def allowed_prune(self) -> str:
        """The commit whose prune a person has allowed, empty for none."""
        return str(self.own.subject.annotations.get(ALLOW_PRUNE_ANNOTATION, ""))

    def too_late(self) -> str:
        """Return what to say when the deadline has passed."""
        return f"the sync took longer than spec.timeout, {self.spec.timeout:g}s; raise it or help the cluster"

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Do a step of the sync, unless the actor has to end or to give way, and note how long it took."""
        self.give_way()
        self.current = name
        started = self.clock.monotonic()
        try:
            yield
        finally:
            self.steps[name] = self.clock.monotonic() - started
