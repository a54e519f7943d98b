"""Durations are read as the schema's pattern allows them, and only so."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.model.durations import seconds

PATTERN = re.compile(r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+\Z", re.ASCII)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1s", 1.0),
        ("0s", 0.0),
        ("500ms", 0.5),
        ("1.5s", 1.5),
        ("5m", 300.0),
        ("1h30m", 5400.0),
        ("1h30m15s250ms", 5415.25),
        ("30m1h", 5400.0),
        ("1m1m", 120.0),
        ("010s", 10.0),
    ],
)
def test_a_duration_is_the_sum_of_its_parts(text: str, expected: float) -> None:
    assert seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    "text", ["", "5", "s", "-5s", "+5s", "5 s", " 5s", "5s\n", ".5s", "5.s", "5d", "5S", "1e3s", "٣s", "inf"]
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration; write it like 30s, 5m or 1h30m"):
        seconds(text)


@given(st.text(alphabet="0123456789.mshd -\n", max_size=12))
def test_exactly_what_the_schema_lets_in_is_read(text: str) -> None:
    if PATTERN.match(text):
        assert seconds(text) >= 0
    else:
        with pytest.raises(ValueError, match="is not a duration"):
            seconds(text)
