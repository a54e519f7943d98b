"""The GitRepository kind, as the controller has to know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workers.cluster.resources import Resource
from workers.controller.kind import Kind, Trigger
from workers.model.ownership import DOMAIN
from workers.model.scopes import Scope
from workers.repository.actor import RepositoryActor
from workers.repository.messages import DeletionRequested, PruneAllowed, SpecChanged, SyncRequested
from workers.repository.run import ALLOW_PRUNE_ANNOTATION
from workers.repository.status import requested_at

if TYPE_CHECKING:
    from supervisor.actor import ActorRef, Context
    from workers.controller.custom_object import CustomObject
    from workers.controller.kind import Audience
    from workers.model.keys import ResourceKey
    from workers.repository.ports import Engines

GIT_REPOSITORY = Resource(DOMAIN, "v1alpha1", "GitRepository", "gitrepositories", Scope.NAMESPACED)
FIELD_MANAGER = "alumiini"
STATUS_MANAGER = "alumiini-status"


def git_repository(engines: Engines, audience: Audience) -> Kind:
    """Return the kind whose actors work with these engines."""

    def start(context: Context, key: ResourceKey, subject: CustomObject | None) -> ActorRef:
        return RepositoryActor.start(context, GIT_REPOSITORY, key, subject, engines)

    return Kind(GIT_REPOSITORY, _TRIGGERS, start, audience)


_TRIGGERS = (
    Trigger(lambda subject: subject.deleting, DeletionRequested),
    Trigger(lambda subject: subject.generation, SpecChanged),
    Trigger(requested_at, SyncRequested),
    Trigger(lambda subject: subject.annotations.get(ALLOW_PRUNE_ANNOTATION), PruneAllowed),
)
