"""The supervision tree as the status API shows it: nodes, nested as their supervisors are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alumiini_py.services import REPOSITORIES
from supervisor.child import State
from supervisor.systemic import WINDOW, bearable
from workers.model.conditions import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from supervisor.child import Child, LastExit
    from supervisor.dynamic import DynamicSupervisor
    from supervisor.static import Supervisor

Node = dict[str, Any]

_APPLICATION = "alumiini"


class SupervisionTree:
    """Implements ``webhooks.ports.Tree``: the root with its services, and the repositories below."""

    def __init__(self, repositories: DynamicSupervisor, services: Callable[[], Supervisor]) -> None:
        self._repositories = repositories
        self._services = services

    def tree(self) -> Mapping[str, Any]:
        """Return the root; what is in it is as old as the last change of each child."""
        services = self._services()
        # Nothing starts the root again: the process ends with it.
        root = {"name": _APPLICATION, "state": services.state, "restarts": 0}
        children = [child for child in services.which_children() if child.state is not State.ENDED]
        return supervising(
            root,
            [self._below(node(child)) for child in children],
            most=services.intensity.max_restarts,
            seconds=services.intensity.seconds,
        )

    def _below(self, parent: Node) -> Node:
        """Return a child of the root, with the actors if it is their supervisor."""
        if parent["key"] != REPOSITORIES:
            return parent
        actors = [node(child) for child in self._repositories.which_children()]
        return supervising(parent, actors, most=bearable(len(actors)), seconds=WINDOW)


def node(child: Child) -> Node:
    """Return a child as a worker without children."""
    return {
        "key": str(child.key),
        "kind": "worker",
        **life(child),
        "lastExit": _last_exit(child.last_exit),
        "children": [],
    }


def supervising(parent: Mapping[str, Any], children: Iterable[Node], *, most: int, seconds: float) -> Node:
    """Return a node as the supervisor of others, which gives up after more than ``most`` in ``seconds``."""
    return {
        **parent,
        "kind": "supervisor",
        "intensity": {"max": most, "seconds": seconds},
        "children": list(children),
    }


def life(child: Child) -> Node:
    """Return where a child is in its life, and what waits for it."""
    return {
        "state": child.state,
        "generation": child.generation,
        "restarts": child.restarts,
        "nextStart": None if child.next_start is None else timestamp(child.next_start),
        "mailbox": {
            "depth": child.backlog.depth,
            "oldestSeconds": round(child.backlog.oldest_seconds, 3),
        },
    }


def _last_exit(last: LastExit | None) -> Node | None:
    return None if last is None else {"reason": str(last.reason), "at": timestamp(last.at)}
