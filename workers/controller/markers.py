"""Who was at work when the process died: a note on disk for as long as a step is risky.

A crash in C code or the kernel's out-of-memory killer takes the whole process, and would do so again at each
start. Notes that are still there at the next start tell whose step it was.
"""

from __future__ import annotations

import hashlib
import json
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from workers.model.keys import ResourceKey

_TOLERATED = 2
_FIRST, _MOST = 60.0, 900.0
_log = logging.getLogger(__name__)


class Markers:
    """Notes in a folder that belongs to this process; each key is used by one thread at a time.

    Without a folder to write to nothing is noted, and a line in the log says so: that stops nobody's work.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ends: dict[str, int] = {}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in folder.iterdir():
            self._recall(file)

    def parked_for(self, key: ResourceKey) -> float:
        """Return the seconds that an actor waits before its first start; 0 for who is not under suspicion.

        After two ends of the process in its risky steps it is a minute, doubling to 15 minutes.
        """
        ends = self._ends.get(str(key), 0)
        return 0.0 if ends < _TOLERATED else min(_FIRST * 2.0 ** (ends - _TOLERATED), _MOST)

    @contextmanager
    def risky(self, key: ResourceKey) -> Iterator[None]:
        """Note that this object is in a step that may take the process with it."""
        file = self._folder / hashlib.sha256(str(key).encode()).hexdigest()
        self._write(file, str(key))
        try:
            yield
        finally:
            file.unlink(missing_ok=True)
        self._ends.pop(str(key), None)

    def close(self) -> None:
        """Take all notes away: the process ends in order, whoever is still at work."""
        for file in self._folder.iterdir():
            file.unlink(missing_ok=True)

    def _recall(self, file: Path) -> None:
        try:
            note = json.loads(file.read_bytes())
            key, ends = str(note["key"]), int(note["ends"]) + 1
        except (OSError, ValueError, KeyError, TypeError):  # it died while it wrote this
            file.unlink(missing_ok=True)
            return
        self._ends[key] = ends
        self._write(file, key)
        _log.warning("the process ended %d times in the middle of a risky step of %s", ends, key)

    def _write(self, file: Path, key: str) -> None:
        try:
            file.write_text(json.dumps({"key": key, "ends": self._ends.get(key, 0)}))
        except OSError as error:
            _log.warning("cannot note what is under way in %s: %s", self._folder, error.strerror)
