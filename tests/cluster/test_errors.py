from __future__ import annotations

import json
from typing import Any

import pytest

from workers.cluster.errors import ChangedError, UnreachableError, api_error, explain
from workers.model.errors import Reason, Recovery
from workers.model.keys import ObjectKey

DEPLOYMENT = ObjectKey("apps", "Deployment", "shop", "web")
SECRET = ObjectKey("", "Secret", "shop", "login")


def answer(code: int, message: str = "", reason: str = "", **details: Any) -> Any:  # noqa: ANN401 -- any detail
    body = {"kind": "Status", "code": code, "message": message, "reason": reason, "details": details}
    return api_error(code, {}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("error", "reason", "recovery", "message"),
    [
        (
            answer(403, 'User "x" cannot patch resource "deployments"', "Forbidden"),
            Reason.ACCESS_DENIED,
            Recovery.RETRY_SLOWLY,
            'cannot patch Deployment.apps/shop/web: User "x" cannot patch resource "deployments"',
        ),
        (
            answer(401, "Unauthorized", "Unauthorized"),
            Reason.ACCESS_DENIED,
            Recovery.RETRY_SLOWLY,
            "cannot patch Deployment.apps/shop/web: Unauthorized",
        ),
        (
            answer(422, "spec.selector: field is immutable", "Invalid"),
            Reason.APPLY_FAILED,
            Recovery.RETRY_SLOWLY,
            "cannot patch Deployment.apps/shop/web: spec.selector: field is immutable",
        ),
        (
            answer(400, "strict decoding error", "BadRequest"),
            Reason.APPLY_FAILED,
            Recovery.RETRY_SLOWLY,
            "cannot patch Deployment.apps/shop/web: strict decoding error",
        ),
        (
            answer(500, "failed to create typed patch object (a): .spec.x: no"),
            Reason.APPLY_FAILED,
            Recovery.RETRY_SLOWLY,
            "cannot patch Deployment.apps/shop/web: failed to create typed patch object (a): .spec.x: no",
        ),
        (
            answer(500, "etcdserver: leader changed", "InternalError"),
            Reason.APPLY_FAILED,
            Recovery.RETRY,
            "cannot patch Deployment.apps/shop/web: etcdserver: leader changed",
        ),
        (
            answer(504, "", "Timeout"),
            Reason.APPLY_FAILED,
            Recovery.RETRY,
            "cannot patch Deployment.apps/shop/web: Timeout",
        ),
        (
            api_error(404, {}, b"404 page not found\n"),
            Reason.APPLY_FAILED,
            Recovery.RETRY,
            "cannot patch Deployment.apps/shop/web: the cluster does not serve this kind",
        ),
        (
            UnreachableError("the API server at https://a cannot be reached (Refused)"),
            Reason.APPLY_FAILED,
            Recovery.RETRY,
            "cannot patch Deployment.apps/shop/web: the API server at https://a cannot be reached (Refused)",
        ),
    ],
)
def test_each_answer_has_a_reason_a_pace_and_a_sentence(
    error: Any,  # noqa: ANN401 -- either kind of error
    reason: Reason,
    recovery: Recovery,
    message: str,
) -> None:
    explained = explain(error, "patch", DEPLOYMENT)

    assert (explained.reason, explained.recovery, explained.message) == (reason, recovery, message)


def test_a_409_is_a_change_by_somebody_else() -> None:
    explained = explain(answer(409, "the object has been modified", "Conflict"), "patch", DEPLOYMENT)

    assert isinstance(explained, ChangedError)
    assert explained.recovery is Recovery.RETRY


def test_what_is_not_about_access_has_the_callers_reason() -> None:
    explained = explain(answer(500, "boom"), "delete", DEPLOYMENT, Reason.PRUNE_FAILED)

    assert explained.reason is Reason.PRUNE_FAILED


def test_the_time_the_server_asks_for_is_kept() -> None:
    assert explain(api_error(429, {"Retry-After": "7"}, b""), "patch", DEPLOYMENT).retry_after == 7
    assert explain(answer(504, retryAfterSeconds=3), "patch", DEPLOYMENT).retry_after == 3


@pytest.mark.parametrize("value", ["Wed, 21 Oct 2026 07:28:00 GMT", "", "-1", "soon"])
def test_a_retry_after_that_is_no_number_of_seconds_is_ignored(value: str) -> None:
    assert api_error(503, {"Retry-After": value}, b"").retry_after is None


def test_of_a_refused_secret_only_the_fields_are_told() -> None:
    causes = [{"field": "data[password]", "reason": "FieldValueInvalid", "message": "hunter2 is bad"}]

    refused = explain(answer(422, "data: hunter2 is bad", "Invalid", causes=causes), "patch", SECRET)
    broken = explain(answer(500, "failed to convert new object: hunter2"), "patch", SECRET)

    assert (
        refused.message == "cannot patch Secret/shop/login: refused (422 Invalid) because of data[password]"
    )
    assert broken.message == "cannot patch Secret/shop/login: refused (500)"


def test_a_very_long_answer_is_cut() -> None:
    explained = explain(answer(422, "x" * 5000, "Invalid"), "patch", DEPLOYMENT)

    assert len(explained.message) < 600
    assert explained.message.endswith("xxx…")


@pytest.mark.parametrize(
    "body",
    [b"", b"404 page not found", b"[]", b'{"kind":"Pod"}', b"\xff\xfe", b'{"kind":"Status","details":null}'],
)
def test_any_body_can_be_read(body: bytes) -> None:
    assert api_error(502, {}, body).status == 502


@pytest.mark.parametrize(
    ("error", "unsettled"),
    [
        (api_error(404, {}, b"404 page not found"), True),
        (answer(500, "failed to create typed patch object (a): .spec.y: field not declared in schema"), True),
        (answer(404, 'widgets "a" not found', "NotFound"), False),
        (answer(422, "invalid", "Invalid"), False),
        (answer(500, "etcdserver: leader changed"), False),
    ],
)
def test_what_a_server_says_that_has_not_taken_in_a_crd_yet(error: Any, unsettled: bool) -> None:  # noqa: ANN401 -- an ApiError
    assert error.unsettled is unsettled
