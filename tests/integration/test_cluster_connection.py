"""Trust, and many threads, with a real API server over TLS."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from supervisor.deadline import DeadlineExceededError, FencedError
from tests.cluster.parts import Cluster, write_kubeconfig
from workers.cluster.connection import Request
from workers.cluster.errors import UnreachableError
from workers.cluster.resources import Resource
from workers.model.keys import ObjectKey
from workers.model.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alumiini_py.controlplane.plane import ControlPlane

READ = Request("GET", "/api/v1/namespaces/default")
CONFIG_MAP = Resource("", "v1", "ConfigMap", "configmaps", Scope.NAMESPACED)


@pytest.fixture
def cluster(control_plane: ControlPlane) -> Iterator[Cluster]:
    with Cluster.of(control_plane.kubeconfig) as connected:
        yield connected


@pytest.fixture
def other_ca(tmp_path: Path) -> Path:
    """A certificate that signed nothing here."""
    path = tmp_path / "other.crt"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-subj", "/CN=other", "-keyout", str(tmp_path / "other.key"), "-out", str(path)),
        ],
        check=True,
        capture_output=True,
        timeout=20,
    )
    return path


def test_a_server_that_another_authority_signed_is_not_spoken_to(
    control_plane: ControlPlane, tmp_path: Path, other_ca: Path
) -> None:
    kubeconfig = write_kubeconfig(
        tmp_path,
        control_plane.url,
        user={"token": control_plane.token},
        **{"certificate-authority": str(other_ca)},
    )
    with Cluster.of(kubeconfig) as cluster, pytest.raises(UnreachableError, match="is not trusted"):
        cluster.connection.send(READ, cluster.deadline)

    assert cluster.calls == [("GET", 0)]


def test_a_server_name_can_be_given_apart_from_the_address(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    kubeconfig = write_kubeconfig(
        tmp_path,
        control_plane.url.replace("127.0.0.1", "localhost"),
        user={"token": control_plane.token},
        **{"certificate-authority": str(control_plane.ca_file), "tls-server-name": "127.0.0.1"},
    )
    with Cluster.of(kubeconfig) as cluster:
        assert cluster.connection.send(READ, cluster.deadline).status == 200


def test_eight_threads_apply_at_once(cluster: Cluster, namespace: str) -> None:
    def apply(number: int) -> str:
        key = ObjectKey("", "ConfigMap", namespace, f"c{number}")
        manifest = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"namespace": namespace, "name": key.name},
            "data": {"number": str(number)},
        }
        return cluster.objects.apply(manifest, CONFIG_MAP, key, cluster.deadline).key.name

    with ThreadPoolExecutor(8) as threads:
        names = list(threads.map(apply, range(80)))

    assert names == [f"c{number}" for number in range(80)]
    assert cluster.calls == [("PATCH", 201)] * 80


def test_a_watch_over_tls_ends_when_its_fence_closes_or_its_deadline_passes(cluster: Cluster) -> None:
    watch = Request(
        "GET", "/api/v1/namespaces", query={"watch": "true", "fieldSelector": "metadata.name=default"}
    )
    with (
        pytest.raises(DeadlineExceededError),
        cluster.connection.stream(watch, cluster.fence.deadline(0.5), 30) as lines,
    ):
        list(lines)

    with cluster.connection.stream(watch, cluster.deadline, 30) as lines:
        next(lines)
        cluster.fence.close()
        with pytest.raises(FencedError):
            list(lines)
