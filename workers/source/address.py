"""Addresses of repositories over HTTP, and names of branches: checked before anything is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from workers.model.errors import Reason, SyncError

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+", re.ASCII)
_NOT_IN_A_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a repository is; ``path`` starts with a slash or is empty, and ends without one."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host and port: what a credential is meant for."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def url(self) -> str:
        """The address in its one normal spelling."""
        return self.origin + self.path


def parse_address(url: str) -> Address:
    """Read ``spec.url``; raises SyncError with ``InvalidURL`` that says how to write it."""
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise _invalid("may hold printable ASCII only; percent-encode the path, write the host as xn--")
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port
    except ValueError:
        raise _invalid("cannot be read; write it like https://host/path/repository.git") from None
    if scheme not in _DEFAULT_PORTS or not url.partition(":")[2].startswith("//"):
        raise _invalid("must start with https:// or http://; other transports do not work yet")
    if "@" in parts.netloc:
        raise _invalid("holds credentials; put them into a Secret and name it in spec.secretRef")
    if not _HOST.fullmatch(host):
        raise _invalid("names no host; write it like https://host/path/repository.git")
    if parts.query or parts.fragment or url[-1] in "?#":
        raise _invalid("may have neither a query nor a fragment")
    return Address(scheme, host, port or _DEFAULT_PORTS[scheme], parts.path.rstrip("/"))


def branch_ref(branch: str) -> str:
    """Return the full name of a branch; raises SyncError with ``InvalidSpec`` (git-check-ref-format)."""
    if not branch or branch[0] in "/." or branch[-1] in "/." or _NOT_IN_A_REF.search(branch):
        raise SyncError(Reason.INVALID_SPEC, f"{branch!r} is no branch name; correct spec.branch")
    return f"refs/heads/{branch}"


def _invalid(what: str) -> SyncError:
    return SyncError(Reason.INVALID_URL, f"spec.url {what}")
