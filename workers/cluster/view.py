"""What a sink has been told of a collection, so that it learns of everything exactly as it went."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_log = logging.getLogger(__name__)
_Told = TypeVar("_Told")


@dataclass(frozen=True, slots=True)
class Identity:
    """Which object went: a new one of the same name has another uid."""

    namespace: str
    name: str
    uid: str


class Sink(Protocol):
    """Who is told: one thread calls, so be quick. What it raises is logged and stops nothing."""

    def changed(self, document: Mapping[str, Any]) -> None:
        """Take an object that is there, new or not; the same state can come more than once."""

    def deleted(self, identity: Identity) -> None:
        """Take that an object is gone."""

    def synced(self) -> None:
        """Take that all there is has been told: after the start, and again after each new list."""


class View:
    """Remembers the name and uid of each object, nothing else, and tells a sink the differences."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._uids: dict[tuple[str, str], str] = {}
        self._listed: set[tuple[str, str]] | None = None

    @property
    def listing(self) -> bool:
        """Whether a list has begun and not ended."""
        return self._listed is not None

    def begin(self) -> None:
        """Begin a list, from the start."""
        self._listed = set()

    def changed(self, document: Mapping[str, Any]) -> None:
        """Take an object that is there; one that took the place of another deletes that first."""
        identity = _identity(document)
        name = (identity.namespace, identity.name)
        if self._uids.get(name, identity.uid) != identity.uid:
            self._delete(name)
        self._uids[name] = identity.uid
        if self._listed is not None:
            self._listed.add(name)
        _deliver(identity, self._sink.changed, document)

    def deleted(self, document: Mapping[str, Any]) -> None:
        """Take that an object is gone."""
        identity = _identity(document)
        if self._uids.get((identity.namespace, identity.name)) == identity.uid:
            self._delete((identity.namespace, identity.name))

    def complete(self) -> None:
        """End the list: what it did not have is gone."""
        for name in self._uids.keys() - (self._listed or set()):
            self._delete(name)
        self._listed = None
        self._sink.synced()

    def _delete(self, name: tuple[str, str]) -> None:
        identity = Identity(*name, self._uids.pop(name))
        _deliver(identity, self._sink.deleted, identity)


def _identity(document: Mapping[str, Any]) -> Identity:
    metadata = document["metadata"]
    return Identity(metadata.get("namespace", ""), metadata["name"], metadata["uid"])


def _deliver(identity: Identity, tell: Callable[[_Told], None], what: _Told) -> None:
    try:
        tell(what)
    except Exception:  # noqa: BLE001 -- logged with its traceback
        _log.exception("%s/%s could not be taken in; the others go on", identity.namespace, identity.name)
