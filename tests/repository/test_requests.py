"""``requestedAt`` asks for a sync that trusts nothing; ``allow-prune`` for one that may delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.repository.cluster import Asked
from tests.repository.remote import config_map
from tests.repository.subjects import COMMIT, NEXT_COMMIT, SPEC
from workers.repository.messages import PruneAllowed, SpecChanged, SyncRequested

if TYPE_CHECKING:
    from tests.repository.world import World

HASH, PRUNE = "alumiini.false.systems/hash", "alumiini.false.systems/prune"
TEN = [config_map(f"c{number}") for number in range(10)]


def written_on(world: World, name: str) -> dict[str, str]:
    return next(dict(live.annotations) for key, live in world.cluster.live.items() if key.name == name)


@pytest.fixture
def held(world: World) -> World:
    """Have a commit that would delete more than half of ten objects."""
    world.forge.push(COMMIT, *TEN)
    world.start()
    world.forge.push(NEXT_COMMIT, config_map("c0", "2"), *TEN[1:4])
    world.advance(300)
    return world


def test_a_request_looks_at_the_cluster_anew(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"), config_map("b"))
    world.start()
    world.forget_requests()
    world.cluster.change("a", annotations={**written_on(world, "a"), HASH: "sha256:other"})

    world.tell(SyncRequested(world.annotate(requestedAt="1")))

    assert world.cluster.asked == [Asked("list", "ConfigMap"), Asked("apply", "a")]
    assert world.status()["lastHandledReconcileAt"] == "1"
    assert world.heard.syncs == [("request", "success")]


def test_a_request_that_comes_during_a_sync_is_echoed_by_its_own(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"))
    world.start()
    world.forge.push(
        NEXT_COMMIT, config_map("a"), "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: prod\n"
    )
    world.forge.before = lambda: world.annotate(requestedAt="1") and None

    world.advance(300)
    assert world.subject().annotations["alumiini.false.systems/requestedAt"] == "1"
    assert world.status()["lastSyncedCommit"] == NEXT_COMMIT
    assert "lastHandledReconcileAt" not in world.status()

    world.tell(SyncRequested(world.subject()))
    assert world.status()["lastHandledReconcileAt"] == "1"


def test_a_new_spec_does_not_look_at_the_cluster_anew(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"))
    world.start()
    world.forget_requests()

    world.tell(SpecChanged(world.edit(spec={"interval": "10s"})))

    assert world.cluster.asked == []
    assert world.status()["observedGeneration"] == 2
    assert world.heard.syncs == [("spec", "success")]


def test_an_object_that_somebody_deleted_comes_back_on_request(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"), config_map("b"))
    world.start()
    world.cluster.live = {key: live for key, live in world.cluster.live.items() if key.name != "a"}

    world.tell(SyncRequested(world.annotate(requestedAt="1")))

    assert world.cluster.names() == ["a", "b"]


def test_a_commit_that_would_delete_too_much_is_applied_and_deletes_nothing(held: World) -> None:
    assert len(held.cluster.names()) == 10
    assert held.condition("Stalled") == ("True", "PruneHeld")
    assert held.status()["conditions"][0]["message"] == (
        "commit 2222222 would delete 6 of 10 objects, more than pruneLimit 50% allows; check it, then"
        f" annotate this GitRepository with alumiini.false.systems/allow-prune={NEXT_COMMIT}"
    )
    assert held.status()["resources"]["applied"] == 1
    assert held.heard.held


def test_a_held_prune_is_done_when_a_person_allows_this_commit(held: World) -> None:
    held.tell(PruneAllowed(held.annotate(allow_prune=NEXT_COMMIT)))

    assert held.cluster.names() == ["c0", "c1", "c2", "c3"]
    assert held.condition("Ready") == ("True", "Synced")
    assert (held.heard.held, held.heard.deleted) == (False, 6)


def test_a_held_prune_stays_held_when_another_commit_is_allowed(held: World) -> None:
    held.tell(PruneAllowed(held.annotate(allow_prune=COMMIT)))

    assert len(held.cluster.names()) == 10
    assert held.condition("Stalled") == ("True", "PruneHeld")


def test_a_raised_limit_lets_a_held_prune_go(held: World) -> None:
    held.tell(SpecChanged(held.edit(spec={"pruneLimit": 6})))

    assert len(held.cluster.names()) == 4


def test_without_prune_what_left_git_stays(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"), config_map("b"))
    world.start(spec={**SPEC, "prune": False})
    world.forge.push(NEXT_COMMIT, config_map("b"))

    world.advance(300)

    assert world.cluster.names() == ["a", "b"]
    assert world.condition("Ready") == ("True", "Synced")


def test_an_empty_source_deletes_nothing(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"))
    world.start()
    world.forge.push(NEXT_COMMIT)

    world.advance(300)
    assert world.cluster.names() == ["a"]
    assert world.condition("Stalled") == ("True", "EmptySource")

    world.tell(SpecChanged(world.edit(spec={"allowEmpty": True})))
    assert world.cluster.names() == []
    assert world.condition("Ready") == ("True", "Synced")


def test_an_object_that_wants_to_stay_stays_when_it_leaves_git(world: World) -> None:
    stay = {PRUNE: "disabled"}
    world.forge.push(COMMIT, config_map("a", **stay), config_map("b"), config_map("c"))
    world.start()
    world.cluster.change("a", annotations={**written_on(world, "a"), **stay})
    world.forge.push(NEXT_COMMIT, config_map("c"))

    world.advance(300)

    assert world.cluster.names() == ["a", "c"]


def test_an_object_that_changed_since_it_was_judged_is_judged_again(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"), config_map("b"))
    world.start()
    world.forge.push(NEXT_COMMIT, config_map("b"))

    def protect(asked: Asked) -> None:
        if asked == Asked("delete", "a"):
            world.cluster.before = lambda _: None
            world.cluster.change("a", annotations={**written_on(world, "a"), PRUNE: "disabled"})

    world.cluster.before = protect
    world.advance(300)

    assert world.cluster.names() == ["a", "b"]
