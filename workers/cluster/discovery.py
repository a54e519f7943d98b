"""Which kinds the cluster serves: aggregated discovery in two requests, none while nothing is asked anew."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from supervisor.deadline import DeadlineExceededError
from workers.cluster.connection import Request
from workers.cluster.errors import ApiError, UnreachableError
from workers.cluster.resources import Resource
from workers.cluster.waiting import tries
from workers.model.errors import Reason, SyncError
from workers.model.scopes import Scope, ScopeTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from supervisor.clock import Clock
    from supervisor.deadline import Deadline
    from workers.cluster.connection import Connection
    from workers.model.keys import GroupKind

_ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_ROOTS = ("/api", "/apis")
_PATIENCE = 5.0

_GroupVersion = tuple[str, str]
_Kinds = dict[str, Resource]


@dataclass(frozen=True, slots=True)
class _Root:
    """What one of the two roots said last; a group version that is stale keeps what it had."""

    etag: str = ""
    versions: Mapping[_GroupVersion, _Kinds] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    roots: tuple[_Root, ...]
    scopes: ScopeTable
    taken: float


class Discovery:
    """The kinds of a cluster; safe to share between threads, which share one refresh.

    Asked when first needed, when a kind is unknown (at most every 5 s) and on demand. Never by a timer:
    who is told that a kind is gone (``ApiError.kind_missing``) asks for a refresh. Raises SyncError when the
    server cannot be asked.
    """

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._refreshing = threading.Lock()
        self._snapshot: _Snapshot | None = None

    def resource(self, api_version: str, kind: str, deadline: Deadline) -> Resource | None:
        """Return how a kind is addressed, or None when the cluster does not serve it."""
        snapshot = self._current(deadline)
        found = _find(snapshot, api_version, kind)
        if found is None and self._clock.monotonic() - snapshot.taken >= _PATIENCE:
            found = _find(self._refresh(snapshot, deadline), api_version, kind)
        return found

    def preferred(self, kind: GroupKind, deadline: Deadline) -> Resource | None:
        """Return how a kind is addressed in the version that the server prefers, None when it serves none."""
        for root in self._current(deadline).roots:
            for (group, _), kinds in root.versions.items():  # in the server's order of preference
                if group == kind.group and kind.kind in kinds:
                    return kinds[kind.kind]
        return None

    def await_resource(self, api_version: str, kind: str, deadline: Deadline) -> Resource | None:
        """Return a kind whose CRD was applied a moment ago; None when it does not appear in time."""
        for _ in tries(deadline):
            found = _find(self._refresh(self._snapshot, deadline), api_version, kind)
            if found is not None:
                return found
        return None

    def scopes(self, deadline: Deadline) -> ScopeTable:
        """Return the scope of each kind: the same object as long as nothing changed."""
        return self._current(deadline).scopes

    def refresh(self, deadline: Deadline, older_than: float = 0.0) -> None:
        """Ask again unless what is known is younger; an answer that did not change is empty (ETag)."""
        known = self._snapshot
        if known is None or self._clock.monotonic() - known.taken >= older_than:
            self._refresh(known, deadline)

    def _current(self, deadline: Deadline) -> _Snapshot:
        return self._snapshot or self._refresh(None, deadline)

    def _refresh(self, seen: _Snapshot | None, deadline: Deadline) -> _Snapshot:
        """Replace the snapshot that the caller has seen, unless another thread did so meanwhile."""
        if not self._refreshing.acquire(timeout=deadline.remaining()):
            raise DeadlineExceededError("another thread is still asking the API server for its kinds")
        try:
            if self._snapshot is None or self._snapshot is seen:
                self._snapshot = self._ask(self._snapshot, deadline)
        except (ApiError, UnreachableError) as error:
            raise SyncError(Reason.APPLY_FAILED, f"cannot ask the cluster for its kinds: {error}") from error
        else:
            return self._snapshot
        finally:
            self._refreshing.release()

    def _ask(self, old: _Snapshot | None, deadline: Deadline) -> _Snapshot:
        taken = self._clock.monotonic()
        before = old.roots if old else (_Root(),) * len(_ROOTS)
        roots = tuple(self._ask_root(path, root, deadline) for path, root in zip(_ROOTS, before, strict=True))
        scopes = ScopeTable(
            {
                resource.group_kind: resource.scope
                for root in roots
                for kinds in root.versions.values()
                for resource in kinds.values()
            }
        )
        return _Snapshot(roots, old.scopes if old and old.scopes == scopes else scopes, taken)

    def _ask_root(self, path: str, old: _Root, deadline: Deadline) -> _Root:
        headers = {"Accept-Encoding": "gzip", **({"If-None-Match": old.etag} if old.etag else {})}
        answer = self._connection.send(Request("GET", path, accept=_ACCEPT, headers=headers), deadline)
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return old
        document = answer.json()
        if document.get("kind") != "APIGroupDiscoveryList":
            raise UnreachableError(
                "the API server has no aggregated discovery: Kubernetes 1.30 or newer is needed"
            )
        return _Root(answer.headers.get("ETag", ""), dict(_versions(document, old)))


def _find(snapshot: _Snapshot, api_version: str, kind: str) -> Resource | None:
    group, _, version = api_version.rpartition("/")
    for root in snapshot.roots:
        found = root.versions.get((group, version), {}).get(kind)
        if found is not None:
            return found
    return None


def _versions(document: dict[str, Any], old: _Root) -> Iterator[tuple[_GroupVersion, _Kinds]]:
    """Read an APIGroupDiscoveryList; what an aggregated server does not say now is what it said last."""
    for item in document.get("items") or ():
        group = (item.get("metadata") or {}).get("name") or ""
        for version in item.get("versions") or ():
            name = (group, str(version.get("version")))
            kinds = dict(_kinds(group, name[1], version.get("resources") or ()))
            if version.get("freshness") == "Stale":
                kinds = kinds or old.versions.get(name, {})
            yield name, kinds


def _kinds(group: str, version: str, resources: Sequence[dict[str, Any]]) -> Iterator[tuple[str, Resource]]:
    for entry in reversed(resources):  # of two resources of one kind, the first stays
        kind = (entry.get("responseKind") or {}).get("kind")
        if kind and entry.get("resource") and entry.get("scope") in {"Namespaced", "Cluster"}:
            yield (
                kind,
                Resource(
                    group,
                    version,
                    kind,
                    entry["resource"],
                    Scope(entry["scope"]),
                    frozenset(entry.get("verbs") or ()),
                ),
            )
