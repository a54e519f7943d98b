"""The status API shows what died, of what, and when it starts again; and what waits for whom."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.parts.api_client import eventually
from tests.parts.stage import config_map

if TYPE_CHECKING:
    from collections.abc import Callable

    from supervisor.deadline import Deadline
    from tests.parts.controller import Controller, Controllers
    from tests.parts.stage import Stage
    from workers.repository.ports import Source
    from workers.source.remote import Remote
    from workers.source.tree import SourceTree


def nothing() -> None:
    pass


class Interrupted:
    """A source that calls ``first`` before it resolves one URL."""

    def __init__(self, url: str) -> None:
        self.first: Callable[[], object] = nothing
        self._url = url
        self._source: Source

    def __call__(self, source: Source) -> Source:
        self._source = source
        return self

    def resolve(self, remote: Remote, deadline: Deadline) -> str:
        if remote.url == self._url:
            self.first()
        return self._source.resolve(remote, deadline)

    def tree(self, remote: Remote, commit: str, path: str, deadline: Deadline) -> SourceTree:
        return self._source.tree(remote, commit, path, deadline)


@pytest.fixture
def source(stage: Stage) -> Interrupted:
    return Interrupted(stage.url())


@pytest.fixture
def controller(stage: Stage, controllers: Controllers, source: Interrupted) -> Controller:
    """It has synced ``app``, whose source can be interrupted, and ``calm``."""
    commits = {
        name: stage.repository(name, files={"one.yaml": config_map(name)}).head() for name in ("app", "calm")
    }
    for name in commits:
        stage.follow(name)
    controller = controllers.start(with_source=source)
    for name, commit in commits.items():
        stage.until_synced(commit, name)
    return controller


def worker(stage: Stage, controller: Controller, name: str = "app") -> dict[str, Any]:
    """Return what the tree shows of a repository's actor."""
    (repositories,) = (child for child in controller.tree()["children"] if child["key"] == "repositories")
    key = f"GitRepository/{stage.namespace}/{name}"
    (found,) = (child for child in repositories["children"] if child["key"] == key)
    assert isinstance(found, dict)
    return found


def die() -> None:
    raise ZeroDivisionError("with a secret in its text")


def test_all_is_calm_at_first(stage: Stage, controller: Controller) -> None:
    tree = controller.tree()
    assert (tree["name"], tree["kind"], tree["state"]) == ("alumiini", "supervisor", "running")
    services = {child["key"]: child for child in tree["children"]}
    assert list(services) == ["status", "webhooks", "repositories", "watch-0"]
    repositories = services["repositories"]
    assert repositories["kind"] == "supervisor"
    names = [f"GitRepository/{stage.namespace}/{name}" for name in ("app", "calm")]
    assert sorted(child["key"] for child in repositories["children"]) == [*names, "announcer"]
    for child in repositories["children"]:
        assert (child["state"], child["generation"], child["restarts"]) == ("running", 1, 0), child
        assert (child["lastExit"], child["nextStart"]) == (None, None), child
    assert 'alumiini_actors{state="running"} 2.0' in controller.metrics()


def test_an_actor_that_keeps_dying_is_restarted_then_parked_and_the_tree_says_when_it_starts_again(
    stage: Stage, controller: Controller, source: Interrupted
) -> None:
    began = datetime.now(UTC)
    source.first = die

    def after_another_push(state: str) -> dict[str, Any]:
        """Return the worker once it is there, nothing before."""
        controller.push(stage.url(), "1" * 40)  # also brings the next start nearer
        found = worker(stage, controller)
        return found if found["state"] == state else {}

    dead = eventually(partial(after_another_push, "restarting"), "it waits for its next start")
    assert dead["lastExit"]["reason"] == "crashed: ZeroDivisionError"
    assert dead["nextStart"] >= dead["lastExit"]["at"]

    dead = eventually(partial(after_another_push, "parked"), "it is parked")
    assert (dead["generation"], dead["restarts"]) == (6, 5)
    assert dead["lastExit"]["reason"] == "crashed: ZeroDivisionError"
    died, starts = (datetime.fromisoformat(text) for text in (dead["lastExit"]["at"], dead["nextStart"]))
    assert began.replace(microsecond=0) < died < starts
    assert dead["mailbox"] == {"depth": 0, "oldestSeconds": 0.0}

    calm = worker(stage, controller, "calm")
    assert (calm["state"], calm["restarts"], calm["lastExit"]) == ("running", 0, None)
    metrics = controller.metrics()
    assert 'alumiini_actor_restarts_total{kind="GitRepository"} 5.0' in metrics
    assert 'alumiini_actors{state="parked"} 1.0' in metrics
    assert controller.fatal == []


def test_what_waits_for_an_actor_that_hangs_is_shown_without_waiting_for_it(
    stage: Stage, controller: Controller, source: Interrupted
) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def hang() -> None:
        entered.set()
        go_on.wait(60)

    source.first = hang
    controller.push(stage.url(), "1" * 40)
    assert entered.wait(30)
    nothing_waits = "alumiini_mailbox_oldest_seconds 0.0"
    eventually(lambda: nothing_waits in controller.metrics(), "nothing waits")

    controller.push(stage.url(), "2" * 40)
    mailbox = worker(stage, controller)["mailbox"]
    assert mailbox["depth"] > 0
    eventually(
        lambda: worker(stage, controller)["mailbox"]["oldestSeconds"] > mailbox["oldestSeconds"],
        "the message grows older",
    )
    (line,) = (
        one for one in controller.metrics().splitlines() if one.startswith("alumiini_mailbox_oldest_seconds")
    )
    assert float(line.split()[1]) > mailbox["oldestSeconds"]

    go_on.set()
    eventually(lambda: worker(stage, controller)["mailbox"]["depth"] == 0, "it is read")
