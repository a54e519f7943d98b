"""A controller that a repository kills: ``python -m tests.parts.lethal URL DATA_DIR KUBECONFIG NAMESPACE``.

It is composed as ``alumiini run`` composes it, but reading a commit of that URL ends the process at
once, as a crash in C code does.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from alumiini_py.application import Application
from alumiini_py.composition import compose
from alumiini_py.settings import Settings
from workers.telemetry import logs

if TYPE_CHECKING:
    from supervisor.deadline import Deadline
    from workers.repository.ports import Source
    from workers.source.remote import Remote
    from workers.source.tree import SourceTree


class Lethal:
    """A source in which one URL is deadly."""

    def __init__(self, source: Source, url: str) -> None:
        self._source = source
        self._url = url

    def resolve(self, remote: Remote, deadline: Deadline) -> str:
        return self._source.resolve(remote, deadline)

    def tree(self, remote: Remote, commit: str, path: str, deadline: Deadline) -> SourceTree:
        if remote.url == self._url:
            os.kill(os.getpid(), signal.SIGSEGV)
        return self._source.tree(remote, commit, path, deadline)


def main(url: str, data_dir: str, kubeconfig: str, namespace: str) -> None:
    logs.configure("text", "info")
    settings = Settings(
        data_dir=Path(data_dir),
        kubeconfig=kubeconfig,
        watch_namespaces=(namespace,),
        webhook_bind="127.0.0.1:0",
        api_bind="127.0.0.1:0",
        lease_namespace=None,
    )
    parts = compose(settings, lambda _: None, lambda source: Lethal(source, url))
    Application(settings, parts).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
