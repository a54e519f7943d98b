"""Each check runs before the next: a request that fails several gets the answer of the first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.webhooks.forge import SECRET, SHOP, payload, sign

if TYPE_CHECKING:
    from tests.webhooks.forge import Forge

TOO_LARGE = b"[" * (2 * 1024 * 1024)
BROKEN = b"{"
PUSH = json.dumps(payload("github_push")).encode()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/webhook/github", "/webhook/team/shop"])
def test_first_the_method(forge: Forge, method: str, path: str) -> None:
    reply = forge.stage.ask(method, path, TOO_LARGE)

    assert reply.status == 405
    assert reply.headers["Allow"] == "POST"
    assert method == "HEAD" or reply.body == {"error": "method_not_allowed"}


@pytest.mark.parametrize("secrets", [(), (SECRET.encode(),)])
def test_then_the_size(forge: Forge, secrets: tuple[bytes, ...]) -> None:
    forge.secrets = secrets

    reply = forge.github(TOO_LARGE, signature="wrong", content_type="text/plain")

    assert (reply.status, reply.body) == (413, {"error": "too_large"})


def test_then_the_signature(forge: Forge) -> None:
    assert forge.github(BROKEN, signature="wrong", event=None, content_type="text/plain").status == 401


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data", "application/jsonx", None])
def test_then_the_content_type(forge: Forge, content_type: str | None) -> None:
    reply = forge.github(BROKEN, event=None, content_type=content_type)

    assert (reply.status, reply.body) == (415, {"error": "unsupported_media_type"})


def test_then_the_event_header(forge: Forge) -> None:
    reply = forge.github(BROKEN, event=None)

    assert (reply.status, reply.body) == (400, {"error": "unknown_provider"})


def test_then_replay(forge: Forge) -> None:
    forge.github(PUSH, delivery="once")

    assert forge.github(BROKEN, delivery="once").body == {"status": "ignored", "reason": "duplicate"}


def test_then_the_payload(forge: Forge) -> None:
    forge.repositories.listed = False

    reply = forge.github(BROKEN)

    assert (reply.status, reply.body) == (400, {"error": "invalid_payload"})


def test_then_the_name_then_readiness_then_the_object(forge: Forge) -> None:
    forge.repositories.listed = False
    assert forge.generic({}, "/webhook/team/In_Valid").body == {"error": "invalid_name"}
    assert forge.generic({}, "/webhook/team/absent").body == {"error": "not_ready"}

    forge.repositories.listed = True
    reply = forge.generic({}, "/webhook/team/absent")
    assert (reply.status, reply.body) == (404, {"error": "not_found"})


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON", "application/json; charset=utf-8"]
)
def test_json_is_json_however_it_is_written(forge: Forge, content_type: str) -> None:
    assert forge.github(PUSH, content_type=content_type).status == 202


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/webhook",
        "/webhook/",
        "/webhook/gitlab",
        "/webhook/github/",
        "/webhook/a/b/c",
        "/webhook/a%2Fb/c",
    ],
)
def test_an_unknown_route_is_not_found(forge: Forge, path: str) -> None:
    reply = forge.github(PUSH, path=path)

    assert (reply.status, reply.body) == (404, {"error": "not_found"})


def test_results_are_counted_by_provider(forge: Forge) -> None:
    forge.github(PUSH)
    forge.github(PUSH, signature=sign(b""))
    forge.github(TOO_LARGE)
    forge.generic({}, f"/webhook/{SHOP}")

    assert forge.observed == [
        ("github", "accepted"),
        ("github", "unauthorized"),
        ("github", "too_large"),
        ("generic", "accepted"),
    ]


def test_the_log_tells_what_was_answered_and_strangers_do_not_fill_it(
    forge: Forge, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="webhooks.receiver")
    forge.github(PUSH)
    forge.github(PUSH, signature=sign(b""))

    (record,) = [vars(record) for record in caplog.records if record.name == "webhooks.receiver"]
    assert (record["provider"], record["status"]) == ("github", "accepted")
    assert (record["repositories"], record["ref"]) == (["team/shop"], "refs/heads/main")
