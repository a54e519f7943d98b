"""Proofs that a sender knows a secret, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def signs(header: str | None, body: bytes, secrets: Sequence[bytes]) -> bool:
    """Tell whether the header is ``sha256=<hex>``, the HMAC of the body under one of the secrets."""
    expected = (b"sha256=" + hmac.digest(secret, body, hashlib.sha256).hex().encode() for secret in secrets)
    return _any_equals(header, expected)


def equals(header: str | None, secrets: Sequence[bytes]) -> bool:
    """Tell whether the header is one of the secrets."""
    return _any_equals(header, secrets)


def _any_equals(header: str | None, expected: Iterable[bytes]) -> bool:
    """Compare with each one, also after the first that fits, so that time tells nothing.

    Headers are bytes that HTTP libraries show as Latin-1; as bytes they compare whatever is in them, while
    ``compare_digest`` raises for strings that are not ASCII.
    """
    given = (header or "").encode("latin-1")
    matches = [hmac.compare_digest(given, value) for value in expected]
    return any(matches)
