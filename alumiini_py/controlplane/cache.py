"""Programs that were obtained once, for every checkout of the same user.

An entry appears whole or not at all: it is written beside, brought to the disk, and renamed. Whoever fills an
entry holds a lock, which the kernel frees when that process dies; so what lies beside then is nobody's.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alumiini_py.controlplane.progress import step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alumiini_py.controlplane.progress import Progress


@dataclass(frozen=True, slots=True)
class Cache:
    """Entries in a folder, each a folder with the files ``names``."""

    folder: Path
    names: tuple[str, ...]

    def entry(self, key: str, fill: Callable[[Path], None], progress: Progress) -> Path:
        """Return the entry; ``fill`` writes its files if it is missing, in one process at a time."""
        entry = self.folder / key
        if self._is_whole(entry):
            return entry
        self.folder.mkdir(parents=True, exist_ok=True)
        with _locked(self.folder / f"{key}.lock", progress):
            if not self._is_whole(entry):  # nobody filled it while we waited
                self._fill(entry, fill)
        return entry

    def _is_whole(self, entry: Path) -> bool:
        return all((entry / name).is_file() for name in self.names)

    def _fill(self, entry: Path, fill: Callable[[Path], None]) -> None:
        for leftover in (entry, *self.folder.glob(f"{entry.name}.part-*")):
            shutil.rmtree(leftover, ignore_errors=True)
        part = Path(tempfile.mkdtemp(prefix=f"{entry.name}.part-", dir=self.folder))
        try:
            fill(part)
            for path in (*part.iterdir(), part):
                _to_disk(path)
            part.rename(entry)
        except BaseException:
            shutil.rmtree(part)
            raise
        _to_disk(self.folder)


@contextmanager
def _locked(file: Path, progress: Progress) -> Iterator[None]:
    with file.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with step(progress, "another process is obtaining the same programs; waiting for it"):
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
