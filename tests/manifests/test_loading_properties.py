from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.manifests.canonical import canonical, digest
from workers.manifests.limits import DEFAULT_LIMITS, Limits
from workers.manifests.loader import load
from workers.manifests.parsing import parse

if TYPE_CHECKING:
    from random import Random

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda number: not number.is_integer()
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)
OBJECTS = st.dictionaries(TEXT, VALUES, max_size=5)
YAML_PIECES = st.sampled_from(
    [*"[]{}:,-&*!|>'\"%@#?~ \n\t<.=\\xa10\r", "\n  ", ": ", "- ", "---\n", "<<: ", "&a ", "*a "]
)
SETTINGS = settings(max_examples=200, deadline=None)


@SETTINGS
@given(OBJECTS)
def test_whatever_json_can_say_survives_json(value: dict[str, Any]) -> None:
    for ascii_only in (True, False):
        (document,) = load(json.dumps(value, ensure_ascii=ascii_only).encode(), DEFAULT_LIMITS).documents
        assert document.value == value


@SETTINGS
@given(OBJECTS)
def test_whatever_json_can_say_survives_quoted_yaml(value: dict[str, Any]) -> None:
    text = yaml.safe_dump(value, default_style='"', allow_unicode=False)

    (document,) = load(text.encode(), DEFAULT_LIMITS).documents

    assert document.value == value


@SETTINGS
@given(OBJECTS)
def test_the_canonical_form_is_json_that_says_the_same(value: dict[str, Any]) -> None:
    assert json.loads(canonical(value)) == value


@SETTINGS
@given(OBJECTS, st.randoms(use_true_random=False))
def test_the_digest_does_not_depend_on_the_order_of_keys(value: dict[str, Any], random: Random) -> None:
    assert digest(shuffled(value, random)) == digest(value)


@SETTINGS
@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(raw: bytes) -> None:
    parse(raw, DEFAULT_LIMITS)


@SETTINGS
@given(st.lists(YAML_PIECES, max_size=60).map("".join))
def test_no_text_that_looks_like_yaml_crashes_the_reader(text: str) -> None:
    loaded = load(text.encode(), Limits(depth=5, nodes=50))

    for document in loaded.documents:
        canonical({"any": document.value})


def shuffled(value: Any, random: Random) -> Any:  # noqa: ANN401 -- any JSON value
    if isinstance(value, list):
        return [shuffled(item, random) for item in value]
    if not isinstance(value, dict):
        return value
    items = list(value.items())
    random.shuffle(items)
    return {key: shuffled(inner, random) for key, inner in items}
