"""From a push to the cluster, and what rest costs: counts beside times."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from tests.benchmarks.bench import Bench, line, milliseconds, seen_by_watch
from tests.parts.api_client import eventually
from tests.parts.stage import config_map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.parts.audit import Asked

PUSHES = 40
POLLS = 5
FILES = 1000
IDLE = 100
IDLE_SECONDS = 10.0


def pushes(bench: Bench) -> None:
    """One repository, one changed object a push, announced by webhook, seen by a watch of our own."""
    stage = bench.stage
    repository = stage.repository("pushed", {"a.yaml": config_map("pushed", "0")})
    stage.follow("pushed")
    stage.until_synced(repository.head(), "pushed")
    answered, applied = [], []
    bench.audit.begin()
    queries, fetches = bench.git("ls-refs"), bench.git("fetch")
    with seen_by_watch(stage, "configmaps") as watch:
        for number in range(1, PUSHES + 1):
            commit = repository.commit({"a.yaml": config_map("pushed", f"value-{number}")})
            begun = time.monotonic()
            answer = bench.controller.push(stage.url("pushed"), commit)
            answered.append(time.monotonic() - begun)
            assert answer.status == 202
            applied.append(watch.wait_for(f'"value-{number}"') - begun)
    stage.until_synced(repository.head(), "pushed")
    line("webhook answered", milliseconds(answered))
    line("push -> object changed (webhook)", milliseconds(applied))
    line("  API requests of all pushes", _counted(bench.audit.requests()))
    line("  Git", f"{bench.git('ls-refs') - queries} ref queries, {bench.git('fetch') - fetches} fetches")


def polls(bench: Bench) -> None:
    """A repository that is asked every second and has nothing new."""
    stage = bench.stage
    repository = stage.repository("polled", {"a.yaml": config_map("polled")})
    stage.follow("polled", interval="1s")
    stage.until_synced(repository.head(), "polled")
    bench.audit.begin()
    queries, fetches, cpu = bench.git("ls-refs"), bench.git("fetch"), bench.process().cpu
    eventually(lambda: bench.git("ls-refs") - queries >= POLLS, "polls")
    asked = bench.git("ls-refs") - queries
    line(
        f"{asked} polls without a new commit",
        f"{asked} ref queries, {bench.git('fetch') - fetches} fetches, {len(bench.audit.requests())} API"
        f" requests, {(bench.process().cpu - cpu) / asked * 1000:.1f} ms CPU each (watches included)",
    )
    stage.delete("polled")
    stage.until_gone("polled")


def thousand(bench: Bench) -> None:
    """A first sync of 1000 files, then one that changes one of them."""
    stage = bench.stage
    repository = stage.repository("thousand", {f"d/{n}.yaml": config_map(f"n{n}") for n in range(FILES)})
    bench.audit.begin()
    cpu, begun = bench.process().cpu, time.monotonic()
    stage.follow("thousand", timeout="2m")
    stage.until_synced(repository.head(), "thousand")
    line(
        f"first sync of {FILES} ConfigMaps",
        f"{time.monotonic() - begun:.2f} s, {bench.process().cpu - cpu:.2f} s CPU of the controller",
    )
    line("  API requests", _counted(bench.audit.requests()))
    commit = repository.commit({"d/7.yaml": config_map("n7", "changed")})
    bench.audit.begin()
    queries, fetches, cpu = bench.git("ls-refs"), bench.git("fetch"), bench.process().cpu
    begun = time.monotonic()
    with seen_by_watch(stage, "configmaps") as watch:
        bench.controller.push(stage.url("thousand"), commit)
        seconds = watch.wait_for('"changed"') - begun
    stage.until_synced(commit, "thousand")
    line(
        f"one changed file among {FILES}",
        f"{seconds * 1000:.0f} ms, {bench.git('ls-refs') - queries} ref query,"
        f" {bench.git('fetch') - fetches} fetch, {bench.process().cpu - cpu:.2f} s CPU",
    )
    line("  API requests", _counted(bench.audit.requests()))


def idle(bench: Bench) -> None:
    """Many repositories that rest."""
    stage = bench.stage
    before = bench.process()
    names = [f"idle-{number}" for number in range(IDLE)]
    repositories = [stage.repository(name, {"a.yaml": config_map(name)}) for name in names]
    for name in names:
        stage.follow(name)
    for name, repository in zip(names, repositories, strict=True):
        stage.until_synced(repository.head(), name)
    after = bench.process()
    line(
        f"{IDLE} idle repositories, for each",
        f"{(after.rss - before.rss) / IDLE / 1024:.0f} KiB RSS,"
        f" {(after.threads - before.threads) / IDLE:.2f} threads,"
        f" {(after.descriptors - before.descriptors) / IDLE:.2f} file descriptors",
    )
    line("  the process then", f"{after.rss / 2**20:.0f} MiB RSS, {after.threads} threads")
    bench.audit.begin()
    queries = bench.git("ls-refs")
    threading.Event().wait(IDLE_SECONDS)
    line(
        f"  {IDLE_SECONDS:g} s of rest",
        f"{len(bench.audit.requests())} API requests, {bench.git('ls-refs') - queries} ref queries,"
        f" {bench.process().cpu - after.cpu:.2f} s CPU",
    )


def _counted(asked: Sequence[Asked]) -> str:
    counts = Counter(str(one) for one in asked)
    return ", ".join(f"{number} {what}" for what, number in sorted(counts.items())) or "none"
