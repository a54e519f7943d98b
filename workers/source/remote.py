"""What is asked of a remote: an address, a branch and who asks."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BasicAuth:
    """A user name and a password (or token) for HTTP; the password shows in no representation."""

    username: str
    password: str = field(repr=False)

    def header(self) -> str:
        """Return the value of the ``Authorization`` header (RFC 7617, UTF-8)."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Remote:
    """One branch of one repository, asked for as ``auth`` or, without it, as nobody in particular.

    ``url`` and ``branch`` are taken as a person wrote them; they are checked where they are used.
    """

    url: str
    branch: str
    auth: BasicAuth | None = None
