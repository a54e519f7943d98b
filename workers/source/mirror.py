"""One bare copy of a repository: what chosen commits hold, without history, never checked out.

The file ``shallow`` lists the commits that are complete here, newest last. It is replaced after their objects
are in place: a kill at any moment leaves at worst objects that nobody asks for.
"""

from __future__ import annotations

import re
import shutil
import threading
from typing import TYPE_CHECKING

from workers.source.packs import store_pack

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from supervisor.deadline import Deadline

RECORD = "shallow"
COMMITS = 8
"""How many commits are remembered: branches of one repository share what they hold."""
PACKS, LOOSE = 50, 2048
"""How many packs and single objects may gather, some with each fetch, before the mirror is made anew."""

_COMMIT = re.compile(r"[0-9a-f]{40}", re.ASCII)
_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"


class Mirror:
    """A repository in a folder that exists while somebody holds a pin, or until it is retired."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._pins = 0
        self._retired = False
        self._commits = _recorded(path)
        _remove_unfinished(path)

    @property
    def commits(self) -> tuple[str, ...]:
        """The commits that are complete here, newest last."""
        return self._commits

    def is_crowded(self) -> bool:
        """Tell whether so many fetches came together here that a new mirror reads faster."""
        objects = self.path / "objects"
        sample = objects / "17"  # one of 256 folders over which single objects spread, as git itself counts
        loose = len(list(sample.iterdir())) * 256 if sample.exists() else 0
        return len(list((objects / "pack").glob("*.pack"))) >= PACKS or loose >= LOOSE

    def pin(self, commit: str) -> bool:
        """Keep the folder until ``release`` if the commit is complete here."""
        with self._lock:
            complete = commit in self._commits
            self._pins += complete
        return complete

    def release(self) -> None:
        """Give a pin back."""
        with self._lock:
            self._pins -= 1
            self._remove_if_unused()

    def store(self, commit: str, parts: Iterable[bytes], deadline: Deadline) -> None:
        """Take a pack that completes ``commit``; one thread at a time may do so.

        Objects are named by hashes that are computed here, so none can be forged.
        """
        with self._lock:
            self._pins += 1
        try:
            store_pack(self.path, parts, deadline)
            self._record(commit)
        except BaseException:
            _remove_unfinished(self.path)
            raise
        finally:
            self.release()

    def retire(self) -> None:
        """Remove the folder as soon as nobody holds a pin; what it has is complete for nobody any more."""
        with self._lock:
            self._retired = True
            self._commits = ()
            (self.path / RECORD).unlink(missing_ok=True)
            self._remove_if_unused()

    def _record(self, commit: str) -> None:
        with self._lock:
            if self._retired:
                return
            kept = (*(known for known in self._commits if known != commit), commit)[-COMMITS:]
            temporary = self.path / f"{RECORD}.new"
            temporary.write_text("".join(f"{known}\n" for known in kept))
            temporary.replace(self.path / RECORD)
            self._commits = kept

    def _remove_if_unused(self) -> None:
        if self._retired and self._pins == 0:
            shutil.rmtree(self.path)


def create_mirror(path: Path) -> Mirror:
    """Return an empty mirror in a new folder."""
    path.mkdir(mode=0o700)
    for folder in ("objects/pack", "refs"):
        (path / folder).mkdir(parents=True)
    (path / "HEAD").write_text("ref: refs/heads/main\n")
    (path / "config").write_text(_CONFIG)
    return Mirror(path)


def _recorded(path: Path) -> tuple[str, ...]:
    try:
        lines = (path / RECORD).read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return ()
    return tuple(line for line in lines if _COMMIT.fullmatch(line))


def _remove_unfinished(path: Path) -> None:
    for folder in (path / "objects", path / "objects" / "pack"):
        for file in folder.glob("tmp_*"):
            file.unlink()
