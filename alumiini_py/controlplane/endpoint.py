"""One HTTPS request at a time to the API server, for what has to be known before it serves clients."""

from __future__ import annotations

import http.client
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the API server listens and what it knows us by."""

    port: int
    token: str = field(repr=False)
    ca_file: Path

    @property
    def url(self) -> str:
        """The base address, without a slash at the end."""
        return f"https://127.0.0.1:{self.port}"

    def answers(self, path: str) -> bool:
        """Whether ``GET path`` is answered with 200; anything else, silence included, is a no."""
        try:
            trust = ssl.create_default_context(cafile=self.ca_file)
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=_SECONDS, context=trust)
            try:
                connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
                return connection.getresponse().status == http.client.OK
            finally:
                connection.close()
        except (OSError, http.client.HTTPException):
            return False
