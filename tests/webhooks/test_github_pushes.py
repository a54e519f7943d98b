"""What GitHub sends reaches the actors that follow it, and nobody else."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from tests.webhooks.forge import COMMIT, SHOP, payload, sign
from webhooks.ports import Push

if TYPE_CHECKING:
    from tests.webhooks.forge import Forge


def test_a_push_lies_in_the_mailbox_when_it_is_answered(forge: Forge) -> None:
    forge.clock.advance(7.0)

    reply = forge.github(payload("github_push"))

    assert (reply.status, reply.body) == (
        202,
        {"status": "accepted", "repositories": ["team/shop"], "ref": "refs/heads/main", "commit": COMMIT},
    )
    assert forge.repositories.notified == [("team/shop", Push("refs/heads/main", COMMIT, 7.0))]
    assert forge.observed == [("github", "accepted")]


def test_a_push_reaches_everybody_who_follows_that_ref_of_that_repository(forge: Forge) -> None:
    other = dataclasses.replace(SHOP, namespace="stage")
    elsewhere = dataclasses.replace(SHOP, name="fork", url="github.com/octo-org/shop-evil")
    on_a_branch = dataclasses.replace(SHOP, name="next", ref="refs/heads/next")
    forge.repositories.followers = [SHOP, other, elsewhere, on_a_branch]

    reply = forge.github(payload("github_push"))

    assert reply.body["repositories"] == ["team/shop", "stage/shop"]
    assert [name for name, _ in forge.repositories.notified] == ["team/shop", "stage/shop"]


def test_a_tag_reaches_who_follows_the_tag(forge: Forge) -> None:
    tagged = dataclasses.replace(SHOP, name="stable", ref="refs/tags/v1.4.0")
    forge.repositories.followers = [SHOP, tagged]

    reply = forge.github(payload("github_tag_push"))

    assert (reply.status, reply.body["repositories"]) == (202, ["team/stable"])


@pytest.mark.parametrize("field", ["clone_url", "html_url", "ssh_url", "git_url", "svn_url", "url"])
def test_any_url_of_the_repository_is_enough(forge: Forge, field: str) -> None:
    push = payload("github_push")
    push["repository"] = {field: push["repository"][field]}

    assert forge.github(push).status == 202


def test_a_form_is_read_like_json_and_signed_as_it_came(forge: Forge) -> None:
    form = urlencode({"payload": json.dumps(payload("github_push"))}).encode()

    reply = forge.github(form, content_type="application/x-www-form-urlencoded")

    assert (reply.status, reply.body["commit"]) == (202, COMMIT)


@pytest.mark.parametrize(
    "form",
    [b"", b"payload", b"other=1", b"payload=1&payload=2", b"payload=%ff", b"payload=\xff", b"&" * 40],
)
def test_a_form_without_one_payload_is_invalid(forge: Forge, form: bytes) -> None:
    reply = forge.github(form, content_type="application/x-www-form-urlencoded")

    assert (reply.status, reply.body) == (400, {"error": "invalid_payload"})


@pytest.mark.parametrize(
    ("event", "name", "reason"),
    [
        ("ping", "github_ping", "ping"),
        ("release", "github_release", "unsupported_event"),
        ("pull_request", "github_pull_request", "unsupported_event"),
        ("push", "github_branch_delete", "branch_deleted"),
        ("push", "github_tag_push", "no_match"),
    ],
)
def test_what_asks_for_nothing_is_ignored_with_its_reason(
    forge: Forge, event: str, name: str, reason: str
) -> None:
    reply = forge.github(payload(name), event=event)

    assert (reply.status, reply.body) == (200, {"status": "ignored", "reason": reason})
    assert forge.repositories.notified == []
    assert forge.observed == [("github", reason)]


def test_the_zero_commit_alone_means_that_the_branch_is_gone(forge: Forge) -> None:
    push = payload("github_push") | {"after": "0" * 40}

    assert forge.github(push).body["reason"] == "branch_deleted"


def test_suspended_repositories_get_nothing(forge: Forge) -> None:
    forge.repositories.followers = [dataclasses.replace(SHOP, suspended=True)]
    assert forge.github(payload("github_push")).body == {"status": "ignored", "reason": "suspended"}

    forge.repositories.followers.append(dataclasses.replace(SHOP, namespace="stage"))
    assert forge.github(payload("github_push")).body["repositories"] == ["stage/shop"]


def test_a_repository_of_nobody_is_no_match(forge: Forge) -> None:
    forge.repositories.followers = []

    assert forge.github(payload("github_push")).body == {"status": "ignored", "reason": "no_match"}


def test_an_unknown_list_of_repositories_is_not_taken_for_an_empty_one(forge: Forge) -> None:
    forge.repositories.listed = False

    reply = forge.github(payload("github_push"))

    assert (reply.status, reply.body) == (503, {"error": "not_ready"})
    assert int(reply.headers["Retry-After"]) > 0


def test_a_mailbox_that_took_nothing_makes_the_forge_send_again(forge: Forge) -> None:
    forge.repositories.reachable = False
    assert forge.github(payload("github_push"), delivery="one").body == {"error": "not_ready"}

    forge.repositories.reachable = True
    assert forge.github(payload("github_push"), delivery="one").status == 202


def test_sha_256_repositories_have_longer_commits(forge: Forge) -> None:
    push = payload("github_push") | {"after": "b" * 64}

    assert forge.github(push).body["commit"] == "b" * 64


def test_the_signature_of_the_form_is_not_that_of_its_payload(forge: Forge) -> None:
    inner = json.dumps(payload("github_push")).encode()
    form = urlencode({"payload": inner}).encode()

    reply = forge.github(form, content_type="application/x-www-form-urlencoded", signature=sign(inner))

    assert reply.status == 401
