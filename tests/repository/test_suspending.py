"""``suspend`` holds for every trigger: no Git traffic, no writes to applied objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.repository.remote import config_map
from tests.repository.subjects import COMMIT, NEXT_COMMIT, SPEC
from workers.repository.messages import Poll, PruneAllowed, Pushed, SpecChanged, Startup, SyncRequested

if TYPE_CHECKING:
    from collections.abc import Callable

    from supervisor.mailbox import Message
    from tests.repository.world import World


@pytest.fixture
def resting(world: World) -> World:
    """Have one that was synced, has news to apply, and rests."""
    world.forge.push(COMMIT, config_map("a"))
    world.start()
    world.forge.push(NEXT_COMMIT, config_map("a", "2"))
    world.tell(SpecChanged(world.edit(spec={"suspend": True})))
    world.forget_requests()
    return world


def message(world: World, kind: str) -> Message:
    messages: dict[str, Callable[[], Message]] = {
        "startup": Startup,
        "poll": Poll,
        "push": lambda: Pushed(NEXT_COMMIT, 0.0),
        "request": lambda: SyncRequested(world.annotate(requestedAt="1")),
        "allowed prune": lambda: PruneAllowed(world.annotate(allow_prune=NEXT_COMMIT)),
        "spec": lambda: SpecChanged(world.edit(spec={"prune": False})),
    }
    return messages[kind]()


@pytest.mark.parametrize("kind", ["startup", "poll", "push", "request", "allowed prune", "spec"])
def test_nothing_wakes_who_rests(resting: World, kind: str) -> None:
    resting.tell(message(resting, kind))
    resting.advance(3600)

    assert resting.forge.asked == []
    assert resting.cluster.asked == []
    assert resting.heard.syncs == []


def test_who_rests_keeps_its_conditions_and_observes_the_spec(resting: World) -> None:
    assert resting.status()["observedGeneration"] == 2
    assert resting.condition("Ready") == ("True", "Synced")
    assert "nextSyncTime" not in resting.status()


def test_a_message_that_changes_nothing_is_no_reason_to_write(resting: World) -> None:
    resting.tell(Poll())

    assert resting.own.patches == []


def test_a_request_is_echoed_after_resuming(resting: World) -> None:
    resting.tell(SyncRequested(resting.annotate(requestedAt="1")))
    assert "lastHandledReconcileAt" not in resting.status()

    resting.tell(SpecChanged(resting.edit(spec={"suspend": False})))

    assert resting.status()["lastHandledReconcileAt"] == "1"


def test_who_resumes_syncs_at_once(resting: World) -> None:
    resting.tell(SpecChanged(resting.edit(spec={"suspend": False})))

    assert resting.status()["lastSyncedCommit"] == NEXT_COMMIT
    assert resting.condition("Ready") == ("True", "Synced")


def test_who_is_suspended_from_the_start_touches_nothing(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"))

    world.start(spec={**SPEC, "suspend": True})

    assert world.forge.asked == []
    assert world.subject().finalizers == ()
    assert world.status()["phase"] == "Pending"


def test_rest_holds_where_the_rest_of_the_spec_cannot_be_read(world: World) -> None:
    world.start(spec={"suspend": True, "url": 7})

    assert world.condition("Stalled") is None
    assert world.status()["phase"] == "Pending"
