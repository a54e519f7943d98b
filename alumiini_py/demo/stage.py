"""The parts that the demo plays on: all real, all on loopback, all in one folder that goes at the end."""

from __future__ import annotations

import secrets
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alumiini_py import deployment
from alumiini_py.application import Application
from alumiini_py.client import connected
from alumiini_py.composition import compose
from alumiini_py.controlplane import programs
from alumiini_py.controlplane.plane import ControlPlane
from alumiini_py.demo.crashing import CrashingSource
from alumiini_py.demo.forge import Forge, WebhookError, announcing
from alumiini_py.demo.git_server import GitServer
from alumiini_py.demo.reader import Kubectl
from alumiini_py.installer import Installer
from alumiini_py.settings import Settings
from workers.telemetry import logs

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from alumiini_py.controlplane.progress import Progress
    from alumiini_py.demo.git_repository import Repository
    from workers.repository.ports import Source

_INSTALL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """What a person needs to try things out."""

    kubeconfig: Path
    kubectl: Path
    webhook: str
    status: str
    secret: str
    log: Path


class Stage:
    """A control plane, a Git server that announces pushes, and the controller; built up step by step."""

    def __init__(self, progress: Progress, fatal: Callable[[str], None]) -> None:
        self._progress = progress
        self._fatal = fatal
        self._ends = ExitStack()
        self._folder = Path()
        self._secret = secrets.token_hex(16)

    def __enter__(self) -> Self:
        self._folder = Path(self._ends.enter_context(tempfile.TemporaryDirectory(prefix="alumiini-demo-")))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.__exit__(kind, error, trace)

    def start_control_plane(self) -> None:
        """Start etcd, kube-apiserver and kube-controller-manager, obtaining them first where need be."""
        found = programs.obtain(self._progress)
        folder = self._folder / "control-plane"
        self._plane = self._ends.enter_context(ControlPlane.start(folder, programs=found))
        self._kubectl_program = found.kubectl
        self.kubectl = Kubectl(found.kubectl, self._plane.kubeconfig, self._folder / "kubectl")

    def install(self) -> None:
        """Install the CRD as ``alumiini install --crds-only`` does."""
        with connected(str(self._plane.kubeconfig), None, _INSTALL_SECONDS) as client:
            installer = Installer(client.connection, client.discovery)
            for document in deployment.documents():
                if deployment.is_crd(document):
                    installer.apply(document, client.deadline)

    def start_git_server(self) -> None:
        """Start the Git server; what is pushed to it is announced like a forge would."""
        handler = announcing(self._announce)
        self.git = self._ends.enter_context(GitServer(self._folder / "git", handler))

    def start_controller(self) -> None:
        """Start the controller as ``alumiini run`` does, with a source that can be made to crash."""
        self._log_to_file()
        secret_file = self._folder / "webhook-secret"
        secret_file.touch(0o600)
        secret_file.write_text(f"{self._secret}\n")
        settings = Settings(
            data_dir=self._folder / "mirrors",
            kubeconfig=str(self._plane.kubeconfig),
            webhook_bind="127.0.0.1:0",
            webhook_secret_file=secret_file,
            api_bind="127.0.0.1:0",
        )
        application = Application(settings, compose(settings, self._fatal, self._with_crashes))
        application.start()
        self._ends.callback(application.stop)
        self.forge = Forge(application.webhook_address, self._secret)
        self.addresses = Addresses(
            kubeconfig=self._plane.kubeconfig,
            kubectl=self._kubectl_program,
            webhook=f"http://{application.webhook_address}/webhook/github",
            status=f"http://{application.status_address}/api/v1/repositories",
            secret=self._secret,
            log=self._folder / "controller.log",
        )

    def push(self, name: str, repository: Repository, files: dict[str, str | bytes | None]) -> None:
        """Commit to a repository of the server and announce it."""
        commit = repository.commit(files, "Change shown by the demo")
        self.forge.announce(self.git.url(name), commit)

    def crash_once(self, name: str) -> None:
        """Let the actor of a repository of the server crash at its next sync."""
        self.source.break_once(self.git.url(name))

    def _with_crashes(self, source: Source) -> Source:
        self.source = CrashingSource(source)
        return self.source

    def _announce(self, repository: Repository) -> None:
        commit = repository.head()
        if commit is not None:
            try:
                self.forge.announce(self.git.url(repository.path.stem), commit)
            except WebhookError as error:
                self._progress(str(error))

    def _log_to_file(self) -> None:
        stream = self._ends.enter_context((self._folder / "controller.log").open("w"))
        logs.configure("text", "info", stream)
        self._ends.callback(logs.configure, "text", "error")
