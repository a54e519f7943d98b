"""Repositories as actors see them: what a branch points at, and the files of a commit."""

from __future__ import annotations

import ssl
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from workers.model.errors import Reason, SyncError
from workers.source.address import parse_address
from workers.source.exchange import Exchange
from workers.source.limits import Limits
from workers.source.listing import Listing, find_folder, segments
from workers.source.lookups import Lookups
from workers.source.mirrors import Mirrors
from workers.source.objects import DamagedError, MalformedError, Objects
from workers.source.operations import mapped
from workers.source.smart_http import SmartHttp
from workers.source.tree import SourceTree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from supervisor.deadline import Deadline
    from workers.source.mirror import Mirror
    from workers.source.operations import Observe
    from workers.source.remote import Remote

_DEFAULT_LIMITS = Limits()


class GitSource:
    """Reads branches of remotes through mirrors in ``data_dir``; safe to use from many threads.

    ``observe`` is told of each network operation. Raises FolderInUseError when another process works in the
    folder. Methods raise SyncError, or FencedError when their work was given up.
    """

    def __init__(
        self, data_dir: Path, user_agent: str, observe: Observe, limits: Limits = _DEFAULT_LIMITS
    ) -> None:
        self._mirrors = Mirrors(data_dir)
        self._exchange = Exchange(ssl.create_default_context(), Lookups())
        self._remotes = SmartHttp(self._exchange, user_agent, limits, observe)
        self._limits = limits

    def resolve(self, remote: Remote, deadline: Deadline) -> str:
        """Return the commit that the branch points at: exactly one ref query where the branch exists."""
        return self._remotes.resolve(remote, deadline)

    def tree(self, remote: Remote, commit: str, path: str, deadline: Deadline) -> SourceTree:
        """Return the manifest files of a commit under ``path``; the caller closes what it gets.

        Fetches only what the mirror lacks, and once for all who ask for the same commit at the same time. A
        damaged mirror is given up and the commit fetched into a new one, once.
        """
        address = parse_address(remote.url)
        folders = segments(path)
        name = self._mirrors.name(address, remote.auth)
        with mapped(address.host), _on_disk():
            try:
                return self._open(name, remote, commit, folders, deadline)
            except DamagedError:
                deadline.check()
            try:
                return self._open(name, remote, commit, folders, deadline)
            except DamagedError as error:
                raise _incomplete(address.host, commit) from error

    def close(self) -> None:
        """Close idle connections and let another process have the folder."""
        self._exchange.close()
        self._mirrors.close()

    def _open(
        self, name: str, remote: Remote, commit: str, folders: tuple[str, ...], deadline: Deadline
    ) -> SourceTree:
        mirror, fetched = self._pinned(name, remote, commit, deadline)
        with ExitStack() as held:
            held.callback(mirror.release)
            with self._sound(name, mirror):
                objects = Objects(mirror.path)
                held.callback(objects.close)
                tree = find_folder(objects, commit, folders)
                files = Listing(objects, self._limits).files(tree, folders)
            read = partial(self._read, name, mirror, objects)
            return SourceTree(commit, tree, files, read, held.pop_all().close, fetched=fetched)

    def _pinned(self, name: str, remote: Remote, commit: str, deadline: Deadline) -> tuple[Mirror, bool]:
        mirror = self._mirrors.current(name)
        if mirror.pin(commit):
            return mirror, False
        with self._mirrors.gate(name).passing(deadline):
            mirror = self._mirrors.current(name)
            if mirror.pin(commit):
                return mirror, False
            if mirror.is_crowded():
                self._mirrors.retire(name, mirror)
                mirror = self._mirrors.current(name)
            store = partial(mirror.store, commit, deadline=deadline)
            self._remotes.fetch(remote, commit, mirror.commits, store, deadline)
            if not mirror.pin(commit):  # somebody found it damaged meanwhile
                raise DamagedError(commit)
            return mirror, True

    def _read(self, name: str, mirror: Mirror, objects: Objects, blob: str) -> bytes:
        try:
            with self._sound(name, mirror):
                return objects.blob(blob)
        except DamagedError as error:
            raise SyncError(
                Reason.GIT_OPERATION_FAILED,
                "the local copy of the repository is damaged; the next try fetches it anew",
            ) from error

    @contextmanager
    def _sound(self, name: str, mirror: Mirror) -> Iterator[None]:
        try:
            yield
        except DamagedError:
            self._mirrors.retire(name, mirror)
            raise
        except MalformedError as error:
            raise SyncError(
                Reason.BUILD_FAILED, f"{error} in Git makes no sense; run git fsck on the repository"
            ) from error


@contextmanager
def _on_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SyncError(
            Reason.GIT_OPERATION_FAILED,
            f"the data folder cannot be used ({error.strerror}); check its space and its permissions",
        ) from error


def _incomplete(host: str, commit: str) -> SyncError:
    return SyncError(
        Reason.GIT_OPERATION_FAILED,
        f"{host} sent commit {commit[:7]} without all of its files; run git fsck on the repository there",
    )
