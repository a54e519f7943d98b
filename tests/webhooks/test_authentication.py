"""Only who proves the secret learns anything, and everybody else learns the same."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING

import pytest

from tests.webhooks.forge import SECRET, payload, sign

if TYPE_CHECKING:
    from tests.webhooks.forge import Forge

PUSH = json.dumps(payload("github_push")).encode()
UNAUTHORIZED = (401, {"error": "unauthorized"})


@pytest.mark.parametrize(
    "signature",
    [
        "sha256=" + "0" * 64,
        "sha256=",
        "sha256",
        sign(PUSH).removeprefix("sha256="),
        sign(PUSH)[:-1],
        sign(PUSH) + "0",
        sign(PUSH, secret="wrong"),
        sign(PUSH, secret=""),
        sign(PUSH + b" "),
        "sha1=" + hmac.new(SECRET.encode(), PUSH, hashlib.sha1).hexdigest(),
        "sha256=" + base64.b64encode(hmac.digest(SECRET.encode(), PUSH, "sha256")).decode(),
        "sha256=\xe9\xff" + "0" * 62,
        SECRET,
    ],
)
def test_a_wrong_or_malformed_signature_is_refused(forge: Forge, signature: str) -> None:
    reply = forge.github(PUSH, signature=signature)

    assert (reply.status, reply.body) == UNAUTHORIZED
    assert forge.repositories.notified == []


def test_a_missing_signature_is_refused_in_the_same_words(forge: Forge) -> None:
    headers = {"X-GitHub-Event": "push", "Content-Type": "application/json"}
    missing = forge.post("/webhook/github", PUSH, headers)
    wrong = forge.post("/webhook/github", PUSH, headers | {"X-Hub-Signature-256": "sha256=00"})

    assert (missing.status, missing.body) == UNAUTHORIZED
    assert missing.content == wrong.content


def test_sha_1_is_refused_although_it_is_right(forge: Forge) -> None:
    signature = "sha1=" + hmac.new(SECRET.encode(), PUSH, hashlib.sha1).hexdigest()
    headers = {"X-GitHub-Event": "push", "Content-Type": "application/json", "X-Hub-Signature": signature}

    assert forge.post("/webhook/github", PUSH, headers).status == 401


def test_the_previous_secret_counts_during_rotation(forge: Forge) -> None:
    forge.secrets = (b"new", SECRET.encode())
    assert forge.github(PUSH).status == 202
    assert forge.github(PUSH, signature=sign(PUSH, "new")).status == 202

    forge.secrets = (b"new",)
    assert forge.github(PUSH).status == 401


@pytest.mark.parametrize("path", ["/webhook/github", "/webhook/generic"])
def test_without_a_global_secret_provider_routes_are_not_configured(forge: Forge, path: str) -> None:
    forge.secrets = ()

    reply = forge.github(PUSH, path=path, signature=sign(PUSH, secret=""))

    assert (reply.status, reply.body) == (503, {"error": "not_configured"})
    assert forge.repositories.notified == []


@pytest.mark.parametrize("path", ["/webhook/team/shop", "/webhook/team/absent", "/webhook/team/In_Valid"])
@pytest.mark.parametrize("secrets", [(), (SECRET.encode(),)])
def test_the_route_of_an_object_says_401_whether_the_object_exists_or_not(
    forge: Forge, path: str, secrets: tuple[bytes, ...]
) -> None:
    forge.secrets = secrets
    forge.repositories.listed = False

    reply = forge.github(PUSH, path=path, signature=sign(PUSH, secret="wrong"))

    assert (reply.status, reply.body) == UNAUTHORIZED


@pytest.mark.parametrize("token", ["", " ", "wrong", SECRET + "x", "\xe9"])
@pytest.mark.parametrize("secrets", [(), (SECRET.encode(),)])
def test_a_wrong_bearer_token_is_refused(forge: Forge, token: str, secrets: tuple[bytes, ...]) -> None:
    forge.secrets = secrets
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    assert forge.post("/webhook/team/shop", b"{}", headers).status == 401


def test_the_secret_is_no_password_of_another_scheme(forge: Forge) -> None:
    headers = {"Authorization": f"Basic {SECRET}", "Content-Type": "application/json"}

    assert forge.post("/webhook/team/shop", b"{}", headers).status == 401


def test_a_secret_may_be_any_bytes(forge: Forge) -> None:
    forge.secrets = ("pässword".encode(),)

    assert forge.github(PUSH, signature=sign(PUSH, "pässword")).status == 202
