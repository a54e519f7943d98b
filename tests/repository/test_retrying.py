"""A sync that failed is tried again at its pace; what only a person can help waits for the interval."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from tests.repository.cluster import Asked
from tests.repository.remote import config_map
from tests.repository.subjects import COMMIT, SPEC, document
from tests.supervisor.puppet import fail
from workers.model.errors import Reason, SyncError
from workers.repository.messages import SpecChanged, SyncRequested

if TYPE_CHECKING:
    from tests.repository.world import World

BROKEN = "kind: [unclosed"


def refused(reason: Reason, retry_after: float | None = None) -> SyncError:
    return SyncError(reason, f"it is {reason}", retry_after=retry_after)


def waits(world: World, count: int) -> list[float]:
    """Let ``count`` more tries happen and return how long each was waited for, to a tenth of a second."""
    times = list(world.forge.asked[-1:])
    while len(times) <= count:
        before = len(world.forge.asked)
        world.advance(0.5)
        if len(world.forge.asked) > before:
            times.append(world.forge.asked[-1])
    return [later - earlier for earlier, later in itertools.pairwise(times)]


def test_a_git_server_that_does_not_answer_is_asked_after_1_2_3_seconds(world: World) -> None:
    world.forge.before = fail(refused(Reason.GIT_TIMEOUT))
    world.start()

    assert waits(world, 4) == [1.0, 2.0, 3.0, 4.0]
    assert world.condition("Ready") == ("False", "GitTimeout")
    assert world.condition("Reconciling") == ("True", "ProgressingWithRetry")
    assert world.status()["failures"] == 5


def test_a_git_server_that_says_no_is_asked_slowly(world: World) -> None:
    world.forge.before = fail(refused(Reason.AUTHENTICATION_FAILED))
    world.start()

    assert waits(world, 5) == [2.0, 2.0, 2.0, 30.0, 60.0]


def test_a_git_server_that_names_a_time_gets_it(world: World) -> None:
    world.forge.before = fail(refused(Reason.RATE_LIMITED, retry_after=20.0))
    world.start()

    assert waits(world, 2) == [20.0, 20.0]


def test_a_success_ends_the_row_of_failures(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"))
    world.forge.before = fail(refused(Reason.GIT_TIMEOUT))
    world.start()
    waits(world, 2)
    world.forge.before = lambda: None
    world.advance(3.0)
    assert world.condition("Ready") == ("True", "Synced")
    assert world.status()["failures"] == 0

    world.forge.before = fail(refused(Reason.GIT_TIMEOUT))
    world.advance(300)

    assert waits(world, 1) == [1.0]


def test_the_row_of_failures_outlives_the_program(world: World) -> None:
    world.forge.before = fail(refused(Reason.GIT_TIMEOUT))
    world.start()
    waits(world, 2)

    world.restart()

    assert waits(world, 1) == [4.0]


@pytest.mark.parametrize("reason", [Reason.INVALID_URL, Reason.CERTIFICATE_INVALID, Reason.INVALID_PATH])
def test_what_only_a_person_can_help_is_looked_at_again_at_the_interval(world: World, reason: Reason) -> None:
    world.forge.before = fail(refused(reason))
    world.start(spec={**SPEC, "interval": "20s"})

    assert waits(world, 2) == [20.0, 20.0]
    assert world.condition("Stalled") == ("True", reason)
    assert world.condition("Reconciling") is None


def test_a_build_that_failed_is_not_built_again_until_git_changes(world: World) -> None:
    world.forge.push(COMMIT, BROKEN)
    world.start()
    assert world.condition("Stalled") == ("True", "BuildFailed")
    assert world.status()["errors"][0]["file"] == "0.yaml:2"
    world.forget_requests()

    world.advance(300)
    assert len(world.forge.asked) == 1
    assert world.forge.fetched == []
    world.forge.push("2" * 40, config_map("a"))
    world.advance(300)

    assert world.condition("Ready") == ("True", "Synced")
    assert world.condition("Stalled") is None
    assert "errors" not in world.status()


def test_a_stalled_repository_has_one_event_however_often_it_is_looked_at(world: World) -> None:
    world.forge.push(COMMIT, BROKEN)
    world.start()
    world.advance(300)
    world.advance(300)

    assert [kind for kind, _, _ in world.heard.events] == ["Warning"]


def test_a_stalled_repository_that_finds_nothing_new_writes_nothing(world: World) -> None:
    world.forge.push(COMMIT, BROKEN)
    world.start()
    world.forget_requests()

    world.advance(300)

    assert world.own.patches == []
    assert world.heard.syncs == [("retry", "failure")]


def test_a_spec_that_cannot_work_is_stalled_without_asking_git(world: World) -> None:
    world.start(spec={**SPEC, "interval": "soon"})

    assert world.condition("Stalled") == ("True", "InvalidSpec")
    assert world.forge.asked == []


def test_a_new_spec_is_tried_at_once_and_counts_anew(world: World) -> None:
    world.forge.before = fail(refused(Reason.AUTHENTICATION_FAILED))
    world.start()
    waits(world, 4)
    world.forget_requests()

    world.tell(SpecChanged(world.edit(spec={"branch": "other"})))

    assert len(world.forge.asked) == 1
    assert world.status()["failures"] == 1
    assert waits(world, 1) == [2.0]


def test_a_request_is_tried_at_once_and_counts_anew(world: World) -> None:
    world.forge.before = fail(refused(Reason.AUTHENTICATION_FAILED))
    world.start()
    waits(world, 4)
    world.forget_requests()

    world.tell(SyncRequested(world.annotate(requestedAt="1")))

    assert len(world.forge.asked) == 1
    assert waits(world, 1) == [2.0]


def test_a_webhook_is_tried_at_once_and_leaves_the_slow_pace(world: World) -> None:
    world.forge.before = fail(refused(Reason.AUTHENTICATION_FAILED))
    world.start()
    waits(world, 3)
    world.forget_requests()

    world.push(COMMIT)

    assert len(world.forge.asked) == 1
    assert waits(world, 1) == [60.0]


def test_a_retry_asks_anew_which_kinds_there_are_and_a_poll_does_not(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"))
    world.cluster.before = fail(refused(Reason.APPLY_FAILED))
    world.start()
    assert world.kinds.refreshed == 0
    world.advance(1.0)
    assert world.kinds.refreshed == 1

    world.cluster.before = lambda _: None
    world.advance(2.0)
    world.forge.push("2" * 40, config_map("a", "2"))
    world.advance(300)

    assert world.heard.syncs[-2:] == [("retry", "success"), ("poll", "success")]
    assert world.kinds.refreshed == 2


def test_an_object_that_is_refused_as_invalid_stops_no_other_and_is_retried_slowly(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"), config_map("b"))
    no = SyncError(Reason.APPLY_FAILED, "422", slowly=True)
    world.cluster.before = lambda asked: fail(no)() if asked.name == "b" else None
    world.start()

    assert world.cluster.names() == ["a"]
    assert world.condition("Ready") == ("False", "PartialFailure")
    assert world.status()["resources"] == {
        "total": 2,
        "applied": 1,
        "unchanged": 0,
        "pruned": 0,
        "failed": 1,
    }
    assert waits(world, 5) == [2.0, 2.0, 2.0, 30.0, 60.0]


def test_an_invalid_object_keeps_its_slow_pace_beside_one_that_is_retried_quickly(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"), config_map("b"))
    invalid = SyncError(Reason.APPLY_FAILED, "422", slowly=True)
    tries: list[tuple[str, float]] = []

    def refuse(asked: Asked) -> None:
        if asked.verb == "apply":
            tries.append((asked.name, world.clock.monotonic()))
            raise invalid if asked.name == "b" else refused(Reason.APPLY_FAILED)

    world.cluster.before = refuse
    world.start()
    for _ in range(16):
        world.advance(1.0)

    assert sorted(at for name, at in tries if name == "a") == [0.0, 1.0, 3.0, 6.0, 10.0, 15.0]
    assert sorted(at for name, at in tries if name == "b") == [0.0, 3.0, 6.0, 10.0]


def test_retries_trust_what_the_first_try_saw_in_the_cluster(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"))
    world.cluster.before = lambda asked: fail(refused(Reason.CONFLICT))() if asked.name == "a" else None
    world.start(finalizers=["alumiini.false.systems/finalizer"])
    for _ in range(10):
        world.advance(1.0)

    assert [asked.verb for asked in world.cluster.asked].count("list") == 1


def test_a_request_whose_remote_did_not_answer_still_looks_at_the_cluster_later(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"))
    world.start()
    world.forget_requests()
    world.forge.before = fail(refused(Reason.GIT_TIMEOUT))
    world.tell(SyncRequested(world.annotate(requestedAt="1")))
    world.forge.before = lambda: None

    world.advance(1.0)

    assert world.cluster.asked == [Asked("list", "ConfigMap")]


def test_nothing_is_pruned_while_anything_fails(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"), config_map("b"))
    world.start()
    world.forge.push("2" * 40, config_map("b", "2"))
    world.cluster.before = lambda asked: fail(refused(Reason.APPLY_FAILED))() if asked.name == "b" else None

    world.advance(300)
    assert world.cluster.names() == ["a", "b"]
    world.cluster.before = lambda _: None
    world.advance(1.0)

    assert world.cluster.names() == ["b"]


@pytest.mark.parametrize("status", [document()["status"], {"observedGeneration": 1, "failures": 59}])
def test_the_first_failure_of_a_life_is_one_more(world: World, status: dict[str, int]) -> None:
    world.forge.before = fail(refused(Reason.GIT_TIMEOUT))

    world.start(status=status)

    assert world.status()["failures"] == status.get("failures", 0) + 1


def test_a_count_of_failures_that_is_no_number_is_none(world: World) -> None:
    world.forge.before = fail(refused(Reason.GIT_TIMEOUT))

    world.start(status={"failures": "many"})

    assert world.status()["failures"] == 1
