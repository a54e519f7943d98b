"""What is published of a repository: one object after the other, with what went wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.repository.subjects import COMMIT, SYNCED, subject
from workers.model.errors import ObjectError
from workers.model.keys import ObjectKey
from workers.repository.snapshot import RepositorySnapshot
from workers.repository.state import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping

ENTRY = Entry("uid", "sha256:00", "2026-01-01T00:00:00Z", "v1")


def snapshot(
    *keys: ObjectKey,
    errors: tuple[ObjectError, ...] = (),
    durations: Mapping[str, float] | None = None,
) -> RepositorySnapshot:
    return RepositorySnapshot(
        subject(status=SYNCED), SYNCED, "", None, dict.fromkeys(keys, ENTRY), errors, durations or {}
    )


def shown(key: ObjectKey, state: str = "synced", message: str = "", version: str = "v1") -> dict[str, str]:
    return {
        "group": key.group,
        "version": version,
        "kind": key.kind,
        "namespace": key.namespace,
        "name": key.name,
        "state": state,
        "message": message,
    }


DEPLOYMENT = ObjectKey("apps", "Deployment", "shop", "web")
INGRESS = ObjectKey("networking.k8s.io", "Ingress", "shop", "web")
ROLE = ObjectKey("rbac.authorization.k8s.io", "ClusterRole", "", "system:reader")
NAMESPACE = ObjectKey("", "Namespace", "", "shop")


@pytest.mark.parametrize("key", [DEPLOYMENT, INGRESS, ROLE, NAMESPACE], ids=str)
def test_an_object_of_any_kind_is_shown_by_its_parts(key: ObjectKey) -> None:
    assert snapshot(key).details()["objects"] == [shown(key)]


@pytest.mark.parametrize(
    ("reason", "state"), [("ApplyFailed", "failed"), ("AccessDenied", "failed"), ("Conflict", "conflict")]
)
def test_an_object_that_failed_says_why_whether_it_is_there_or_not(reason: str, state: str) -> None:
    error = ObjectError(str(INGRESS), "a.yaml:1", reason, "it was refused")

    for there, version in (((INGRESS,), "v1"), ((), "")):
        assert snapshot(*there, errors=(error,)).details()["objects"] == [
            shown(INGRESS, state, "it was refused", version)
        ]


@pytest.mark.parametrize("key", [DEPLOYMENT, INGRESS, ROLE, NAMESPACE], ids=str)
def test_an_object_of_any_kind_that_never_was_there_is_shown_by_its_parts(key: ObjectKey) -> None:
    error = ObjectError(str(key), "a.yaml:1", "ApplyFailed", "no")

    assert snapshot(errors=(error,)).details()["objects"] == [shown(key, "failed", "no", version="")]


def test_objects_are_sorted() -> None:
    objects = snapshot(NAMESPACE, DEPLOYMENT, INGRESS).details()["objects"]

    assert [each["kind"] for each in objects] == ["Deployment", "Ingress", "Namespace"]


def test_an_error_without_an_object_is_an_error_only() -> None:
    error = ObjectError("", "a.yaml:3", "BuildFailed", "not YAML")

    details = snapshot(errors=(error,)).details()

    assert details["objects"] == []
    assert details["errors"] == [
        {"object": "", "file": "a.yaml:3", "reason": "BuildFailed", "message": "not YAML"}
    ]


def test_durations_are_seconds_by_step() -> None:
    assert snapshot(durations={"ref": 0.12345678, "fetch": 2.0}).details()["durations"] == {
        "ref": 0.123457,
        "fetch": 2.0,
    }


def test_who_never_synced_is_pending_and_not_ready() -> None:
    fresh = RepositorySnapshot(subject(), subject().status, "", None, {}, (), {})

    summary = fresh.summary()

    assert (summary["phase"], summary["ready"], summary["reason"]) == ("Pending", False, "")
    assert (summary["commit"], summary["revision"], summary["failures"]) == (None, None, None)


def test_what_is_said_comes_from_what_the_actor_would_say_now() -> None:
    summary = RepositorySnapshot(subject(), SYNCED, "", None, {}, (), {}).summary()

    assert (summary["phase"], summary["ready"], summary["commit"]) == ("Synced", True, COMMIT)
