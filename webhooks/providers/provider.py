"""What differs between forges, as a value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LONGEST_REF = 1024


class InvalidPayloadError(Exception):
    """The payload is not what this provider sends."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A ref of a repository moved.

    ``urls`` are comparable; they and ``ref`` may be missing where the route names the repository.
    """

    urls: frozenset[str]
    ref: str | None
    commit: str | None


@dataclass(frozen=True, slots=True)
class Uninteresting:
    """An event that asks for nothing, and why."""

    reason: str


Event = Announced | Uninteresting


@dataclass(frozen=True, slots=True)
class Provider:
    """A forge: how its requests are recognised, authenticated and read.

    ``event_header`` names the event and is None for who sends none. ``authenticates`` tells whether headers
    and raw body were made with one of the secrets, in constant time. ``parse`` reads the event's name and its
    payload, which can be any JSON, and raises InvalidPayloadError.
    """

    name: str
    event_header: str | None
    delivery_headers: tuple[str, ...]
    authenticates: Callable[[Mapping[str, str], bytes, Sequence[bytes]], bool]
    parse: Callable[[str, Any], Event]

    def recognised(self, headers: Mapping[str, str]) -> bool:
        """Tell whether a request says that it comes from this provider."""
        return self.event_header is None or self.event_header in headers

    def event(self, headers: Mapping[str, str]) -> str:
        """Return the name of the event; empty for who sends none."""
        return headers[self.event_header] if self.event_header else ""

    def delivery_id(self, headers: Mapping[str, str]) -> str | None:
        """Return the id under which this delivery can be known again, or None."""
        return next((headers[name] for name in self.delivery_headers if headers.get(name)), None)


def ref_of(value: object) -> str:
    """Return a full ref name that is safe to print and to send on; raises InvalidPayloadError."""
    if not isinstance(value, str) or not value.startswith("refs/"):
        raise InvalidPayloadError("ref is not the full name of a ref")
    if len(value) > _LONGEST_REF or not value.isprintable():
        raise InvalidPayloadError("ref is no name that Git would take")
    return value


def commit_of(value: object) -> str:
    """Return a full commit id, SHA-1 or SHA-256; raises InvalidPayloadError."""
    if not isinstance(value, str) or not _COMMIT.fullmatch(value):
        raise InvalidPayloadError("commit is not a full commit id")
    return value
