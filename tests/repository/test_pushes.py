"""A webhook is a hint: the remote is asked at once, and again later where it does not show the commit."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.controller.one_object import blocking
from tests.repository.remote import config_map
from tests.repository.subjects import COMMIT, NEXT_COMMIT
from tests.supervisor.puppet import BOUND, fail
from workers.model.errors import Reason, SyncError
from workers.repository.messages import Pushed, SpecChanged

if TYPE_CHECKING:
    from tests.repository.world import World

LATER = "3" * 40


@pytest.fixture
def synced(world: World) -> World:
    world.forge.push(COMMIT, config_map("a"))
    world.start()
    world.forget_requests()
    return world


def test_a_push_is_applied_at_once(synced: World) -> None:
    synced.forge.push(NEXT_COMMIT, config_map("a", "2"))

    synced.push(NEXT_COMMIT)

    assert synced.status()["lastSyncedCommit"] == NEXT_COMMIT
    assert synced.heard.syncs == [("webhook", "success")]


def test_what_a_push_announces_is_never_applied_unless_the_branch_shows_it(synced: World) -> None:
    synced.forge.add(NEXT_COMMIT, config_map("evil"))

    synced.push(NEXT_COMMIT)
    for wait in (0.2, 0.5, 1.0, 2.0, 5.0):
        synced.advance(wait)

    assert synced.cluster.names() == ["a"]
    assert synced.forge.fetched == []


def test_a_commit_that_does_not_show_yet_is_asked_for_again_after_growing_waits(synced: World) -> None:
    synced.push(NEXT_COMMIT)
    for wait in (0.2, 0.5, 1.0, 2.0, 5.0):
        synced.advance(wait)

    assert synced.forge.asked == pytest.approx([0.0, 0.2, 0.7, 1.7, 3.7, 8.7])


def test_a_commit_that_never_shows_is_left_to_the_polls(synced: World) -> None:
    synced.push(NEXT_COMMIT)
    for wait in (0.2, 0.5, 1.0, 2.0, 5.0):
        synced.advance(wait)
    synced.forget_requests()

    synced.advance(299)
    assert synced.forge.asked == []
    synced.advance(1.1)

    assert len(synced.forge.asked) == 1


def test_a_commit_that_shows_is_not_asked_for_again(synced: World) -> None:
    synced.push(NEXT_COMMIT)
    synced.advance(0.2)
    synced.forge.push(NEXT_COMMIT, config_map("a", "2"))
    synced.advance(0.5)
    assert synced.status()["lastSyncedCommit"] == NEXT_COMMIT
    synced.forget_requests()

    synced.advance(60)

    assert synced.forge.asked == []


@pytest.mark.parametrize("announced", [None, COMMIT])
def test_a_push_that_announces_nothing_new_is_asked_for_once(synced: World, announced: str | None) -> None:
    synced.push(announced)
    synced.advance(60)

    assert synced.forge.asked == [0.0]


def test_a_newer_push_replaces_the_question_for_an_older_commit(synced: World) -> None:
    synced.push(NEXT_COMMIT)
    synced.advance(0.1)
    synced.forge.push(LATER, config_map("a", "3"))
    synced.push(LATER)
    synced.forget_requests()

    synced.advance(60)

    assert synced.forge.asked == []


def test_the_time_from_a_push_to_its_last_object_is_told(synced: World) -> None:
    synced.push(NEXT_COMMIT)
    synced.advance(0.2)
    assert synced.heard.pushes == []
    synced.forge.push(NEXT_COMMIT, config_map("a", "2"))
    synced.advance(0.5)

    assert synced.heard.pushes == pytest.approx([0.7])


def test_a_push_supersedes_a_sync_between_two_steps(synced: World) -> None:
    entered, gate = threading.Event(), threading.Event()
    synced.forge.push(NEXT_COMMIT, config_map("a", "2"))
    synced.forge.before = blocking(entered, gate)
    synced.registry.send(synced.key, Pushed(NEXT_COMMIT, 0.0))
    assert entered.wait(BOUND)
    synced.forge.push(LATER, config_map("a", "3"))
    synced.registry.send(synced.key, Pushed(LATER, 0.0))

    gate.set()
    synced.settle()

    assert synced.heard.syncs == [("webhook", "success")]
    assert synced.status()["lastSyncedCommit"] == LATER


def test_pushes_without_end_do_not_keep_a_sync_from_its_end(synced: World) -> None:
    synced.forge.push(NEXT_COMMIT, config_map("a", "2"))
    synced.forge.before = lambda: synced.registry.send(synced.key, Pushed(None, 0.0)) and None

    synced.registry.send(synced.key, Pushed(None, 0.0))
    synced.wait_for_syncs(1)
    synced.forge.before = lambda: None
    synced.settle()

    assert synced.status()["lastSyncedCommit"] == NEXT_COMMIT


def test_a_push_that_a_new_spec_overtook_is_still_waited_for(synced: World) -> None:
    entered, gate = threading.Event(), threading.Event()
    synced.forge.before = blocking(entered, gate)
    synced.registry.send(synced.key, Pushed(NEXT_COMMIT, 0.0))
    assert entered.wait(BOUND)
    synced.registry.send(synced.key, SpecChanged(synced.edit(spec={"prune": False})))
    gate.set()
    synced.settle()
    assert synced.status()["lastSyncedCommit"] == COMMIT

    synced.forge.push(NEXT_COMMIT, config_map("a", "2"))
    synced.advance(0.2)

    assert synced.status()["lastSyncedCommit"] == NEXT_COMMIT


def test_a_push_whose_sync_failed_is_left_to_the_retries(synced: World) -> None:
    synced.forge.before = fail(SyncError(Reason.GIT_TIMEOUT, "late"))

    synced.push(NEXT_COMMIT)
    synced.advance(0.5)
    assert synced.forge.asked == [0.0]
    synced.advance(0.5)

    assert synced.forge.asked == [0.0, 1.0]


@pytest.mark.parametrize(
    ("waiting", "later", "merged"),
    [
        (Pushed("a", 1.0), Pushed("b", 2.0), Pushed("b", 2.0)),
        (Pushed("b", 2.0), Pushed("a", 1.0, asked=1), Pushed("b", 2.0)),
        (Pushed("a", 1.0, asked=1), Pushed("b", 2.0), Pushed("b", 2.0)),
    ],
)
def test_of_pushes_that_wait_the_latest_stands(waiting: Pushed, later: Pushed, merged: Pushed) -> None:
    assert waiting.merge(later) == merged
