"""The URL of a repository as a name that can be compared."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443, "ssh": 22, "git": 9418}
_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^@/:\[\]]+):(?P<path>.+)")


def comparable(url: str) -> str | None:
    """Return ``host/path`` (``host:port/path`` for a port that is not the scheme's), or None.

    Two URLs name the same repository when these strings are equal: scheme, user, default port, ``.git``, a
    trailing slash and the case of the host do not count; the case of the path does, because it does for most
    servers. The scp form ``user@host:path`` is read as ssh. None means that this is no URL of a repository at
    a host: it equals nothing, not even itself.
    """
    if not url.isprintable() or any(character in url for character in " ?#\\"):
        return None  # urlsplit would drop some of these, and so make two different URLs equal
    host_and_path = _of_url(url) if "://" in url else _of_scp(url)
    if host_and_path is None:
        return None
    host, path = host_and_path
    path = path.strip("/").removesuffix(".git").rstrip("/")
    return f"{host.lower()}/{path}" if host and path else None


def _of_url(url: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # a port that is no number, a bracket that is not closed
        return None
    if parts.scheme not in _DEFAULT_PORTS:
        return None
    if ":" in host:
        host = f"[{host}]"
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        host = f"{host}:{port}"
    return host, parts.path


def _of_scp(url: str) -> tuple[str, str] | None:
    match = _SCP.fullmatch(url)
    return (match["host"], match["path"]) if match else None
