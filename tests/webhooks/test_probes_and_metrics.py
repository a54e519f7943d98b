"""Probes and metrics answer everybody, in the words of whoever knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.webhooks.operators import Published

if TYPE_CHECKING:
    from tests.webhooks.serving import Stage


@pytest.fixture
def published(stage: Stage) -> Published:
    return Published(stage)


def test_a_process_that_makes_progress_is_healthy(stage: Stage, published: Published) -> None:
    reply = stage.ask("GET", "/healthz")
    assert (reply.status, reply.body) == (200, {"healthy": True})

    published.stuck = "the watch thread has not turned for 60 s"
    reply = stage.ask("GET", "/healthz")
    assert (reply.status, reply.body) == (
        503,
        {"healthy": False, "reason": "the watch thread has not turned for 60 s"},
    )


def test_readiness_says_why_not(stage: Stage, published: Published) -> None:
    published.unready = "the GitRepositories are being listed"
    reply = stage.ask("GET", "/readyz")
    assert (reply.status, reply.body) == (
        503,
        {"ready": False, "reason": "the GitRepositories are being listed"},
    )

    published.unready = None
    reply = stage.ask("GET", "/readyz")
    assert (reply.status, reply.body) == (200, {"ready": True})


def test_metrics_are_the_text_that_telemetry_gives(stage: Stage, published: Published) -> None:
    published.metrics = (b"alumiini_leader 1.0\n", "text/plain; version=0.0.4; charset=utf-8")

    reply = stage.ask("GET", "/metrics")

    assert (reply.status, reply.content) == (200, b"alumiini_leader 1.0\n")
    assert reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    "path", ["/", "/healthz/", "/metrics/x", "/webhook/github", "/api/v1", "/api/v1/repositories/"]
)
def test_an_unknown_route_is_not_found(stage: Stage, path: str) -> None:
    reply = stage.ask("GET", path)

    assert (reply.status, reply.body) == (404, {"error": "not_found"})


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/metrics", "/api/v1/repositories", "/api/v1/supervisor"]
)
def test_nothing_here_takes_a_post(stage: Stage, path: str) -> None:
    reply = stage.ask("POST", path, b"{}")

    assert (reply.status, reply.body) == (405, {"error": "method_not_allowed"})


def test_a_bug_is_answered_without_a_word_on_it(
    stage: Stage, published: Published, caplog: pytest.LogCaptureFixture
) -> None:
    del published.metrics

    reply = stage.ask("GET", "/metrics")

    assert (reply.status, reply.body) == (500, {"error": "internal"})
    assert stage.ask("GET", "/healthz").status == 200  # a turn later, what was raised is logged
    assert "AttributeError" in caplog.text
