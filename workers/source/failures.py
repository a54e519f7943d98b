"""What an HTTP server's refusals and a network's failures mean to the person who reads the status."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from urllib3.exceptions import (
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from workers.model.errors import Reason, SyncError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_WAIT = 3600.0
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _GONE = 401, 403, 404, 410
_TOO_MANY, _UNAVAILABLE, _SERVER_FAILED = 429, 503, 500


def refusal(status: int, headers: Mapping[str, str], host: str, *, authenticated: bool) -> SyncError:
    """Return what an HTTP status other than 200 means; nothing of the answer's body is in it."""
    wait = retry_after(headers.get("Retry-After"), datetime.now(UTC))
    if status in (_TOO_MANY, _UNAVAILABLE) or (status == _FORBIDDEN and wait is not None):
        return SyncError(
            Reason.RATE_LIMITED,
            f"{host} asks to come back later (HTTP {status}); it is tried again by itself",
            retry_after=wait,
        )
    if status in (_UNAUTHORIZED, _FORBIDDEN):
        return SyncError(Reason.AUTHENTICATION_FAILED, _denied(status, host, authenticated=authenticated))
    if status in (_NOT_FOUND, _GONE):
        advice = (
            "or what the credentials may read" if authenticated else "or name credentials in spec.secretRef"
        )
        return _failed(f"{host} has no such repository (HTTP {status}); check spec.url {advice}")
    if status >= _SERVER_FAILED:
        return _failed(f"{host} failed (HTTP {status}); it is tried again by itself")
    return _failed(f"{host} answered HTTP {status}, which a Git server does not; check spec.url")


def retry_after(value: str | None, now: datetime) -> float | None:
    """Read ``Retry-After`` (RFC 9110: seconds or a date) as seconds from now, at most an hour."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), _LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    seconds = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_WAIT)


def network_failure(error: HTTPError | OSError, host: str) -> SyncError:
    """Return what a failed request means; the deadline has been asked before."""
    if isinstance(error, SSLError):
        return _tls_failure(error, host)
    if isinstance(error, NameResolutionError):
        return _failed(f"the name {host} cannot be resolved; check spec.url and the name servers")
    if isinstance(error, NewConnectionError):
        return _failed(f"{host} accepts no connection; check spec.url and the network")
    if isinstance(error, ReadTimeoutError):
        return timeout(host)
    return _failed(f"the connection to {host} broke; it is tried again by itself")


def timeout(host: str) -> SyncError:
    """Return the failure of a deadline."""
    return SyncError(
        Reason.GIT_TIMEOUT, f"{host} did not finish in time; check the network or raise spec.timeout"
    )


def _tls_failure(error: SSLError, host: str) -> SyncError:
    cause = error.args[0] if error.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return SyncError(
            Reason.CERTIFICATE_INVALID,
            f"the certificate of {host} is not trusted ({cause.verify_message}); correct it on the server",
        )
    return _failed(f"no TLS connection to {host}; check that spec.url names its HTTPS port")


def _denied(status: int, host: str, *, authenticated: bool) -> str:
    if authenticated:
        return f"{host} refused the credentials (HTTP {status}); check the Secret in spec.secretRef"
    return f"{host} asks for credentials (HTTP {status}); name a Secret in spec.secretRef"


def _failed(message: str) -> SyncError:
    return SyncError(Reason.GIT_OPERATION_FAILED, message)
