"""Every metric of the contract by name and label, and nothing else."""

from __future__ import annotations

import threading

from prometheus_client.parser import text_string_to_metric_families

from workers.telemetry.metrics import Metrics


def samples(metrics: Metrics) -> dict[str, float]:
    """Return each series as it stands in the text, buckets of histograms aside."""
    lines = metrics.render()[0].decode().splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#") and "_bucket" not in line]
    return {name.removeprefix("alumiini_"): float(value) for name, value in pairs}


def test_a_new_process_shows_its_version_and_that_it_does_not_lead() -> None:
    assert samples(Metrics("1.2.3")) == {
        'build_info{version="1.2.3"}': 1,
        "leader": 0,
        "mailbox_oldest_seconds": 0,
        "prune_held": 0,
        "pruned_total": 0,
        "push_to_applied_seconds_count": 0,
        "push_to_applied_seconds_sum": 0,
    }


def test_what_happens_is_counted_under_the_names_of_the_contract() -> None:
    metrics = Metrics("1")
    metrics.repository("team", "shop", ready=True, objects=7)
    metrics.applied("team", "shop", 1_700_000_000.0)
    metrics.synced("webhook", "success", {"fetch": 0.5, "apply": 2.0})
    metrics.push_applied(0.25)
    metrics.pruned(3)
    metrics.prune_held("team", "shop", held=True)
    metrics.git_request("ls-refs", "ok")
    metrics.kube_request("PATCH", "200", 0.125)
    metrics.webhook("github", "accepted")
    metrics.actor_restarted("GitRepository")
    metrics.actors({"running": 5, "parked": 1})
    metrics.mailbox_oldest(1.5)
    metrics.leading(leader=True)

    assert samples(metrics) == {
        'repository_ready{name="shop",namespace="team"}': 1,
        'repository_last_sync_timestamp_seconds{name="shop",namespace="team"}': 1_700_000_000,
        'repository_objects{name="shop",namespace="team"}': 7,
        'sync_total{result="success",trigger="webhook"}': 1,
        'sync_duration_seconds_count{step="fetch"}': 1,
        'sync_duration_seconds_sum{step="fetch"}': 0.5,
        'sync_duration_seconds_count{step="apply"}': 1,
        'sync_duration_seconds_sum{step="apply"}': 2,
        "push_to_applied_seconds_count": 1,
        "push_to_applied_seconds_sum": 0.25,
        "pruned_total": 3,
        "prune_held": 1,
        'git_requests_total{operation="ls-refs",result="ok"}': 1,
        'kube_requests_total{code="200",verb="PATCH"}': 1,
        'kube_request_duration_seconds_count{verb="PATCH"}': 1,
        'kube_request_duration_seconds_sum{verb="PATCH"}': 0.125,
        'webhook_requests_total{provider="github",result="accepted"}': 1,
        'actor_restarts_total{kind="GitRepository"}': 1,
        'actors{state="running"}': 5,
        'actors{state="parked"}': 1,
        "mailbox_oldest_seconds": 1.5,
        "leader": 1,
        'build_info{version="1"}': 1,
    }


def test_a_repository_that_is_gone_leaves_no_series() -> None:
    metrics = Metrics("1")
    for name in ("shop", "cart"):
        metrics.repository("team", name, ready=False, objects=1)
        metrics.applied("team", name, 1.0)
        metrics.prune_held("team", name, held=True)

    metrics.forget("team", "shop")
    metrics.forget("team", "never-seen")

    left = samples(metrics)
    assert not [series for series in left if "shop" in series]
    assert left["prune_held"] == 1
    assert left['repository_ready{name="cart",namespace="team"}'] == 0


def test_a_prune_is_held_once_however_often_it_is_said() -> None:
    metrics = Metrics("1")
    metrics.prune_held("team", "shop", held=True)
    metrics.prune_held("team", "shop", held=True)
    metrics.prune_held("team", "cart", held=False)
    assert samples(metrics)["prune_held"] == 1

    metrics.prune_held("team", "shop", held=False)
    assert samples(metrics)["prune_held"] == 0


def test_two_registries_share_nothing() -> None:
    one, other = Metrics("1"), Metrics("1")
    one.pruned(1)

    assert samples(other)["pruned_total"] == 0


def test_threads_lose_no_count() -> None:
    metrics = Metrics("1")

    def count() -> None:
        for number in range(500):
            metrics.webhook("github", "accepted")
            metrics.repository("team", f"shop-{number}", ready=True, objects=1)
            metrics.forget("team", f"shop-{number}")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        metrics.render()
    for thread in threads:
        thread.join()

    assert samples(metrics)['webhook_requests_total{provider="github",result="accepted"}'] == 2000


def test_prometheus_reads_the_text_and_each_metric_says_what_it_is() -> None:
    text, content_type = Metrics("1").render()

    families = list(text_string_to_metric_families(text.decode()))
    assert content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert len(families) == 17
    assert all(family.name.startswith("alumiini_") and family.documentation for family in families)
