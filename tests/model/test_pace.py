"""Retries: min(failures x 1 s, 60 s) plus up to 10 %; slowly three tries 2 s apart, then 30 s to 5 min."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.model.errors import Reason, SyncError
from workers.model.pace import retry_delay, slow_delay

REASONS = st.sampled_from(list(Reason))
FAILURES = st.integers(min_value=1, max_value=10**9)


def no_jitter() -> float:
    return 0.0


def half_jitter() -> float:
    return 0.5


@pytest.mark.parametrize(
    ("failures", "delay"), [(1, 1), (2, 2), (3, 3), (10, 10), (59, 59), (60, 60), (61, 60), (10**9, 60)]
)
def test_a_failure_that_may_pass_is_tried_again_after_as_many_seconds_as_failures(
    failures: int, delay: float
) -> None:
    assert retry_delay(SyncError(Reason.GIT_TIMEOUT, "late"), failures, no_jitter) == delay


@pytest.mark.parametrize(
    ("failures", "delay"),
    [(1, 2), (2, 2), (3, 2), (4, 30), (5, 60), (6, 120), (7, 240), (8, 300), (9, 300), (10**9, 300)],
)
def test_a_refusal_is_tried_again_slowly(failures: int, delay: float) -> None:
    assert slow_delay(failures) == delay
    assert retry_delay(SyncError(Reason.AUTHENTICATION_FAILED, "no"), failures, no_jitter) == delay
    assert retry_delay(SyncError(Reason.APPLY_FAILED, "no", slowly=True), failures, no_jitter) == delay


def test_what_only_a_person_can_help_is_not_tried_again() -> None:
    assert retry_delay(SyncError(Reason.BUILD_FAILED, "no"), 1, no_jitter) is None


def test_what_only_a_person_can_help_is_not_tried_again_even_when_a_server_names_a_time() -> None:
    assert retry_delay(SyncError(Reason.INVALID_URL, "no", retry_after=5), 1, no_jitter) is None


@pytest.mark.parametrize(("failures", "asked", "delay"), [(1, 120.0, 120.0), (60, 5.0, 60.0), (1, 0.0, 1.0)])
def test_the_time_a_server_asked_for_is_never_undercut(failures: int, asked: float, delay: float) -> None:
    error = SyncError(Reason.RATE_LIMITED, "later", retry_after=asked)

    assert retry_delay(error, failures, no_jitter) == delay


def test_jitter_adds_up_to_a_tenth() -> None:
    assert retry_delay(SyncError(Reason.GIT_TIMEOUT, "late"), 20, half_jitter) == 21.0


@given(REASONS, FAILURES, st.floats(min_value=0, max_value=1, exclude_max=True))
def test_no_delay_is_under_a_second_or_over_five_and_a_half_minutes(
    reason: Reason, failures: int, random: float
) -> None:
    delay = retry_delay(SyncError(reason, "failed"), failures, lambda: random)

    assert delay is None or 1 <= delay <= 330


@given(FAILURES)
def test_a_longer_row_of_failures_never_shortens_the_delay(failures: int) -> None:
    assert slow_delay(failures) <= slow_delay(failures + 1)
