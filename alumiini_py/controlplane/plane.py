"""A control plane in one data folder: started, used, stopped."""

from __future__ import annotations

import secrets
import socket
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from alumiini_py.controlplane import command_lines, data_folder
from alumiini_py.controlplane.claim import claimed
from alumiini_py.controlplane.command_lines import ETCD, KUBE_APISERVER, KUBE_CONTROLLER_MANAGER
from alumiini_py.controlplane.data_folder import User
from alumiini_py.controlplane.endpoint import Endpoint
from alumiini_py.controlplane.errors import ControlPlaneError, ProgramEndedError
from alumiini_py.controlplane.kept import Kept
from alumiini_py.controlplane.kubeconfig import kubeconfig
from alumiini_py.controlplane.progress import Progress, silent, step

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from alumiini_py.controlplane.programs import Programs

READY_SECONDS = 90.0
KUBECONFIG = "kubeconfig"
ADMIN = "admin"
CONTROLLER_MANAGER = "system:kube-controller-manager"

_MASTERS = ("system:masters",)
_PORT_ATTEMPTS = 5
_NOBODY: Mapping[str, User] = MappingProxyType({})


class ControlPlane:
    """A running control plane; leaving its block, or the death of this process, ends it."""

    def __init__(
        self, folder: Path, programs: Programs, endpoint: Endpoint, audit_log: Path | None, kept: Kept
    ) -> None:
        self._folder = folder
        self._programs = programs
        self._endpoint = endpoint
        self._audit_log = audit_log and audit_log.absolute()
        self._kept = kept

    @classmethod
    def start(
        cls,
        folder: Path,
        *,
        programs: Programs,
        users: Mapping[str, User] = _NOBODY,
        audit_log: Path | None = None,
        progress: Progress = silent,
    ) -> Self:
        """Start the three programs and return when the API server and the controllers answer.

        Objects that are in the folder from an earlier start are there again; certificates and tokens are new
        each time. ``users`` may come in beside the administrator. With ``audit_log`` every answered request
        adds a JSON line there (audit.k8s.io/v1, level Metadata).

        Raises AlreadyRunningError when the folder is in use, NotReadyError after READY_SECONDS, and
        ProgramEndedError with the last lines of its log when a program does not stay up.
        """
        with step(progress, "starting the control plane"):
            for _ in range(_PORT_ATTEMPTS):
                try:
                    return cls._start(folder.absolute(), programs, users, audit_log)
                except ProgramEndedError as error:
                    if "address already in use" not in error.log:
                        raise
                    progress("another program took the port of the API server; trying another port")
        raise ControlPlaneError(f"no free port was found in {_PORT_ATTEMPTS} attempts; try again")

    @classmethod
    def _start(
        cls, folder: Path, programs: Programs, users: Mapping[str, User], audit_log: Path | None
    ) -> Self:
        endpoint = Endpoint(_free_port(), secrets.token_hex(16), folder / command_lines.CA_FILE)
        manager = User(secrets.token_hex(16), _MASTERS)
        admin = User(endpoint.token, _MASTERS)
        try:
            data_folder.create(folder)
            with claimed(folder) as lock:
                data_folder.prepare(folder, {ADMIN: admin, CONTROLLER_MANAGER: manager, **users})
                plane = cls(folder, programs, endpoint, audit_log, Kept(folder, lock))
        except OSError as error:
            raise ControlPlaneError(
                f"{folder} is of no use ({error.strerror}); name another folder"
            ) from error
        try:
            plane._bring_up(manager)
        except BaseException:
            plane.stop()
            raise
        return plane

    def _bring_up(self, manager: User) -> None:
        self._kept.start(ETCD, command_lines.etcd(self._programs.etcd))
        self.start_api_server()
        self._write_kubeconfig(KUBECONFIG, ADMIN, self.token)
        # It reads its kubeconfig once, and the certificate in there exists only now.
        self._write_kubeconfig(command_lines.CONTROLLER_MANAGER_KUBECONFIG, CONTROLLER_MANAGER, manager.token)
        program = self._programs.kube_controller_manager
        self._kept.start(KUBE_CONTROLLER_MANAGER, command_lines.kube_controller_manager(program))
        self._wait_for("/api/v1/namespaces/default/serviceaccounts/default", KUBE_CONTROLLER_MANAGER)

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig of the administrator that needs no other file."""
        return self._folder / KUBECONFIG

    @property
    def url(self) -> str:
        """The address of the API server, without a slash at the end."""
        return self._endpoint.url

    @property
    def token(self) -> str:
        """The administrator's bearer token."""
        return self._endpoint.token

    @property
    def ca_file(self) -> Path:
        """The certificate to trust."""
        return self._endpoint.ca_file

    def stop_api_server(self) -> None:
        """Kill the API server alone, as a fault; returns when it is gone."""
        self._kept.kill(KUBE_APISERVER)

    def start_api_server(self) -> None:
        """Start the API server, again at the same port over the same data; returns when it is ready."""
        argv = command_lines.kube_apiserver(
            self._programs.kube_apiserver, self._endpoint.port, self._audit_log
        )
        self._kept.start(KUBE_APISERVER, argv)
        self._wait_for("/readyz", KUBE_APISERVER)

    def stop(self) -> None:
        """End the three programs; harmless when they have ended already."""
        self._kept.end()

    def detach(self) -> None:
        """Let the control plane live on after this process; ``claim.end`` ends it then."""
        self._kept.detach()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _wait_for(self, path: str, program: str) -> None:
        self._kept.wait_for(
            lambda: self._endpoint.answers(path), READY_SECONDS, f"{program} did not get ready"
        )

    def _write_kubeconfig(self, name: str, user: str, token: str) -> None:
        text = kubeconfig(self.url, self.ca_file.read_bytes(), user, token)
        data_folder.write_privately(self._folder / name, text)


def _free_port() -> int:
    """Return a port of loopback that is free now; the kernel does not give it out again soon."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
