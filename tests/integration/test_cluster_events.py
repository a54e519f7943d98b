"""Events about an object, as kubectl shows them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.parts import Cluster
from workers.cluster.events import EventRecorder, Regarding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alumiini_py.controlplane.plane import ControlPlane
    from tests.parts.control_plane import Kubectl


@pytest.fixture
def cluster(control_plane: ControlPlane) -> Iterator[Cluster]:
    with Cluster.of(control_plane.kubeconfig) as connected:
        yield connected


@contextmanager
def recording(cluster: Cluster) -> Iterator[EventRecorder]:
    recorder = EventRecorder(
        cluster.connection, controller="alumiini.false.systems", instance="pod-1", watchdog=cluster.watchdog
    )
    try:
        yield recorder
    finally:
        recorder.stop(10)


def site(namespace: str) -> Regarding:
    return Regarding("alumiini.false.systems/v1alpha1", "GitRepository", namespace, "site", "uid-1")


def written(kubectl: Kubectl, namespace: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = kubectl.json("get", "events.events.k8s.io", "-n", namespace)["items"]
    return [event for event in events if event["regarding"]["name"] == "site"]


def test_an_event_is_written_about_its_object(cluster: Cluster, kubectl: Kubectl, namespace: str) -> None:
    with recording(cluster) as recorder:
        recorder.warning(site(namespace), "BuildFailed", "a.yaml:3: no kind")

    (event,) = written(kubectl, namespace)
    assert {name: event[name] for name in ("type", "reason", "note", "reportingController")} == {
        "type": "Warning",
        "reason": "BuildFailed",
        "note": "a.yaml:3: no kind",
        "reportingController": "alumiini.false.systems",
    }
    assert event["regarding"] == {
        "apiVersion": "alumiini.false.systems/v1alpha1",
        "kind": "GitRepository",
        "namespace": namespace,
        "name": "site",
        "uid": "uid-1",
    }


def test_the_same_event_is_written_once(cluster: Cluster, kubectl: Kubectl, namespace: str) -> None:
    with recording(cluster) as recorder:
        for _ in range(3):
            recorder.warning(site(namespace), "BuildFailed", "a.yaml:3: no kind")
        recorder.normal(site(namespace), "Synced", "abc")

    assert sorted(event["reason"] for event in written(kubectl, namespace)) == ["BuildFailed", "Synced"]


def test_a_long_note_is_cut_to_what_the_api_server_takes(
    cluster: Cluster, kubectl: Kubectl, namespace: str
) -> None:
    with recording(cluster) as recorder:
        recorder.normal(site(namespace), "Synced", "ä" * 2000)

    (event,) = written(kubectl, namespace)
    assert event["note"] == "ä" * 512


def test_an_event_that_cannot_be_written_is_logged_and_fails_nothing(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    with recording(cluster) as recorder:
        recorder.normal(site("no-such-namespace"), "Synced", "abc")

    assert "event Synced of" in caplog.text
    assert "was not written: 404" in caplog.text
