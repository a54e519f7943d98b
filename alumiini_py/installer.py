"""Puts the controller's own objects into a cluster."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from alumiini_py.deployment import is_crd
from workers.cluster.connection import Request
from workers.cluster.errors import ApiError, explain
from workers.cluster.established import await_established
from workers.cluster.objects import Objects
from workers.model.errors import Reason, SyncError
from workers.model.keys import ObjectKey, group_of
from workers.model.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supervisor.deadline import Deadline
    from workers.cluster.connection import Connection
    from workers.cluster.discovery import Discovery
    from workers.cluster.resources import Resource

MANAGER = "alumiini-install"

_STAND_IN = "default"
"""The namespace that every cluster has."""


@dataclass(frozen=True, slots=True)
class Installed:
    """One object that the API server took.

    ``checked_in`` names the namespace that stood in for the object's own in a dry run, because that one does
    not exist yet; empty otherwise.
    """

    key: ObjectKey
    created: bool
    checked_in: str = ""


class Installer:
    """Applies objects by server-side apply, forced and strict, as the field manager ``alumiini-install``.

    In a dry run the API server does all it would do (schema, defaults, admission, and whether we may grant
    the rights in a role) but keep the object. There an object whose namespace would have come with an earlier
    one is tried in the namespace ``default`` instead: else the API server would not look at it.
    """

    def __init__(self, connection: Connection, discovery: Discovery, *, dry_run: bool = False) -> None:
        self._connection = connection
        self._discovery = discovery
        self._objects = Objects(connection, MANAGER)
        self._dry_run = dry_run

    def apply(self, document: Mapping[str, Any], deadline: Deadline) -> Installed:
        """Apply one object and, if it defines a kind, wait until that is served.

        Raises SyncError when the API server refuses it or cannot be asked.
        """
        metadata = document["metadata"]
        key = ObjectKey(
            group_of(document["apiVersion"]),
            document["kind"],
            metadata.get("namespace", ""),
            metadata["name"],
        )
        try:
            return self._apply(document, key, deadline)
        except ApiError as error:
            raise explain(error, "patch", key) from error

    def _apply(self, document: Mapping[str, Any], key: ObjectKey, deadline: Deadline) -> Installed:
        resource = self._resource(document["apiVersion"], document["kind"], deadline)
        stand_in = self._stand_in(resource, key, deadline)
        if stand_in:
            document = {**document, "metadata": {**document["metadata"], "namespace": stand_in}}
        created = self._send(
            document, resource.path(replace(key, namespace=stand_in or key.namespace)), deadline
        )
        if is_crd(document) and not self._dry_run:
            await_established(self._objects, key, deadline)
        return Installed(key, created, stand_in)

    def _resource(self, api_version: str, kind: str, deadline: Deadline) -> Resource:
        resource = self._discovery.resource(api_version, kind, deadline)
        if resource is None:
            raise SyncError(Reason.APPLY_FAILED, f"the cluster does not serve {kind} in {api_version}")
        return resource

    def _stand_in(self, resource: Resource, key: ObjectKey, deadline: Deadline) -> str:
        if not self._dry_run or resource.scope is not Scope.NAMESPACED:
            return ""
        namespaces = self._resource("v1", "Namespace", deadline)
        own = ObjectKey("", "Namespace", "", key.namespace)
        return _STAND_IN if self._objects.read(namespaces, own, deadline) is None else ""

    def _send(self, document: Mapping[str, Any], path: str, deadline: Deadline) -> bool:
        """Send one object and tell whether it is new."""
        query = {"fieldManager": MANAGER, "force": "true", "fieldValidation": "Strict"}
        request = Request(
            "PATCH",
            path,
            query={**query, "dryRun": "All"} if self._dry_run else query,
            body=json.dumps(document).encode(),
            content_type="application/apply-patch+yaml",
        )
        return self._connection.send(request, deadline).status == HTTPStatus.CREATED
