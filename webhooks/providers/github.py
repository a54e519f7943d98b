"""GitHub (https://docs.github.com/en/webhooks/webhook-events-and-payloads#push)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from webhooks.providers import signature
from webhooks.providers.provider import (
    Announced,
    Event,
    InvalidPayloadError,
    Provider,
    Uninteresting,
    commit_of,
    ref_of,
)
from workers.model.repository_url import comparable

if TYPE_CHECKING:
    from collections.abc import Sequence

_URLS = ("clone_url", "html_url", "ssh_url", "git_url", "svn_url", "url")


def _authenticates(headers: Mapping[str, str], body: bytes, secrets: Sequence[bytes]) -> bool:
    """Take ``X-Hub-Signature-256`` alone: the older SHA-1 header proves nothing."""
    return signature.signs(headers.get("X-Hub-Signature-256"), body, secrets)


def _parse(event: str, payload: Any) -> Event:  # noqa: ANN401 -- JSON from a stranger can be anything
    if event != "push":
        return Uninteresting("ping" if event == "ping" else "unsupported_event")
    if not isinstance(payload, Mapping):
        raise InvalidPayloadError("a push is an object")
    ref, commit = ref_of(payload.get("ref")), commit_of(payload.get("after"))
    urls = _urls(payload.get("repository"))
    if _deleted(payload) or not commit.strip("0"):
        return Uninteresting("branch_deleted")
    return Announced(urls, ref, commit)


def _deleted(payload: Mapping[str, object]) -> bool:
    deleted = payload.get("deleted", False)
    if not isinstance(deleted, bool):
        raise InvalidPayloadError("deleted is neither true nor false")
    return deleted


def _urls(repository: object) -> frozenset[str]:
    if not isinstance(repository, Mapping):
        raise InvalidPayloadError("repository is no object")
    texts = (url for key in _URLS if isinstance(url := repository.get(key), str))
    return frozenset(filter(None, map(comparable, texts)))


GITHUB = Provider("github", "X-GitHub-Event", ("X-GitHub-Delivery",), _authenticates, _parse)
"""GitHub and GitHub Enterprise Server."""
