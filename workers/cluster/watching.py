"""List and watch that goes on whatever the connection does.

The initial list comes as a stream: one request that then *is* the watch. Servers without that get a list and
then a watch. A lost connection resumes where it stood, a version the server has forgotten begins again.
"""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from supervisor.deadline import DeadlineExceededError, Fence, FencedError, Watchdog
from workers.cluster.connection import JSON, Request
from workers.cluster.errors import ApiError, UnreachableError, api_error
from workers.cluster.view import Sink, View
from workers.cluster.waiting import rest

if TYPE_CHECKING:
    from collections.abc import Callable

    from workers.cluster.connection import Connection

_log = logging.getLogger(__name__)

_LASTS = 290.0
_SILENCE = 90.0  # servers send a bookmark each minute
_LIST_SECONDS = 60.0
_PAGE = "500"
_FIRST_WAIT, _MOST_WAIT = 0.5, 5.0
_INITIAL_END = "k8s.io/initial-events-end"
_AHEAD = "ResourceVersionTooLarge"  # the server went back in time: restored from a backup
_NOT_STREAMED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})


@dataclass(frozen=True, slots=True)
class Target:
    """What is watched: a collection, limited by labels, as whole objects or as metadata only.

    Items of a list of built-in kinds have no ``kind`` and ``apiVersion`` of their own.
    """

    path: str
    selector: str = ""
    accept: str = JSON
    accept_list: str = JSON


class ListWatch:
    """Tells a sink what is in a collection, until stopped; give it a thread for ``run``.

    ``random`` gives numbers from 0 to 1: waits after a failure grow from 1 to 5 s and are spread over
    their whole length. ``lasts`` and ``silence`` (seconds) bound one watch request and the quiet in it.
    """

    def __init__(  # noqa: PLR0913 -- composed in one place, all by name
        self,
        connection: Connection,
        target: Target,
        sink: Sink,
        *,
        watchdog: Watchdog,
        random: Callable[[], float],
        lasts: float = _LASTS,
        silence: float = _SILENCE,
    ) -> None:
        self._connection = connection
        self._target = target
        self._view = View(sink)
        self._fence = Fence(watchdog)
        self._clock = watchdog.clock
        self._turned = self._clock.monotonic()
        self._random = random
        self._lasts = lasts
        self._silence = silence
        self._streams_lists = True
        self._version = ""
        self._heard = False
        self._failures = 0

    @property
    def still_seconds(self) -> float:
        """For how long nothing has come and no request has begun, in seconds; for a liveness probe."""
        return self._clock.monotonic() - self._turned

    def run(self) -> None:
        """Watch until ``stop``; whatever the server does, it goes on."""
        with suppress(FencedError):
            while True:
                seconds = self._round()
                if seconds > 0:
                    rest(self._fence, seconds)

    def stop(self) -> None:
        """End ``run`` at once, from any thread and for ever."""
        self._fence.close()

    def _round(self) -> float:
        """Follow one watch to its end and return how long to wait before the next."""
        self._heard = False
        self._turned = self._clock.monotonic()
        try:
            self._follow()
        except (ApiError, UnreachableError, DeadlineExceededError) as error:
            return self._failed(error)
        except FencedError:
            raise
        except Exception:  # noqa: BLE001 -- logged with its traceback; a dead watch would be noticed late
            _log.exception("the watch of %s failed and begins again", self._target.path)
            self._version = ""
            return self._wait()
        return 0.0 if self._heard else self._wait()

    def _failed(self, error: ApiError | UnreachableError | DeadlineExceededError) -> float:
        asked = None
        if isinstance(error, ApiError):
            asked = error.retry_after
            self._begin_again(error)
        if self._failures == 0:
            missing = isinstance(error, ApiError) and error.kind_missing
            why = "the cluster does not serve this kind: is its CRD installed?" if missing else error
            _log.warning("watch of %s was interrupted and goes on: %s", self._target.path, why)
        return max(self._wait(), asked or 0.0)

    def _begin_again(self, error: ApiError) -> None:
        """List anew when the version means nothing to the server; without a stream when it refused that."""
        if error.status in _NOT_STREAMED and not self._version:
            self._streams_lists = False
        ahead = any(cause.reason == _AHEAD for cause in error.causes)
        if ahead or error.status in {HTTPStatus.GONE, HTTPStatus.NOT_FOUND, *_NOT_STREAMED}:
            self._version = ""

    def _wait(self) -> float:
        if not self._heard:
            self._failures += 1
        return self._random() * min(_MOST_WAIT, _FIRST_WAIT * 2.0**self._failures)

    def _follow(self) -> None:
        if not self._version:
            self._view.begin()
            if not self._streams_lists:
                self._list()
        deadline = self._fence.deadline(self._lasts + self._silence)
        with self._connection.stream(self._watch(), deadline, self._silence) as lines:
            for line in lines:
                self._take(line)

    def _watch(self) -> Request:
        query = self._query(
            watch="true",
            allowWatchBookmarks="true",
            timeoutSeconds=str(max(1, int(self._lasts * (1 - 0.2 * self._random())))),
        )
        if self._version:
            query["resourceVersion"] = self._version
        else:
            query.update(sendInitialEvents="true", resourceVersionMatch="NotOlderThan")
        return Request("GET", self._target.path, query=query, accept=self._target.accept)

    def _query(self, **query: str) -> dict[str, str]:
        return query | ({"labelSelector": self._target.selector} if self._target.selector else {})

    def _take(self, line: bytes) -> None:
        self._turned = self._clock.monotonic()
        try:
            event = json.loads(line)
            self._happened(event["type"], event["object"])
        except (ValueError, KeyError, TypeError) as error:
            _log.warning("skipped something unreadable in the watch of %s: %r", self._target.path, error)

    def _happened(self, kind: str, document: dict[str, Any]) -> None:
        if kind == "ERROR":
            raise api_error(int(document["code"]), {}, json.dumps(document).encode())
        metadata = document["metadata"]
        self._heard, self._failures = True, 0
        if kind == "BOOKMARK":
            if self._view.listing and (metadata.get("annotations") or {}).get(_INITIAL_END) == "true":
                self._view.complete()
        elif kind == "DELETED":
            self._view.deleted(document)
        else:
            self._view.changed(document)
        if not self._view.listing:  # within a list the versions come in no order
            self._version = metadata["resourceVersion"]

    def _list(self) -> None:
        version, after = "", ""
        while not version or after:
            page = self._page(after)
            for item in page.get("items") or ():
                self._listed(item)
            version, after = page["metadata"]["resourceVersion"], page["metadata"].get("continue") or ""
        self._view.complete()
        self._version = version

    def _listed(self, item: dict[str, Any]) -> None:
        try:
            self._view.changed(item)
        except (KeyError, TypeError) as error:
            _log.warning("skipped something unreadable in the list of %s: %r", self._target.path, error)

    def _page(self, after: str) -> dict[str, Any]:
        query = self._query(limit=_PAGE, **({"continue": after} if after else {}))
        request = Request(
            "GET",
            self._target.path,
            query=query,
            accept=self._target.accept_list,
            headers={"Accept-Encoding": "gzip"},
        )
        return self._connection.send(request, self._fence.deadline(_LIST_SECONDS)).json()
