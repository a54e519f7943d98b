"""Bodies from strangers: bounded in size and time, and decoded only after they were authenticated."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect

from webhooks.answers import refused

if TYPE_CHECKING:
    from starlette.requests import Request

LARGEST = 1024 * 1024
"""Bytes that a webhook may have."""

_SECONDS = 10.0
"""Time in which the whole body must have come."""

_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"
_FORM_FIELDS = 16


async def read(request: Request) -> bytes:
    """Return the raw body; raises RefusedError when it is too large or does not come in time.

    A ``Content-Length`` that is too large is refused before a byte is read, and never trusted otherwise.
    """
    if int(request.headers.get("Content-Length", 0)) > LARGEST:
        raise refused(413, "too_large")
    try:
        async with asyncio.timeout(_SECONDS):
            return await _stream(request)
    except TimeoutError:
        raise refused(408, "timeout") from None
    except ClientDisconnect:
        raise refused(400, "disconnected") from None


async def _stream(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise refused(413, "too_large")
    return bytes(body)


def media_type(request: Request) -> str:
    """Return the media type of the body; raises RefusedError (415) unless it is JSON or a form."""
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in {_JSON, _FORM}:
        raise refused(415, "unsupported_media_type")
    return kind


def decode(body: bytes, kind: str) -> Any:  # noqa: ANN401 -- JSON from a stranger can be anything
    """Return the JSON in the body, or in the field ``payload`` of a form; raises RefusedError (400)."""
    try:
        return json.loads(_payload_field(body) if kind == _FORM else body)
    except (ValueError, RecursionError):
        raise refused(400, "invalid_payload") from None


def _payload_field(body: bytes) -> str:
    fields = parse_qs(body.decode(), strict_parsing=True, max_num_fields=_FORM_FIELDS)
    if len(payloads := fields.get("payload", [])) != 1:
        raise ValueError("a form has exactly one payload")
    return payloads[0]
