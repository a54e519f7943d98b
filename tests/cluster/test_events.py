from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.cluster.fake_api import SILENCE, Answer, document
from workers.cluster.events import EventRecorder, Regarding

if TYPE_CHECKING:
    import pytest

    from tests.cluster.conftest import Serve
    from tests.cluster.fake_api import Asked
    from tests.cluster.parts import Cluster

SITE = Regarding("example.com/v1", "Thing", "shop", "site", "uid-1")


def recorder(cluster: Cluster) -> EventRecorder:
    return EventRecorder(cluster.connection, controller="c", instance="i", watchdog=cluster.watchdog)


def test_what_comes_faster_than_it_can_be_written_is_dropped_and_logged(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    arrived, go = threading.Event(), threading.Event()

    def script(_: Asked) -> Answer:
        arrived.set()
        go.wait(5)
        return document({})

    _, cluster = serve(script)
    events = recorder(cluster)
    events.normal(SITE, "Synced", "first")
    assert arrived.wait(5)
    for number in range(1002):
        events.normal(SITE, "Synced", str(number))
    go.set()
    events.stop(20)

    assert caplog.text.count("too many events wait; dropped Synced of") == 2
    assert cluster.calls == [("POST", 200)] * 1001


def test_a_silent_server_holds_up_nobody_and_no_end(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    _, cluster = serve(lambda _: SILENCE)
    events = recorder(cluster)
    events.warning(SITE, "BuildFailed", "one")
    events.warning(SITE, "BuildFailed", "two")

    events.stop(0.2)

    assert not events._thread.is_alive()
    assert "event BuildFailed of" in caplog.text
    assert "the last events are lost" in caplog.text


def test_an_event_about_a_cluster_wide_object_goes_to_the_default_namespace(serve: Serve) -> None:
    api, cluster = serve(lambda _: document({}))
    events = recorder(cluster)
    events.normal(Regarding("example.com/v1", "Thing", "", "wide", "uid-2"), "Synced", "x")
    events.stop(5)

    assert [asked.path for asked in api.asked] == ["/apis/events.k8s.io/v1/namespaces/default/events"]
