"""The four programs, and where to find or get them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from alumiini_py.controlplane import gobuild, releases
from alumiini_py.controlplane.cache import Cache
from alumiini_py.controlplane.errors import ControlPlaneError, UnavailableError
from alumiini_py.controlplane.machine import architecture
from alumiini_py.controlplane.user_folders import cache_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alumiini_py.controlplane.progress import Progress

ASSETS = "KUBEBUILDER_ASSETS"
NAMES = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")


@dataclass(frozen=True, slots=True)
class Programs:
    """Paths of the programs of one control plane."""

    etcd: Path
    kube_apiserver: Path
    kube_controller_manager: Path
    kubectl: Path


class Source(Protocol):
    """Where programs can be had that the machine does not have yet."""

    @property
    def name(self) -> str:
        """What a person reads."""

    def fill(self, folder: Path, progress: Progress) -> None:
        """Put the four programs into the folder, or raise UnavailableError."""


def obtain(
    progress: Progress,
    *,
    environment: Mapping[str, str] = os.environ,
    sources: Sequence[Source] | None = None,
) -> Programs:
    """Find the programs, or get them into the user's cache.

    1. ``$KUBEBUILDER_ASSETS``, where it holds etcd and kube-apiserver; what it lacks comes from the cache;
    2. the cache, one entry per version, shared by all checkouts;
    3. the sources, by default the official releases and then a build with Go.

    Raises ControlPlaneError with what every source said when none of them could help.
    """
    found = _assets(environment, progress)
    if len(found) < len(NAMES):
        processor = architecture()
        sources = sources or (releases.Releases(processor), gobuild.GoBuild())
        cache = Cache(cache_folder(environment) / "control-plane", NAMES)
        try:
            entry = cache.entry(_key(processor), lambda folder: _fill(folder, sources, progress), progress)
        except OSError as error:
            raise ControlPlaneError(
                f"{cache.folder} is of no use ({error.strerror}); make room or set XDG_CACHE_HOME"
            ) from error
        found = {name: entry / name for name in NAMES} | found
    return Programs(*(found[name] for name in NAMES))


def _assets(environment: Mapping[str, str], progress: Progress) -> dict[str, Path]:
    """Return the programs in $KUBEBUILDER_ASSETS by name; none without the two that envtest asks for."""
    folder = environment.get(ASSETS)
    if not folder:
        return {}
    found = {name: path for name in NAMES if os.access(path := Path(folder, name).absolute(), os.X_OK)}
    if found.keys() >= {"etcd", "kube-apiserver"}:
        return found
    progress(f"{ASSETS}={folder} is ignored: etcd or kube-apiserver is not in there")
    return {}


def _key(processor: str) -> str:
    versions = f"kubernetes-{gobuild.KUBERNETES}-{releases.VERSION}-etcd-{gobuild.ETCD}"
    return f"{versions}-linux-{processor}-{gobuild.digest()}"


def _fill(folder: Path, sources: Sequence[Source], progress: Progress) -> None:
    refusals = []
    for source in sources:
        try:
            source.fill(folder, progress)
        except UnavailableError as error:
            refusals.append(str(error))
            progress(f"not from {source.name}: {error}")
            for leftover in folder.iterdir():
                leftover.unlink()
        else:
            return
    raise ControlPlaneError(
        f"the programs of the control plane could not be obtained ({'; '.join(refusals)}); connect to the "
        f"internet, install Go 1.26, or set {ASSETS} to a folder with {', '.join(NAMES)}"
    )
