"""Hostile files: none may crash the process, or make it use more than its share of memory and time."""

from __future__ import annotations

import json

import pytest

from workers.manifests.limits import DEFAULT_LIMITS, Limits
from workers.manifests.loader import Problem, load

DEEP = "nested deeper than 100 levels; flatten it"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 40_000,
        "{a: " * 40_000,
        '{"a":' * 40_000,
        '{"a":' * 40_000 + "1" + "}" * 40_000,
        '{"a":' + "[" * 40_000 + "]" * 40_000 + "}",
        "- " * 40_000,
        "[" * 101 + "]" * 101,
    ],
    ids=["lists", "mappings", "open json", "json", "json lists", "dashes", "one too deep"],
)
def test_deep_nesting_is_refused(text: str) -> None:
    assert load(text.encode(), DEFAULT_LIMITS).problems == (Problem(1, DEEP),)


@pytest.mark.parametrize("text", ["[" * 100 + "]" * 100, '{"a":' * 100 + "1" + "}" * 100])
def test_the_deepest_allowed_nesting_is_read(text: str) -> None:
    assert load(text.encode(), DEFAULT_LIMITS).problems == ()


def test_aliases_cannot_hide_depth() -> None:
    lines = ["a0: &a0 [1]"] + [f"a{n}: &a{n} [[[[*a{n - 1}]]]]" for n in range(1, 40)]

    (problem,) = load("\n".join(lines).encode(), DEFAULT_LIMITS).problems

    assert problem == Problem(26, DEEP)


def test_aliases_that_stand_for_billions_of_values_are_refused() -> None:
    lines = ["a0: &a0 [lol, lol]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]

    (problem,) = load("\n".join(lines).encode(), DEFAULT_LIMITS).problems

    assert problem == Problem(7, "more than 1000000 values, aliases expanded; split the file")


def test_aliases_that_stand_for_gigabytes_of_text_are_refused() -> None:
    text = f"a: &a {'x' * 1_000_000}\nb: [{', '.join(['*a'] * 1000)}]\n"

    (problem,) = load(text.encode(), DEFAULT_LIMITS).problems

    assert problem == Problem(2, "more than 1000000 values, aliases expanded; split the file")


@pytest.mark.parametrize("text", ["a: [1, 2, 3]", json.dumps({"a": [1, 2, 3]}), "a: 1\n---\nb: 2\n"])
def test_the_number_of_values_of_a_file_is_bounded(text: str) -> None:
    (problem,) = load(text.encode(), Limits(nodes=4)).problems

    assert problem.message == "more than 4 values, aliases expanded; split the file"


def test_merging_counts_what_it_copies() -> None:
    text = "a: &a {b: 1, c: 2}\nd: {<<: *a}\ne: {<<: *a}\n"

    assert load(text.encode(), Limits(nodes=26)).problems == ()
    assert len(load(text.encode(), Limits(nodes=16)).problems) == 1


@pytest.mark.parametrize("text", ["{a: 1}\n---\n" * 4, '{"a": 1}\n---\n' * 4])
def test_the_number_of_documents_is_bounded(text: str) -> None:
    loaded = load(text.encode(), Limits(objects=3))

    assert len(loaded.documents) == 3
    assert loaded.problems == (Problem(7, "more than 3 documents; split the file"),)


def test_many_merges_into_one_mapping_are_read_in_linear_time() -> None:
    text = "".join(f"<<: {{k{n}: {n}}}\n" for n in range(100_000))

    (document,) = load(text.encode(), DEFAULT_LIMITS).documents

    assert len(document.value) == 100_000


def test_many_json_documents_are_read_in_linear_time() -> None:
    loaded = load(b"{}\n" * 200_000, Limits(objects=200_000))

    assert [loaded.documents[n].line for n in (0, 199_999)] == [1, 200_000]
