"""A bug kills one actor: its status says so and when it starts again, its next life reads its own object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supervisor.deadline import DeadlineExceededError
from tests.repository.remote import config_map
from tests.repository.subjects import COMMIT, NEXT_COMMIT
from tests.supervisor.puppet import BOUND, fail
from workers.model.errors import Reason, SyncError
from workers.repository.messages import SyncRequested

if TYPE_CHECKING:
    from tests.repository.world import World

BUG = ZeroDivisionError("a bug")


@pytest.fixture
def dying(world: World) -> World:
    """Have one that was synced and dies of the next ref query."""
    world.forge.push(COMMIT, config_map("a"))
    world.start()
    world.forget_requests()
    world.forge.before = fail(BUG)
    world.changes_so_far()
    return world


def die(world: World) -> None:
    """Let the time of the next poll come; returns when the supervisor has noticed the death."""
    world.clock.advance(300)
    assert world.changes.get(timeout=BOUND).state in {"restarting", "parked"}


def test_the_status_says_that_the_worker_died_and_when_it_starts_again(dying: World) -> None:
    die(dying)
    dying.wait_for_status(lambda status: status["conditions"][0]["reason"] == "WorkerCrashed")

    assert dying.condition("Ready") == ("False", "WorkerCrashed")
    assert dying.condition("Reconciling") == ("True", "ProgressingWithRetry")
    message = dying.status()["conditions"][0]["message"]
    assert message.startswith("the worker of this repository ")
    assert message.endswith("; it starts again at 2026-01-01T00:05:00Z")
    assert "Traceback" not in message


def test_the_next_life_reads_its_object_and_syncs_thoroughly(dying: World) -> None:
    die(dying)
    dying.edit(spec={"branch": "main", "prune": False})  # nobody is told: the watch is slow
    dying.forge.before = lambda: None
    dying.next_life()

    assert dying.condition("Ready") == ("True", "Synced")
    assert dying.status()["observedGeneration"] == 2
    assert [asked.verb for asked in dying.cluster.asked] == ["list"]


def test_the_next_life_takes_back_what_was_said_of_its_death(dying: World) -> None:
    die(dying)
    dying.wait_for_status(lambda status: status["conditions"][0]["reason"] == "WorkerCrashed")
    dying.forge.before = lambda: None
    dying.next_life()

    assert dying.status()["phase"] == "Synced"
    assert dying.condition("Reconciling") is None


def test_a_message_for_the_dead_is_read_by_the_next_life(dying: World) -> None:
    die(dying)
    asked = dying.annotate(requestedAt="1")
    dying.registry.send(dying.key, SyncRequested(asked))
    dying.forge.push(NEXT_COMMIT, config_map("a", "2"))
    dying.forge.before = lambda: None
    dying.next_life()

    assert dying.status()["lastHandledReconcileAt"] == "1"
    assert dying.status()["lastSyncedCommit"] == NEXT_COMMIT


@pytest.mark.parametrize(
    "error", [SyncError(Reason.APPLY_FAILED, "the API server is gone"), DeadlineExceededError("late")]
)
def test_a_life_that_cannot_read_its_object_tries_again_and_does_not_die(
    dying: World, error: Exception
) -> None:
    die(dying)
    dying.forge.before = lambda: None
    dying.own.before = lambda verb: fail(error)() if verb == "get" else None
    dying.next_life()
    assert dying.forge.asked == [300.0]
    dying.own.before = lambda _: None
    for _ in range(10):
        dying.advance(5.0)

    assert dying.condition("Ready") == ("True", "Synced")
    child = dying.supervisor.child(dying.key)
    assert child is not None
    assert child.generation == 2


def test_a_life_whose_object_is_gone_waits_for_its_end(dying: World) -> None:
    die(dying)
    dying.own.document = None
    dying.next_life()
    dying.advance(3600)

    assert dying.forge.asked == [300.0]
