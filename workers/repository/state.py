"""What an actor remembers between syncs: ids and digests, never a manifest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workers.manifests.memory import BuildMemory
from workers.model.pace import slow_delay

if TYPE_CHECKING:
    from collections.abc import Collection

    from workers.model.errors import ObjectError, SyncError
    from workers.model.keys import ObjectKey
    from workers.source.remote import BasicAuth


@dataclass(frozen=True, slots=True)
class Entry:
    """An object of ours in the cluster, in the API ``version`` we saw it in; ``created`` as in LiveObject."""

    uid: str
    digest: str
    created: str
    version: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A manifest that the API server called invalid; it is sent again at the slow pace only."""

    digest: str
    error: SyncError
    failures: int
    not_before: float


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a sync depends on besides the cluster: equal inputs give equal objects."""

    commit: str
    generation: int
    allowed: str
    """The commit whose prune a person has allowed; empty for none."""


@dataclass(slots=True)
class State:
    """The memory of one actor; a new life begins with an empty one and reads the cluster.

    ``settled`` are the inputs that were applied completely, with the id of their
    tree and how many objects there were then. ``stalled`` are
    inputs that failed in a way that only other inputs can cure.
    """

    inventory: dict[ObjectKey, Entry] | None = None
    memory: BuildMemory = field(default_factory=BuildMemory)
    settled: Inputs | None = None
    settled_tree: str = ""
    settled_size: int | None = None
    stalled: tuple[Inputs, SyncError] | None = None
    refusals: dict[ObjectKey, Refusal] = field(default_factory=dict)
    auth: tuple[str, BasicAuth] | None = None
    """The name of the Secret that was read, and what it holds."""

    def keep_refusals(self, wanted: Collection[ObjectKey]) -> None:
        """Forget the refusals of objects that are no longer wanted."""
        self.refusals = {key: refusal for key, refusal in self.refusals.items() if key in wanted}

    def refuse(self, key: ObjectKey, digest: str, error: SyncError, now: float) -> None:
        """Remember that a manifest is invalid and when to try it again."""
        before = self.refusals.get(key)
        failures = before.failures + 1 if before is not None and before.digest == digest else 1
        self.refusals[key] = Refusal(digest, error.again(), failures, now + slow_delay(failures))


@dataclass(frozen=True, slots=True)
class Counts:
    """``status.resources``: what the last sync did to how many objects."""

    total: int
    applied: int = 0
    unchanged: int = 0
    pruned: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a sync ended. ``commit`` is empty when it is not known; ``counts`` None when nothing was tried."""

    commit: str = ""
    counts: Counts | None = None
    failure: SyncError | None = None
    errors: tuple[ObjectError, ...] = ()

    @property
    def touched(self) -> bool:
        """Whether objects were applied or pruned."""
        return self.counts is not None and self.counts.applied + self.counts.pruned > 0
