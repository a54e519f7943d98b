"""Forges that send webhooks, one module each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhooks.providers.generic import GENERIC
from webhooks.providers.github import GITHUB

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webhooks.providers.provider import Provider

PROVIDERS = (GITHUB, GENERIC)
"""In the order in which a request is recognised: the generic one takes what is left."""


def recognise(headers: Mapping[str, str]) -> Provider:
    """Return the provider whose event header is there; the generic one when there is none."""
    return next(provider for provider in PROVIDERS if provider.recognised(headers))
