"""What HTTP needs from the rest of the program.

Every method is called on an event loop, but for ``Tree``, which has much to say: it reads what was published
before and returns at once. None of them waits for an actor, for Git or for the API server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Follower:
    """A repository object that follows one ref of one URL.

    ``url`` is what ``workers.model.repository_url.comparable`` made of it; ``ref`` is a full name such as
    ``refs/heads/main``. A suspended one gets no messages.
    """

    namespace: str
    name: str
    url: str
    ref: str
    suspended: bool

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Push:
    """A ref moved, says a forge.

    ``commit`` is a hint and never a permission to apply it; ``received`` is the monotonic time at which the
    request arrived.
    """

    ref: str
    commit: str | None
    received: float


class Repositories(Protocol):
    """Who gets a push."""

    def ready(self) -> bool:
        """Tell whether all repository objects are known; before that no answer about them can be trusted."""

    def following(self, urls: Collection[str], ref: str) -> Sequence[Follower]:
        """Return who follows this ref of any of these comparable URLs, suspended ones too."""

    def find(self, namespace: str, name: str) -> Follower | None:
        """Return one repository object, or None when there is no such object."""

    def notify(self, follower: Follower, push: Push) -> bool:
        """Return True once the push lies in the mailbox of the follower's actor."""


class Snapshots(Protocol):
    """What actors have published of themselves, in the shape of the status API."""

    def all(self) -> Sequence[Mapping[str, Any]]:
        """Return one snapshot per repository, in any order."""

    def get(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """Return the detailed snapshot of one repository, or None."""


class Tree(Protocol):
    """Who supervises whom, in the shape of the status API."""

    def tree(self) -> Mapping[str, Any]:
        """Return the root with all that is below it; called on any thread."""


class Readiness(Protocol):
    """Whether traffic should come here."""

    def unready_reason(self) -> str | None:
        """Return one sentence on why not, or None when it should."""


class Liveness(Protocol):
    """Whether the process can make progress."""

    def stuck_reason(self) -> str | None:
        """Return one sentence on what is stuck, or None; never depends on Git or the API server."""
