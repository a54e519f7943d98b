"""Delete what left Git, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from workers.cluster.errors import UnansweredError
from workers.cluster.objects import Deletion
from workers.controller.own_object import answered
from workers.manifests.order import deletion_rank
from workers.model.errors import ObjectError, Reason, SyncError
from workers.model.ownership import LiveObject, is_ours
from workers.model.pruning import is_protected
from workers.repository.inventory import members

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from supervisor.deadline import Deadline
    from workers.cluster.resources import Resource
    from workers.controller.own_object import OwnObject
    from workers.model.keys import GroupKind, ObjectKey
    from workers.repository.ports import Engines
    from workers.repository.state import Entry

_READ_EACH = 5
_TRIES = 3


@dataclass(slots=True)
class Pruning:
    """One prune: objects of ``inventory`` that no longer are wanted, judged by what the cluster says now."""

    own: OwnObject
    engines: Engines
    deadline: Deadline
    proceed: Callable[[], None]
    inventory: dict[ObjectKey, Entry]
    deleted: int = 0

    def candidates(self, wanted: Collection[ObjectKey]) -> list[ObjectKey]:
        """Return what is in the cluster and not in Git; never the GitRepository itself."""
        itself = self.own.key
        return sorted(key for key in self.inventory if key not in wanted and key != itself)

    def judge(self, candidates: Sequence[ObjectKey]) -> list[LiveObject]:
        """Return those that may be deleted; what is gone or not ours leaves the inventory."""
        judged: list[LiveObject] = []
        for kind, group in groupby(candidates, key=lambda key: key.group_kind):
            keys = list(group)
            ours = {live.key: live for live in self._look(kind, keys) if self._is_ours(live)}
            for key in keys:
                if key not in ours:
                    del self.inventory[key]
            judged += [live for live in ours.values() if not is_protected(live)]
        return judged

    def delete(self, judged: Sequence[LiveObject]) -> None:
        """Delete these in reverse order of applying, counting; raises SyncError with what failed."""
        errors: list[tuple[LiveObject, SyncError]] = []
        ranked = sorted(judged, key=lambda live: (deletion_rank(live.key.group_kind), live.key))
        for _, group in groupby(ranked, key=lambda live: deletion_rank(live.key.group_kind)):
            for live, result in self.engines.applies.run(self._attempt, list(group), self.proceed):
                if isinstance(result, SyncError):
                    errors.append((live, result))
                elif result:
                    self.deleted += 1
        if errors:
            raise _failure(errors)

    def _look(self, kind: GroupKind, keys: list[ObjectKey]) -> Iterator[LiveObject]:
        """Read a few objects one by one, many with one list."""
        resource = self._resource(kind)
        if resource is None:
            return
        if len(keys) > _READ_EACH:
            wanted = set(keys)
            listed = members(self.own.subject.owner, resource, self.engines, self.deadline)
            yield from (live for live in listed if live.key in wanted)
            return
        for key in keys:
            live = self.engines.objects.read(resource, key, self.deadline)
            if live is not None:
                yield live

    def _is_ours(self, live: LiveObject) -> bool:
        return is_ours(live, self.own.subject.owner) and not live.deleting

    def _attempt(self, live: LiveObject) -> tuple[LiveObject, bool | SyncError]:
        try:
            with answered():
                return live, self._delete(live)
        except SyncError as error:
            return live, error

    def _delete(self, live: LiveObject) -> bool:
        """Delete exactly what was judged; judge again when it changed meanwhile. Tells whether we did it."""
        resource = self._resource(live.key.group_kind)
        found: LiveObject | None = live
        for _ in range(_TRIES):
            if resource is None or found is None or not self._is_ours(found):
                self.inventory.pop(live.key, None)
                return False
            if is_protected(found):
                return False
            deletion = self.engines.objects.delete(resource, found, self.deadline)
            if deletion is not Deletion.CHANGED:
                self.inventory.pop(live.key, None)
                return deletion is Deletion.DELETED
            found = self.engines.objects.read(resource, live.key, self.deadline)
        raise SyncError(Reason.PRUNE_FAILED, f"{live.key} keeps changing; its deletion is tried again")

    def _resource(self, kind: GroupKind) -> Resource | None:
        return self.engines.discovery.preferred(kind, self.deadline)


def _failure(failed: Sequence[tuple[LiveObject, SyncError]]) -> SyncError:
    denied = all(error.reason is Reason.ACCESS_DENIED for _, error in failed)
    unanswered = all(isinstance(error, UnansweredError) for _, error in failed)
    return (UnansweredError if unanswered else SyncError)(
        Reason.ACCESS_DENIED if denied else Reason.PRUNE_FAILED,
        f"{len(failed)} objects that left Git could not be deleted, first: {failed[0][1].message}",
        errors=tuple(ObjectError(str(live.key), "", error.reason, error.message) for live, error in failed),
        retry_after=max((error.retry_after or 0.0 for _, error in failed), default=0.0) or None,
    )
