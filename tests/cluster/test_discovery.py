"""Answers of discovery that a healthy API server does not give; all else is in tests/integration."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.fake_api import Answer, document, status
from workers.model.errors import Recovery, SyncError
from workers.model.keys import GroupKind

if TYPE_CHECKING:
    from tests.cluster.conftest import Serve
    from tests.cluster.fake_api import Asked


def group(name: str, *kinds: str, freshness: str = "Current", version: str = "v1") -> dict[str, Any]:
    resources = [
        {
            "resource": f"{kind.lower()}s",
            "responseKind": {"kind": kind},
            "scope": "Namespaced",
            "verbs": ["get"],
        }
        for kind in kinds
    ]
    versions = [{"version": version, "freshness": freshness, "resources": resources}]
    return {"metadata": {"name": name}, "versions": versions}


def discovered(*groups: dict[str, Any]) -> Answer:
    return document({"kind": "APIGroupDiscoveryList", "items": list(groups)})


CORE = discovered({"versions": group("", "Pod")["versions"]})


def test_a_group_whose_server_is_away_keeps_its_kinds_and_blocks_no_other(serve: Serve) -> None:
    groups = iter(
        [
            discovered(group("metrics.example.com", "Metric"), group("apps", "Deployment")),
            discovered(group("metrics.example.com", freshness="Stale"), group("apps", "Deployment", "Job")),
        ]
    )
    _, cluster = serve(lambda asked: CORE if asked.path == "/api" else next(groups))
    before = cluster.discovery.resource("metrics.example.com/v1", "Metric", cluster.deadline)

    cluster.discovery.refresh(cluster.deadline)

    assert before is not None
    assert cluster.discovery.resource("metrics.example.com/v1", "Metric", cluster.deadline) == before
    assert cluster.discovery.resource("apps/v1", "Job", cluster.deadline) is not None
    assert cluster.discovery.resource("v1", "Pod", cluster.deadline) is not None


def test_entries_that_make_no_sense_are_left_out(serve: Serve) -> None:
    odd = group("odd.example.com", "Good")
    odd["versions"][0]["resources"] += [
        {"resource": "nokinds", "scope": "Namespaced"},
        {"resource": "nowheres", "scope": "Elsewhere", "responseKind": {"kind": "Nowhere"}},
        {"resource": "goods2", "scope": "Cluster", "responseKind": {"kind": "Good"}},
    ]
    _, cluster = serve(lambda asked: CORE if asked.path == "/api" else discovered(odd, {"metadata": {}}))

    good = cluster.discovery.resource("odd.example.com/v1", "Good", cluster.deadline)

    assert good is not None
    assert good.plural == "goods"
    assert cluster.discovery.resource("odd.example.com/v1", "Nowhere", cluster.deadline) is None


def test_what_did_not_change_is_not_sent_again(serve: Serve) -> None:
    def script(asked: Asked) -> Answer:
        if asked.headers.get("If-None-Match") == '"1"':
            return Answer(304, b"")
        return Answer(200, CORE.body, {"ETag": '"1"'})

    _, cluster = serve(script)
    scopes = cluster.discovery.scopes(cluster.deadline)
    cluster.discovery.refresh(cluster.deadline)

    assert cluster.discovery.scopes(cluster.deadline) is scopes
    assert cluster.calls == [("GET", 200)] * 2 + [("GET", 304)] * 2


def test_many_threads_share_one_refresh(serve: Serve) -> None:
    together = threading.Barrier(8)
    _, cluster = serve(lambda _: CORE)

    def ask(_: int) -> bool:
        together.wait(5)
        return cluster.discovery.resource("v1", "Pod", cluster.deadline) is not None

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, range(8)))
    assert len(cluster.calls) == 2


def test_a_server_without_aggregated_discovery_is_too_old(serve: Serve) -> None:
    _, cluster = serve(lambda _: document({"kind": "APIVersions", "versions": ["v1"]}))

    with pytest.raises(SyncError, match=r"Kubernetes 1\.30 or newer is needed"):
        cluster.discovery.resource("v1", "Pod", cluster.deadline)


def test_a_server_that_cannot_be_asked_is_a_failure_that_passes(serve: Serve) -> None:
    _, cluster = serve(lambda _: status(500, "InternalError", "etcd is away"))

    with pytest.raises(SyncError, match=r"cannot ask the cluster for its kinds: .*etcd is away") as caught:
        cluster.discovery.scopes(cluster.deadline)

    assert caught.value.recovery is Recovery.RETRY


def test_a_kind_without_a_version_is_found_in_the_one_the_server_prefers(serve: Serve) -> None:
    newer, older = group("example.com", "Thing", version="v2"), group("example.com", "Thing", "Old")
    newer["versions"] += older["versions"]
    _, cluster = serve(lambda asked: CORE if asked.path == "/api" else discovered(newer))

    thing = cluster.discovery.preferred(GroupKind("example.com", "Thing"), cluster.deadline)
    old = cluster.discovery.preferred(GroupKind("example.com", "Old"), cluster.deadline)

    assert thing is not None
    assert old is not None
    assert (thing.version, old.version) == ("v2", "v1")
    assert cluster.discovery.preferred(GroupKind("", "Thing"), cluster.deadline) is None


def test_a_kind_that_never_appears_is_waited_for_within_its_deadline(serve: Serve) -> None:
    _, cluster = serve(lambda _: CORE)

    found = cluster.discovery.await_resource("example.com/v1", "Thing", cluster.fence.deadline(0.3))

    assert found is None
