"""No body, however wrong its types, gives a 5xx."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.webhooks.forge import COMMIT, payload
from webhooks.providers import PROVIDERS
from webhooks.providers.provider import Announced, InvalidPayloadError, Provider, Uninteresting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.webhooks.forge import Forge

WRONG: tuple[object, ...] = (
    *(None, True, 0, -1.5, [], [[1]], {}, {"a": None}),
    *("", "x", "\ud800", "\x00", "refs/heads/\ud800", "0" * 40, "http://["),
)
GENERIC = {"repository": "https://github.com/octo-org/shop", "ref": "refs/heads/main", "commit": COMMIT}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
FIELDS = ("ref", "after", "deleted", "repository", "commit", "clone_url", "ssh_url")


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:  # noqa: ANN401 -- JSON
    """Return the path of every node, the whole included."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*path, key))


def replaced(value: Any, path: tuple[str | int, ...], wrong: object) -> Any:  # noqa: ANN401 -- JSON
    if not path:
        return wrong
    changed = copy.deepcopy(value)
    parent = changed
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = wrong
    return changed


@pytest.mark.parametrize("route", ["/webhook/github", "/webhook/team/shop"])
def test_a_wrong_value_anywhere_in_a_push_of_github_is_no_error_of_ours(forge: Forge, route: str) -> None:
    push = payload("github_push")
    push["commits"], push["repository"]["owner"] = push["commits"][:1], {}

    statuses = {
        forge.github(replaced(push, path, wrong), path=route).status
        for path in places(push)
        for wrong in WRONG
    }

    assert statuses == {200, 202, 400}


@pytest.mark.parametrize("route", ["/webhook/generic", "/webhook/team/shop"])
def test_a_wrong_value_anywhere_in_a_generic_push_is_no_error_of_ours(forge: Forge, route: str) -> None:
    statuses = {
        forge.generic(replaced(GENERIC, path, wrong), route).status
        for path in places(GENERIC)
        for wrong in WRONG
    }

    assert statuses <= {200, 202, 400}


@pytest.mark.parametrize("event", ["ping", "release", "", "Push", "\xe9", "x" * 1000])
def test_a_wrong_event_is_no_error_of_ours(forge: Forge, event: str) -> None:
    assert forge.github(payload("github_push"), event=event).status in {200, 400}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"\xff\xfe",
        b"[" * 500_000,
        b'{"a":' * 150_000,
        b"1" * 10_000,
        b'{"ref": NaN}',
        b'"\\ud800"',
        b"\xef\xbb\xbf{}",
        json.dumps(payload("github_push")).encode("utf-16"),
        b'{"ref":"refs/heads/main","ref":1}',
    ],
)
def test_bytes_that_are_no_sane_json_are_no_error_of_ours(forge: Forge, body: bytes) -> None:
    for reply in (forge.github(body), forge.generic(body, "/webhook/team/shop")):
        assert reply.status in {202, 400}


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
@given(anything=JSON | st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_parsers_answer_or_refuse_and_never_fail(provider: Provider, anything: object) -> None:
    try:
        event = provider.parse("push", anything)
    except InvalidPayloadError:
        return
    assert isinstance(event, Announced | Uninteresting)
