from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.exits import Crashed, Exit, Normal, Shutdown
from supervisor.spec import Backoff, ChildSpec, Intensity, NextStart, Restart
from tests.supervisor.house import Highest
from tests.supervisor.puppet import fail

if TYPE_CHECKING:
    from collections.abc import Sequence

CRASHED = Crashed(ValueError())
TIMES = st.lists(st.floats(0, 500), max_size=60).map(sorted)


class Lowest(Random):
    """Draws the lower end."""

    def uniform(self, a: float, b: float) -> float:
        return min(a, b)


def spec(backoff: Backoff | None = None, intensity: Intensity | None = None) -> ChildSpec:
    return ChildSpec(
        "key", fail(AssertionError()), backoff=backoff or Backoff(), intensity=intensity or Intensity()
    )


@pytest.mark.parametrize(
    ("restart", "reason", "follows"),
    [
        (Restart.PERMANENT, Normal(), True),
        (Restart.PERMANENT, Shutdown(), True),
        (Restart.PERMANENT, CRASHED, True),
        (Restart.TRANSIENT, Normal(), False),
        (Restart.TRANSIENT, Shutdown(), False),
        (Restart.TRANSIENT, CRASHED, True),
        (Restart.TEMPORARY, Normal(), False),
        (Restart.TEMPORARY, Shutdown(), False),
        (Restart.TEMPORARY, CRASHED, False),
    ],
)
def test_a_restart_follows_an_exit_as_in_otp(restart: Restart, reason: Exit, follows: bool) -> None:
    assert restart.follows(reason) is follows


def test_the_ceiling_of_a_backoff_doubles_up_to_its_cap() -> None:
    ceilings = [round(Backoff().ceiling(failures)) for failures in range(1, 12)]
    assert ceilings == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_a_child_that_fails_for_days_still_has_a_ceiling() -> None:
    assert Backoff().ceiling(100_000) == 300


def test_a_backoff_without_growth_stays_where_it_is() -> None:
    assert [Backoff(2, 1, 8).ceiling(failures) for failures in (1, 50)] == [2, 2]


@given(st.integers(1, 10_000), st.integers())
def test_a_delay_is_anywhere_between_zero_and_the_ceiling(failures: int, seed: int) -> None:
    backoff = Backoff()
    assert 0 <= backoff.delay(failures, Random(seed)) <= backoff.ceiling(failures) <= backoff.maximum


def test_failures_count_up_and_are_forgotten_after_a_healthy_time() -> None:
    backoff = Backoff(reset_after=600)
    assert [backoff.failures_after(0, 5), backoff.failures_after(4, 599), backoff.failures_after(4, 600)] == [
        1, 5, 1,
    ]  # fmt: skip


@pytest.mark.parametrize("values", [(0, 2, 1), (2, 2, 1), (1, 0.5, 2)])
def test_a_backoff_that_makes_no_sense_is_refused(values: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="a backoff needs"):
        Backoff(*values)


def test_an_intensity_allows_so_many_restarts_in_its_window() -> None:
    intensity = Intensity(max_restarts=3, seconds=10)
    assert intensity.room_at((), 7) == 7
    assert intensity.room_at((1, 2), 7) == 7
    assert intensity.room_at((1, 2, 3), 7) == 11
    assert intensity.room_at((1, 2, 3), 11) == 11
    assert intensity.recent((1, 2, 3), 11.5) == (2, 3)


@given(TIMES, st.integers(1, 6), st.floats(0.1, 100))
def test_restarts_at_the_times_with_room_never_exceed_the_intensity(
    wanted: Sequence[float], most: int, seconds: float
) -> None:
    intensity, restarts, now = Intensity(most, seconds), list[float](), 0.0
    for at in wanted:
        now = max(now, at)
        now = intensity.room_at(intensity.recent(tuple(restarts), now), now)
        restarts.append(now)
    for first, following in zip(restarts, restarts[most:], strict=False):
        assert following >= first + seconds


@given(TIMES, st.integers(1, 6), st.floats(0.1, 100), st.floats(500, 600))
def test_what_an_intensity_forgets_makes_no_difference(
    restarts: list[float], most: int, seconds: float, now: float
) -> None:
    intensity = Intensity(most, seconds)
    kept = intensity.recent(tuple(restarts), now)
    assert len(kept) <= most
    assert intensity.room_at(kept, now) == intensity.room_at(tuple(restarts), now)


@pytest.mark.parametrize("values", [(0, 1), (1, 0)])
def test_an_intensity_that_makes_no_sense_is_refused(values: tuple[int, float]) -> None:
    with pytest.raises(ValueError, match="an intensity needs"):
        Intensity(*values)


def test_a_negative_time_to_shut_down_is_refused() -> None:
    with pytest.raises(ValueError, match="shutdown >= 0"):
        ChildSpec("key", fail(AssertionError()), shutdown=-1)


def test_a_child_is_started_again_after_its_delay_and_a_message_brings_it_nearer() -> None:
    assert spec().next_start(4, (), 100, Highest()) == NextStart(at=108, soonest=101, parked=False)


def test_a_child_whose_delay_has_reached_the_cap_is_parked() -> None:
    assert spec().next_start(10, (), 100, Highest()) == NextStart(at=400, soonest=101, parked=True)


def test_a_child_that_used_up_its_intensity_is_parked_until_there_is_room() -> None:
    start = spec(intensity=Intensity(2, 60)).next_start(2, (90, 95), 100, Lowest())
    assert start == NextStart(at=150, soonest=150, parked=True)


def test_a_start_can_be_put_off_but_not_brought_forward() -> None:
    start = NextStart(at=10, soonest=5, parked=False)
    assert start.not_before(7) == NextStart(at=10, soonest=7, parked=False)
    assert start.not_before(20) == NextStart(at=20, soonest=20, parked=False)
    assert start.not_before(float("-inf")) == start
