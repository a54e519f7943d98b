"""The programs built from their Go modules, where releases cannot be reached.

The modules in ``go/`` pin every dependency by version and checksum; where modules come from is for the Go
configuration of the machine to say.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alumiini_py.controlplane.errors import UnavailableError
from alumiini_py.controlplane.progress import step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alumiini_py.controlplane.progress import Progress

KUBERNETES = "1.36.3"
ETCD = "3.6.16"
MODULES = Path(__file__).parent / "go"
OLDEST_GO = (1, 26)

_SECONDS = 2400.0
_LAST_LINES = 15
_MAJOR, _MINOR, _ = KUBERNETES.split(".")
_STAMP = "k8s.io/component-base/version"
_KUBERNETES_LDFLAGS = (
    f"-s -w -X {_STAMP}.gitVersion=v{KUBERNETES} -X {_STAMP}.gitMajor={_MAJOR} -X {_STAMP}.gitMinor={_MINOR}"
)
_KUBERNETES_PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kubectl")


@dataclass(frozen=True, slots=True)
class GoBuild:
    """A source of programs: Go 1.26 or newer on the search path."""

    modules: Path = MODULES
    go: str = "go"

    @property
    def name(self) -> str:
        """What a person reads."""
        return f"a build with Go (Kubernetes {KUBERNETES}, etcd {ETCD})"

    def fill(self, folder: Path, progress: Progress) -> None:
        """Build the four programs into the folder; minutes with a cold build cache, a minute otherwise.

        Raises UnavailableError without Go, or with the last lines of what it said.
        """
        go = self._checked_go()
        with step(progress, f"building etcd {ETCD}"):
            self._build(go, "etcd", folder / "etcd", "-s -w", ["go.etcd.io/etcd/server/v3"])
        with step(progress, f"building Kubernetes {KUBERNETES} (about five minutes the first time)"):
            packages = [f"k8s.io/kubernetes/cmd/{name}" for name in _KUBERNETES_PROGRAMS]
            self._build(go, "kubernetes", folder, _KUBERNETES_LDFLAGS, packages)

    def _checked_go(self) -> str:
        go = shutil.which(self.go)
        if go is None:
            raise UnavailableError("Go is not installed")
        said = _run([go, "env", "GOVERSION"], self.modules, 60).strip()
        version = re.match(r"go(\d+)\.(\d+)", said)
        if version is None or (int(version[1]), int(version[2])) < OLDEST_GO:
            raise UnavailableError(f"Go is too old ({said}); 1.26 is the oldest that will do")
        return go

    def _build(self, go: str, module: str, output: Path, ldflags: str, packages: Sequence[str]) -> None:
        command = [go, "build", "-mod=readonly", "-trimpath", "-ldflags", ldflags, "-o", str(output)]
        _run([*command, *packages], self.modules / module, _SECONDS)


def digest(modules: Path = MODULES) -> str:
    """Return a short digest of the module files: what a build depends on."""
    content = hashlib.sha256()
    for file in sorted(modules.glob("*/*")):
        content.update(f"{file.relative_to(modules)}\0".encode() + file.read_bytes() + b"\0")
    return content.hexdigest()[:12]


def _run(command: Sequence[str], folder: Path, seconds: float) -> str:
    # GOTOOLCHAIN=local: an older Go must not fetch a newer one. GOWORK=off: no workspace above us matters.
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off"}
    with _group(command, folder, environment) as process:
        try:
            output, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise UnavailableError(f"{command[0]} {command[1]} took more than {seconds:.0f} s") from None
    if process.returncode:
        said = "\n".join(output.splitlines()[-_LAST_LINES:])
        raise UnavailableError(f"{command[0]} {command[1]} failed:\n{said}")
    return output


@contextmanager
def _group(
    command: Sequence[str], folder: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """Run a command in a process group that is gone after the block, compilers included."""
    with subprocess.Popen(  # noqa: S603 -- the Go program found on the search path
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        process_group=0,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
