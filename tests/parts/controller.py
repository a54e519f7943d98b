"""The whole controller, composed as ``alumiini run`` composes it, in this process or in one of its own."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import signal
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import urllib3

from alumiini_py.application import Application
from alumiini_py.composition import compose
from alumiini_py.settings import Settings
from tests.parts.api_client import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alumiini_py.composition import Parts
    from alumiini_py.controlplane.plane import ControlPlane
    from workers.repository.ports import Source

WEBHOOK_SECRET = "correct horse"
_ADDRESSES = re.compile(r"webhooks at (\S+), status at (\S+)")
_EXIT_SECONDS = 40


@dataclass(frozen=True, slots=True)
class Answer:
    """A status code and what the body says."""

    status: int
    body: Any


class Listeners:
    """The two HTTP listeners of a controller, as forges and operators reach them."""

    webhooks: str
    status: str

    def push(
        self, url: str, commit: str, branch: str = "main", *, secret: str = WEBHOOK_SECRET, size: int = 0
    ) -> Answer:
        """Announce a push as GitHub does; ``size`` is how large the body is at least."""
        repository = {"clone_url": url, "html_url": url, "description": "x" * size}
        body = {"ref": f"refs/heads/{branch}", "after": commit, "repository": repository}
        return self.deliver(json.dumps(body).encode(), secret)

    def deliver(self, body: bytes, secret: str = WEBHOOK_SECRET) -> Answer:
        """Deliver a signed push event."""
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": "push",
            "X-Hub-Signature-256": f"sha256={signature}",
        }
        return self._ask("POST", f"http://{self.webhooks}/webhook/github", body, headers)

    def snapshot(self, namespace: str, name: str) -> Answer:
        """Ask the status API for one repository."""
        return self._ask("GET", f"http://{self.status}/api/v1/repositories/{namespace}/{name}")

    def tree(self) -> Any:  # noqa: ANN401 -- JSON
        """Ask the status API who supervises whom."""
        return self._ask("GET", f"http://{self.status}/api/v1/supervisor").body

    def readiness(self) -> Answer:
        """Ask whether it is ready."""
        return self._ask("GET", f"http://{self.status}/readyz")

    def metrics(self) -> str:
        """Return the text of a scrape."""
        return str(self._ask("GET", f"http://{self.status}/metrics").body)

    def _ask(
        self, method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        with urllib3.PoolManager(retries=False, timeout=30) as http:
            response = http.request(method, url, body=body, headers=headers)
        text = response.data.decode()
        return Answer(response.status, json.loads(text) if text.startswith("{") else text)


def restarts(node: dict[str, Any]) -> dict[str, int]:
    """Return who in a supervision tree was started again, and how often."""
    below = (restarts(child) for child in node["children"])
    own = {node["key"]: node["restarts"]} if node.get("restarts") and "key" in node else {}
    return own | {key: times for found in below for key, times in found.items()}


class Controller(Listeners):
    """A controller in this process; leaving its block stops it. ``fatal`` is what it would have ended for."""

    def __init__(
        self,
        settings: Settings,
        with_source: Callable[[Source], Source],
        with_parts: Callable[[Parts], Parts],
    ) -> None:
        self.fatal: list[str] = []
        self.parts: Parts = with_parts(compose(settings, self.fatal.append, with_source))
        self.application = Application(settings, self.parts)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.application.start()
        self._stack.callback(self.parts.watchdog.close)
        self._stack.callback(self.application.stop)
        self.webhooks, self.status = self.application.webhook_address, self.application.status_address
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop it as SIGTERM does; twice is once."""
        self._stack.close()

    def until_ready(self) -> Self:
        """Wait until it has listed the GitRepositories."""
        eventually(lambda: self.readiness().status == 200, "the controller is ready")
        return self


class ControllerProcess(Listeners):
    """``alumiini run`` as a process of its own; leaving its block kills what is left of it."""

    def __init__(self, arguments: list[str], log: Path, module: str = "alumiini_py") -> None:
        self._log = log
        with log.open("ab") as output:
            self._begin = output.tell()
            command = [sys.executable, "-m", module, "run", *arguments]
            self._child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        return self._child.pid

    def log(self) -> str:
        """Return all that it has written so far."""
        with self._log.open("rb") as log:
            log.seek(self._begin)
            return log.read().decode()

    def until_listening(self) -> Self:
        """Wait until it answers probes."""
        found = eventually(lambda: self._ended() or _ADDRESSES.search(self.log()), "the controller listens")
        assert isinstance(found, re.Match), f"it ended: {self.log()}"
        self.webhooks, self.status = found.groups()
        return self

    def until_ready(self) -> Self:
        """Wait until it has listed the GitRepositories."""
        self.until_listening()
        eventually(lambda: self.readiness().status == 200, "the controller is ready")
        return self

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._child.send_signal(signal.SIGTERM)

    def exit_code(self) -> int:
        """Wait until it has ended by itself."""
        return self._child.wait(_EXIT_SECONDS)

    def kill(self) -> None:
        """End it as a machine that loses power does; twice is once."""
        self._child.kill()
        self._child.wait(_EXIT_SECONDS)

    def _ended(self) -> bool:
        return self._child.poll() is not None


class Controllers:
    """Starts controllers for the namespaces of a test and ends them all when its block is left.

    All of them share a data folder, as one that is started again does; so only one runs at a time, unless
    ``folder`` names another.
    """

    def __init__(self, plane: ControlPlane, folder: Path, *namespaces: str) -> None:
        self._plane = plane
        self._folder = folder
        self._namespaces = namespaces
        self._stack = ExitStack()
        self._secret = folder / "webhook-secret"

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._secret.write_text(WEBHOOK_SECRET)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(
        self,
        *,
        lease_namespace: str | None = None,
        with_source: Callable[[Source], Source] = lambda source: source,
        with_parts: Callable[[Parts], Parts] = lambda parts: parts,
        folder: str = "data",
        kubeconfig: Path | None = None,
    ) -> Controller:
        """Start a controller in this process; it listens, and need not be ready yet."""
        settings = Settings(
            data_dir=self._folder / folder,
            kubeconfig=str(kubeconfig or self._plane.kubeconfig),
            watch_namespaces=self._namespaces,
            webhook_bind="127.0.0.1:0",
            webhook_secret_file=self._secret,
            api_bind="127.0.0.1:0",
            lease_namespace=lease_namespace,
        )
        return self._stack.enter_context(Controller(settings, with_source, with_parts))

    def spawn(
        self,
        *,
        lease_namespace: str | None = None,
        folder: str = "data",
        kubeconfig: Path | None = None,
        module: str = "alumiini_py",
    ) -> ControllerProcess:
        """Start ``alumiini run``, or a module that acts like it; it is still starting when this returns."""
        lease = (
            ["--no-leader-election"] if lease_namespace is None else ["--lease-namespace", lease_namespace]
        )
        arguments = [
            *("--kubeconfig", str(kubeconfig or self._plane.kubeconfig)),
            *("--data-dir", str(self._folder / folder)),
            *("--webhook-bind", "127.0.0.1:0", "--webhook-secret-file", str(self._secret)),
            *("--api-bind", "127.0.0.1:0"),
            *lease,
            *(part for namespace in self._namespaces for part in ("--watch-namespace", namespace)),
        ]
        return self._stack.enter_context(ControllerProcess(arguments, self._folder / f"{folder}.log", module))
