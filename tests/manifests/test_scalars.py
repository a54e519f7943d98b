from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.manifests.kubectl_answers import KEYS, REFUSED, VALUES, Answer
from workers.manifests import scalars
from workers.manifests.limits import DEFAULT_LIMITS
from workers.manifests.loader import load

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("written", VALUES)
def test_a_value_is_what_kubectl_reads(written: str) -> None:
    assert exactly(read(f"v: {written}\n", lambda mapping: mapping["v"])) == exactly(VALUES[written])


@pytest.mark.parametrize("written", KEYS)
def test_a_key_is_what_kubectl_reads(written: str) -> None:
    text = f"? {written}\n: v\n" if written[0] in "[{!" else f"{written}: v\n"

    assert read(text, lambda mapping: next(iter(mapping))) == KEYS[written]


def test_the_table_covers_every_kind_of_answer() -> None:
    kinds = {type(answer) for answer in VALUES.values()}

    assert kinds == {bool, int, float, str, type(None), type(REFUSED)}
    assert len(VALUES) >= 150


def test_very_long_digits_are_read_in_bounded_time_as_text_or_number() -> None:
    assert scalars.resolve("9" * 100_000) == "9" * 100_000
    assert scalars.resolve("0." + "3" * 100_000) == 0.3333333333333333


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("v: .inf", "infinity and NaN do not exist in JSON; quote the value if text is meant"),
        ("~: v", "null and integers above 64 bits cannot be keys; quote the key if text is meant"),
        ("v: !!int s3cret", "the tag !!int does not fit the value; correct it or drop the tag"),
        ("v: !!float s3cret", "the tag !!float does not fit the value; correct it or drop the tag"),
        ("v: !!binary s3cret!", "the tag !!binary needs base64 of UTF-8 text; correct it or drop the tag"),
        ("v: !!binary /w==", "the tag !!binary needs base64 of UTF-8 text; correct it or drop the tag"),
    ],
)
def test_a_refusal_says_what_to_do_and_never_shows_the_value(written: str, message: str) -> None:
    (problem,) = load(written.encode(), DEFAULT_LIMITS).problems

    assert (problem.line, problem.message) == (1, message)


def read(text: str, pick: Callable[[dict[str, Answer]], Answer]) -> Answer:
    loaded = load(text.encode(), DEFAULT_LIMITS)
    if loaded.problems:
        return REFUSED
    return pick(loaded.documents[0].value)


def exactly(answer: Answer) -> tuple[type, Answer]:
    """1 == 1.0 == True in Python, but they are not the same in JSON."""
    return type(answer), answer
