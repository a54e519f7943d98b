from __future__ import annotations

from typing import Any

import pytest

from workers.cluster.metadata import live_object
from workers.cluster.resources import SECRET
from workers.model.keys import ObjectKey
from workers.model.ownership import LiveObject

FIELDS: dict[str, Any] = {"f:data": {"f:a": {}}}


def document(**metadata: Any) -> dict[str, Any]:  # noqa: ANN401 -- any field
    return {"metadata": {"name": "a", "namespace": "n", "uid": "u", "resourceVersion": "7", **metadata}}


def entry(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 -- any field
    return {"manager": "alumiini", "operation": "Apply", "fieldsV1": FIELDS, **fields}


def test_metadata_becomes_a_live_object() -> None:
    live = live_object(
        SECRET,
        document(
            labels={"l": "1"},
            annotations={"a": "2"},
            managedFields=[entry(manager="kubectl"), entry()],
            deletionTimestamp="2026-11-20T14:00:00Z",
        ),
        "alumiini",
    )

    assert live == LiveObject(
        ObjectKey("", "Secret", "n", "a"), "u", "7", {"l": "1"}, {"a": "2"}, FIELDS, deleting=True
    )


def test_an_object_with_nothing_but_a_name() -> None:
    assert live_object(SECRET, document(), "alumiini") == LiveObject(
        ObjectKey("", "Secret", "n", "a"), "u", "7"
    )


@pytest.mark.parametrize(
    "other",
    [
        {"manager": "kubectl"},
        {"operation": "Update"},
        {"subresource": "status"},
    ],
)
def test_entries_of_others_and_of_other_writes_are_not_what_we_applied(other: dict[str, str]) -> None:
    live = live_object(SECRET, document(managedFields=[entry(**other)]), "alumiini")

    assert live.applied_fields is None
