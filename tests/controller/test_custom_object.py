"""An object of one of our kinds is decoded, whatever stands in its spec and status."""

from __future__ import annotations

from typing import Any

import pytest

from workers.controller.custom_object import CustomObject, decode
from workers.model.keys import ResourceKey
from workers.model.ownership import Owner

WHOLE = {
    "metadata": {
        "namespace": "home",
        "name": "desk",
        "uid": "uid-1",
        "resourceVersion": "12",
        "generation": 3,
        "deletionTimestamp": "2026-01-01T00:00:00Z",
        "finalizers": ["example.org/hold"],
        "labels": {"a": "1"},
        "annotations": {"b": "2"},
    },
    "spec": {"colour": "white"},
    "status": {"on": True},
}


def test_a_whole_object_is_read() -> None:
    assert decode("Lamp", WHOLE) == CustomObject(
        key=ResourceKey("Lamp", "home", "desk"),
        uid="uid-1",
        resource_version="12",
        generation=3,
        deleting=True,
        finalizers=("example.org/hold",),
        labels={"a": "1"},
        annotations={"b": "2"},
        spec={"colour": "white"},
        status={"on": True},
    )


def test_a_bare_object_is_read() -> None:
    assert decode("Lamp", {"metadata": {"name": "sun", "uid": "u"}}) == CustomObject(
        key=ResourceKey("Lamp", "", "sun"),
        uid="u",
        resource_version="",
        generation=0,
        deleting=False,
        finalizers=(),
        labels={},
        annotations={},
        spec={},
        status={},
    )


@pytest.mark.parametrize("wrong", [None, "text", 7, [1], True])
def test_a_spec_or_status_that_is_no_object_counts_as_empty(wrong: object) -> None:
    read = decode("Lamp", {**WHOLE, "spec": wrong, "status": wrong})

    assert (read.spec, read.status) == ({}, {})


GOOD = {"type": "On", "status": "True", "reason": "Switched"}


@pytest.mark.parametrize("wrong", [None, "On", 7, GOOD])
def test_conditions_that_are_no_list_count_as_none(wrong: object) -> None:
    assert decode("Lamp", {**WHOLE, "status": {"on": True, "conditions": wrong}}).status == {
        "on": True,
        "conditions": [],
    }


def test_what_is_no_condition_counts_as_absent() -> None:
    wrong = [None, 5, "On", ["On"], {}, {"type": "On"}, {"type": ["On"], "status": "True"}]
    status = {"conditions": [*wrong, GOOD, {"type": "On", "status": True}]}

    assert decode("Lamp", {**WHOLE, "status": status}).status == {"conditions": [GOOD]}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"metadata": None},
        {"metadata": "x"},
        {"metadata": {"name": "desk"}},
        {"metadata": {"uid": "u"}},
        {"metadata": {"name": "", "uid": "u"}},
        {"metadata": {"name": 7, "uid": "u"}},
    ],
)
def test_something_without_a_name_or_uid_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a Lamp without a name or uid"):
        decode("Lamp", body)


def test_an_object_is_the_owner_of_what_it_applies() -> None:
    assert decode("Lamp", WHOLE).owner == Owner("Lamp", "home", "desk", "uid-1")
