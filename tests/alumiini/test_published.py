"""Snapshots are what actors published, with what their supervisor knows; checks are asked in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alumiini_py.published import Health, PublishedSnapshots
from tests.repository.remote import config_map
from tests.repository.subjects import COMMIT, SPEC

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.repository.world import World

BROKEN = "kind: [unclosed\n"


def published(world: World) -> PublishedSnapshots:
    return PublishedSnapshots(world.board, world.supervisor)


def test_a_snapshot_has_the_shape_of_the_status_api(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"))
    world.start()

    (snapshot,) = published(world).all()

    assert snapshot == {
        "namespace": "shop",
        "name": "web",
        "uid": "uid-1",
        "generation": 1,
        "phase": "Synced",
        "ready": True,
        "reason": "Synced",
        "message": f"applied main@sha1:{COMMIT}",
        "suspended": False,
        "revision": f"main@sha1:{COMMIT}",
        "commit": COMMIT,
        "lastSyncTime": "2026-01-01T00:00:00Z",
        "nextSyncTime": "2026-01-01T00:05:00Z",
        "failures": 0,
        "resources": {"total": 1, "applied": 1, "unchanged": 0, "pruned": 0, "failed": 0},
        "actor": {
            "busySince": None,
            "step": None,
            "state": "running",
            "generation": 1,
            "restarts": 0,
            "mailbox": {"depth": 0, "oldestSeconds": 0.0},
            "nextStart": None,
        },
    }


def test_one_repository_adds_objects_errors_and_durations(world: World) -> None:
    world.forge.push(COMMIT, config_map("b"), config_map("a"))
    world.start()

    snapshot = published(world).get("shop", "web")

    assert snapshot is not None
    assert snapshot["name"] == "web"
    assert [(each["name"], each["state"]) for each in snapshot["objects"]] == [
        ("a", "synced"),
        ("b", "synced"),
    ]
    assert snapshot["objects"][0] == {
        "group": "",
        "version": "v1",
        "kind": "ConfigMap",
        "namespace": "shop",
        "name": "a",
        "state": "synced",
        "message": "",
    }
    assert snapshot["errors"] == []
    assert snapshot["durations"].keys() == {"ref", "fetch", "build", "apply", "prune", "diff"}


def test_errors_of_a_build_are_shown_without_objects(world: World) -> None:
    world.forge.push(COMMIT, BROKEN)
    world.start()

    snapshot = published(world).get("shop", "web")

    assert snapshot is not None
    assert (snapshot["ready"], snapshot["reason"], snapshot["phase"]) == (False, "BuildFailed", "Failed")
    assert [each["file"] for each in snapshot["errors"]] == ["0.yaml:2"]
    assert snapshot["objects"] == []


def test_who_rests_is_suspended(world: World) -> None:
    world.start(spec={**SPEC, "suspend": True})

    (snapshot,) = published(world).all()

    assert (snapshot["suspended"], snapshot["phase"], snapshot["nextSyncTime"]) == (True, "Pending", None)


def test_nobody_has_no_snapshot(world: World) -> None:
    world.start(spec={**SPEC, "suspend": True})

    assert published(world).get("shop", "other") is None


def say(sentence: str | None, asked: list[Any]) -> Callable[[], str | None]:
    def check() -> str | None:
        asked.append(sentence)
        return sentence

    return check


def test_without_a_complaint_all_is_well() -> None:
    health = Health(ready=(lambda: None,), alive=())

    assert health.unready_reason() is None
    assert health.stuck_reason() is None


def test_the_first_complaint_is_told_and_later_checks_are_not_asked() -> None:
    asked: list[Any] = []
    health = Health(
        ready=(say(None, asked), say("waiting", asked), say("never asked", asked)), alive=(lambda: "stuck",)
    )

    assert health.unready_reason() == "waiting"
    assert health.stuck_reason() == "stuck"
    assert asked == [None, "waiting"]
