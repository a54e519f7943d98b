"""What a watch does when the server does what real ones do only on bad days."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.cluster.fake_api import DROP, Answer, FakeApi, document, events, status
from tests.cluster.parts import Cluster, write_kubeconfig
from tests.cluster.recording_sink import RecordingSink
from tests.supervisor.manual_clock import ManualClock
from workers.cluster.access import find_access
from workers.cluster.watching import ListWatch, Target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from tests.cluster.conftest import Serve
    from tests.cluster.fake_api import Asked

PATH = "/api/v1/things"
END = {"annotations": {"k8s.io/initial-events-end": "true"}}


def thing(name: str, version: int = 1, uid: str = "1") -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "n", "uid": uid, "resourceVersion": str(version)}}


def bookmark(version: int, **metadata: Any) -> tuple[str, Any]:  # noqa: ANN401 -- any field
    return "BOOKMARK", {"metadata": {"resourceVersion": str(version), **metadata}}


def expired() -> tuple[str, Any]:
    return "ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}


@contextmanager
def watching(
    cluster: Cluster, sink: RecordingSink, chance: float = 0.0, **options: float
) -> Iterator[ListWatch]:
    target = Target(PATH, selector="a=b")
    watch = ListWatch(
        cluster.connection, target, sink, watchdog=cluster.watchdog, random=lambda: chance, **options
    )
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        yield watch
    finally:
        watch.stop()
        thread.join(5)
    assert not thread.is_alive()


def in_turn(*answers: Answer) -> Any:  # noqa: ANN401 -- a script
    """Give the answers one after the other, then the last one again and again."""
    rest = list(answers)
    return lambda _: rest.pop(0) if len(rest) > 1 else rest[0]


def test_list_and_watch_are_one_request(serve: Serve) -> None:
    api, cluster = serve(
        in_turn(
            events(
                ("ADDED", thing("b", 7)),
                ("ADDED", thing("a", 3)),
                bookmark(9, **END),
                ("MODIFIED", thing("a", 10)),
                ("DELETED", thing("b", 11)),
                then="hang",
            )
        )
    )
    sink = RecordingSink()
    with watching(cluster, sink):
        sink.wait_for("-b")

    assert sink.told == ["+b", "+a", "synced", "+a", "-b"]
    assert len(api.asked) == 1
    assert api.asked[0].path == PATH
    assert api.asked[0].query == {
        "watch": "true",
        "labelSelector": "a=b",
        "sendInitialEvents": "true",
        "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": "290",
    }


def test_a_watch_that_ends_goes_on_where_it_stood(serve: Serve) -> None:
    api, cluster = serve(
        in_turn(
            events(("ADDED", thing("a", 3)), bookmark(9, **END)),
            events(("MODIFIED", thing("a", 12))),
            events(bookmark(20)),
            events(("ADDED", thing("b", 21)), then="hang"),
        )
    )
    sink = RecordingSink()
    with watching(cluster, sink):
        sink.wait_for("+b")

    assert sink.told == ["+a", "synced", "+a", "+b"]
    assert [asked.query.get("resourceVersion") for asked in api.asked] == [None, "9", "12", "20"]


def test_a_stream_that_breaks_within_the_list_begins_again(serve: Serve) -> None:
    api, cluster = serve(
        in_turn(
            events(("ADDED", thing("a", 3)), ("ADDED", thing("gone", 4))),
            events(("ADDED", thing("a", 3)), bookmark(9, **END), then="hang"),
        )
    )
    sink = RecordingSink()
    with watching(cluster, sink):
        sink.wait_for("synced")

    assert sink.told == ["+a", "+gone", "+a", "-gone", "synced"]
    assert [asked.query.get("resourceVersion") for asked in api.asked] == [None, None]


def test_a_version_the_server_has_forgotten_means_a_new_list(serve: Serve) -> None:
    fresh = events(("ADDED", thing("b", 30)), bookmark(31, **END), then="hang")
    for answer in (events(expired()), status(410, "Expired")):
        _, cluster = serve(in_turn(events(("ADDED", thing("a", 3)), bookmark(9, **END)), answer, fresh))
        sink = RecordingSink()
        with watching(cluster, sink):
            sink.wait_for("-a")
            sink.wait_for("+b")

        assert sink.told[:2] == ["+a", "synced"]
        assert sink.told[2:] == ["+b", "-a", "synced"]


def test_a_server_that_went_back_in_time_means_a_new_list(serve: Serve) -> None:
    ahead = document(
        {
            "kind": "Status",
            "code": 504,
            "reason": "Timeout",
            "details": {"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large"}]},
        }
    )
    _, cluster = serve(
        in_turn(
            events(("ADDED", thing("a", 900)), bookmark(999, **END)),
            Answer(504, ahead.body),
            events(("ADDED", thing("b", 5)), bookmark(9, **END), then="hang"),
        )
    )
    sink = RecordingSink()
    with watching(cluster, sink):
        sink.wait_for("-a")

    assert sink.told == ["+a", "synced", "+b", "-a", "synced"]


def test_a_server_without_streamed_lists_gets_a_list_in_pages_and_a_watch(serve: Serve) -> None:
    def script(asked: Asked) -> Answer:
        if "sendInitialEvents" in asked.query:
            return status(422, "Invalid", "sendInitialEvents: Forbidden")
        if "watch" in asked.query:
            return events(("ADDED", thing("c", 12)), then="hang")
        if "continue" not in asked.query:
            return document({"metadata": {"resourceVersion": "9", "continue": "x"}, "items": [thing("a")]})
        return document({"metadata": {"resourceVersion": "9"}, "items": [thing("b")]})

    api, cluster = serve(script)
    sink = RecordingSink()
    with watching(cluster, sink):
        sink.wait_for("+c")

    assert sink.told == ["+a", "+b", "synced", "+c"]
    assert api.asked[-1].query["resourceVersion"] == "9"


def test_what_cannot_be_read_is_reported_and_skipped(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    good = events(("ADDED", thing("a")), ("ADDED", {"metadata": {}}), bookmark(9, **END)).lines or ()
    _, cluster = serve(
        in_turn(Answer(lines=(b"not json\n", b"[]\n", b'{"type":"ADDED"}\n', *good), then="hang"))
    )
    sink = RecordingSink()
    with watching(cluster, sink):
        sink.wait_for("synced")

    assert sink.told == ["+a", "synced"]
    assert caplog.text.count("skipped something unreadable in the watch of /api/v1/things") == 4


def test_a_list_that_makes_no_sense_is_asked_for_again(serve: Serve) -> None:
    def script(asked: Asked) -> Answer:
        if "sendInitialEvents" in asked.query:
            return status(400, "BadRequest")
        if "watch" in asked.query:
            return events(then="hang")
        return next(pages)

    pages = iter(
        [
            Answer(200, b"<html>welcome</html>"),
            document({"items": []}),
            document({"metadata": {"resourceVersion": "9"}, "items": [{}, thing("a")]}),
        ]
    )
    _, cluster = serve(script)
    sink = RecordingSink()
    with watching(cluster, sink):
        sink.wait_for("+a", "synced")

    assert sink.told == ["+a", "synced"]


def test_errors_of_every_kind_end_in_another_try(serve: Serve) -> None:
    _, cluster = serve(
        in_turn(
            status(500, "InternalError"),
            DROP,
            status(403, "Forbidden"),
            status(429, "TooManyRequests", Retry_After="0"),
            Answer(404, b"404 page not found"),
            events(("ADDED", thing("a")), bookmark(9, **END), then="hang"),
        )
    )
    sink = RecordingSink()
    with watching(cluster, sink):
        sink.wait_for("+a", "synced")

    assert cluster.calls == [("GET", code) for code in (500, 0, 403, 429, 404, 200)]


class Leaping(ManualClock):
    """Leaps over rests, which are short, and never to the end of a request, which is long."""

    def __init__(self) -> None:
        super().__init__()
        self.rests: list[float] = []

    def wait(self, changed: threading.Condition, until: float | None) -> None:
        if until is None or until - self.monotonic() > 60:
            super().wait(changed, until)
            return
        self.rests.append(until - self.monotonic())
        self._now = until


def test_the_rests_grow_to_5_seconds_and_begin_anew_after_an_event(tmp_path: Path) -> None:
    fails = status(500, "InternalError")
    script = in_turn(
        *[fails] * 5,
        events(("ADDED", thing("a")), bookmark(9, **END)),
        fails,
        events(("ADDED", thing("b", 10)), then="hang"),
    )
    clock, sink = Leaping(), RecordingSink()
    with (
        FakeApi(script) as api,
        Cluster(find_access(str(write_kubeconfig(tmp_path, api.url, user={}))), clock=clock) as cluster,
        watching(cluster, sink, chance=1.0),
    ):
        sink.wait_for("+b")

    assert clock.rests == [1, 2, 4, 5, 5, 1]


def test_a_watch_that_falls_silent_is_resumed(serve: Serve) -> None:
    api, cluster = serve(
        in_turn(
            events(("ADDED", thing("a")), bookmark(9, **END), then="hang"),
            events(("ADDED", thing("b", 10)), then="hang"),
        )
    )
    sink = RecordingSink()
    with watching(cluster, sink, silence=0.1):
        sink.wait_for("+b")

    assert api.asked[1].query["resourceVersion"] == "9"
