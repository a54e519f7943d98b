"""``spec`` is read with its defaults; what cannot work is InvalidSpec and names its field."""

from __future__ import annotations

from typing import Any

import pytest

from workers.model.errors import Reason, Recovery, SyncError
from workers.model.pruning import PruneLimit
from workers.repository.spec import RepositorySpec, decode_spec, is_suspended

URL = "https://git.example.org/shop/web"


def test_a_url_is_enough() -> None:
    assert decode_spec({"url": URL}, "shop") == RepositorySpec(
        url=URL,
        branch="main",
        path="",
        interval=300.0,
        timeout=180.0,
        target_namespace="shop",
        secret=None,
        prune=True,
        prune_limit=PruneLimit(percent=50),
        allow_empty=False,
        suspend=False,
    )


def test_every_field_is_read() -> None:
    written = {
        "url": URL,
        "branch": "release/1.2",
        "path": "deploy/prod",
        "interval": "1m30s",
        "timeout": "1s",
        "targetNamespace": "prod",
        "secretRef": {"name": "forge"},
        "prune": False,
        "pruneLimit": 3,
        "allowEmpty": True,
        "suspend": True,
    }

    assert decode_spec(written, "shop") == RepositorySpec(
        url=URL,
        branch="release/1.2",
        path="deploy/prod",
        interval=90.0,
        timeout=1.0,
        target_namespace="prod",
        secret="forge",
        prune=False,
        prune_limit=PruneLimit(count=3),
        allow_empty=True,
        suspend=True,
    )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"url": None}, "spec.url is missing; set it"),
        ({"url": 1}, "spec.url must be a string"),
        ({"url": [URL]}, "spec.url must be a string"),
        ({"branch": 1.5}, "spec.branch must be a string"),
        ({"branch": {"name": "main"}}, "spec.branch must be a string"),
        ({"path": False}, "spec.path must be a string"),
        ({"interval": 5}, "spec.interval must be a string"),
        (
            {"interval": "5"},
            "spec.interval is wrong: '5' is not a duration; write it like 30s, 5m or 1h30m",
        ),
        ({"interval": "999ms"}, "spec.interval must be at least 1s and at most a year"),
        ({"interval": "9000h"}, "spec.interval must be at least 1s and at most a year"),
        ({"interval": f"{'9' * 400}h"}, "spec.interval must be at least 1s and at most a year"),
        ({"timeout": "0s"}, "spec.timeout must be at least 1s and at most a year"),
        ({"timeout": True}, "spec.timeout must be a string"),
        ({"targetNamespace": 7}, "spec.targetNamespace must be a string"),
        (
            {"secretRef": "forge"},
            "spec.secretRef.name is missing; name a Secret in the same namespace",
        ),
        ({"secretRef": {}}, "spec.secretRef.name is missing; name a Secret in the same namespace"),
        (
            {"secretRef": {"name": ""}},
            "spec.secretRef.name is missing; name a Secret in the same namespace",
        ),
        (
            {"secretRef": {"name": 1}},
            "spec.secretRef.name is missing; name a Secret in the same namespace",
        ),
        ({"prune": "true"}, "spec.prune must be true or false"),
        ({"prune": 0}, "spec.prune must be true or false"),
        ({"allowEmpty": None}, "spec.allowEmpty must be true or false"),
        ({"suspend": "no"}, "spec.suspend must be true or false"),
        (
            {"pruneLimit": "half"},
            "spec.pruneLimit is wrong: 'half' is neither a number nor a percentage; write it like 20 or 50%",
        ),
        (
            {"pruneLimit": -1},
            "spec.pruneLimit is wrong: -1 is neither a number nor a percentage; write it like 20 or 50%",
        ),
    ],
)
def test_a_field_that_cannot_work_is_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(SyncError) as caught:
        decode_spec({"url": URL, **wrong}, "shop")

    assert (caught.value.reason, caught.value.message) == (Reason.INVALID_SPEC, message)
    assert caught.value.recovery is Recovery.PERSON


def test_nothing_at_all_misses_the_url() -> None:
    with pytest.raises(SyncError, match=r"spec\.url is missing; set it"):
        decode_spec({}, "shop")


@pytest.mark.parametrize(
    ("spec", "rests"),
    [
        ({}, False),
        ({"suspend": False}, False),
        ({"suspend": True}, True),
        ({"suspend": "true"}, False),
        ({"suspend": True, "url": 7}, True),
    ],
)
def test_rest_is_asked_for_by_true_alone_whatever_else_stands_there(
    spec: dict[str, Any], rests: bool
) -> None:
    assert is_suspended(spec) is rests
