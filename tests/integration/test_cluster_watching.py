"""A watch on a real API server, which also goes away and comes back."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from alumiini_py.controlplane.plane import ControlPlane
from tests.cluster.parts import Cluster
from tests.cluster.recording_sink import RecordingSink
from tests.parts.control_plane import Kubectl
from workers.cluster.metadata import METADATA, METADATA_LIST
from workers.cluster.resources import SECRET
from workers.cluster.watching import ListWatch, Target
from workers.model.errors import Recovery, SyncError
from workers.model.keys import ObjectKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alumiini_py.controlplane.programs import Programs


@contextmanager
def watching(cluster: Cluster, target: Target, sink: RecordingSink) -> Iterator[None]:
    watch = ListWatch(cluster.connection, target, sink, watchdog=cluster.watchdog, random=lambda: 0.1)
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        yield
    finally:
        watch.stop()
        thread.join(5)
    assert not thread.is_alive()


def config_maps(namespace: str, selector: str = "watched=yes") -> Target:
    return Target(
        f"/api/v1/namespaces/{namespace}/configmaps",
        selector=selector,
        accept=METADATA,
        accept_list=METADATA_LIST,
    )


def create(kubectl: Kubectl, namespace: str, name: str) -> None:
    labels = {"watched": "yes"}
    kubectl.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"namespace": namespace, "name": name, "labels": labels},
        }
    )


@pytest.fixture
def cluster(control_plane: ControlPlane) -> Iterator[Cluster]:
    with Cluster.of(control_plane.kubeconfig) as connected:
        yield connected


def test_what_is_there_what_comes_and_what_goes(cluster: Cluster, kubectl: Kubectl, namespace: str) -> None:
    create(kubectl, namespace, "first")
    sink = RecordingSink()
    with watching(cluster, config_maps(namespace), sink):
        sink.wait_for("+first", "synced")
        create(kubectl, namespace, "second")
        sink.wait_for("+second")
        kubectl("label", "configmap/first", "-n", namespace, "watched-")
        kubectl("delete", "configmap/second", "-n", namespace)
        sink.wait_for("-first", "-second")

    assert sink.told == ["+first", "synced", "+second", "-first", "-second"]
    assert cluster.calls == [("GET", 200)]


def test_an_api_server_that_was_away_fails_calls_with_a_retry_and_watches_not_at_all(
    control_plane_programs: Programs, tmp_path: Path
) -> None:
    with ControlPlane.start(tmp_path, programs=control_plane_programs) as plane:
        kubectl = Kubectl(control_plane_programs.kubectl, plane.kubeconfig)
        for name in ("kept", "doomed"):
            create(kubectl, "default", name)
        sink = RecordingSink()
        with Cluster.of(plane.kubeconfig) as cluster, watching(cluster, config_maps("default"), sink):
            sink.wait_for("+kept", "+doomed", "synced")
            sink.forget()
            plane.stop_api_server()
            with pytest.raises(SyncError, match=f"the API server at {plane.url} cannot be reached") as caught:
                cluster.objects.get(SECRET, ObjectKey("", "Secret", "default", "a"), cluster.deadline)
            plane.start_api_server()
            kubectl("delete", "configmap/doomed")
            create(kubectl, "default", "new")
            sink.wait_for("-doomed", "+new")
    assert caught.value.recovery is Recovery.RETRY
