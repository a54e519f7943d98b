"""The demo's witness: kubectl, watching the cluster on its own, independent of the controller."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_END_SECONDS = 5.0

Seen = dict[tuple[str, str, str], dict[str, Any]]
"""Live objects by kind, namespace and name."""


class NotSeenError(Exception):
    """The cluster did not become what it should have; the message says what was waited for."""


class Kubectl:
    """The real kubectl with the demo's kubeconfig."""

    def __init__(self, program: Path, kubeconfig: Path, cache: Path) -> None:
        self._program = program
        self._environment = {**os.environ, "KUBECONFIG": str(kubeconfig), "KUBECACHEDIR": str(cache)}

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Run a command and return what it prints; raises NotSeenError with its own words when it fails."""
        done = subprocess.run(  # noqa: S603 -- the program was found by us, the arguments are ours
            [self._program, *arguments],
            input=stdin,
            env=self._environment,
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            raise NotSeenError(f"kubectl {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout

    def watch(self, kind: str) -> subprocess.Popen[str]:
        """Start a watch of all objects of a kind that prints events as JSON."""
        return subprocess.Popen(  # noqa: S603 -- as above
            [
                self._program,
                "get",
                kind,
                "--all-namespaces",
                "--watch",
                "--output-watch-events",
                "-o",
                "json",
            ],
            env=self._environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is ours to handle
        )


class Witness:
    """Watches some kinds and says when the cluster has become what was expected."""

    def __init__(self, kubectl: Kubectl, kinds: tuple[str, ...]) -> None:
        self._changed = threading.Condition()
        self._seen: Seen = {}
        self._processes = [kubectl.watch(kind) for kind in kinds]
        self._threads = [
            threading.Thread(target=self._follow, args=(process,), name="witness", daemon=True)
            for process in self._processes
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with ExitStack() as ends:
            for process, thread in zip(self._processes, self._threads, strict=True):
                ends.callback(self._end, process, thread)

    def wait(self, what: str, holds: Callable[[Seen], bool], seconds: float = 60.0) -> float:
        """Return the monotonic time at which it was seen; raises NotSeenError when it was not in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: holds(self._seen), seconds):
                raise NotSeenError(f"not seen in the cluster within {seconds:g} s: {what}")
            return time.monotonic()

    def look(self, key: tuple[str, str, str]) -> dict[str, Any]:
        """Return an object as it was seen last; empty when it is not there."""
        with self._changed:
            return self._seen.get(key, {})

    def _follow(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():  # one event each
            self._take(json.loads(line))

    def _take(self, event: Mapping[str, Any]) -> None:
        found = event["object"]
        metadata = found["metadata"]
        key = (found["kind"], metadata.get("namespace", ""), metadata["name"])
        with self._changed:
            if event["type"] == "DELETED":
                self._seen.pop(key, None)
            else:
                self._seen[key] = found
            self._changed.notify_all()

    @staticmethod
    def _end(process: subprocess.Popen[str], thread: threading.Thread) -> None:
        process.kill()
        process.wait(_END_SECONDS)
        thread.join(_END_SECONDS)
        if process.stdout is not None:
            process.stdout.close()
