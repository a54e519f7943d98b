"""``spec`` of a GitRepository, checked in code too: a schema can be older than the program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workers.model.durations import seconds
from workers.model.errors import Reason, SyncError
from workers.model.pruning import PruneLimit

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_BRANCH = "main"
_SHORTEST_INTERVAL = 1.0
_SHORTEST_TIMEOUT = 1.0
_LONGEST = 366 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class RepositorySpec:
    """What a person asked for, with defaults filled in; times in seconds."""

    url: str
    branch: str
    path: str
    interval: float
    timeout: float
    target_namespace: str
    secret: str | None
    prune: bool
    prune_limit: PruneLimit
    allow_empty: bool
    suspend: bool


def decode_spec(spec: Mapping[str, Any], namespace: str) -> RepositorySpec:
    """Read ``spec`` of an object in ``namespace``.

    Raises SyncError with ``InvalidSpec`` naming the first field that cannot work and how to write it.
    """
    return RepositorySpec(
        url=_text(spec, "url", None),
        branch=_text(spec, "branch", DEFAULT_BRANCH),
        path=_text(spec, "path", ""),
        interval=_duration(spec, "interval", "5m", _SHORTEST_INTERVAL),
        timeout=_duration(spec, "timeout", "3m", _SHORTEST_TIMEOUT),
        target_namespace=_text(spec, "targetNamespace", namespace),
        secret=_secret(spec),
        prune=_flag(spec, "prune", default=True),
        prune_limit=_prune_limit(spec),
        allow_empty=_flag(spec, "allowEmpty", default=False),
        suspend=_flag(spec, "suspend", default=False),
    )


def is_suspended(spec: Mapping[str, Any]) -> bool:
    """Tell whether a spec asks for rest; holds even where the rest of the spec cannot be read."""
    return spec.get("suspend") is True


def _invalid(field: str, what: str) -> SyncError:
    return SyncError(Reason.INVALID_SPEC, f"spec.{field} {what}")


def _text(spec: Mapping[str, Any], field: str, default: str | None) -> str:
    value = spec.get(field, default)
    if value is None:
        raise _invalid(field, "is missing; set it")
    if not isinstance(value, str):
        raise _invalid(field, "must be a string")
    return value


def _flag(spec: Mapping[str, Any], field: str, *, default: bool) -> bool:
    value = spec.get(field, default)
    if not isinstance(value, bool):
        raise _invalid(field, "must be true or false")
    return value


def _duration(spec: Mapping[str, Any], field: str, default: str, shortest: float) -> float:
    try:
        value = seconds(_text(spec, field, default))
    except ValueError as error:
        raise _invalid(field, f"is wrong: {error}") from None
    if not shortest <= value <= _LONGEST:
        raise _invalid(field, f"must be at least {shortest:g}s and at most a year")
    return value


def _secret(spec: Mapping[str, Any]) -> str | None:
    reference = spec.get("secretRef")
    if reference is None:
        return None
    name = reference.get("name") if isinstance(reference, dict) else None
    if not isinstance(name, str) or not name:
        raise _invalid("secretRef.name", "is missing; name a Secret in the same namespace")
    return name


def _prune_limit(spec: Mapping[str, Any]) -> PruneLimit:
    try:
        return PruneLimit.parse(spec.get("pruneLimit", "50%"))
    except ValueError as error:
        raise _invalid("pruneLimit", f"is wrong: {error}") from None
