"""Which changes of a GitRepository its actor is told of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.repository.remote import config_map
from tests.repository.subjects import COMMIT, document, subject
from workers.controller.controller import Controller
from workers.repository.kind import GIT_REPOSITORY, git_repository
from workers.repository.messages import DeletionRequested, PruneAllowed, SpecChanged, SyncRequested

if TYPE_CHECKING:
    from supervisor.mailbox import Message
    from tests.repository.world import World

ANNOTATION = "alumiini.false.systems"


class Nobody:
    """An audience that does not listen."""

    def seen(self, subject: object) -> None:
        """Ignore it."""

    def leaving(self, key: object) -> None:
        """Ignore it."""

    def gone(self, key: object) -> None:
        """Ignore it."""

    def all_seen(self) -> None:
        """Ignore it."""


def told(world: World, **changed: Any) -> list[type[Message]]:  # noqa: ANN401 -- those of ``subject``
    """Return the messages that a change of a plain GitRepository is."""
    kind = git_repository(world.engines, Nobody())
    before, after = subject(), subject(**changed)
    return [
        type(trigger.message(after))
        for trigger in kind.triggers
        if trigger.reads(before) != trigger.reads(after)
    ]


@pytest.mark.parametrize(
    ("changed", "messages"),
    [
        ({}, []),
        ({"status": {"phase": "Synced"}, "resourceVersion": "9"}, []),
        ({"labels": {"a": "b"}, "finalizers": ["a/b"]}, []),
        ({"annotations": {"note": "x", "applyset.kubernetes.io/tooling": "alumiini/v1"}}, []),
        ({"generation": 2}, [SpecChanged]),
        ({"annotations": {f"{ANNOTATION}/requestedAt": "1"}}, [SyncRequested]),
        ({"annotations": {f"{ANNOTATION}/allow-prune": "1" * 40}}, [PruneAllowed]),
        ({"deletionTimestamp": "2026-01-01T00:00:00Z"}, [DeletionRequested]),
        (
            {"deletionTimestamp": "2026-01-01T00:00:00Z", "generation": 2},
            [DeletionRequested, SpecChanged],
        ),
    ],
)
def test_a_change_is_the_message_of_its_part(
    world: World, changed: dict[str, Any], messages: list[type[Message]]
) -> None:
    assert told(world, **changed) == messages


def test_the_kind_is_addressed_as_its_definition_says() -> None:
    assert GIT_REPOSITORY.api_version == "alumiini.false.systems/v1alpha1"
    assert GIT_REPOSITORY.collection("shop") == (
        "/apis/alumiini.false.systems/v1alpha1/namespaces/shop/gitrepositories"
    )


def test_a_controller_starts_the_actor_of_a_repository(world: World) -> None:
    controller = Controller(
        git_repository(world.engines, Nobody()), world.supervisor, world.registry, shutdown=1.0
    )

    world.forge.push(COMMIT, config_map("a"))
    controller.changed(document())
    world.wait_for_syncs(1)

    assert [str(child.key) for child in world.supervisor.which_children()] == ["GitRepository/shop/web"]
    assert world.heard.syncs == [("startup", "success")]
