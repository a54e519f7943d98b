"""The first sync of a life trusts nothing but the cluster, and writes nothing that stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.repository.cluster import Asked
from tests.repository.remote import config_map
from tests.repository.subjects import COMMIT

if TYPE_CHECKING:
    from tests.repository.world import World


def test_a_new_repository_is_applied_and_says_so(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"), config_map("b"))

    world.start()

    assert world.cluster.names() == ["a", "b"]
    assert world.condition("Ready") == ("True", "Synced")
    assert world.status()["lastSyncedCommit"] == COMMIT
    assert world.status()["resources"] == {
        "total": 2,
        "applied": 2,
        "unchanged": 0,
        "pruned": 0,
        "failed": 0,
    }
    assert world.heard.syncs == [("startup", "success")]
    assert world.heard.events == [
        ("Normal", "Synced", f"applied main@sha1:{COMMIT}: 2 applied, 0 unchanged, 0 pruned")
    ]


def test_the_finalizer_and_the_kinds_stand_before_the_first_object(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"))
    marks: list[tuple[tuple[str, ...], str | None]] = []

    def look(asked: Asked) -> None:
        if asked.verb == "apply":
            subject = world.subject()
            kinds = subject.annotations.get("applyset.kubernetes.io/contains-group-kinds")
            marks.append((subject.finalizers, kinds))

    world.cluster.before = look
    world.start()

    assert marks == [(("alumiini.false.systems/finalizer",), "ConfigMap")]


def test_a_new_repository_first_says_that_work_goes_on(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"))
    world.start()

    (_, first), *_ = [patch for patch in world.own.patches if patch[0] == "status"]

    assert first["status"]["phase"] == "Syncing"
    assert [each["type"] for each in first["status"]["conditions"]] == ["Ready", "Reconciling"]


def test_a_new_repository_lists_nothing_since_nothing_can_be_there(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"))

    world.start()

    assert world.cluster.asked == [Asked("apply", "a")]


def test_a_program_that_starts_again_lists_once_and_writes_nothing(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"), config_map("b"))
    world.start()
    world.forget_requests()

    world.restart()

    assert world.cluster.asked == [Asked("list", "ConfigMap")]
    assert world.own.patches == []
    assert world.heard.events == []


def test_a_program_that_starts_again_finds_what_changed_meanwhile(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"), config_map("b"), config_map("c"))
    world.start()
    world.forge.push("2" * 40, config_map("a"), config_map("b", "2"))
    world.forget_requests()

    world.restart()

    assert world.cluster.writes() == [Asked("apply", "b"), Asked("delete", "c")]
    assert world.status()["resources"] == {
        "total": 2,
        "applied": 1,
        "unchanged": 1,
        "pruned": 1,
        "failed": 0,
    }
