"""Who owns a data folder: a lock that its keeper holds for as long as it lives.

The owner locks the folder, prepares it, and hands the open lock on to the keeper; the kernel frees it when
the keeper ends, however that happens. So a held lock and the process id inside it belong together, and no
process that only got the number again is ever signalled.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from alumiini_py.controlplane.errors import AlreadyRunningError, ControlPlaneError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME = "keeper.pid"


@contextmanager
def claimed(folder: Path) -> Iterator[int]:
    """Lock the folder and yield the lock's file descriptor; whoever inherited it keeps the lock.

    Raises AlreadyRunningError when a keeper holds it.
    """
    lock = os.open(folder / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _try_lock(lock):
            raise AlreadyRunningError(f"a control plane is running in {folder} already")
        os.ftruncate(lock, 0)  # the number in there was the last keeper's
        yield lock
    finally:
        os.close(lock)


def running(folder: Path) -> int | None:
    """Return the process id of the keeper of this folder, or None when there is none."""
    with _keeper(folder) as keeper:
        return keeper and keeper[0]


def end(folder: Path, seconds: float) -> bool:
    """Tell the keeper of this folder to end and wait for it; False when there was none.

    Raises ControlPlaneError when it is still there after ``seconds``.
    """
    with _keeper(folder) as keeper:
        if keeper is None:
            return False
        pid, handle = keeper
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        if not select.select([handle], [], [], seconds)[0]:
            raise ControlPlaneError(
                f"the control plane in {folder} did not end within {seconds:.0f} s; end process {pid} by hand"
            )
        return True


@contextmanager
def _keeper(folder: Path) -> Iterator[tuple[int, int] | None]:
    """Yield process id and process file descriptor of the keeper that holds the lock."""
    try:
        lock = os.open(folder / _NAME, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        yield None
        return
    except PermissionError as error:
        raise ControlPlaneError(f"{folder} belongs to somebody else; name another folder") from error
    try:
        text = os.pread(lock, 32, 0)
        handle = _open_process(text)
        # Locked, and for the same process, after that process was opened: then it is the keeper.
        held = not _try_lock(lock) and os.pread(lock, 32, 0) == text
    finally:
        os.close(lock)
    try:
        yield (int(text), handle) if held and handle is not None else None
    finally:
        if handle is not None:
            os.close(handle)


def _open_process(text: bytes) -> int | None:
    try:
        return os.pidfd_open(int(text))
    except (ValueError, ProcessLookupError):
        return None


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
