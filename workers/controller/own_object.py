"""An actor's own object in the cluster, and the only way in which its metadata and status are written."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from supervisor.deadline import DeadlineExceededError
from workers.cluster.errors import ChangedError, UnansweredError
from workers.controller.custom_object import CustomObject, decode
from workers.model.errors import Reason
from workers.model.keys import ObjectKey
from workers.model.merge_patch import merge_patch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from supervisor.deadline import Deadline
    from workers.cluster.objects import Objects
    from workers.cluster.resources import Resource

_NOT_WORTH_A_WRITE = frozenset({"nextSyncTime", "lastAttemptTime"})
_ATTEMPTS = 4


class OwnObject:
    """What stands in the cluster, as far as we know, and writes of it; safe to share between threads.

    Every write names the uid, so that an object of the same name that came later is never written. With
    ``doubted`` the status may be about to be overwritten by others: the first write of it is complete.
    """

    def __init__(
        self, objects: Objects, resource: Resource, subject: CustomObject, *, doubted: bool = False
    ) -> None:
        self._objects = objects
        self._resource = resource
        self._subject = subject
        self._lock = threading.Lock()
        self._announcing = False
        self._doubted = doubted

    @property
    def subject(self) -> CustomObject:
        """The object as it was seen last."""
        return self._subject

    @property
    def resource(self) -> Resource:
        """How objects of this kind are addressed."""
        return self._resource

    @property
    def key(self) -> ObjectKey:
        """The object's identity in the cluster."""
        key = self._subject.key
        return ObjectKey(self._resource.group, key.kind, key.namespace, key.name)

    def observe(self, subject: CustomObject) -> None:
        """Take in what the watch has shown.

        Our own status is what we wrote, whatever a late event says. An event that is older than the answer
        to our last write tells nothing but a spec that is new to us. Messages may come out of order: neither
        a spec nor a deletion is ever taken back.
        """
        with self._lock:
            known = self._subject
            latest = known if _is_older(subject.resource_version, known.resource_version) else subject
            wanted = subject if subject.generation >= known.generation else known
            self._subject = replace(
                latest,
                spec=wanted.spec,
                generation=wanted.generation,
                deleting=known.deleting or subject.deleting,
                status=known.status,
            )

    def change_metadata(
        self, change: Callable[[CustomObject], Mapping[str, Any] | None], deadline: Deadline
    ) -> bool:
        """Patch metadata as ``change`` wants it of the object as it is; False when the object is gone.

        The object's version is a condition of the write: when somebody else wrote meanwhile, ``change`` is
        asked again. It returns None when nothing is to be done. Raises SyncError.
        """
        with self._lock:
            for attempt in range(_ATTEMPTS):
                metadata = change(self._subject)
                if metadata is None:
                    return True
                try:
                    return self._patch({"metadata": {**self._identity(), **metadata}}, deadline)
                except ChangedError:
                    if attempt == _ATTEMPTS - 1:
                        raise
                    if not self._reload(deadline):
                        return False
        return False

    def write_status(self, status: Mapping[str, Any], deadline: Deadline) -> None:
        """Make the status equal to ``status`` with one patch, or none when it is already.

        Times of which every try has others are no reason for a write; they are written along. A running
        announcement ends before and none comes after. Raises SyncError.
        """
        with self._lock:
            self._announcing = False
            self._write_status(status, deadline)

    def expect_announcement(self) -> None:
        """Allow ``announce`` until the next ``write_status``."""
        with self._lock:
            self._announcing = True

    def announce(self, status: Callable[[CustomObject], Mapping[str, Any]], deadline: Deadline) -> None:
        """Write a status from another thread while the actor is busy; nothing once the actor wrote itself.

        Nor while it writes: then there is nothing to announce, and nobody else's announcement has to wait.
        """
        if not self._lock.acquire(blocking=False):
            return
        try:
            if self._announcing:
                self._announcing = False
                self._write_status(status(self._subject), deadline)
        finally:
            self._lock.release()

    def reload(self, deadline: Deadline) -> bool:
        """Read the object again, its metadata as it is now; False when it is gone. Raises SyncError."""
        with self._lock:
            return self._reload(deadline)

    def _write_status(self, status: Mapping[str, Any], deadline: Deadline) -> None:
        patch = merge_patch(self._subject.status, status)
        if self._doubted:
            patch = {**patch, **status}
        elif patch.keys() <= _NOT_WORTH_A_WRITE:
            return
        body = {"metadata": {"uid": self._subject.uid}, "status": patch}
        if self._patch(body, deadline, subresource="status"):
            self._subject = replace(self._subject, status=dict(status))
            self._doubted = False

    def _patch(self, body: Mapping[str, Any], deadline: Deadline, subresource: str = "") -> bool:
        with answered():
            document = self._objects.merge_patch(
                self._resource, self.key, body, deadline, subresource=subresource
            )
        return self._take(document)

    def _reload(self, deadline: Deadline) -> bool:
        with answered():
            document = self._objects.get(self._resource, self.key, deadline)
        return self._take(document)

    def _take(self, document: Mapping[str, Any] | None) -> bool:
        if document is None:
            return False
        subject = decode(self._subject.key.kind, document)
        if subject.uid != self._subject.uid:
            return False
        # The spec to work on comes with messages, in order; a write only moves versions and metadata.
        self._subject = replace(
            self._subject,
            resource_version=subject.resource_version,
            deleting=self._subject.deleting or subject.deleting,
            finalizers=subject.finalizers,
            labels=subject.labels,
            annotations=subject.annotations,
        )
        return True

    def _identity(self) -> dict[str, str]:
        return {"uid": self._subject.uid, "resourceVersion": self._subject.resource_version}


@contextmanager
def answered() -> Iterator[None]:
    """Turn a deadline that passed while the API server was asked into an expected failure."""
    try:
        yield
    except DeadlineExceededError as error:
        raise UnansweredError(Reason.APPLY_FAILED, "the API server did not answer in time") from error


def _is_older(version: str, than: str) -> bool:
    """Compare resource versions, which are numbers that grow (KEP-5504); False where they are none."""
    return version.isdecimal() and than.isdecimal() and int(version) < int(than)
