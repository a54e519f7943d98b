"""Scripts announce a push in three fields, or in none on the route of an object."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from tests.webhooks.forge import COMMIT, SECRET, SHOP, payload
from webhooks.ports import Push

if TYPE_CHECKING:
    from tests.webhooks.forge import Forge

URL = "git@GitHub.com:octo-org/shop.git"


def test_a_script_names_repository_ref_and_commit(forge: Forge) -> None:
    reply = forge.generic({"repository": URL, "ref": "refs/heads/main", "commit": COMMIT})

    assert reply.body == {
        "status": "accepted",
        "repositories": ["team/shop"],
        "ref": "refs/heads/main",
        "commit": COMMIT,
    }


@pytest.mark.parametrize("commit", [{}, {"commit": None}])
def test_the_commit_is_optional(forge: Forge, commit: dict[str, object]) -> None:
    reply = forge.generic({"repository": URL, "ref": "refs/heads/main"} | commit)

    assert (reply.status, reply.body["commit"]) == (202, None)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"repository": URL},
        {"ref": "refs/heads/main"},
        {"repository": "/etc/passwd", "ref": "refs/heads/main"},
        {"repository": URL, "ref": "main"},
        {"repository": URL, "ref": "refs/heads/" + "a" * 1024},
        {"repository": URL, "ref": "refs/heads/\nmain"},
        {"repository": URL, "ref": "refs/heads/main", "commit": "0d1a26e"},
        {"repository": URL, "ref": "refs/heads/main", "commit": COMMIT.upper()},
        [],
        None,
    ],
)
def test_the_route_of_the_provider_needs_a_repository_and_a_full_ref(forge: Forge, body: object) -> None:
    reply = forge.generic(body)

    assert (reply.status, reply.body) == (400, {"error": "invalid_payload"})


def test_an_empty_object_suffices_on_the_route_of_an_object(forge: Forge) -> None:
    reply = forge.generic({}, "/webhook/team/shop")

    assert reply.body == {
        "status": "accepted",
        "repositories": ["team/shop"],
        "ref": "refs/heads/main",
        "commit": None,
    }
    assert forge.repositories.notified == [("team/shop", Push("refs/heads/main", None, 0.0))]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_the_secret_may_be_a_bearer_token(forge: Forge, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {SECRET}", "Content-Type": "application/json"}

    assert forge.post("/webhook/team/shop", b"{}", headers).status == 202


def test_the_route_of_an_object_filters_by_its_ref(forge: Forge) -> None:
    reply = forge.generic({"ref": "refs/heads/other"}, "/webhook/team/shop")

    assert reply.body == {"status": "ignored", "reason": "no_match"}


def test_the_route_of_an_object_takes_the_push_of_another_mirror(forge: Forge) -> None:
    forge.repositories.followers = [dataclasses.replace(SHOP, url="git.internal/mirror/shop")]

    assert forge.github(payload("github_push"), path="/webhook/team/shop").status == 202


def test_the_route_of_an_object_recognises_the_provider_by_its_headers(forge: Forge) -> None:
    forge.github(payload("github_ping"), path="/webhook/team/shop", event="ping")
    forge.generic({}, "/webhook/team/shop")

    assert forge.observed == [("github", "ping"), ("generic", "accepted")]


def test_a_suspended_object_is_ignored_on_its_own_route(forge: Forge) -> None:
    forge.repositories.followers = [dataclasses.replace(SHOP, suspended=True)]

    assert forge.generic({}, "/webhook/team/shop").body == {"status": "ignored", "reason": "suspended"}


def test_an_object_may_be_called_like_a_provider(forge: Forge) -> None:
    forge.repositories.followers = [dataclasses.replace(SHOP, namespace="github", name="generic")]

    assert forge.generic({}, "/webhook/github/generic").body["repositories"] == ["github/generic"]


@pytest.mark.parametrize("path", ["/webhook/team/-shop", "/webhook/team/a..b", f"/webhook/{'a' * 254}/shop"])
def test_names_that_cannot_be_are_invalid(forge: Forge, path: str) -> None:
    reply = forge.generic({}, path)

    assert (reply.status, reply.body) == (400, {"error": "invalid_name"})
