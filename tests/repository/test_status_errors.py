"""``status.errors`` names the first 20, counts the rest, and never makes the status too large."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from workers.model.errors import ObjectError
from workers.repository.status import with_errors

LIMIT = 64 * 1024
ERROR = ObjectError("ConfigMap/shop/a", "a.yaml:3", "ApplyFailed", "refused")


def errors(count: int) -> list[ObjectError]:
    return [
        ObjectError(f"ConfigMap/shop/a{n}", f"a.yaml:{n}", "ApplyFailed", "refused") for n in range(count)
    ]


def size_on_the_wire(status: object) -> int:
    """Return the bytes in the API server's own form: UTF-8, not escaped."""
    return len(json.dumps(status, ensure_ascii=False).encode())


def test_an_error_is_written_as_a_line() -> None:
    assert with_errors({"phase": "Failed"}, [ERROR]) == {
        "phase": "Failed",
        "errors": [
            {
                "object": "ConfigMap/shop/a",
                "file": "a.yaml:3",
                "reason": "ApplyFailed",
                "message": "refused",
            }
        ],
    }


def test_twenty_are_shown_without_a_count() -> None:
    written = with_errors({}, errors(20))

    assert len(written["errors"]) == 20
    assert "errorsTruncated" not in written


def test_of_more_than_twenty_the_first_are_shown_and_the_rest_is_counted() -> None:
    written = with_errors({}, errors(33))

    assert [line["object"] for line in written["errors"]] == [f"ConfigMap/shop/a{n}" for n in range(20)]
    assert written["errorsTruncated"] == 13


def test_earlier_errors_go_when_there_are_none_now() -> None:
    assert with_errors({"phase": "Failed", "errors": [{}], "errorsTruncated": 1}, []) == {"phase": "Failed"}


def test_long_texts_are_cut() -> None:
    (line,) = with_errors({}, [ObjectError("o" * 9999, "f" * 9999, "BuildFailed", "m" * 9999)])["errors"]

    assert line["object"] == "o" * 597 + "..."
    assert line["file"] == "f" * 297 + "..."
    assert line["message"] == "m" * 697 + "..."


def test_twenty_large_errors_in_any_script_stay_below_64_kib() -> None:
    large = [ObjectError("\U0001f980" * 600, "\U0001f980" * 300, "BuildFailed", "\U0001f980" * 700)] * 25

    written = with_errors({"conditions": ["\U0001f980" * 2048] * 2}, large)

    assert size_on_the_wire(written) < LIMIT
    assert len(written["errors"]) + written["errorsTruncated"] == 25
    assert written["errors"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.builds(ObjectError, st.text(), st.text(), st.just("BuildFailed"), st.text()), max_size=40))
def test_no_error_is_lost_from_the_count(found: list[ObjectError]) -> None:
    written = with_errors({}, found)

    shown, rest = len(written.get("errors", ())), written.get("errorsTruncated", 0)
    assert shown + rest == len(found)
    assert shown <= 20
    assert size_on_the_wire(written) < LIMIT
