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
        for file in sorted(folder.iterdir()):
            self._recall(file)

    def parked_for(self, key: ResourceKey) -> float:
        """Return the seconds that an actor waits before its first start; 0 for who is not under suspicion.

        After two ends of the process in its risky steps it is a minute, doubling to 15 minutes; of several
        suspects each waits that long after the one before it, so that the guilty one ends alone.
        """
        suspects = [name for name, ends in self._ends.items() if ends >= _TOLERATED]
        if str(key) not in suspects:
            return 0.0
        wait = min(_FIRST * 2.0 ** (self._ends[str(key)] - _TOLERATED), _MOST)
        return wait * (1 + suspects.index(str(key)))

    @contextmanager
    def risky(self, key: ResourceKey) -> Iterator[None]:
        """Note that this object is in a step that may take the process with it."""
        self._write(str(key), under_way=True)
        try:
            yield
        finally:
            if str(key) in self._ends:
                self._write(str(key), under_way=False)
            else:
                self._remove(self._file(str(key)))

    def acquit(self, key: ResourceKey) -> None:
        """Note that all risky steps of a sync have ended well."""
        if self._ends.pop(str(key), None) is not None:
            self._remove(self._file(str(key)))

    def close(self) -> None:
        """Take the notes of steps under way back: the process ends by our own will, whoever is at work."""
        for file in self._folder.glob("*"):
            self._remove(file)
        for key in self._ends:
            self._write(key, under_way=False)

    def _recall(self, file: Path) -> None:
        try:
            note = json.loads(file.read_bytes())
            key, ends, under_way = str(note["key"]), int(note["ends"]), bool(note["underWay"])
        except (OSError, ValueError, KeyError, TypeError):  # it died while it wrote this
            self._remove(file)
            return
        self._ends[key] = ends + under_way
        if under_way:
            self._write(key, under_way=False)
            _log.warning("the process ended %d times in the middle of a risky step of %s", ends + 1, key)

    def _file(self, key: str) -> Path:
        return self._folder / hashlib.sha256(key.encode()).hexdigest()

    def _write(self, key: str, *, under_way: bool) -> None:
        note = {"key": key, "ends": self._ends.get(key, 0), "underWay": under_way}
        try:
            self._file(key).write_text(json.dumps(note))
        except OSError as error:
            self._complain(error)

    def _remove(self, file: Path) -> None:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            self._complain(error)

    def _complain(self, error: OSError) -> None:
        _log.warning("cannot note what is under way in %s: %s", self._folder, error.strerror)
