from __future__ import annotations

import pytest

from supervisor.systemic import Crashes, bearable, is_systemic


def test_different_children_count_within_a_minute() -> None:
    crashes = Crashes()
    assert [crashes.add("a", 0), crashes.add("b", 30), crashes.add("c", 59.9), crashes.add("d", 60)] == [
        1, 2, 3, 3,
    ]  # fmt: skip


def test_a_child_that_keeps_crashing_counts_once() -> None:
    crashes = Crashes()
    assert [crashes.add("a", at) for at in range(100)] == [1] * 100


def test_the_last_crash_of_a_child_counts_not_its_first() -> None:
    crashes = Crashes()
    assert [crashes.add("a", 0), crashes.add("b", 10), crashes.add("a", 50), crashes.add("c", 75)] == [
        1, 2, 2, 2,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("crashed", "children", "systemic"),
    [(1, 1, False), (10, 10, False), (11, 11, True), (11, 22, False), (12, 22, True), (500, 1000, False)],
)
def test_a_fault_is_systemic_above_ten_and_half_of_the_children(
    crashed: int, children: int, systemic: bool
) -> None:
    assert is_systemic(crashed, children) is systemic


@pytest.mark.parametrize(("children", "most"), [(0, 10), (21, 10), (22, 11), (23, 11), (1000, 500)])
def test_one_more_than_is_bearable_is_systemic(children: int, most: int) -> None:
    assert bearable(children) == most
    assert not is_systemic(most, children)
    assert is_systemic(most + 1, children)
