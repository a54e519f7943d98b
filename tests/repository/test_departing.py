"""A GitRepository that is deleted takes its objects along, or lets them be, and always goes in the end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.repository.cluster import OUR_DEFINITION, Asked
from tests.repository.remote import config_map
from tests.repository.subjects import COMMIT, SPEC
from tests.supervisor.puppet import fail
from workers.model.errors import Reason, SyncError
from workers.repository.messages import DeletionRequested, SpecChanged

if TYPE_CHECKING:
    from tests.repository.world import World

DENIED = SyncError(Reason.ACCESS_DENIED, "cannot delete ConfigMap/shop/a: forbidden")


def started(world: World, **spec: Any) -> World:  # noqa: ANN401 -- fields of spec
    world.forge.push(COMMIT, config_map("a"), config_map("b"))
    world.start(spec={**SPEC, **spec})
    world.forget_requests()
    return world


def delete(world: World) -> None:
    world.tell(DeletionRequested(world.edit(deletionTimestamp="2026-01-01T00:00:00Z")))


def labels(world: World) -> list[dict[str, str]]:
    return [dict(live.labels) for key, live in sorted(world.cluster.live.items()) if key != OUR_DEFINITION]


def test_its_objects_go_and_then_the_finalizer(world: World) -> None:
    started(world)

    delete(world)

    assert world.cluster.names() == []
    assert world.subject().finalizers == ()


def test_finalizers_of_others_stay(world: World) -> None:
    started(world)
    world.edit(finalizers=["example.org/hold", *world.subject().finalizers])

    delete(world)

    assert world.subject().finalizers == ("example.org/hold",)


def test_git_is_not_needed(world: World) -> None:
    started(world)
    world.forge.before = fail(SyncError(Reason.GIT_TIMEOUT, "gone"))

    delete(world)

    assert world.forge.asked == []
    assert world.cluster.names() == []


@pytest.mark.parametrize("kept", [{"prune": False}, {"suspend": True}])
def test_objects_that_are_kept_lose_what_says_that_they_are_ours(world: World, kept: dict[str, Any]) -> None:
    started(world)
    world.tell(SpecChanged(world.edit(spec=kept)))

    delete(world)

    assert world.cluster.names() == ["a", "b"]
    assert labels(world) == [{}, {}]
    assert world.subject().finalizers == ()


def test_when_alumiini_itself_is_removed_everything_stays(world: World) -> None:
    started(world)
    definition = world.cluster.live[OUR_DEFINITION]
    world.cluster.live[OUR_DEFINITION] = replace(definition, deleting=True)

    delete(world)

    assert world.cluster.names() == ["a", "b"]
    assert labels(world) == [{}, {}]
    assert world.subject().finalizers == ()


def test_what_wants_to_stay_stays(world: World) -> None:
    started(world)
    world.cluster.change(
        "a",
        annotations={
            **next(live.annotations for key, live in world.cluster.live.items() if key.name == "a"),
            "alumiini.false.systems/prune": "disabled",
        },
    )

    delete(world)

    assert world.cluster.names() == ["a"]
    assert labels(world) == [{}]


def test_what_is_not_ours_any_more_is_left_alone(world: World) -> None:
    started(world)
    world.cluster.change("a", applied_fields=None)

    delete(world)

    assert world.cluster.names() == ["a"]
    assert Asked("patch", "a") not in world.cluster.asked


def test_what_cannot_be_deleted_yet_holds_the_rest_and_is_tried_again(world: World) -> None:
    started(world)
    world.cluster.before = lambda asked: fail(DENIED)() if asked == Asked("delete", "a") else None

    delete(world)
    assert world.cluster.names() == ["a"]
    assert world.subject().finalizers == ("alumiini.false.systems/finalizer",)
    world.cluster.before = lambda _: None
    world.advance(2.0)

    assert world.cluster.names() == []
    assert world.subject().finalizers == ()


def test_what_cannot_be_deleted_at_all_is_left_and_named_after_the_timeout(world: World) -> None:
    started(world, timeout="1m")
    world.cluster.before = lambda asked: fail(DENIED)() if asked == Asked("delete", "a") else None

    delete(world)
    for _ in range(120):
        world.advance(1.0)

    assert world.subject().finalizers == ()
    assert world.cluster.names() == ["a"]
    ((kind, reason, note),) = world.heard.events
    assert (kind, reason) == ("Warning", "PruneFailed")
    assert note.startswith("left in the cluster: ConfigMap/shop/a; ")


def test_an_api_server_that_is_away_does_not_let_it_go(world: World) -> None:
    started(world)
    world.cluster.before = fail(SyncError(Reason.APPLY_FAILED, "the API server is gone"))

    delete(world)
    world.advance(20.0)
    assert world.subject().finalizers == ("alumiini.false.systems/finalizer",)
    world.cluster.before = lambda _: None
    world.advance(60.0)

    assert world.cluster.names() == []
    assert world.subject().finalizers == ()


def test_a_program_that_starts_in_the_middle_of_a_deletion_goes_on_with_it(world: World) -> None:
    started(world)
    world.edit(deletionTimestamp="2026-01-01T00:00:00Z")

    world.restart()

    assert world.cluster.names() == []
    assert world.subject().finalizers == ()
    assert world.forge.asked == []


def test_who_never_applied_anything_just_goes(world: World) -> None:
    world.start(deletionTimestamp="2026-01-01T00:00:00Z", finalizers=["example.org/hold"])

    assert world.cluster.asked == []
    assert world.own.patches == []
