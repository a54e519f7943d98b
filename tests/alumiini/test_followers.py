"""Who follows which branch of which repository, for webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alumiini_py.followers import Followers
from supervisor.registry import Registry
from tests.repository.subjects import document
from webhooks.ports import Follower, Push
from workers.controller.custom_object import CustomObject, decode
from workers.model.keys import ResourceKey
from workers.repository.messages import Pushed

if TYPE_CHECKING:
    from supervisor.mailbox import Message

MAIN = "refs/heads/main"
WEB = "git.example.org/shop/web"


def repository(name: str = "web", **spec: Any) -> CustomObject:  # noqa: ANN401 -- fields of spec
    return decode(
        "GitRepository", document(name=name, spec={"url": "https://git.example.org/shop/web.git", **spec})
    )


def key(name: str = "web") -> ResourceKey:
    return ResourceKey("GitRepository", "shop", name)


@pytest.fixture
def followers() -> Followers:
    return Followers(Registry())


def names(found: object) -> list[str]:
    assert isinstance(found, list)
    return [each.name for each in found]


def test_who_follows_a_url_is_found_however_it_is_written(followers: Followers) -> None:
    followers.seen(repository(url="https://git.example.org:443/shop/web/"))

    assert followers.following([WEB], MAIN) == [Follower("shop", "web", WEB, MAIN, suspended=False)]


def test_only_who_follows_the_branch_is_found(followers: Followers) -> None:
    followers.seen(repository("a"))
    followers.seen(repository("b", branch="release"))
    followers.seen(repository("c", branch="main"))

    assert names(followers.following([WEB], MAIN)) == ["a", "c"]
    assert names(followers.following([WEB], "refs/heads/release")) == ["b"]
    assert names(followers.following([WEB], "refs/tags/main")) == []


def test_several_urls_of_one_push_find_everybody_once(followers: Followers) -> None:
    followers.seen(repository("a"))
    followers.seen(repository("b", url="https://other.example.org/shop/web"))

    assert names(followers.following([WEB, WEB, "other.example.org/shop/web"], MAIN)) == ["a", "b"]


def test_a_suspended_one_is_found_and_says_so(followers: Followers) -> None:
    followers.seen(repository(suspend=True))

    assert followers.following([WEB], MAIN) == [Follower("shop", "web", WEB, MAIN, suspended=True)]


@pytest.mark.parametrize("url", ["", None, 7, "/srv/git/web", "no url at all"])
def test_who_has_no_url_that_can_be_compared_is_found_by_name_only(followers: Followers, url: object) -> None:
    followers.seen(repository(url=url))

    assert followers.following([""], MAIN) == []
    assert followers.find("shop", "web") == Follower("shop", "web", "", MAIN, suspended=False)


def test_a_new_url_replaces_the_old_one(followers: Followers) -> None:
    followers.seen(repository())
    followers.seen(repository(url="https://other.example.org/shop/web"))

    assert followers.following([WEB], MAIN) == []
    assert names(followers.following(["other.example.org/shop/web"], MAIN)) == ["web"]


def test_who_is_gone_is_not_found(followers: Followers) -> None:
    followers.seen(repository("a"))
    followers.seen(repository("b"))
    followers.gone(key("a"))
    followers.gone(key("a"))

    assert names(followers.following([WEB], MAIN)) == ["b"]
    assert followers.find("shop", "a") is None


def test_it_is_ready_when_all_have_been_seen(followers: Followers) -> None:
    assert not followers.ready()

    followers.all_seen()

    assert followers.ready()


def test_a_push_goes_to_the_actor_of_the_follower() -> None:
    registry = Registry()
    followers = Followers(registry)
    followers.seen(repository())
    follower = followers.find("shop", "web")
    assert follower is not None
    kept: list[Message] = []
    registry.hold(key(), lambda: kept.append(Pushed(None, 0.0)))

    assert followers.notify(follower, Push(MAIN, "1" * 40, 12.5))

    assert kept  # the actor that will start next is woken


def test_a_push_to_nobody_is_not_accepted(followers: Followers) -> None:
    followers.seen(repository())
    follower = followers.find("shop", "web")
    assert follower is not None

    assert not followers.notify(follower, Push(MAIN, None, 0.0))
