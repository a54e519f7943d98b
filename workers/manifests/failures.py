"""What is wrong with a source, for a person who wants to correct all of it in one go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workers.model.errors import ObjectError, Reason, SyncError

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong in a file, and what to do.

    ``line`` counts from 1; ``label`` names the object as ``Kind.group/namespace/name``, empty when it cannot
    be told.
    """

    line: int
    label: str
    message: str


def failure(faults: Collection[tuple[str, Fault]]) -> SyncError:
    """Return the error of a build with these faults, each with the path of its file, sorted by place."""
    errors = tuple(_error(path, fault) for path, fault in sorted(faults))
    first = f"{errors[0].file}: {errors[0].message}"
    if len(errors) == 1:
        return SyncError(Reason.BUILD_FAILED, first, errors=errors)
    return SyncError(Reason.BUILD_FAILED, f"{len(errors)} errors, the first is {first}", errors=errors)


def _error(path: str, fault: Fault) -> ObjectError:
    return ObjectError(fault.label, f"{path}:{fault.line}", Reason.BUILD_FAILED, fault.message)
