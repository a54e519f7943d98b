"""Apply what changed: stage by stage, in parallel inside a stage, one object's failure stops no other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

from supervisor.deadline import DeadlineExceededError
from workers.cluster.errors import ChangedError
from workers.cluster.established import await_established
from workers.cluster.objects import ABSENT
from workers.controller.own_object import answered
from workers.manifests.order import Stage
from workers.model.errors import ObjectError, Reason, SyncError
from workers.model.keys import GroupKind, version_of
from workers.model.ownership import other_owner, stamp
from workers.repository.state import Entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.cluster.resources import Resource
    from workers.manifests.build import Build, BuiltObject
    from workers.model.keys import ObjectKey
    from workers.model.ownership import LiveObject
    from workers.repository.ports import Engines
    from workers.repository.run import Run
    from workers.repository.state import State

_ADOPTION_TRIES = 4
_NEW_KIND_SECONDS = 10.0


@dataclass(slots=True)
class Applying:
    """One pass over the objects of a build. ``new_kinds`` are those whose CRD was applied in it."""

    run: Run
    state: State
    engines: Engines
    build: Build
    inventory: dict[ObjectKey, Entry]
    new_kinds: set[GroupKind] = field(default_factory=set)

    def changed(self) -> list[BuiltObject]:
        """Return what is not in the cluster as it is in the build."""
        return [built for built in self.build.objects if not self._is_there(built)]

    def apply(self, todo: Sequence[BuiltObject]) -> list[tuple[BuiltObject, SyncError]]:
        """Apply these and return what failed; the inventory and the counts of the run grow as it goes."""
        failed = [(built, error) for built in todo if (error := self._refused_lately(built)) is not None]
        known_bad = {built.key for built, _ in failed}
        for _, group in groupby(todo, key=lambda built: built.stage):
            items = [built for built in group if built.key not in known_bad]
            applied = []
            for built, result in self.engines.applies.run(self._attempt, items, self.run.proceed):
                self._note(built, result)
                if isinstance(result, SyncError):
                    failed.append((built, result))
                else:
                    applied.append(built)
            failed += self._establish(applied)
        self._count(failed=len(failed))
        return failed

    def _establish(self, applied: Sequence[BuiltObject]) -> list[tuple[BuiltObject, SyncError]]:
        """Wait until the definitions among these are served; no slot is held meanwhile."""
        failed = []
        for built in applied:
            if built.stage is Stage.CUSTOM_RESOURCE_DEFINITIONS:
                try:
                    with answered():
                        await_established(self.engines.objects, built.key, self.run.deadline)
                except SyncError as error:
                    failed.append((built, error))
                else:
                    spec = self.build.manifest(built)["spec"]
                    self.new_kinds.add(GroupKind(spec["group"], spec["names"]["kind"]))
        return failed

    def _is_there(self, built: BuiltObject) -> bool:
        entry = self.inventory.get(built.key)
        return entry is not None and entry.digest == built.digest

    def _refused_lately(self, built: BuiltObject) -> SyncError | None:
        refusal = self.state.refusals.get(built.key)
        if refusal is None or refusal.digest != built.digest or self.run.thorough:
            return None
        return refusal.error.again() if self.run.clock.monotonic() < refusal.not_before else None

    def _attempt(self, built: BuiltObject) -> tuple[BuiltObject, LiveObject | SyncError]:
        try:
            return built, self._apply(built)
        except SyncError as error:
            return built, error
        except DeadlineExceededError:
            return built, SyncError(
                Reason.APPLY_FAILED, f"{built.key} was not applied: {self.run.too_late()}"
            )

    def _apply(self, built: BuiltObject) -> LiveObject:
        resource = self._resource(built)
        known = self.inventory.get(built.key)
        if known is not None:
            try:
                return self._send(built, resource, uid=known.uid)
            except ChangedError:
                pass  # it is not the object that we knew: look at it like at a stranger's
        expected = ABSENT if known is None else self._adoptable(built, resource)
        for _ in range(_ADOPTION_TRIES):
            try:
                return self._send(built, resource, expected=expected)
            except ChangedError:
                expected = self._adoptable(built, resource)
        raise SyncError(Reason.APPLY_FAILED, f"{built.key} keeps changing; it is applied at the next try")

    def _adoptable(self, built: BuiltObject, resource: Resource) -> str:
        """Return the version of the object that may be taken over; ABSENT when there is none."""
        live = self.engines.objects.read(resource, built.key, self.run.deadline)
        if live is None:
            return ABSENT
        if live.deleting:
            raise SyncError(
                Reason.APPLY_FAILED, f"{built.key} is being deleted; it is applied anew when it is gone"
            )
        other = other_owner(live, self.run.owner)
        if other is not None:
            raise SyncError(
                Reason.CONFLICT, f"{built.key} belongs to {other}; remove it from one of the two repositories"
            )
        return live.resource_version

    def _send(
        self, built: BuiltObject, resource: Resource, *, expected: str = "", uid: str = ""
    ) -> LiveObject:
        manifest = stamp(self.build.manifest(built), self.run.owner, built.digest)
        if uid:  # an object that was deleted meanwhile is not resurrected unseen (409)
            manifest = {**manifest, "metadata": {**manifest["metadata"], "uid": uid}}
        return self.engines.objects.apply(
            manifest,
            resource,
            built.key,
            self.run.deadline,
            expected=expected,
            settling=built.key.group_kind in self.new_kinds,
        )

    def _resource(self, built: BuiltObject) -> Resource:
        discovery, kind = self.engines.discovery, built.key.kind
        resource = discovery.resource(built.api_version, kind, self.run.deadline)
        if resource is None and built.key.group_kind in self.new_kinds:
            soon = self.run.deadline.within(_NEW_KIND_SECONDS)
            resource = discovery.await_resource(built.api_version, kind, soon)
        if resource is None:
            raise SyncError(
                Reason.APPLY_FAILED,
                f"{built.key}: the cluster does not serve {kind} in {built.api_version};"
                " install its CRD or correct apiVersion and kind",
                slowly=True,
            )
        return resource

    def _note(self, built: BuiltObject, result: LiveObject | SyncError) -> None:
        if isinstance(result, SyncError):
            if result.slowly:
                self.state.refuse(built.key, built.digest, result, self.run.clock.monotonic())
            return
        self.inventory[built.key] = Entry(
            result.uid, built.digest, result.created, version_of(built.api_version)
        )
        self.state.refusals.pop(built.key, None)
        self._count(applied=1)

    def _count(self, applied: int = 0, failed: int = 0) -> None:
        counts = self.run.counts
        if counts is not None:
            self.run.counts = replace(counts, applied=counts.applied + applied, failed=counts.failed + failed)


def is_certain(error: SyncError) -> bool:
    """Tell whether an object that failed was not applied for sure, and not only left us without an answer."""
    return error.slowly or error.reason in {Reason.CONFLICT, Reason.ACCESS_DENIED}


def failure(failed: Sequence[tuple[BuiltObject, SyncError]], total: int) -> SyncError:
    """Return the one failure that stands for those of single objects."""
    errors = [error for _, error in failed]
    reasons = {error.reason for error in errors}
    if len(reasons) == 1 and reasons <= {Reason.CONFLICT, Reason.ACCESS_DENIED}:
        reason = reasons.pop()
    else:
        reason = Reason.APPLY_FAILED if len(failed) == total else Reason.PARTIAL_FAILURE
    built, first = failed[0]
    return SyncError(
        reason,
        f"{len(failed)} of {total} objects failed, first {built.file}:{built.line}: {first.message}",
        errors=tuple(object_error(built, error) for built, error in failed),
        retry_after=max((error.retry_after or 0.0 for error in errors), default=0.0) or None,
        slowly=all(error.slowly for error in errors),
    )


def object_error(built: BuiltObject, error: SyncError) -> ObjectError:
    """Return the line of ``status.errors`` of an object that failed."""
    return ObjectError(str(built.key), f"{built.file}:{built.line}", error.reason, error.message)
