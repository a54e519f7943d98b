"""An API server for one object: keeps it as a document and writes down what is asked."""

from __future__ import annotations

import copy
import threading
from typing import TYPE_CHECKING, Any, cast

from tests.model.rfc7396 import applied
from tests.supervisor.puppet import BOUND
from workers.cluster.errors import ChangedError
from workers.model.errors import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from supervisor.deadline import Deadline
    from workers.cluster.objects import Objects
    from workers.cluster.resources import Resource
    from workers.model.keys import ObjectKey


class OneObject:
    """``document`` is what stands in the cluster, None when it is gone.

    ``before`` is called with every verb before it has its effect; what it raises is the answer.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document: dict[str, Any] | None = copy.deepcopy(dict(document))
        self.patches: list[tuple[str, dict[str, Any]]] = []
        self.reads = 0
        self.before: Callable[[str], object] = lambda _verb: None
        self.changed = threading.Condition()

    @property
    def objects(self) -> Objects:
        """The port that actors get."""
        return cast("Objects", self)

    @property
    def status(self) -> Any:  # noqa: ANN401 -- a document
        """What stands in ``status``."""
        assert self.document is not None
        return self.document["status"]

    def get(self, _resource: Resource, _key: ObjectKey, deadline: Deadline) -> dict[str, Any] | None:
        deadline.check()
        self.before("get")
        self.reads += 1
        return copy.deepcopy(self.document)

    def merge_patch(
        self,
        _resource: Resource,
        _key: ObjectKey,
        change: Mapping[str, Any],
        deadline: Deadline,
        *,
        subresource: str = "",
    ) -> dict[str, Any] | None:
        deadline.check()
        self.before("patch")
        if self.document is None:
            return None
        self._refuse_another(change.get("metadata", {}))
        self.patches.append((subresource, copy.deepcopy(dict(change))))
        part = "status" if subresource == "status" else "metadata"
        if part in change:
            self.document[part] = applied(self.document.get(part), change[part])
        self.touch()
        with self.changed:
            self.changed.notify_all()
        return copy.deepcopy(self.document)

    def touch(self, **metadata: Any) -> None:  # noqa: ANN401 -- fields of metadata
        """Change metadata as somebody else would."""
        assert self.document is not None
        version = int(self.document["metadata"]["resourceVersion"]) + 1
        self.document["metadata"] |= {"resourceVersion": str(version), **metadata}

    def _refuse_another(self, metadata: Mapping[str, Any]) -> None:
        assert self.document is not None
        present = self.document["metadata"]
        for field in ("uid", "resourceVersion"):
            if metadata.get(field, present[field]) != present[field]:
                raise ChangedError(Reason.APPLY_FAILED, f"{field} is not {metadata[field]}")


def blocking(entered: threading.Event, gate: threading.Event) -> Callable[..., None]:
    """Return a hook that says it was entered and waits for the gate, once."""

    def hook(*_: object) -> None:
        if not gate.is_set():
            entered.set()
            assert gate.wait(BOUND)

    return hook
