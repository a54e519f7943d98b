"""The supervision tree as the status API shows it: nodes, nested as their supervisors are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from supervisor.child import Child
from supervisor.systemic import WINDOW, bearable
from workers.model.conditions import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from supervisor.child import LastExit
    from supervisor.dynamic import DynamicSupervisor

Node = dict[str, Any]

_APPLICATION, _REPOSITORIES = "alumiini", "repositories"


class SupervisionTree:
    """Implements ``webhooks.ports.Tree``: the application, and in it the supervisor of the repositories."""

    def __init__(self, repositories: DynamicSupervisor) -> None:
        self._repositories = repositories

    def tree(self) -> Mapping[str, Any]:
        """Return the root; what is in it is as old as the last change of each child."""
        state = self._repositories.state
        # Nothing starts the supervisor itself again: the process ends with it.
        root = {"name": _APPLICATION, "state": state, "restarts": 0}
        repositories = Child(_REPOSITORIES, state, generation=1, restarts=0)
        children = [node(child) for child in self._repositories.which_children()]
        return supervising(
            root,
            [supervising(node(repositories), children, most=bearable(len(children)), seconds=WINDOW)],
            most=0,
            seconds=WINDOW,
        )


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
