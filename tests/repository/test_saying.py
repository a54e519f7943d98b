"""A status that could not be written is written later; a sync that takes long says so meanwhile."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from supervisor.deadline import DeadlineExceededError
from tests.controller.one_object import blocking
from tests.repository.remote import config_map
from tests.repository.subjects import COMMIT, NEXT_COMMIT
from tests.supervisor.puppet import BOUND, fail
from workers.model.errors import Reason, SyncError
from workers.repository.messages import Pushed

if TYPE_CHECKING:
    from tests.repository.world import World


@pytest.fixture
def synced(world: World) -> World:
    world.forge.push(COMMIT, config_map("a"))
    world.start()
    world.forge.push(NEXT_COMMIT, config_map("a", "2"))
    world.forget_requests()
    return world


@pytest.mark.parametrize(
    "error", [SyncError(Reason.APPLY_FAILED, "the API server is gone"), DeadlineExceededError("late")]
)
def test_a_status_that_could_not_be_written_is_written_later(synced: World, error: Exception) -> None:
    synced.own.before = fail(error)
    synced.push(NEXT_COMMIT)
    assert synced.cluster.names() == ["a"]
    assert synced.status()["lastSyncedCommit"] == COMMIT
    synced.own.before = lambda _: None

    synced.advance(10.0)

    assert synced.status()["lastSyncedCommit"] == NEXT_COMMIT
    assert len(synced.forge.asked) == 1


def test_a_status_is_tried_until_it_could_be_written(synced: World) -> None:
    synced.own.before = fail(SyncError(Reason.APPLY_FAILED, "the API server is gone"))
    synced.push(NEXT_COMMIT)
    for _ in range(30):
        synced.advance(1.0)
    synced.own.before = lambda _: None

    for _ in range(30):
        synced.advance(1.0)

    assert synced.status()["lastSyncedCommit"] == NEXT_COMMIT
    assert len(synced.own.patches) == 1


def test_what_is_published_does_not_wait_for_the_api_server(synced: World) -> None:
    synced.own.before = fail(SyncError(Reason.APPLY_FAILED, "the API server is gone"))
    synced.push(NEXT_COMMIT)

    ((_, snapshot),) = synced.board.all()

    assert snapshot.summary()["commit"] == NEXT_COMMIT


def test_a_sync_of_more_than_two_seconds_says_that_it_works(synced: World) -> None:
    entered, gate = threading.Event(), threading.Event()
    synced.forge.before = blocking(entered, gate)
    synced.registry.send(synced.key, Pushed(NEXT_COMMIT, 0.0))
    assert entered.wait(BOUND)

    synced.clock.advance(2.0)
    synced.wait_for_status(lambda status: status["phase"] == "Syncing")
    assert synced.condition("Reconciling") == ("True", "Progressing")
    assert synced.condition("Ready") == ("True", "Synced")
    gate.set()
    synced.settle()

    assert synced.condition("Reconciling") is None
    assert synced.status()["phase"] == "Synced"


def test_who_is_busy_shows_since_when_and_with_what(synced: World) -> None:
    entered, gate = threading.Event(), threading.Event()
    synced.forge.before = blocking(entered, gate)
    synced.registry.send(synced.key, Pushed(NEXT_COMMIT, 0.0))
    assert entered.wait(BOUND)

    ((_, snapshot),) = synced.board.all()
    assert snapshot.summary()["actor"] == {"busySince": "2026-01-01T00:00:00Z", "step": "ref"}
    gate.set()
    synced.settle()

    ((_, snapshot),) = synced.board.all()
    assert snapshot.summary()["actor"] == {"busySince": None, "step": None}


def test_what_is_not_applied_within_the_timeout_failed_and_is_tried_again(synced: World) -> None:
    synced.forge.push(
        NEXT_COMMIT, "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: prod\n", config_map("a", "2")
    )
    synced.cluster.before = lambda asked: synced.clock.advance(181.0) if asked.name == "prod" else None

    synced.push(NEXT_COMMIT)
    assert synced.condition("Ready") == ("False", "PartialFailure")
    assert synced.status()["resources"]["applied"] == 1
    synced.cluster.before = lambda _: None
    synced.advance(1.0)

    assert synced.condition("Ready") == ("True", "Synced")
