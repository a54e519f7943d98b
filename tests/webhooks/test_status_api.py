"""The status API lists what actors have published, page by page, to this machine only."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from tests.webhooks.operators import Published, snapshot
from webhooks.listing import page, parse
from webhooks.loopback import LoopbackOnly

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from tests.webhooks.serving import Stage

ALL = [
    snapshot("team", "shop"),
    snapshot("stage", "shop", "Failed"),
    snapshot("team", "cart", "Syncing"),
    snapshot("stage", "cart"),
]


@pytest.fixture
def published(stage: Stage) -> Published:
    published = Published(stage)
    published.snapshots = [*ALL]
    return published


def names(body: dict[str, Any]) -> list[str]:
    return [f"{item['namespace']}/{item['name']}" for item in body["items"]]


@pytest.mark.usefixtures("published")
def test_repositories_are_listed_in_order(stage: Stage) -> None:
    reply = stage.ask("GET", "/api/v1/repositories")

    assert reply.status == 200
    assert names(reply.body) == ["stage/cart", "stage/shop", "team/cart", "team/shop"]
    assert (reply.body["continue"], reply.body["total"]) == (None, 4)
    assert reply.body["items"][3] == ALL[0]


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("query", "listed"),
    [
        ("namespace=team", ["team/cart", "team/shop"]),
        ("phase=Failed", ["stage/shop"]),
        ("phase=Synced&namespace=stage", ["stage/cart"]),
        ("namespace=empty", []),
        ("phase=Pending", []),
        ("unknown=1", ["stage/cart", "stage/shop", "team/cart", "team/shop"]),
    ],
)
def test_lists_are_filtered_and_the_total_with_them(stage: Stage, query: str, listed: list[str]) -> None:
    body = stage.ask("GET", f"/api/v1/repositories?{query}").body

    assert (names(body), body["total"]) == (listed, len(listed))


def test_pages_follow_each_other_while_repositories_come_and_go(stage: Stage, published: Published) -> None:
    first = stage.ask("GET", "/api/v1/repositories?limit=2").body
    assert (names(first), first["total"]) == (["stage/cart", "stage/shop"], 4)

    published.snapshots = [snapshot("aaa", "new"), *ALL[:1], *ALL[2:]]
    second = stage.ask("GET", f"/api/v1/repositories?limit=2&continue={first['continue']}").body
    assert (names(second), second["continue"]) == (["team/cart", "team/shop"], None)


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_pages_of_any_size_hold_everything_once(limit: int) -> None:
    seen: list[str] = []
    token: str | None = ""
    while token is not None:
        body = page(ALL, parse({"limit": str(limit)} | ({"continue": token} if token else {})))
        seen += names(body)
        token = body["continue"]

    assert seen == ["stage/cart", "stage/shop", "team/cart", "team/shop"]


def test_a_page_is_bounded_whatever_is_asked() -> None:
    many = [snapshot("team", f"shop-{number}") for number in range(600)]

    assert len(page(many, parse({"limit": "1000"}))["items"]) == 500
    assert len(page(many, parse({}))["items"]) == 500


def encoded(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode()


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=1.5", "limit"),
        ("limit=9999999999", "limit"),
        ("limit=%D9%A1", "limit"),
        ("phase=synced", "phase"),
        ("phase=", "phase"),
        ("namespace=", "namespace"),
        ("namespace=Team", "namespace"),
        ("namespace=" + "a" * 64, "namespace"),
        ("continue=", "continue"),
        ("continue=x", "continue"),
        ("continue=%FF", "continue"),
        (f"continue={encoded(b'{}')}", "continue"),
        (f"continue={encoded(b'[1, 2]')}", "continue"),
        (f"continue={encoded(b'null')}", "continue"),
        (f"continue={encoded(b'[' * 9000)}", "continue"),
    ],
)
def test_a_wrong_parameter_is_named(stage: Stage, query: str, parameter: str) -> None:
    reply = stage.ask("GET", f"/api/v1/repositories?{query}")

    assert (reply.status, reply.body) == (400, {"error": "invalid_parameter", "parameter": parameter})


@pytest.mark.usefixtures("published")
def test_one_repository_has_its_details(stage: Stage) -> None:
    reply = stage.ask("GET", "/api/v1/repositories/team/shop")
    assert (reply.status, reply.body) == (200, {**ALL[0], "objects": []})

    reply = stage.ask("GET", "/api/v1/repositories/team/absent")
    assert (reply.status, reply.body) == (404, {"error": "not_found"})


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    "path", ["/api/v1/repositories", "/api/v1/repositories/team/shop", "/api/v1/supervisor", "/api/x"]
)
@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1:9440", ""]
)
def test_a_page_that_was_rebound_to_this_machine_is_refused(stage: Stage, path: str, host: str) -> None:
    reply = stage.ask("GET", path, headers={"Host": host})

    assert (reply.status, reply.body) == (403, {"error": "forbidden"})


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("host", ["localhost", "LocalHost:9440", "127.0.0.1:9440", "127.8.8.8", "[::1]:9440"])
def test_this_machine_may_be_called_by_its_loopback_names(stage: Stage, host: str) -> None:
    assert stage.ask("GET", "/api/v1/repositories", headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    ("peer", "status"),
    [
        (("127.0.0.1", 1), 200),
        (("127.9.9.9", 1), 200),
        (("::1", 1), 200),
        (("::ffff:127.0.0.1", 1), 200),
        (("10.0.0.1", 1), 403),
        (("::ffff:10.0.0.1", 1), 403),
        (("fe80::1%eth0", 1), 403),
        (("localhost", 1), 403),
        (None, 403),
    ],
)
def test_other_machines_are_refused(stage: Stage, peer: tuple[str, int] | None, status: int) -> None:
    app = Starlette(routes=[Mount("/api", LoopbackOnly(PlainTextResponse("yes")))])

    async def from_elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "client": peer}, receive, send)

    stage.app = from_elsewhere

    assert stage.ask("GET", "/api/x").status == status


@pytest.mark.usefixtures("published")
def test_probes_answer_other_machines_too(stage: Stage) -> None:
    app = stage.app

    async def from_elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "client": ("10.0.0.1", 1)}, receive, send)

    stage.app = from_elsewhere

    assert stage.ask("GET", "/healthz", headers={"Host": "alumiini.example"}).status == 200
    assert stage.ask("GET", "/api/v1/repositories").status == 403
