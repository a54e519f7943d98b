"""All mirrors of one process, in a data folder that it owns alone."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import threading
from typing import TYPE_CHECKING

from supervisor.gate import Gate
from workers.source.mirror import RECORD, Mirror, create_mirror

if TYPE_CHECKING:
    from pathlib import Path

    from workers.source.address import Address
    from workers.source.remote import BasicAuth

_KEY_BYTES = 32


class FolderInUseError(Exception):
    """Another process works in the data folder; stop it or choose another folder."""


class Mirrors:
    """One mirror per address and credential; safe to use from many threads.

    A mirror's name is a digest with a key of this folder, so that credentials cannot be guessed from names.
    """

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._owned = _own(data_dir / "lock")
        self._key = _key(data_dir / "key")
        self._folder = data_dir / "mirrors"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._lock = threading.Lock()
        self._current = _existing(self._folder)
        self._gates: dict[str, Gate] = {}

    def name(self, address: Address, auth: BasicAuth | None) -> str:
        """Return the name of the mirror of a repository as seen with a credential."""
        identity = [address.url, None if auth is None else [auth.username, auth.password]]
        return hashlib.blake2b(json.dumps(identity).encode(), key=self._key, digest_size=20).hexdigest()

    def gate(self, name: str) -> Gate:
        """Return what lets one thread at a time fetch into a mirror."""
        with self._lock:
            return self._gates.setdefault(name, Gate())

    def current(self, name: str) -> Mirror:
        """Return the mirror of a name, an empty one if there is none."""
        with self._lock:
            if name not in self._current:
                self._current[name] = create_mirror(self._folder / f"{name}.{secrets.token_hex(4)}")
            return self._current[name]

    def retire(self, name: str, mirror: Mirror) -> None:
        """Stop using a mirror, once; whoever reads it may finish."""
        with self._lock:
            if self._current.get(name) is not mirror:
                return
            del self._current[name]
        mirror.retire()

    def close(self) -> None:
        """Let another process have the folder."""
        os.close(self._owned)


def _existing(folder: Path) -> dict[str, Mirror]:
    found = {}
    for path in folder.iterdir():
        if (path / RECORD).exists():
            found[path.name.partition(".")[0]] = Mirror(path)
        else:
            shutil.rmtree(path)  # never finished, or retired
    return found


def _own(file: Path) -> int:
    lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise FolderInUseError(
            f"another process works in {file.parent}; stop it or choose another data folder"
        ) from None
    return lock


def _key(file: Path) -> bytes:
    if file.exists() and len(key := file.read_bytes()) == _KEY_BYTES:
        return key
    key = secrets.token_bytes(_KEY_BYTES)
    temporary = file.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(key)
    temporary.replace(file)
    return key
