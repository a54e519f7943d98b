"""Objects in the cluster: read their metadata, apply them, patch them, delete them.

Every failure that can be expected comes as a SyncError; what a caller decides on comes as a value.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from workers.cluster.connection import Request
from workers.cluster.errors import ApiError, UnreachableError, explain
from workers.cluster.metadata import METADATA, METADATA_LIST, live_object
from workers.cluster.waiting import tries
from workers.model.errors import Reason
from workers.model.keys import ObjectKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from supervisor.deadline import Deadline
    from workers.cluster.connection import Connection, Response
    from workers.cluster.resources import Resource
    from workers.model.ownership import LiveObject

ABSENT = "1"
"""The resource version of no object: storage starts counting above it, so only a creation can succeed."""

_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"
_PAGE = 500
_SETTLING = 10.0


class Deletion(Enum):
    """How a deletion ended."""

    DELETED = "accepted; finalizers may keep the object for a while"
    GONE = "there was no such object, or no such kind"
    CHANGED = "the object is not the one that was judged: nothing was deleted"


class Objects:
    """The objects of a cluster, written as the field manager ``manager``; safe to share between threads."""

    def __init__(self, connection: Connection, manager: str) -> None:
        self._connection = connection
        self._manager = manager

    def apply(  # noqa: PLR0913 -- the last two by name
        self,
        manifest: Mapping[str, Any],
        resource: Resource,
        key: ObjectKey,
        deadline: Deadline,
        *,
        expected: str = "",
        settling: bool = False,
    ) -> LiveObject:
        """Make our part of an object equal to the manifest (server-side apply, forced, strict).

        ``expected`` is the resource version that the object must have, or ABSENT when it must not exist;
        otherwise ChangedError. ``settling`` says that its CRD was applied a moment ago: for up to 10 s it
        waits until the server knows the kind and its new schema.
        """
        if expected:
            manifest = {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": expected}}
        request = Request(
            "PATCH",
            resource.path(key),
            query={"fieldManager": self._manager, "force": "true", "fieldValidation": "Strict"},
            body=_dump(manifest),
            content_type=_APPLY,
            accept=METADATA,
        )
        with _explained("patch", key):
            send = self._send_settled if settling else self._connection.send
            return live_object(resource, send(request, deadline).json(), self._manager)

    def read(self, resource: Resource, key: ObjectKey, deadline: Deadline) -> LiveObject | None:
        """Return the metadata of an object, None when it or its kind does not exist."""
        document = self._get(resource, key, METADATA, deadline)
        with _explained("get", key):
            return None if document is None else live_object(resource, document, self._manager)

    def get(self, resource: Resource, key: ObjectKey, deadline: Deadline) -> dict[str, Any] | None:
        """Return an object as a whole, None when it or its kind does not exist."""
        return self._get(resource, key, "application/json", deadline)

    def list(self, resource: Resource, selector: str, deadline: Deadline) -> Iterator[LiveObject]:
        """Give the metadata of all objects with these labels, 500 per request; none when the kind is gone.

        When the server forgets the list in between it starts again: then an object can come twice.
        """
        after, more = "", True
        with _explained("list", ObjectKey(resource.group, resource.kind, "", "*")):
            while more:
                page = self._page(resource, selector, after, deadline)
                for item in page.get("items") or ():
                    yield live_object(resource, item, self._manager)
                after = (page.get("metadata") or {}).get("continue") or ""
                more = bool(after)

    def delete(self, resource: Resource, live: LiveObject, deadline: Deadline) -> Deletion:
        """Delete exactly the object that was judged: this uid in this version; dependents follow it."""
        options = {
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "propagationPolicy": "Background",
            "preconditions": {"uid": live.uid, "resourceVersion": live.resource_version},
        }
        request = Request("DELETE", resource.path(live.key), body=_dump(options))
        with _explained("delete", live.key, Reason.PRUNE_FAILED):
            try:
                self._connection.send(request, deadline)
            except ApiError as error:
                if error.status == HTTPStatus.NOT_FOUND:
                    return Deletion.GONE
                if error.status == HTTPStatus.CONFLICT:
                    return Deletion.CHANGED
                raise
            return Deletion.DELETED

    def merge_patch(
        self,
        resource: Resource,
        key: ObjectKey,
        change: Mapping[str, Any],
        deadline: Deadline,
        *,
        subresource: str = "",
    ) -> dict[str, Any] | None:
        """Change fields of an object and return it as a whole; None when it does not exist.

        A ``metadata.resourceVersion`` in the change is a condition: ChangedError when it does not hold.
        """
        request = Request(
            "PATCH",
            resource.path(key, subresource),
            query={"fieldManager": self._manager},
            body=_dump(change),
            content_type=_MERGE,
        )
        return self._whole_or_none("patch", key, request, deadline)

    def _get(
        self, resource: Resource, key: ObjectKey, accept: str, deadline: Deadline
    ) -> dict[str, Any] | None:
        return self._whole_or_none("get", key, Request("GET", resource.path(key), accept=accept), deadline)

    def _whole_or_none(
        self, verb: str, key: ObjectKey, request: Request, deadline: Deadline
    ) -> dict[str, Any] | None:
        with _explained(verb, key):
            try:
                return self._connection.send(request, deadline).json()
            except ApiError as error:
                if error.status == HTTPStatus.NOT_FOUND:
                    return None
                raise

    def _page(self, resource: Resource, selector: str, after: str, deadline: Deadline) -> dict[str, Any]:
        """Return a page of a list: the first one again when the server has forgotten where it was."""
        query = {"labelSelector": selector, "limit": str(_PAGE), **({"continue": after} if after else {})}
        request = Request(
            "GET",
            resource.collection(),
            query=query,
            accept=METADATA_LIST,
            headers={"Accept-Encoding": "gzip"},
        )
        try:
            return self._connection.send(request, deadline).json()
        except ApiError as error:
            if error.kind_missing:
                return {}
            if error.status != HTTPStatus.GONE or not after:
                raise
        return self._page(resource, selector, "", deadline)

    def _send_settled(self, request: Request, deadline: Deadline) -> Response:
        for _ in tries(deadline.within(_SETTLING)):
            try:
                return self._connection.send(request, deadline)
            except ApiError as error:
                if not error.unsettled:
                    raise
        return self._connection.send(request, deadline)


@contextmanager
def _explained(verb: str, key: ObjectKey, otherwise: Reason = Reason.APPLY_FAILED) -> Iterator[None]:
    try:
        yield
    except (ApiError, UnreachableError) as error:
        raise explain(error, verb, key, otherwise) from error


def _dump(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
