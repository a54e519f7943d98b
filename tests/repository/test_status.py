"""``status`` after, during and outside of syncs, from what stood there and what happened."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.repository.subjects import (
    COMMIT,
    EARLIER,
    NEXT_COMMIT,
    NOW,
    NOW_TEXT,
    SYNCED,
    condition,
    subject,
)
from workers.model.errors import Reason, SyncError
from workers.repository import status
from workers.repository.state import Counts, Outcome

if TYPE_CHECKING:
    from workers.controller.custom_object import CustomObject

SOON = "2026-03-01T12:05:00Z"
APPLIED = Counts(total=3, applied=2, unchanged=1)
NOTHING_DONE = Counts(total=2, unchanged=2)


def after(before: CustomObject, outcome: Outcome, failures: int = 0) -> dict[str, Any]:
    report = status.Report(
        "main", status.requested_at(before), outcome, failures, NOW, NOW + timedelta(minutes=5)
    )
    return status.after(before, report)


def failed(reason: Reason, *, slowly: bool = False, **fields: Any) -> Outcome:  # noqa: ANN401 -- fields of Outcome
    return Outcome(failure=SyncError(reason, "it went wrong", slowly=slowly), **fields)


def conditions(written: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return [(each["type"], each["status"], each["reason"], each["message"]) for each in written["conditions"]]


def test_a_first_success_says_all() -> None:
    assert after(subject(), Outcome(COMMIT, APPLIED)) == {
        "observedGeneration": 1,
        "phase": "Synced",
        "lastSyncedCommit": COMMIT,
        "shortCommit": "1111111",
        "lastSyncedRevision": f"main@sha1:{COMMIT}",
        "lastSyncTime": NOW_TEXT,
        "lastAttemptedCommit": COMMIT,
        "lastAttemptTime": NOW_TEXT,
        "nextSyncTime": SOON,
        "failures": 0,
        "resources": {"total": 3, "applied": 2, "unchanged": 1, "pruned": 0, "failed": 0},
        "conditions": [
            condition("Ready", "True", "Synced", f"applied main@sha1:{COMMIT}", lastTransitionTime=NOW_TEXT)
        ],
    }


@pytest.mark.parametrize("counts", [None, NOTHING_DONE])
def test_a_sync_that_found_all_in_place_changes_two_times_and_nothing_else(counts: Counts | None) -> None:
    written = after(subject(status=SYNCED), Outcome(COMMIT, counts))

    assert written == {**SYNCED, "lastAttemptTime": NOW_TEXT, "nextSyncTime": SOON}


def test_the_same_commit_applied_again_is_a_new_sync() -> None:
    written = after(subject(status=SYNCED), Outcome(COMMIT, Counts(total=2, applied=1, unchanged=1)))

    assert written["lastSyncTime"] == NOW_TEXT
    assert written["resources"] == {"total": 2, "applied": 1, "unchanged": 1, "pruned": 0, "failed": 0}
    assert written["conditions"] == SYNCED["conditions"]


def test_a_new_commit_with_the_same_files_is_a_new_sync_with_the_old_counts() -> None:
    written = after(subject(status=SYNCED), Outcome(NEXT_COMMIT, None))

    assert written["lastSyncedCommit"] == written["lastAttemptedCommit"] == NEXT_COMMIT
    assert written["lastSyncTime"] == NOW_TEXT
    assert written["resources"] == SYNCED["resources"]
    assert conditions(written) == [("Ready", "True", "Synced", f"applied main@sha1:{NEXT_COMMIT}")]
    assert written["conditions"][0]["lastTransitionTime"] == EARLIER


@pytest.mark.parametrize(
    ("reason", "slowly", "second"),
    [
        (Reason.GIT_TIMEOUT, False, ("Reconciling", "True", "ProgressingWithRetry", "it went wrong")),
        (Reason.APPLY_FAILED, True, ("Reconciling", "True", "ProgressingWithRetry", "it went wrong")),
        (Reason.ACCESS_DENIED, False, ("Reconciling", "True", "ProgressingWithRetry", "it went wrong")),
        (Reason.BUILD_FAILED, False, ("Stalled", "True", "BuildFailed", "it went wrong")),
        (Reason.INVALID_SPEC, False, ("Stalled", "True", "InvalidSpec", "it went wrong")),
        (Reason.PRUNE_HELD, False, ("Stalled", "True", "PruneHeld", "it went wrong")),
    ],
)
def test_a_failure_is_stalled_or_reconciling_by_who_can_end_it(
    reason: Reason, slowly: bool, second: tuple[str, str, str, str]
) -> None:
    written = after(subject(status=SYNCED), failed(reason, slowly=slowly), failures=3)

    assert conditions(written) == [("Ready", "False", reason, "it went wrong"), second]
    assert (written["phase"], written["failures"]) == ("Failed", 3)


def test_a_failure_keeps_what_was_applied_and_names_what_was_tried() -> None:
    written = after(subject(status=SYNCED), failed(Reason.BUILD_FAILED, commit=NEXT_COMMIT), failures=1)

    assert written["lastAttemptedCommit"] == NEXT_COMMIT
    for field in ("lastSyncedCommit", "shortCommit", "lastSyncedRevision", "lastSyncTime", "resources"):
        assert written[field] == SYNCED[field]


def test_a_failure_before_the_commit_is_known_keeps_the_last_attempt() -> None:
    written = after(subject(status=SYNCED), failed(Reason.GIT_TIMEOUT), failures=1)

    assert written["lastAttemptedCommit"] == COMMIT


def test_a_failure_counts_what_it_did() -> None:
    counts = Counts(total=3, applied=1, unchanged=1, failed=1)

    written = after(subject(status=SYNCED), failed(Reason.PARTIAL_FAILURE, counts=counts), failures=1)

    assert written["resources"] == {"total": 3, "applied": 1, "unchanged": 1, "pruned": 0, "failed": 1}


def test_a_success_after_a_failure_takes_everything_wrong_away() -> None:
    broken = {
        **SYNCED,
        "phase": "Failed",
        "failures": 4,
        "errors": [{"object": "", "file": "a.yaml:1", "reason": "BuildFailed", "message": "wrong"}],
        "errorsTruncated": 3,
        "conditions": [
            condition("Ready", "False", "BuildFailed", "wrong"),
            condition("Stalled", "True", "BuildFailed", "wrong"),
        ],
    }

    written = after(subject(status=broken), Outcome(COMMIT, NOTHING_DONE))

    assert conditions(written) == [("Ready", "True", "Synced", f"applied main@sha1:{COMMIT}")]
    assert written["conditions"][0]["lastTransitionTime"] == written["lastSyncTime"] == NOW_TEXT
    assert (written["phase"], written["failures"]) == ("Synced", 0)
    assert not {"errors", "errorsTruncated"} & written.keys()


def test_a_new_generation_is_observed_with_its_result() -> None:
    written = after(subject(generation=2, status=SYNCED), Outcome(COMMIT, None))

    assert written["observedGeneration"] == 2
    assert written["conditions"][0]["observedGeneration"] == 2


def test_a_request_is_echoed_by_success_and_failure() -> None:
    asked = subject(annotations={"alumiini.false.systems/requestedAt": "now-7"}, status=SYNCED)

    assert after(asked, Outcome(COMMIT, None))["lastHandledReconcileAt"] == "now-7"
    assert after(asked, failed(Reason.GIT_TIMEOUT), failures=1)["lastHandledReconcileAt"] == "now-7"


def test_a_request_of_any_length_is_echoed_within_what_the_schema_takes() -> None:
    asked = subject(annotations={"alumiini.false.systems/requestedAt": "x" * 5000})

    assert after(asked, Outcome(COMMIT, None))["lastHandledReconcileAt"] == "x" * 1021 + "..."


def test_without_a_request_nothing_is_echoed() -> None:
    assert "lastHandledReconcileAt" not in after(subject(), Outcome(COMMIT, None))


def test_conditions_of_others_stay() -> None:
    foreign = condition("Audited", "True", "Ok", "by somebody else")
    watched = subject(status={**SYNCED, "conditions": [*SYNCED["conditions"], foreign]})

    for written in (
        after(watched, Outcome(COMMIT, None)),
        after(watched, failed(Reason.GIT_TIMEOUT), failures=1),
        status.during(watched, "syncing main", NOW, new=False),
        status.suspended(watched, NOW),
        status.crashed(watched, "it died", NOW),
    ):
        assert foreign in written["conditions"]


def test_a_new_spec_is_not_ready_while_it_is_worked_on() -> None:
    written = status.during(subject(generation=2, status=SYNCED), "syncing main", NOW, new=True)

    assert (written["phase"], written["observedGeneration"]) == ("Syncing", 2)
    assert conditions(written) == [
        ("Ready", "False", "Progressing", "syncing main"),
        ("Reconciling", "True", "Progressing", "syncing main"),
    ]


def test_a_long_sync_of_the_same_spec_leaves_ready_as_it_is() -> None:
    written = status.during(subject(status=SYNCED), "syncing main", NOW, new=False)

    assert conditions(written) == [
        ("Ready", "True", "Synced", f"applied main@sha1:{COMMIT}"),
        ("Reconciling", "True", "Progressing", "syncing main"),
    ]
    assert written["conditions"][0]["lastTransitionTime"] == EARLIER


def test_a_long_first_sync_is_not_ready_even_where_the_spec_is_not_new() -> None:
    written = status.during(subject(), "syncing main", NOW, new=False)

    assert conditions(written)[0] == ("Ready", "False", "Progressing", "syncing main")


def test_at_rest_conditions_keep_what_they_said_of_their_generation() -> None:
    retrying = {
        **SYNCED,
        "phase": "Failed",
        "conditions": [
            condition("Ready", "False", "GitTimeout", "late"),
            condition("Reconciling", "True", "ProgressingWithRetry", "late"),
        ],
    }

    written = status.suspended(subject(generation=2, status=retrying), NOW)

    assert written["conditions"] == [condition("Ready", "False", "GitTimeout", "late")]
    assert written["observedGeneration"] == 2
    assert "nextSyncTime" not in written
    assert written["phase"] == "Failed"


def test_at_rest_a_stalled_one_stays_stalled() -> None:
    stalled = condition("Stalled", "True", "BuildFailed", "wrong")
    held = {**SYNCED, "conditions": [condition("Ready", "False", "BuildFailed", "wrong"), stalled]}

    assert stalled in status.suspended(subject(status=held), NOW)["conditions"]


def test_who_rests_from_the_start_is_pending() -> None:
    written = status.suspended(subject(), NOW)

    assert written["phase"] == "Pending"
    assert conditions(written) == [("Ready", "False", "Progressing", "suspended before its first sync")]


@pytest.mark.parametrize(
    ("ready", "phase"),
    [
        (condition("Ready", "True", "Synced", "applied"), "Synced"),
        (condition("Ready", "False", "GitTimeout", "late"), "Failed"),
        (condition("Ready", "False", "Progressing", "syncing main"), "Pending"),
    ],
)
def test_who_is_suspended_in_the_middle_of_a_sync_is_not_syncing_any_more(
    ready: dict[str, Any], phase: str
) -> None:
    busy = {
        **SYNCED,
        "phase": "Syncing",
        "conditions": [ready, condition("Reconciling", "True", "Progressing", "syncing main")],
    }

    written = status.suspended(subject(status=busy), NOW)

    assert (written["phase"], written["conditions"]) == (phase, [ready])


def test_resting_twice_changes_nothing() -> None:
    once = status.suspended(subject(status=SYNCED), NOW)

    assert status.suspended(subject(status=once), NOW + timedelta(hours=1)) == once


def test_a_dead_worker_is_not_ready_and_is_started_again() -> None:
    written = status.crashed(subject(generation=2, status=SYNCED), "it died; it starts again", NOW)

    assert (written["phase"], written["observedGeneration"]) == ("Failed", 2)
    assert conditions(written) == [
        ("Ready", "False", "WorkerCrashed", "it died; it starts again"),
        ("Reconciling", "True", "ProgressingWithRetry", "it died; it starts again"),
    ]


@pytest.mark.parametrize(
    ("present", "ready"),
    [({}, False), ({"conditions": None}, False), (SYNCED, True)],
)
def test_ready_is_what_the_condition_says(present: dict[str, Any], ready: bool) -> None:
    assert status.is_ready(present) is ready
