"""Conditions: what is said is written, the time of a change moves only with the status."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from workers.model.conditions import (
    READY,
    RECONCILING,
    STALLED,
    Condition,
    conditions,
    find,
    shorten,
    timestamp,
)

NOW = datetime(2026, 3, 1, 12, 0, 0, 999_999, tzinfo=UTC)
EARLIER = "2026-02-28T08:00:00Z"


def before(kind: str, status: str) -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "reason": "Before",
        "message": "as it was",
        "observedGeneration": 1,
        "lastTransitionTime": EARLIER,
    }


def test_a_first_condition_begins_now() -> None:
    assert conditions([Condition(READY, True, "Synced", "applied")], [], 3, NOW) == [
        {
            "type": "Ready",
            "status": "True",
            "reason": "Synced",
            "message": "applied",
            "observedGeneration": 3,
            "lastTransitionTime": "2026-03-01T12:00:00Z",
        }
    ]


def test_the_time_stays_when_only_reason_message_and_generation_change() -> None:
    (ready,) = conditions([Condition(READY, False, "New", "other")], [before(READY, "False")], 2, NOW)

    assert (ready["reason"], ready["message"], ready["observedGeneration"]) == ("New", "other", 2)
    assert ready["lastTransitionTime"] == EARLIER


def test_the_time_moves_when_the_status_changes() -> None:
    (ready,) = conditions([Condition(READY, True, "Synced", "applied")], [before(READY, "False")], 2, NOW)

    assert ready["lastTransitionTime"] == "2026-03-01T12:00:00Z"


def test_unknown_is_a_status_of_its_own() -> None:
    (ready,) = conditions([Condition(READY, False, "New", "other")], [before(READY, "Unknown")], 2, NOW)

    assert ready["lastTransitionTime"] == "2026-03-01T12:00:00Z"


def test_a_condition_without_a_time_gets_one() -> None:
    present = before(READY, "False")
    del present["lastTransitionTime"]

    (ready,) = conditions([Condition(READY, False, "New", "other")], [present], 2, NOW)

    assert ready["lastTransitionTime"] == "2026-03-01T12:00:00Z"


def test_what_of_ours_is_not_said_any_more_goes() -> None:
    present = [before(READY, "False"), before(RECONCILING, "True"), before(STALLED, "True")]

    written = conditions([Condition(READY, True, "Synced", "applied")], present, 2, NOW)

    assert [condition["type"] for condition in written] == [READY]


def test_conditions_of_others_stay_as_they_are_behind_ours() -> None:
    foreign = before("Audited", "True")

    written = conditions([Condition(READY, True, "Synced", "applied")], [foreign], 2, NOW)

    assert [condition["type"] for condition in written] == [READY, "Audited"]
    assert written[1] == foreign
    assert written[1] is not foreign


def test_a_long_message_is_cut() -> None:
    (ready,) = conditions([Condition(READY, False, "Long", "x" * 5000)], [], 1, NOW)

    assert ready["message"] == "x" * 2045 + "..."


def test_a_message_that_just_fits_is_not_cut() -> None:
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefg", 6) == "abc..."


def test_times_are_utc_with_whole_seconds() -> None:
    helsinki = timezone(timedelta(hours=2))

    assert timestamp(datetime(2026, 1, 1, 1, 0, 0, 5, tzinfo=helsinki)) == "2025-12-31T23:00:00Z"


def test_a_condition_is_found_by_its_type() -> None:
    present = [before(STALLED, "True"), before(READY, "False")]

    assert find(present, READY) is present[1]
    assert find(present, RECONCILING) is None
