"""Where the API server is and who we are: what kubectl would find, read by the kubernetes client."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from kubernetes.client.configuration import Configuration
from kubernetes.client.rest import RESTClientObject
from kubernetes.config import ConfigException, load_incluster_config, load_kube_config

from workers.cluster.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from urllib3 import PoolManager


class Access:
    """An address with credentials that renew themselves; safe to share between threads.

    Tokens expire: in-cluster ones are read again every minute, those of exec plugins when their time is
    over, and all of them when the server refuses one (``renew``). An exec plugin that hangs holds up every
    call: the client library gives it no deadline.
    """

    def __init__(self, load: Callable[[], Configuration]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._configuration = load()

    @property
    def url(self) -> str:
        """The address of the API server, without a slash at the end."""
        return str(self._configuration.host).rstrip("/")

    def authorization(self) -> str | None:
        """Return the ``Authorization`` header for the next request; None with a client certificate."""
        with self._lock:
            return self._token()

    def renew(self, refused: str | None) -> bool:
        """Read the credentials again after a 401 and tell whether they are others than the refused ones."""
        with self._lock:
            if self._token() == refused:
                self._configuration = self._load()
            return self._token() != refused

    def pools(self, size: int) -> PoolManager:
        """Return fresh connection pools with our trust, client certificate and proxy."""
        configuration = self._configuration
        configuration.connection_pool_maxsize = size
        configuration.keep_alive = True  # a dead peer is noticed below a silent watch
        pools: PoolManager = RESTClientObject(configuration).pool_manager
        return pools

    def _token(self) -> str | None:
        try:
            token = self._configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        except (ConfigException, OSError) as error:
            raise UnreachableError(f"the token for the API server cannot be read: {error}") from error
        return token.strip() if token else None


def find_access(kubeconfig: str | None = None, context: str | None = None) -> Access:
    """Find the cluster as kubectl does: the given file, ``KUBECONFIG``, ``~/.kube/config``, in-cluster.

    Raises UnreachableError with one sentence that says what to do when there is none or it cannot be read.
    """
    files = kubeconfig or os.environ.get("KUBECONFIG") or _home_file()
    if files:
        return Access(lambda: _from_files(files, context))
    if context:
        raise UnreachableError(f"there is no kubeconfig to find the context {context!r} in: set --kubeconfig")
    return Access(_in_cluster)


def _home_file() -> str | None:
    path = Path("~/.kube/config").expanduser()
    return str(path) if path.exists() else None


def _from_files(files: str, context: str | None) -> Configuration:
    configuration = Configuration()
    if os.pathsep not in files and not Path(files).is_file():
        what = "is a folder" if Path(files).is_dir() else "does not exist"
        raise UnreachableError(f"kubeconfig {files} {what}: check --kubeconfig and KUBECONFIG")
    try:
        load_kube_config(files, context, configuration, persist_config=False)  # type: ignore[no-untyped-call] # the library has no types here
    except ConfigException as error:
        raise UnreachableError(f"kubeconfig {files}: {error}") from error
    except Exception as error:  # it raises whatever YAML, base64 or the file system raise
        # Not the error's own words: a parser quotes the line, which may hold a credential.
        raise UnreachableError(
            f"kubeconfig {files} cannot be read or is none ({type(error).__name__}): check the file"
        ) from error
    return configuration


def _in_cluster() -> Configuration:
    configuration = Configuration()
    try:
        load_incluster_config(configuration)  # type: ignore[no-untyped-call] # the same
    except ConfigException as error:
        raise UnreachableError(
            "no cluster found: set --kubeconfig or KUBECONFIG, or run inside a cluster"
        ) from error
    return configuration
