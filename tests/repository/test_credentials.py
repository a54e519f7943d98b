"""The Secret is read when it is needed, remembered, and read again when it was refused."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tests.repository.cluster import Asked
from tests.repository.remote import config_map
from tests.repository.subjects import COMMIT, SPEC
from tests.supervisor.puppet import fail
from workers.model.errors import Reason, SyncError
from workers.repository.messages import SyncRequested
from workers.source.remote import BasicAuth

if TYPE_CHECKING:
    from tests.repository.world import World

READ = Asked("read", "forge")


def secret(password: str) -> dict[str, dict[str, str]]:
    values = {"username": "bot", "password": password}
    return {"data": {key: base64.b64encode(text.encode()).decode() for key, text in values.items()}}


@pytest.fixture
def private(world: World) -> World:
    world.own.secrets["forge"] = secret("one")
    world.forge.push(COMMIT, config_map("a"))
    return world


def start(world: World) -> None:
    world.start(spec={**SPEC, "secretRef": {"name": "forge"}})


def test_without_a_reference_nobody_in_particular_asks(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"))
    world.start()

    assert [remote.auth for remote in world.forge.remotes] == [None]


def test_a_secret_is_read_once(private: World) -> None:
    start(private)
    private.advance(300)
    private.advance(300)

    assert [remote.auth for remote in private.forge.remotes] == [BasicAuth("bot", "one")] * 3
    assert private.cluster.asked.count(READ) == 1


def test_a_request_reads_the_secret_anew(private: World) -> None:
    start(private)
    private.own.secrets["forge"] = secret("two")

    private.tell(SyncRequested(private.annotate(requestedAt="1")))

    assert private.forge.remotes[-1].auth == BasicAuth("bot", "two")


def test_a_refused_secret_is_read_again_at_once_and_used_when_it_changed(private: World) -> None:
    start(private)
    private.own.secrets["forge"] = secret("two")
    no = SyncError(Reason.AUTHENTICATION_FAILED, "the server said no")

    def refuse_the_old() -> None:
        if private.forge.remotes[-1].auth == BasicAuth("bot", "one"):
            raise no

    private.forge.before = refuse_the_old
    private.advance(300)

    assert private.condition("Ready") == ("True", "Synced")
    assert private.heard.syncs[-1] == ("poll", "success")


def test_a_refused_secret_that_did_not_change_is_not_tried_twice_at_once(private: World) -> None:
    start(private)
    private.forge.before = fail(SyncError(Reason.AUTHENTICATION_FAILED, "the server said no"))
    private.forget_requests()

    private.advance(300)

    assert len(private.forge.asked) == 1
    assert private.condition("Ready") == ("False", "AuthenticationFailed")


def test_a_secret_that_is_not_there_is_named_and_waited_for(world: World) -> None:
    world.forge.push(COMMIT, config_map("a"))
    start(world)
    assert world.condition("Stalled") == ("True", "SecretNotFound")
    assert world.status()["conditions"][0]["message"] == (
        "there is no Secret shop/forge; create it or correct spec.secretRef.name"
    )

    world.own.secrets["forge"] = secret("one")
    world.advance(300)

    assert world.condition("Ready") == ("True", "Synced")


@pytest.mark.parametrize(
    "wrong", [{}, {"data": None}, {"data": {"username": "Ym90"}}, {"data": {"password": "*"}}]
)
def test_a_secret_without_both_parts_is_invalid(world: World, wrong: dict[str, dict[str, str]]) -> None:
    world.own.secrets["forge"] = wrong
    world.forge.push(COMMIT, config_map("a"))

    start(world)

    assert world.condition("Stalled") == ("True", "InvalidSecret")
    assert world.forge.asked == []
