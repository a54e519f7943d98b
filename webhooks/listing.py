"""Pages of snapshots: filters and continue tokens, as pure functions."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LARGEST = 500
"""Items on a page, also when no limit is asked for."""

_PHASES = frozenset({"Pending", "Syncing", "Synced", "Failed"})
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_LIMIT = re.compile(r"[0-9]{1,9}", re.ASCII)

Key = tuple[str, str]


class InvalidQueryError(Exception):
    """A query parameter has a value that cannot be; ``parameter`` names it."""

    def __init__(self, parameter: str) -> None:
        super().__init__(parameter)
        self.parameter = parameter


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for; ``after`` is the last item of the page before."""

    namespace: str | None = None
    phase: str | None = None
    limit: int = LARGEST
    after: Key | None = None


def parse(parameters: Mapping[str, str]) -> Query:
    """Read the parameters of a request; raises InvalidQueryError for the first that is wrong."""
    namespace, phase = parameters.get("namespace"), parameters.get("phase")
    if namespace is not None and not _NAMESPACE.fullmatch(namespace):
        raise InvalidQueryError("namespace")
    if phase is not None and phase not in _PHASES:
        raise InvalidQueryError("phase")
    return Query(namespace, phase, _limit(parameters.get("limit")), _after(parameters.get("continue")))


def page(snapshots: Sequence[Mapping[str, Any]], query: Query) -> dict[str, Any]:
    """Return one page in the order of namespace and name; ``total`` counts what the filters leave.

    A token names the last item seen, so a page neither repeats nor skips anything when others come or go.
    """
    wanted = sorted((snapshot for snapshot in snapshots if _fits(snapshot, query)), key=_key)
    rest = [snapshot for snapshot in wanted if query.after is None or _key(snapshot) > query.after]
    items = rest[: query.limit]
    token = _token(_key(items[-1])) if len(items) < len(rest) else None
    return {"items": items, "continue": token, "total": len(wanted)}


def _fits(snapshot: Mapping[str, Any], query: Query) -> bool:
    return query.namespace in {None, snapshot["namespace"]} and query.phase in {None, snapshot["phase"]}


def _key(snapshot: Mapping[str, Any]) -> Key:
    return snapshot["namespace"], snapshot["name"]


def _limit(text: str | None) -> int:
    if text is None:
        return LARGEST
    if not _LIMIT.fullmatch(text) or int(text) == 0:
        raise InvalidQueryError("limit")
    return min(int(text), LARGEST)


def _token(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _after(token: str | None) -> Key | None:
    if token is None:
        return None
    try:
        namespace, name = json.loads(base64.b64decode(token, b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise InvalidQueryError("continue") from None
    if not isinstance(namespace, str) or not isinstance(name, str):
        raise InvalidQueryError("continue")
    return namespace, name
