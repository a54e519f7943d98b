"""An object that is there already is taken over, unless another GitRepository owns it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.repository.remote import config_map
from tests.repository.subjects import COMMIT
from workers.model.keys import ObjectKey
from workers.model.ownership import LiveObject, Owner

if TYPE_CHECKING:
    from tests.repository.world import World

KEY = ObjectKey("", "ConfigMap", "shop", "a")
APPLIED: dict[str, Any] = {"f:metadata": {"f:labels": {"f:applyset.kubernetes.io/part-of": {}}}}
OTHER = Owner("GitRepository", "shop", "other", "uid-9")
BEFORE = Owner("GitRepository", "shop", "web", "uid-0")


def put(world: World, owner: Owner | None, *, deleting: bool = False) -> None:
    """Have ConfigMap a in the cluster, applied by an owner or by nobody."""
    labels = owner.labels() if owner is not None else {}
    annotations = owner.annotations("sha256:00") if owner is not None else {}
    world.cluster.live[KEY] = LiveObject(
        KEY, "old", "50", labels, annotations, APPLIED if owner is not None else None, deleting=deleting
    )


@pytest.mark.parametrize("owner", [None, BEFORE], ids=["nobody", "an earlier one of our name"])
def test_what_nobody_else_owns_is_taken_over(world: World, owner: Owner | None) -> None:
    put(world, owner)
    world.forge.push(COMMIT, config_map("a"))

    world.start()

    assert world.condition("Ready") == ("True", "Synced")
    assert world.cluster.live[KEY].uid == "old"
    assert world.cluster.live[KEY].annotations["alumiini.false.systems/owner-uid"] == "uid-1"


def test_what_another_owns_is_a_conflict_that_names_it_and_the_rest_is_applied(world: World) -> None:
    put(world, OTHER)
    world.forge.push(COMMIT, config_map("a"), config_map("b"))

    world.start()

    assert world.condition("Ready") == ("False", "Conflict")
    assert world.status()["errors"] == [
        {
            "object": "ConfigMap/shop/a",
            "file": "0.yaml:1",
            "reason": "Conflict",
            "message": (
                "ConfigMap/shop/a belongs to GitRepository/shop/other;"
                " remove it from one of the two repositories"
            ),
        }
    ]
    assert world.cluster.live[KEY].annotations["alumiini.false.systems/owner"] == "GitRepository/shop/other"
    assert world.cluster.names() == ["a", "b"]


def test_a_conflict_ends_by_itself_when_the_other_lets_go(world: World) -> None:
    put(world, OTHER)
    world.forge.push(COMMIT, config_map("a"))
    world.start()

    put(world, None)
    world.advance(1.0)

    assert world.condition("Ready") == ("True", "Synced")


def test_what_is_on_its_way_out_is_waited_for(world: World) -> None:
    put(world, None, deleting=True)
    world.forge.push(COMMIT, config_map("a"))
    world.start()
    assert world.condition("Ready") == ("False", "ApplyFailed")

    del world.cluster.live[KEY]
    world.advance(1.0)

    assert world.condition("Ready") == ("True", "Synced")


def test_an_object_of_an_earlier_one_of_our_name_is_never_pruned(world: World) -> None:
    put(world, BEFORE)
    world.forge.push(COMMIT, config_map("b"))

    world.start(finalizers=["alumiini.false.systems/finalizer"])

    assert world.cluster.names() == ["a", "b"]
