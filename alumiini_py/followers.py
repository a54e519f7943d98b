"""Who follows which ref of which URL: the index that webhooks are matched against."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from supervisor.registry import Delivery
from webhooks.ports import Follower
from workers.model.keys import ResourceKey
from workers.model.repository_url import comparable
from workers.repository.messages import Pushed
from workers.repository.spec import DEFAULT_BRANCH, is_suspended

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from supervisor.registry import Registry
    from webhooks.ports import Push
    from workers.controller.custom_object import CustomObject

_KIND = "GitRepository"


class Followers:
    """Implements ``webhooks.ports.Repositories``; written by the watch's thread, read by the event loop."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._ready = False
        self._draining = False
        self._lock = threading.Lock()
        self._by_key: dict[ResourceKey, Follower] = {}
        self._by_url: dict[str, set[ResourceKey]] = {}

    def seen(self, subject: CustomObject) -> None:
        """Take in an object as it is now."""
        spec = subject.spec
        follower = Follower(
            namespace=subject.key.namespace,
            name=subject.key.name,
            url=comparable(str(spec.get("url", ""))) or "",
            ref=f"refs/heads/{spec.get('branch', DEFAULT_BRANCH)}",
            suspended=is_suspended(spec),
        )
        with self._lock:
            self._forget(subject.key)
            self._by_key[subject.key] = follower
            self._by_url.setdefault(follower.url, set()).add(subject.key)

    def gone(self, key: ResourceKey) -> None:
        """Forget an object."""
        with self._lock:
            self._forget(key)

    def all_seen(self) -> None:
        """Note that all objects are known from now on."""
        self._ready = True

    def drain(self) -> None:
        """Take no more pushes: the forge is to try again, and will reach who comes after us."""
        self._draining = True

    def ready(self) -> bool:
        """Tell whether all objects are known, and pushes are taken."""
        return self._ready and not self._draining

    def following(self, urls: Collection[str], ref: str) -> Sequence[Follower]:
        """Return who follows this ref of any of these comparable URLs."""
        with self._lock:
            keys = set().union(*(self._by_url.get(url, set()) for url in urls if url))
            followers = [self._by_key[key] for key in sorted(keys)]
        return [follower for follower in followers if follower.ref == ref]

    def find(self, namespace: str, name: str) -> Follower | None:
        """Return one object, or None."""
        with self._lock:
            return self._by_key.get(ResourceKey(_KIND, namespace, name))

    def notify(self, follower: Follower, push: Push) -> bool:
        """Put the push into the mailbox of the follower's actor; False when it has none (any more)."""
        key = ResourceKey(_KIND, follower.namespace, follower.name)
        return self._registry.send(key, Pushed(push.commit, push.received)) is not Delivery.UNKNOWN

    def _forget(self, key: ResourceKey) -> None:
        old = self._by_key.pop(key, None)
        if old is not None:
            self._by_url[old.url].discard(key)
            if not self._by_url[old.url]:
                del self._by_url[old.url]
