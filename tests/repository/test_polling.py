"""A poll costs one ref query; only what is new costs more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.repository.cluster import Asked
from tests.repository.remote import config_map
from tests.repository.subjects import COMMIT, NEXT_COMMIT, SPEC

if TYPE_CHECKING:
    from tests.repository.world import World


def test_a_poll_without_a_new_commit_is_one_ref_query_and_nothing_else(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"))
    world.start()
    world.forget_requests()

    world.advance(300)

    assert world.forge.asked == [300.0]
    assert world.forge.fetched == []
    assert world.cluster.asked == []
    assert world.own.patches == []
    assert world.own.reads == 0
    assert world.heard.syncs == [("poll", "success")]


@pytest.mark.parametrize(("interval", "times"), [("1s", [1.0, 2.0, 3.0]), ("1m30s", [90.0, 180.0, 270.0])])
def test_polls_come_at_the_interval(world: World, interval: str, times: list[float]) -> None:
    world.forge.push(COMMIT, config_map("a"))
    world.start(spec={**SPEC, "interval": interval})
    world.forget_requests()

    for _ in times:
        world.advance(times[0])

    assert world.forge.asked == times


def test_a_poll_before_its_time_does_not_come(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"))
    world.start()
    world.forget_requests()

    world.advance(299)

    assert world.forge.asked == []


def test_a_new_commit_costs_one_fetch_and_what_changed(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"), config_map("b"))
    world.start()
    world.forge.push(NEXT_COMMIT, config_map("a"), config_map("b", "2"))
    world.forget_requests()

    world.advance(300)

    assert world.forge.fetched == [NEXT_COMMIT]
    assert world.cluster.asked == [Asked("apply", "b")]
    assert [where for where, _ in world.own.patches] == ["status"]


def test_a_new_commit_with_the_same_files_costs_one_fetch_and_one_status(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"))
    world.start()
    world.forge.push(NEXT_COMMIT, config_map("a"))
    world.forget_requests()

    world.advance(300)

    assert world.forge.fetched == [NEXT_COMMIT]
    assert world.cluster.asked == []
    assert [where for where, _ in world.own.patches] == ["status"]
    assert world.status()["lastSyncedCommit"] == NEXT_COMMIT


def test_any_other_sync_puts_the_next_poll_off(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"))
    world.start()
    world.advance(200)
    world.push(COMMIT)
    world.forget_requests()

    world.advance(299)
    assert world.forge.asked == []
    world.advance(1)

    assert world.forge.asked == [500.0]


def test_what_is_published_knows_the_time_of_the_next_poll_though_nothing_was_written(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"))
    world.start()
    world.advance(300)

    ((_, snapshot),) = world.board.all()

    assert snapshot.summary()["nextSyncTime"] == "2026-01-01T00:10:00Z"
    assert world.status()["nextSyncTime"] == "2026-01-01T00:05:00Z"
