"""Where a benchmark plays: a control plane with an audit log, a Git server, the controller as a process."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from urllib3.exceptions import ProtocolError

from alumiini_py.controlplane import programs
from alumiini_py.controlplane.plane import ControlPlane
from alumiini_py.terminal import complain, say
from tests.parts.api_client import ApiClient
from tests.parts.audit import AuditLog
from tests.parts.controller import ControllerProcess, Controllers
from tests.parts.git_server import FaultyGitServer
from tests.parts.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAMESPACE = "bench"
_CRD = Path(__file__).parents[2] / "deploy" / "crd.yaml"
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Process:
    """What the kernel says of a process; CPU without its children."""

    rss: int
    threads: int
    descriptors: int
    cpu: float

    @classmethod
    def of(cls, pid: int) -> Process:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return cls(
            rss=int(stat[21]) * _PAGE,
            threads=int(stat[17]),
            descriptors=len(list(Path(f"/proc/{pid}/fd").iterdir())),
            cpu=(int(stat[11]) + int(stat[12])) / _TICKS,
        )


@dataclass(frozen=True, slots=True)
class Bench:
    """All parts, running."""

    stage: Stage
    audit: AuditLog
    controller: ControllerProcess

    def git(self, operation: str) -> int:
        """Return how often the Git server was asked for something, by all repositories."""
        return self.stage.git.count(operation)

    def process(self) -> Process:
        return Process.of(self.controller.pid)


@contextmanager
def bench() -> Iterator[Bench]:
    """Start everything, in a folder and with processes that are gone afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="alumiini-bench-")))
        found = programs.obtain(complain)
        audit = folder / "audit.log"
        plane = stack.enter_context(
            ControlPlane.start(folder / "control-plane", programs=found, audit_log=audit)
        )
        environment = {**os.environ, "KUBECONFIG": str(plane.kubeconfig), "KUBECACHEDIR": str(folder)}
        for arguments in (["apply", "-f", str(_CRD)], ["create", "namespace", NAMESPACE]):
            subprocess.run([found.kubectl, *arguments], env=environment, check=True, capture_output=True)
        api = stack.enter_context(ApiClient(plane))
        git = stack.enter_context(FaultyGitServer(folder / "git"))
        controllers = stack.enter_context(Controllers(plane, folder / "controller", NAMESPACE))
        controller = controllers.spawn().until_ready()
        yield Bench(Stage(api, git, NAMESPACE), AuditLog(audit, api), controller)


@contextmanager
def seen_by_watch(stage: Stage, plural: str) -> Iterator[Watch]:
    """Watch a kind in the namespace, independent of the controller."""
    watch = Watch(stage, plural)
    try:
        yield watch
    finally:
        watch.close()


class Watch:
    """The raw lines of a watch, searched for text by who waits."""

    def __init__(self, stage: Stage, plural: str) -> None:
        self._changed = threading.Condition()
        self._lines: list[str] = []
        self._response = stage.api.stream(plural, stage.namespace)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def wait_for(self, text: str, seconds: float = 30) -> float:
        """Return when (monotonic) an object with this text was seen."""
        with self._changed:
            assert self._changed.wait_for(lambda: any(text in line for line in self._lines), seconds), text
            self._lines.clear()
            return time.monotonic()

    def close(self) -> None:
        self._response.shutdown()
        self._thread.join(10)
        self._response.close()

    def _read(self) -> None:
        with suppress(ProtocolError):  # how a watch ends that is shut
            for line in self._response:
                with self._changed:
                    self._lines.append(line.decode())
                    self._changed.notify_all()


def line(name: str, what: str) -> None:
    """Print one result."""
    say(f"{name:<44} {what}")


def milliseconds(seconds: Sequence[float]) -> str:
    """Return median, 95th percentile and maximum of some times."""
    ordered = sorted(seconds)
    high = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    median, top = statistics.median(ordered), ordered[-1]
    return f"p50 {median * 1000:6.1f}  p95 {high * 1000:6.1f}  max {top * 1000:6.1f} ms  n={len(ordered)}"
