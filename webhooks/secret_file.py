"""The global webhook secret, read again while it is being rotated."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from supervisor.clock import Clock, SystemClock

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)

_READ_AGAIN_AFTER = 1.0
"""Seconds for which what was read is believed."""

_LARGEST = 64 * 1024


class SecretFile:
    """The secrets in the first two lines of a file: the current one and, during rotation, the previous one.

    The file is read when somebody asks, at most once a second; there is no thread and nothing to stop. No
    path, no file, or nothing in it all mean: no secret, so that nobody is let in. Belongs to one event loop.
    """

    def __init__(self, path: Path | None, clock: Clock | None = None) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        self._secrets: tuple[bytes, ...] = ()
        self._believed_until = float("-inf")
        self._complaint = ""

    def current(self) -> tuple[bytes, ...]:
        """Return the secrets that are valid now, none of them empty."""
        now = self._clock.monotonic()
        if now >= self._believed_until:
            self._secrets = self._read()
            self._believed_until = now + _READ_AGAIN_AFTER
        return self._secrets

    def _read(self) -> tuple[bytes, ...]:
        if self._path is None:
            self._complain("no webhook secret file is given, so provider webhooks are off")
            return ()
        try:
            with self._path.open("rb") as file:
                lines = file.read(_LARGEST).splitlines()[:2]
        except OSError as error:
            self._complain(f"the webhook secret file {self._path} cannot be read: {error.strerror}")
            return ()
        secrets = tuple(filter(None, map(bytes.strip, lines)))
        self._complain("" if secrets else f"the webhook secret file {self._path} holds no secret")
        return secrets

    def _complain(self, complaint: str) -> None:
        if complaint and complaint != self._complaint:
            _log.warning(complaint)
        self._complaint = complaint
