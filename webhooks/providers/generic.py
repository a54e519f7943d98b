"""Anybody who can send three fields: ``{"repository": url, "ref": "refs/heads/main", "commit": sha}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from webhooks.providers import signature
from webhooks.providers.provider import Announced, Event, InvalidPayloadError, Provider, commit_of, ref_of
from workers.model.repository_url import comparable

if TYPE_CHECKING:
    from collections.abc import Sequence


def _authenticates(headers: Mapping[str, str], body: bytes, secrets: Sequence[bytes]) -> bool:
    """Take an HMAC of the body, or the secret itself as a bearer token."""
    signed = signature.signs(headers.get("X-Signature"), body, secrets)
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    borne = signature.equals(token.strip(), secrets)
    return signed or (borne and scheme.lower() == "bearer")


def _parse(_event: str, payload: Any) -> Event:  # noqa: ANN401 -- JSON from a stranger can be anything
    if not isinstance(payload, Mapping):
        raise InvalidPayloadError("the payload is an object")
    ref, commit = payload.get("ref"), payload.get("commit")
    return Announced(
        _urls(payload.get("repository")),
        None if ref is None else ref_of(ref),
        None if commit is None else commit_of(commit),
    )


def _urls(repository: object) -> frozenset[str]:
    if repository is None:
        return frozenset()
    url = comparable(repository) if isinstance(repository, str) else None
    if url is None:
        raise InvalidPayloadError("repository is no URL of a repository")
    return frozenset({url})


GENERIC = Provider("generic", None, ("Idempotency-Key",), _authenticates, _parse)
"""Scripts, and forges that have no module of their own."""
